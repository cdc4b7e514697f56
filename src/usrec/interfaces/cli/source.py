"""``usrec source``: HR's databases: does the mapping fit, what would be told, does the database do what it must."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from usrec.domain.errors import ValidationProblem
from usrec.interfaces.cli.options import AsJson, Config, print_json
from usrec.interfaces.cli.selection import opened
from usrec.interfaces.cli.tables import print_table, say
from usrec.interfaces.i18n import tr

app = typer.Typer(help="Look at HR's staff where events are derived from it.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the source in the settings.")]


@app.command("check")
def check(name: Name, *, config: Config = None, as_json: AsJson = False) -> None:
    """Test connection, rights, columns, types and code coverage, and show ten mapped rows. Changes nothing."""
    from usrec.interfaces.cli.source_report import CheckedStaff
    from usrec.settings import load_settings

    checked = CheckedStaff(load_settings(config), name)
    if as_json:
        print_json(checked.as_json())
    else:
        for line in checked.lines():
            say(line)
        checked.print_tables()
    if checked.has_faults:
        raise typer.Exit(ValidationProblem.exit_code)


@app.command("preview")
def preview(name: Name, *, config: Config = None, as_json: AsJson = False) -> None:
    """Show the events that a look at the staff would make now, and why. Nothing is remembered and nothing is queued."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.take_snapshot import take_snapshot
    from usrec.domain.source_event import SourceName
    from usrec.interfaces.cli.source_report import preview_json, print_preview
    from usrec.staffs import build_mapping, build_roster, build_snapshot_policy, named_staff

    with opened(config) as place:
        source = named_staff(place.settings, name)
        mapping = build_mapping(place.settings, source)
        roster = build_roster(place.settings, name, source, mapping)
        try:
            made = take_snapshot(
                SourceName(name),
                roster=roster,
                ledger=place.ledger,
                clock=SystemClock(),
                policy=build_snapshot_policy(source, mapping),
                keep=False,
            )
        finally:
            roster.close()
    if made is None:
        say(tr("A snapshot is being taken right now; ask again."))
    elif as_json:
        print_json(preview_json(made))
    else:
        print_preview(made)


@app.command("conformance")
def conformance(
    name: Name,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Make a table of its own in HR's database, try all in it, and drop it.")
    ] = False,
    scratch_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Address of an account that may make that table; the source's own without it."
        ),
    ] = None,
    scratch_password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with that account's password.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The report; default usrec-conformance-NAME.json, with a .txt.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Try whether a database does all that the agent relies upon, and write a report. Exit 5 when a trial failed."""
    from usrec.interfaces.cli.conformance import Conformance, needs_permission
    from usrec.settings import load_settings

    settings = load_settings(config)
    if needs_permission(settings, name) and not yes:
        raise typer.BadParameter(
            "the trials make a table usrec_conformance_... in HR's database and drop it again: repeat with --yes",
            param_hint="--yes",
        )
    found = Conformance(settings, name, scratch_url=scratch_url, password_file=scratch_password_file)
    report, readable = found.write(output or Path(f"usrec-conformance-{name}.json"))
    if as_json:
        print_json(found.as_json())
    else:
        found.print_table()
        say(tr("Report: {file} and {readable}").format(file=report, readable=readable))
    if found.has_faults:
        raise typer.Exit(ValidationProblem.exit_code)


@app.command("mapping")
def mapping(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Which one; all are listed without it.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print a ready mapping file for a staffing system: what to fill in stands at its head."""
    from usrec.adapters.sources.mapping.ready import ready_mapping, ready_mappings, title_of

    if name is not None:
        text = ready_mapping(name)
        if as_json:
            print_json({"name": name, "system": title_of(text), "text": text})
        else:
            typer.echo(text, nl=False)
        return
    listed = [{"name": one, "system": title_of(text)} for one, text in ready_mappings().items()]
    if as_json:
        print_json(listed)
    else:
        print_table([tr("mapping"), tr("staffing system")], [list(one.values()) for one in listed])
