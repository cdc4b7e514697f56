"""The ``usrec`` command. Imports stand inside the commands, so that ``--help`` answers at once."""

from __future__ import annotations

from typing import Annotated

import typer

from usrec.interfaces.cli import (
    alerts,
    authority,
    backup,
    calendar,
    config,
    deadline,
    demo,
    dictionaries,
    doctor,
    document,
    employer,
    encryption,
    evidence,
    explain,
    health,
    init,
    intake,
    journal,
    ledger,
    liability,
    lint,
    mass,
    metrics,
    package,
    pair,
    replay,
    restore,
    retention,
    run,
    status,
    submission,
    template,
    watch,
)

app = typer.Typer(
    name="usrec",
    help="Registers employment contracts in USREC (ЕСУТД): exactly once, signed, in time, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_release(asked: bool) -> None:  # noqa: FBT001 -- typer calls it with the option's value
    if asked:
        from usrec import release

        typer.echo(f"usrec-agent {release()}")
        raise typer.Exit


@app.callback()
def _program(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_release, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    del version


app.command("authority")(authority.authority)
app.command("backup")(backup.backup)
app.command("calendar")(calendar.calendar)
app.command("deadline")(deadline.show_deadline)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("explain")(explain.explain)
app.command("health")(health.health)
app.command("init")(init.init)
app.command("liability")(liability.liability)
app.command("lint")(lint.lint)
app.command("metrics")(metrics.metrics)
app.command("run")(run.run)
app.command("status")(status.status)
app.command("replay")(replay.replay)
app.command("restore")(restore.restore)
app.command("watch")(watch.watch)
app.add_typer(submission.app, name="submission")
app.add_typer(employer.app, name="employer")
app.add_typer(evidence.app, name="evidence")
app.add_typer(package.app, name="package")
app.add_typer(mass.app, name="mass")
app.add_typer(pair.app, name="pair")
app.add_typer(alerts.app, name="alerts")
app.add_typer(journal.app, name="journal")
app.add_typer(intake.app, name="intake")
app.add_typer(template.app, name="template")
app.add_typer(config.app, name="config")
app.add_typer(dictionaries.app, name="dictionaries")
app.add_typer(document.app, name="document")
app.add_typer(retention.app, name="retention")
app.add_typer(ledger.app, name="db")
app.add_typer(encryption.app, name="ledger")
