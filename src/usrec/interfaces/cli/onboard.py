"""``usrec onboard``: contracts that stand in USREC already, so that their changes and terminations can be sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usrec.domain.errors import UnsafeRequest, ValidationProblem
from usrec.interfaces.cli.lint import Encoding
from usrec.interfaces.cli.options import AsJson, Config, Reason, print_json
from usrec.interfaces.cli.selection import Opened, Yes, actor, ask_for, opened
from usrec.interfaces.cli.tables import say
from usrec.interfaces.i18n import ntr, tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from usrec.adapters.sources.files.options import ReadingOptions
    from usrec.domain.onboarding import HrContract
    from usrec.domain.source_event import EmployerName
    from usrec.interfaces.cli.onboard_report import Told

app = typer.Typer(help="Take over the ids of contracts that stand in USREC already.", no_args_is_help=True)

Employer = Annotated[str, typer.Option("--employer", metavar="NAME", help="The employer's name in the settings.")]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="NAME=HEADER", help="How the files call a column, such as contract_id=ID."),
]


@app.command("import")
def import_contracts(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Export of the registry: CSV or Excel (.xlsx).")],
    *,
    employer: Employer,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would be taken over.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the journal. Needed without --plan.")] = "",
    roster: Annotated[
        Path | None, typer.Option("--hr", metavar="FILE", help="HR's own list of contracts with its keys.")
    ] = None,
    review: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what a person has to look at, with personal data (CSV)."),
    ] = None,
    column: Columns = None,
    encoding: Annotated[Encoding | None, typer.Option(help="Of text files; else it is recognised.")] = None,
    pad_iin: Annotated[
        bool, typer.Option("--pad-iin", help="Put back lost leading zeros where the check digit proves them.")
    ] = False,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Match an export of the registry with HR's contracts, and take over ids and days of first entry."""
    from usrec.adapters.sources.files.options import ReadingOptions
    from usrec.interfaces.cli.onboard_report import review_bytes, told_json, told_lines

    by = None if plan else actor(reason)
    options = ReadingOptions("" if encoding is None else encoding.value, pad_numbers=pad_iin)
    with opened(config) as place:
        told = _planned(place, file, roster, options, _renamed(column or ()), employer=employer)
        if review is not None:
            _write(review, review_bytes(told))
        if not as_json:
            for line in told_lines(told, review):
                say(line)
        taken = 0
        if by is not None and told.plan.new:
            if not yes:
                ask_for(len(told.plan.new))
            taken = _applied(place, told, file, by.name, by.reason)
    if as_json:
        print_json({**told_json(told), "taken_over": taken})
    elif by is not None:
        say(ntr("{number} contract was taken over.", "{number} contracts were taken over.", taken))


@app.command("show")
def show(
    contract_key: Annotated[str, typer.Argument(metavar="KEY", help="HR's key of the contract.")],
    *,
    employer: Employer,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what was taken over of a contract: its id, its agreements' ids, and days of first entry."""
    from usrec.domain.source_event import ContractKey

    with opened(config) as place:
        ref = named_employer(place, employer)[0], ContractKey(contract_key)
        with place.ledger.begin() as work:
            found = work.imported.of([ref])[ref]
    if found is None:
        raise UnsafeRequest("nothing was taken over of this contract", kept="Nothing was changed")
    agreements = [
        {"agreement_id": one.agreement_id, "agreement_number": one.number, "entered_on": one.entered}
        for one in found.agreements
    ]
    if as_json:
        print_json({"contract_id": found.contract_id, "entered_on": found.entered, "agreements": agreements})
        return
    unknown = tr("not known")
    words = tr("{id}, entered first: {day}")
    say(words.format(id=found.contract_id, day=found.entered or unknown))
    for one in found.agreements:
        say(f"  {one.number}  " + words.format(id=one.agreement_id, day=one.entered or unknown))


@app.command("undo")
def undo(
    contract_id: Annotated[str, typer.Argument(metavar="CONTRACT_ID", help="The registry's id of the contract.")],
    *,
    employer: Employer,
    reason: Reason,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take one wrong match back; refused once something was signed under the id."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.undo_import import undo_import

    by = actor(reason)
    with opened(config) as place:
        employer_bin, _ = named_employer(place, employer)
        key = undo_import(employer_bin, contract_id, by, ledger=place.ledger, clock=SystemClock())
    if as_json:
        print_json({"contract_id": contract_id, "contract_key": key})
    else:
        say(tr("{id} is not the contract {key} any more.").format(id=contract_id, key=key))


def named_employer(place: Opened, given: str) -> tuple[str, EmployerName]:
    """Number and name of an employer of the settings."""
    from usrec.policies import employers_by_bin

    known = {name: bin_ for bin_, name in employers_by_bin(place.settings).items()}
    for name, bin_ in known.items():
        if name == given:
            return bin_, name
    raise typer.BadParameter(f"there is no [employer.{given}]; known: {', '.join(known)}", param_hint="--employer")


def _renamed(given: Sequence[str]) -> Mapping[str, str]:
    from usrec.adapters.sources.files.registry_export import COLUMNS

    pairs = [one.partition("=") for one in given]
    for name, _, header in pairs:
        if name not in COLUMNS or not header:
            raise typer.BadParameter(f"write NAME=HEADER; names: {', '.join(COLUMNS)}", param_hint="--column")
    return {name: header for name, _, header in pairs}


def _planned(
    place: Opened,
    file: Path,
    roster: Path | None,
    options: ReadingOptions,
    renamed: Mapping[str, str],
    *,
    employer: str,
) -> Told:
    from usrec.adapters.sources.files.registry_export import read_export
    from usrec.application.onboard import plan_onboarding
    from usrec.interfaces.cli.onboard_report import Told

    named = named_employer(place, employer)
    rows, unusable = read_export(file, options, renamed, named[0])
    own = [] if roster is None else read_own(roster, options, renamed)
    return Told(plan_onboarding(named, rows, own, ledger=place.ledger), unusable)


def read_own(roster: Path, options: ReadingOptions, renamed: Mapping[str, str]) -> Sequence[HrContract]:
    """HR's own list; one that has a row which says nothing certain is refused."""
    from usrec.adapters.sources.files.registry_export import read_roster

    own, faulty = read_roster(roster, options, renamed)
    if faulty:
        raise ValidationProblem(
            f"{faulty[0].column} cannot be read in row {faulty[0].row}, one of {len(faulty)}",
            where=str(roster),
            kept="Nothing was imported",
            next_step="Mend the rows of HR's list, or leave them out",
        )
    return own


def _applied(place: Opened, told: Told, file: Path, name: str, reason: str) -> int:
    import hashlib

    from usrec.adapters.system_clock import SystemClock
    from usrec.application.acting import Actor
    from usrec.application.onboard import apply_onboarding

    def progress(done: int, of: int) -> None:
        typer.echo(f"{done} / {of}", err=True)

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    clock, by = SystemClock(), Actor(name, reason)
    return apply_onboarding(told.plan, digest, by, ledger=place.ledger, clock=clock, progress=progress)


def _write(file: Path, content: bytes) -> None:
    from kzeds.files import write_atomically

    if file.exists():
        raise typer.BadParameter(f"{file} exists already", param_hint="--review")
    try:
        write_atomically(file, content)
    except OSError as problem:
        raise typer.BadParameter(f"{file} cannot be written: {problem.strerror}", param_hint="--review") from None
