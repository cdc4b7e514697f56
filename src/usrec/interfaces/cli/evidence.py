"""``usrec evidence``: everything that proves how submissions went, in one signed file, and its check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.domain.submission import SubmissionId
from usrec.interfaces.cli.evidence_check import verify
from usrec.interfaces.cli.evidence_journal import EXIT_DAMAGED, JournalFound, journal_found, warned, warnings
from usrec.interfaces.cli.evidence_room import require_room
from usrec.interfaces.cli.options import AsJson, Config, print_json, who
from usrec.interfaces.cli.selection import Opened, opened
from usrec.interfaces.cli.tables import say
from usrec.interfaces.i18n import ntr, tr

if TYPE_CHECKING:
    from kzeds.bundle.writing import BundleWriter
    from usrec.adapters.signing.statements import StatementKey
    from usrec.application.export_evidence import Exported
    from usrec.ports.evidence import Chosen, EvidenceReading

app = typer.Typer(help="Proof of how submissions went, in one signed file.", no_args_is_help=True)
app.command("verify")(verify)

EXTRA: Final = "pip install 'usrec-agent[evidence]'"


@dataclass(frozen=True, slots=True)
class Made:
    """What became of an export."""

    exported: Exported
    manifest: str
    signer: str
    act: bool
    journal: JournalFound = field(default_factory=JournalFound)


@app.command("export")
def export(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="BUNDLE", help="The ZIP file to write.")],
    submission: Annotated[
        str | None, typer.Option("--submission", metavar="ID", help="One submission, or the beginning of its id.")
    ] = None,
    period: Annotated[
        tuple[datetime, datetime] | None,
        typer.Option(
            "--period", metavar="A B", formats=["%Y-%m-%d"], help="All due, or taken, from one day to another."
        ),
    ] = None,
    sign_with: Annotated[
        str | None,
        typer.Option("--sign-with", metavar="EMPLOYER", help="Whose key signs; default the transport key."),
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Write over an older bundle.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write the proof of one submission, or of a period; it contains personal data. Exit 6: from a damaged journal."""
    scope = _scope(submission, period)
    if output.exists() and not force:
        raise typer.BadParameter(f"{output} exists already; write over it with --force", param_hint="--output")
    with opened(config) as place:
        made, of = _export(place, output, scope, sign_with)
        journaled = _journaled(place, of, made)
    if as_json:
        print_json(exported_json(made, output, journaled=journaled))
    else:
        for line in _words(made, output):
            say(line)
    if not made.journal.whole:
        raise typer.Exit(EXIT_DAMAGED)


def _scope(submission: str | None, period: tuple[datetime, datetime] | None) -> str | tuple[date, date]:
    if (submission is None) is (period is None):
        raise typer.BadParameter("give one of the two", param_hint="--submission or --period")
    if period is None:
        return submission or ""
    first, last = (one.date() for one in period)
    if last < first:
        raise typer.BadParameter("the second day lies before the first", param_hint="--period")
    return first, last


def _export(
    place: Opened, output: Path, scope: str | tuple[date, date], sign_with: str | None
) -> tuple[Made, SubmissionId | tuple[date, date]]:
    """Write the bundle from one snapshot of the ledger."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.keys import build_statement_key

    now = SystemClock().now()
    key = build_statement_key(place.settings, sign_with, now)
    found = _journal_of(place, scope)
    _link(place)
    with place.ledger.evidence.reading() as reading, _writing(output) as files:
        chosen, of = _chosen(reading, scope)
        require_room(reading, chosen, of, output)
        return _written(place, reading=reading, files=files, chosen=chosen, of=of, key=key, found=found, now=now), of


def _journal_of(place: Opened, scope: str | tuple[date, date]) -> JournalFound:
    """The check of what concerns the export: all of the journal, or from a submission's intake on."""
    if not isinstance(scope, str):
        return journal_found(place)
    with place.ledger.evidence.reading() as reading:
        chosen, of = _chosen(reading, scope)
    return journal_found(place, of if isinstance(of, str) else None, chosen.since)


def _link(place: Opened) -> None:
    """Bind the newest lines into the journal's chain, as the agent does by itself, so that they can be proven."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.link_journal import link_journal
    from usrec.domain.errors import InvariantViolation, LedgerUnavailable

    try:
        while link_journal(ledger=place.ledger, clock=SystemClock()).more:
            pass
    except (LedgerUnavailable, InvariantViolation) as problem:
        typer.echo(f"usrec: WARNING: the newest lines of the journal could not be linked: {problem}", err=True)


def _chosen(
    reading: EvidenceReading, scope: str | tuple[date, date]
) -> tuple[Chosen, SubmissionId | tuple[date, date]]:
    if not isinstance(scope, str):
        return reading.due_or_taken(*scope), scope
    known = reading.identified(scope)
    if known is None:
        raise typer.BadParameter(f"no submission has the id {scope}", param_hint="--submission")
    return reading.chosen([known]), known


def _written(
    place: Opened,
    *,
    reading: EvidenceReading,
    files: BundleWriter,
    chosen: Chosen,
    of: SubmissionId | tuple[date, date],
    key: StatementKey,
    found: JournalFound,
    now: datetime,
) -> Made:
    from usrec import release
    from usrec.adapters.evidence.certificates import certificates_of
    from usrec.adapters.explanations.book import explain
    from usrec.application import evidence_files as layout
    from usrec.application.export_evidence import Means, export_evidence
    from usrec.heads import build_bundle_signature
    from usrec.interfaces.cli.evidence_readme import readme
    from usrec.preflight import build_calendars

    files.add(layout.README, readme(found))
    means = Means(build_calendars(place.settings), explain, certificates_of)
    exported = export_evidence(chosen, reading=reading, files=files, means=means, now=now)
    act = _act(exported, of, reading.ledger_id, found, now)
    if act is not None:
        files.add(layout.ACT, act)
    scope = {"submission": of} if isinstance(of, str) else {"first": of[0].isoformat(), "last": of[1].isoformat()}
    fields = {
        "format": "usrec-evidence",
        "version": layout.VERSION,
        "label": found.label,
        "program": f"usrec-agent {release()}",
        "made_at": layout.plain(now),
        "ledger": reading.ledger_id,
        "scope": scope,
        "submissions": exported.submissions,
        "head": exported.head,
        "journal": found.as_json(),
    }
    sign = build_bundle_signature(place.settings, key.sign)
    manifest = files.finish(fields, signer=key.fingerprint, sign=sign)
    return Made(exported, manifest, key.fingerprint, act is not None, found)


def _act(
    exported: Exported, of: SubmissionId | tuple[date, date], ledger: str, found: JournalFound, now: datetime
) -> bytes | None:
    from usrec.adapters.evidence.certificates import signer_named
    from usrec.adapters.evidence.typesetting import set_act
    from usrec.interfaces.cli.evidence_act import submission_act
    from usrec.interfaces.cli.evidence_period import period_act

    if isinstance(of, str):
        only = exported.only
        message = None if only is None else only.record.message
        signer = None if message is None else signer_named(message.document)
        if only is None:
            return None
        texts = submission_act(only, ledger=ledger, now=now, signer=signer)
    else:
        texts = period_act(exported, of, ledger=ledger, now=now)
    return set_act([warned(text, found) for text in texts])


@contextmanager
def _writing(output: Path) -> Iterator[BundleWriter]:
    """The bundle, whole or not at all; what goes wrong with the file is said in our words."""
    from kzeds.bundle.writing import BundleWriter
    from kzeds.errors import BundleError
    from usrec.domain.errors import UnsafeRequest, unwritable

    kept = "Nothing was written, and nothing was changed"
    try:
        with BundleWriter(output) as files:
            yield files
    except BundleError as problem:
        raise UnsafeRequest(str(problem), where=str(output), kept=kept, next_step="Choose a shorter period") from None
    except OSError as problem:
        advice = "Check the folder and its free space, or name another file with --output"
        raise unwritable("the bundle", output, problem, kept=kept, next_step=advice) from None


def _journaled(place: Opened, of: SubmissionId | tuple[date, date], made: Made) -> bool:
    """Note the export in the journal; an export of a ledger that cannot be written is said loudly instead."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.application.record_export import record_export
    from usrec.domain.errors import LedgerUnavailable

    single = of if isinstance(of, str) else None
    period = None if isinstance(of, str) else [day.isoformat() for day in of]
    more = {"period": period, "manifest": made.manifest}
    now = SystemClock().now()
    try:
        record_export(
            "evidence export", made.exported.submissions, who(), ledger=place.ledger, now=now, of=single, more=more
        )
    except LedgerUnavailable as problem:
        typer.echo(
            f"usrec: WARNING: the bundle was written, but the export is NOT in the journal: {problem} "
            "Note by hand who took it and when.",
            err=True,
        )
        return False
    return True


def exported_json(made: Made, output: Path, *, journaled: bool) -> dict[str, object]:
    """What was exported, for programs."""
    exported = made.exported
    return {
        "bundle": str(output),
        "label": made.journal.label,
        "submissions": exported.submissions,
        "attempts": exported.attempts,
        "timeliness": {str(one): count for one, count in sorted(exported.by_timeliness.items())},
        "outages": len(exported.outages),
        "journal_lines": exported.lines,
        "pruned": exported.pruned,
        "head": exported.head,
        "manifest_sha256": made.manifest,
        "signer": made.signer,
        "act": made.act,
        "journaled": journaled,
        "journal": made.journal.as_json(),
    }


def _words(made: Made, output: Path) -> Iterator[str]:
    yield from warnings(made.journal)
    count = ntr("{number} submission", "{number} submissions", made.exported.submissions)
    yield tr("{file}: {what}, signed with certificate {signer}").format(
        file=output, what=count, signer=f"…{made.signer[-12:]}"
    )
    yield tr("It contains personal data. Give it only to whom the law entitles, by a way that keeps it secret.")
    if made.exported.pruned:
        yield ntr(
            "The personal data of {number} submission was removed by retention before: "
            "no document and no answer of it is in the bundle, but their digests.",
            "The personal data of {number} submissions was removed by retention before: "
            "no document and no answer of them is in the bundle, but their digests.",
            made.exported.pruned,
        )
    if made.exported.head is None:
        yield tr("No signed head of the journal's chain is behind it yet; the bundle's own signature covers it.")
    if not made.act:
        yield tr("NO ACT (PDF) WAS MADE: the typesetter is not installed. Install it and export again: {how}").format(
            how=EXTRA
        )
    yield tr("To check it anywhere, without a network: usrec evidence verify {file}").format(file=output)
