"""``usrec package``: documents for an owner who signs by hand, and back again.

A package holds personal data, because the owner has to see what they sign: its file is readable by its maker alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.domain.errors import ConfigurationError, EmployerHeld, UnsafeRequest
from usrec.interfaces.cli.options import AsJson, Config, print_json, who
from usrec.interfaces.cli.selection import OfEmployer, Opened, employer_named, opened
from usrec.interfaces.cli.tables import local_time, print_table, say, shown_id
from usrec.interfaces.cli.words import operation_name
from usrec.interfaces.i18n import N_, ntr, tr

if TYPE_CHECKING:
    from usrec.adapters.signing.packages import KzedsPackages
    from usrec.application.pack_papers import Unsigned
    from usrec.application.take_signed import TakenPaper
    from usrec.domain.source_event import EmployerName

app = typer.Typer(help="Have documents signed by an owner of an EDS who signs by hand.", no_args_is_help=True)

_SAID: Final[Mapping[str, str]] = {
    "taken": N_("taken: signed, it is sent next"),
    "already_taken": N_("was taken before; nothing was changed"),
}
_NOT_A_NAME: Final = re.compile(r"[^\w.-]+")
"""What a file's name should not hold."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A package that was written."""

    id: str
    employer: EmployerName
    file: Path
    papers: Sequence[Unsigned]
    left: int
    """How many wait for the next package."""


@app.command("create")
def create(
    *,
    employer: OfEmployer = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; to-sign-EMPLOYER-TIME.zip here when absent.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write all that waits for a signature into a package for its owner, most urgent first; one for each employer."""
    from usrec.adapters.system_clock import SystemClock

    now = SystemClock().now()
    _require_new(output)
    with opened(config) as place:
        waiting = {name: papers for name, papers in _waiting(place, employer).items() if papers}
        if output is not None and len(waiting) > 1:
            raise typer.BadParameter("several employers wait, each for a package: name one", param_hint="--employer")
        stops = {stop.employer_bin: stop.employer for stop in place.ledger.view.employer_stops()}
        stopped = sorted({papers[0].submission.employer_bin for papers in waiting.values()} & stops.keys())
        made = [
            _create(place, name, papers, output, now)
            for name, papers in waiting.items()
            if papers[0].submission.employer_bin not in stopped
        ]
    if as_json:
        print_json([_made_json(one) for one in made])
    elif not waiting:
        say(tr("Nothing waits for a signature."))
    else:
        for one in made:
            for line in _made_words(one):
                say(line)
    _refuse_stopped([stops[one] for one in stopped])


def _refuse_stopped(employers: Sequence[EmployerName]) -> None:
    """Nothing of a stopped employer is signed, by whomever; its documents wait.

    Raises:
        EmployerHeld: There are such.
    """
    if employers:
        raise EmployerHeld(
            "its employer is stopped, so no signing package is made of what waits for a signature",
            where=", ".join(f"employer {name}" for name in employers),
            kept="Its documents wait as they are; packages of other employers were made",
            next_step="See why: usrec employer list; then usrec employer release",
        )


def _require_new(file: Path | None) -> None:
    """Refuse to write over a file: it could hold what an owner has signed.

    Raises:
        ConfigurationError: It exists.
    """
    if file is not None and (file.exists() or file.is_symlink()):
        raise ConfigurationError(
            "the signing package is not written over a file that exists",
            where=str(file),
            kept="Nothing was changed",
            next_step="Name another file with --output; delete the old one when what was signed has been taken back",
        )


def new_file(employer: EmployerName, moment: str, package_id: str) -> Path:
    """A file in this folder that does not exist; names of two employers may look the same in it."""
    plain = _NOT_A_NAME.sub("-", employer)
    file = Path(f"to-sign-{plain}-{moment}.zip")
    return Path(f"to-sign-{plain}-{package_id}.zip") if file.exists() or file.is_symlink() else file


def _create(
    place: Opened, name: EmployerName, waiting: Sequence[Unsigned], output: Path | None, now: datetime
) -> _Made:
    from usrec.adapters.system_clock import SystemEntropy
    from usrec.application.acting import Actor
    from usrec.application.pack_papers import fit_for_one_package, record_package
    from usrec.application.record_export import record_export
    from usrec.domain.kazakhstan_time import kazakhstan_date
    from usrec.interfaces.cli.field_words import names_of
    from usrec.interfaces.cli.paper_words import package_titles, paper_summaries
    from usrec.ports.signing_package import OwnersPackage, Paper
    from usrec.preflight import build_code_check

    papers = fit_for_one_package(waiting)
    names = names_of(build_code_check(place.settings).book, kazakhstan_date(now))
    moment = now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
    package = OwnersPackage(
        id=f"{moment}-{SystemEntropy().token(3).hex()}",
        made_at=now,
        employer_bin=papers[0].submission.employer_bin,
        title=package_titles(name, len(papers)),
        papers=[Paper(one.request, paper_summaries(one, names), one.submission.due_utc) for one in papers],
    )
    file = output or new_file(name, moment, package.id)
    _packages(place).write(package, file)
    requests = [one.request for one in papers]
    record_package(package.id, requests, Actor(who(), ""), ledger=place.ledger, now=now)
    record_export("package create", len(papers), who(), ledger=place.ledger, now=now)
    return _Made(package.id, name, file, papers, len(waiting) - len(papers))


def _made_json(made: _Made) -> dict[str, object]:
    return {
        "package": made.id,
        "employer": made.employer,
        "file": str(made.file),
        "documents": [_paper_json(one) for one in made.papers],
        "left": made.left,
    }


def _made_words(made: _Made) -> Iterator[str]:
    yield tr("{file}: package {package} for the owner of {employer}, {number} to sign").format(
        file=made.file, package=made.id, employer=made.employer, number=len(made.papers)
    )
    if made.left:
        yield ntr(
            "{number} more document waits: make the next package when this one was taken back.",
            "{number} more documents wait: make the next package when this one was taken back.",
            made.left,
        )
    yield tr("The owner signs it with kzeds sign-package, or its documents with NCALayer.")
    yield tr("Take back what they signed: usrec package take FILE")
    yield tr("The file holds personal data: hand it to the owner alone and delete it afterwards.")


@app.command("list")
def list_papers(*, employer: OfEmployer = None, config: Config = None, as_json: AsJson = False) -> None:
    """List what waits for an owner's signature, most urgent first, and in which package it is."""
    with opened(config) as place:
        papers = [one for some in _waiting(place, employer).values() for one in some]
    if as_json:
        print_json([_paper_json(one) for one in papers])
    elif papers:
        headings = [tr("id"), tr("last day"), tr("event"), tr("employer"), tr("asked at"), tr("signing package")]
        print_table(headings, [_cells(one) for one in papers])
    else:
        say(tr("Nothing waits for a signature."))


def _cells(paper: Unsigned) -> list[str]:
    submission, request = paper.submission, paper.request
    return [
        shown_id(submission.id),
        str(submission.legal_date or ""),
        operation_name(submission.operation or ""),
        submission.employer or "",
        local_time(request.asked_at),
        request.package_id or "",
    ]


def _paper_json(paper: Unsigned) -> dict[str, object]:
    submission, request = paper.submission, paper.request
    return {
        "id": submission.id,
        "employer": submission.employer,
        "operation": submission.operation,
        "legal_date": submission.legal_date,
        "safe_date": None if submission.legal_date is None else submission.safe_date,
        "due": submission.due_utc,
        "digest": request.digest,
        "asked_at": request.asked_at,
        "package": request.package_id,
        "packaged_at": request.packaged_at,
        "approved_by": request.approved_by,
    }


@app.command("take")
def take(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            exists=True,
            help="What kzeds sign-package wrote; or a folder or ZIP of XML files signed with NCALayer.",
        ),
    ],
    *,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take back what an owner signed. Each document is checked; one that cannot be taken is named."""
    from usrec.adapters.system_clock import SystemClock, SystemEntropy
    from usrec.application.acting import Actor
    from usrec.application.take_signed import Fate, take_signed
    from usrec.interfaces.cli.signer_warnings import signer_warnings

    with opened(config) as place:
        packages = _packages(place)
        taken = take_signed(
            packages.read(source),
            [one.bin for one in place.settings.values.employer.values()],
            Actor(who(), ""),
            packages=packages,
            ledger=place.ledger,
            clock=SystemClock(),
            entropy=SystemEntropy(),
        )
        warnings = list(signer_warnings(place.settings, taken, SystemClock().now()))
    if as_json:
        print_json([_taken_json(one) for one in taken])
    else:
        for one in taken:
            say(_taken_words(one))
    for line in warnings:
        typer.echo(line, err=True)
    if any(one.fate is Fate.REFUSED for one in taken):
        raise typer.Exit(UnsafeRequest.exit_code)


def _taken_json(one: TakenPaper) -> dict[str, object]:
    return {"file": one.name, "id": one.submission_id, "result": one.fate, "detail": one.why}


def _taken_words(one: TakenPaper) -> str:
    told = tr(_SAID[one.fate]) if one.fate in _SAID else tr("Refused: {why}").format(why=one.why)
    return f"{one.submission_id or one.name}: {told}"


def _waiting(place: Opened, employer: str | None) -> Mapping[EmployerName, Sequence[Unsigned]]:
    """What waits, by the employer's name in the settings.

    Raises:
        UnsafeRequest: The settings do not know the employer.
    """
    from usrec.application.pack_papers import unsigned_papers
    from usrec.policies import employers_by_bin

    wanted = employer_named(place.settings, employer)
    known = employers_by_bin(place.settings)
    if wanted is not None and wanted not in known.values():
        raise UnsafeRequest(f"no employer {employer} is configured", kept="Nothing was changed")
    return {name: unsigned_papers(bin_, ledger=place.ledger) for bin_, name in known.items() if wanted in {None, name}}


def _packages(place: Opened) -> KzedsPackages:
    from usrec.interfaces.logs import configure_logs
    from usrec.packages import build_packages

    configure_logs(level="warning", style=place.settings.values.log.format)
    return build_packages(place.settings)
