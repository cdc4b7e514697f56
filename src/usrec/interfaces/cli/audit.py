"""``usrec audit``: HR's roster, the ledger and an export of the registry, held against each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.domain.audit import Kind
from usrec.domain.errors import UnsafeRequest
from usrec.interfaces.cli.lint import Encoding
from usrec.interfaces.cli.onboard import Columns, Employer
from usrec.interfaces.cli.options import AsJson, Config, print_json, who
from usrec.interfaces.cli.selection import OfEmployer, Opened, Yes, actor, ask_for, employer_named, opened
from usrec.interfaces.cli.tables import say
from usrec.interfaces.i18n import ntr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from usrec.adapters.sources.files.options import ReadingOptions
    from usrec.application.acting import Actor
    from usrec.application.audit import Sides
    from usrec.domain.audit_run import AuditRun
    from usrec.domain.source_event import EmployerName

app = typer.Typer(help="Hold HR's roster, the ledger and the registry against each other.", no_args_is_help=True)

Kinds = Annotated[list[Kind] | None, typer.Option("--kind", help="Only these findings; may be given several times.")]
Personal = Annotated[bool, typer.Option("--show-personal", help="Values in full; goes into the journal.")]


@app.command("run")
def run(
    *,
    employer: Employer,
    registry: Annotated[
        Path | None, typer.Option("--registry", metavar="FILE", help="Export of the registry: CSV or Excel (.xlsx).")
    ] = None,
    exported_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of the export; else that on which the file was written."),
    ] = None,
    roster: Annotated[
        Path | None, typer.Option("--hr", metavar="FILE", help="HR's own list of contracts with its keys.")
    ] = None,
    column: Columns = None,
    encoding: Annotated[Encoding | None, typer.Option(help="Of text files; else it is recognised.")] = None,
    pad_iin: Annotated[
        bool, typer.Option("--pad-iin", help="Put back lost leading zeros where the check digit proves them.")
    ] = False,
    apply: Annotated[
        str,
        typer.Option("--apply", metavar="PLAN", help="Import the ids of this plan, if it still holds."),
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the journal. Needed with --apply.")] = "",
    kind: Kinds = None,
    show_personal: Personal = False,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Compare the books of one employer and show what would be done; with --apply import the ids of the plan."""
    from usrec.adapters.sources.files.options import ReadingOptions
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.audit import take_audit
    from usrec.audits import build_audit_rules, open_sides

    by = actor(reason) if apply else None
    options = ReadingOptions("" if encoding is None else encoding.value, pad_numbers=pad_iin)
    with opened(config) as place, open_sides(place.settings) as staffs:
        named = _employer(place, employer)
        day = None if exported_on is None else exported_on.date()
        sides = _sides(staffs, named[0], _Files(registry, roster, column or [], day), options)
        rules = build_audit_rules(place.settings)
        found = take_audit(named, sides, rules, ledger=place.ledger, clock=SystemClock(), keep=by is None)
        _note_personal(place, "audit run", found, wanted=show_personal)
        if by is None:
            _show(found, kind or [], personal=show_personal, as_json=as_json)
            return
        taken = _applied(place, found, apply, sides, by, yes=yes)
    if as_json:
        print_json({"employer": employer, "plan": found.digest, "taken_over": taken})
    else:
        say(ntr("{number} contract was taken over.", "{number} contracts were taken over.", taken))


@app.command("show")
def show(
    *,
    employer: Employer,
    kind: Kinds = None,
    show_personal: Personal = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what the last audit of an employer found."""
    with opened(config) as place:
        bin_, _ = _employer(place, employer)
        with place.ledger.begin() as work:
            found = work.audits.last(bin_)
        if found is None:
            raise UnsafeRequest("no audit was taken of this employer", next_step="Take one: usrec audit run")
        _note_personal(place, "audit show", found, wanted=show_personal)
    _show(found, kind or [], personal=show_personal, as_json=as_json)


@app.command("lateness")
def lateness(
    *,
    employer: OfEmployer = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only what was registered on this day or later."),
    ] = None,
    by_department: Annotated[bool, typer.Option("--by-department", help="Each of HR's departments by itself.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV instead of a table.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """How long registered events took, stage by stage, in working days: median and 95th percentile."""
    from usrec.domain.kazakhstan_time import day_start_utc
    from usrec.domain.lateness import measure_lateness
    from usrec.interfaces.cli.audit_report import lateness_csv, lateness_json, print_lateness
    from usrec.preflight import build_calendars

    with opened(config) as place:
        name = employer_named(place.settings, employer)
        begin = None if since is None else day_start_utc(since.date())
        passages = place.ledger.view.passages(begin, name, departments=by_department)
        found = measure_lateness(passages, build_calendars(place.settings))
    if as_json:
        print_json(lateness_json(found, by_department=by_department))
    elif as_csv:
        typer.echo(lateness_csv(found, by_department=by_department), nl=False)
    else:
        print_lateness(found, by_department=by_department)


def _employer(place: Opened, given: str) -> tuple[str, EmployerName]:
    from usrec.interfaces.cli.onboard import named_employer

    return named_employer(place, given)


@dataclass(frozen=True, slots=True)
class _Files:
    """What a command was given: the registry's export, HR's own list, and how they call their columns."""

    registry: Path | None
    roster: Path | None
    columns: Sequence[str]
    exported_on: date | None


def _sides(staffs: Sides, employer_bin: str, files: _Files, options: ReadingOptions) -> Sides:
    from usrec.audits import read_registry, renamed_columns
    from usrec.interfaces.cli.onboard import read_own

    renamed = renamed_columns(files.columns, "--column")
    export = None
    if files.registry is not None:
        export = read_registry(files.registry, employer_bin, renamed, options, files.exported_on)
    if files.roster is None:
        return replace(staffs, export=export)
    own = read_own(files.roster, options, renamed)
    return replace(staffs, staffs=(), roster=own, is_whole=True, export=export)


def _show(found: AuditRun, kinds: list[Kind], *, personal: bool, as_json: bool) -> None:
    from usrec.interfaces.cli.audit_report import print_run, run_json

    if as_json:
        print_json(run_json(found, kinds, personal=personal))
    else:
        print_run(found, kinds, personal=personal)


def _note_personal(place: Opened, command: str, found: AuditRun, *, wanted: bool) -> None:
    """Personal data that is shown in full is written down first."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.record_export import record_export

    if wanted:
        number = len(found.findings or ())
        record_export(command, number, who(), ledger=place.ledger, now=SystemClock().now())


def _applied(place: Opened, found: AuditRun, plan: str, sides: Sides, by: Actor, *, yes: bool) -> int:
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.audit import apply_audit
    from usrec.interfaces.cli.audit_report import PLAN_DIGITS

    def progress(done: int, of: int) -> None:
        typer.echo(f"{done} / {of}", err=True)

    named = len(plan) >= PLAN_DIGITS and found.digest.startswith(plan)
    digest = found.digest if named else plan
    if named and found.to_do() and not yes:
        ask_for(len(found.to_do()))
    return apply_audit(found, digest, sides, by, ledger=place.ledger, clock=SystemClock(), progress=progress)
