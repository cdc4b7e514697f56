"""Step 12: put together what proves how submissions went. It only reads the ledger, and all of it in one snapshot.

One submission at a time is written, a hundred are read together, so a period of any length takes the same memory, but
for the numbers of its journal lines.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Final

from usrec.application import evidence_files as layout
from usrec.domain.day_count import count_days
from usrec.domain.evidence import (
    Dossier,
    EvidenceRecord,
    PeriodRow,
    Timeliness,
    five_times,
    period_row,
    timeliness_of,
    window_of,
)
from usrec.domain.outage import Outage, outages
from usrec.domain.response_code import Explanation
from usrec.domain.spreadsheet import harmless
from usrec.domain.submission import SubmissionId
from usrec.domain.working_calendar import Calendars
from usrec.ports.evidence import CertificatesOf, Chosen, EvidenceFiles, EvidenceReading

AT_ONCE: Final = 100
"""Submissions read together."""
IN_MEMORY: Final = 1 << 22
"""Bytes of the index, or of the batches, before they go to a temporary file."""
MOST_LATE: Final = 1000
"""Late submissions that the act of a period lists; the index has all."""


@dataclass(frozen=True, slots=True)
class Means:
    """What an export needs beside the ledger.

    Attributes:
        explain: The explanation of a response code.
        certificates_of: Who signed a document, and who signed an answer.
    """

    calendar: Calendars
    explain: Callable[[str], Explanation | None]
    certificates_of: CertificatesOf


@dataclass(slots=True)
class Exported:
    """What was exported.

    Attributes:
        only: The one submission of an export of a single one.
        by_timeliness: How many submissions stand how to their legal date.
        late: Those that were late or are overdue, up to :data:`MOST_LATE`.
        outages: Those of the whole time.
        unlinked: Journal lines that the chain does not hold yet.
        pruned: Submissions whose personal data was removed by retention before.
        head: Number of the batch whose signed head the bundle holds, None without one.
    """

    submissions: int = 0
    attempts: int = 0
    only: Dossier | None = None
    by_timeliness: Counter[Timeliness] = field(default_factory=Counter)
    by_state: Counter[str] = field(default_factory=Counter)
    late: list[PeriodRow] = field(default_factory=list)
    outages: Sequence[Outage] = ()
    lines: int = 0
    pruned: int = 0
    head: int | None = None


def export_evidence(
    chosen: Chosen, *, reading: EvidenceReading, files: EvidenceFiles, means: Means, now: datetime
) -> Exported:
    """Write everything but what is for reading only: the act, README.txt and the manifest.

    Raises:
        LedgerUnavailable: The ledger cannot be read.
    """
    exported = Exported(outages=[] if chosen.since is None else list(outages(reading.exchanges(chosen.since))))
    codes: set[str] = set()
    seqs: list[int] = []
    with _Index() as index:
        for dossier in _dossiers(chosen.ids, reading, exported.outages, means, now):
            _write_submission(dossier, files, means, now)
            _note(exported, dossier, index)
            codes |= _codes_of(dossier.record)
            seqs += [line.seq for line in dossier.record.lines]
        exported.only = dossier if exported.submissions == 1 else None
        files.add_stream(layout.INDEX, index.whole())
    exported.lines = len(seqs)
    _write_codes(codes, files, means)
    exported.head = _write_chain(seqs, reading, files)
    return exported


def _dossiers(
    ids: Sequence[SubmissionId], reading: EvidenceReading, found: Sequence[Outage], means: Means, now: datetime
) -> Iterator[Dossier]:
    for start in range(0, len(ids), AT_ONCE):
        for record in reading.records(ids[start : start + AT_ONCE]):
            yield dossier_of(record, found, means.calendar, now)


def dossier_of(record: EvidenceRecord, found: Sequence[Outage], calendar: Calendars, now: datetime) -> Dossier:
    """A record with what follows from it."""
    submission = record.submission
    own = calendar.of(submission.employer_bin)
    window = window_of(submission, now)
    trigger = submission.trigger
    return Dossier(
        record=record,
        times=five_times(record),
        timeliness=timeliness_of(submission, now),
        days=[] if trigger is None else count_days(submission.term, trigger, own),
        counted_with=own.version,
        outages=[outage for outage in found if outage.touches(*window)],
    )


def _write_submission(dossier: Dossier, files: EvidenceFiles, means: Means, now: datetime) -> None:
    record = dossier.record
    folder = layout.folder_of(record.submission.id)
    named: dict[str, str] = {}
    for what, name, content in _contents(record, folder):
        named[what] = name
        if name not in files.names:
            files.add(name, content)
            _write_certificates(means.certificates_of(content), files)
    files.add(f"{folder}/{layout.RECORD}", layout.text_of(layout.record_json(dossier, named, now)))


def _contents(record: EvidenceRecord, folder: str) -> Iterator[tuple[str, str, bytes]]:
    """What is a file of its own: what it is, its name, its bytes."""
    if record.row is not None:
        yield "event", f"{folder}/event.json", layout.text_of(layout.event_json(record.row))
    if record.message is not None and record.message.document:
        yield "document", f"{folder}/document.xml", record.message.document
    received = list(_received(record, folder))
    yield from received
    answers = {content: name for _, name, content in received}
    for at, decision in enumerate(record.decisions, 1):
        if decision.evidence:
            own = layout.answer_name(folder, f"decision-{at}", decision.evidence)
            yield f"decision {at}", answers.get(decision.evidence, own), decision.evidence


def _received(record: EvidenceRecord, folder: str) -> Iterator[tuple[str, str, bytes]]:
    """Answers to attempts, and to questions."""
    for one in record.attempts:
        if one.reply:
            yield f"attempt {one.number}", layout.answer_name(folder, f"answer-{one.number}", one.reply), one.reply
    for asked in record.questions:
        if asked.reply:
            name = layout.answer_name(folder, f"question-{asked.after_attempt}", asked.reply)
            yield f"question {asked.after_attempt}", name, asked.reply


def _write_certificates(found: Mapping[str, bytes], files: EvidenceFiles) -> None:
    for fingerprint, der in found.items():
        name = f"{layout.CERTIFICATES}/{fingerprint}.cer"
        if name not in files.names:
            files.add(name, der)


def _note(exported: Exported, dossier: Dossier, index: _Index) -> None:
    row = period_row(dossier)
    exported.only = dossier
    exported.submissions += 1
    exported.attempts += row.attempts
    exported.pruned += dossier.record.pruned_at is not None
    exported.by_timeliness[row.timeliness] += 1
    exported.by_state[row.state.value] += 1
    if row.timeliness in {Timeliness.LATE, Timeliness.OVERDUE} and len(exported.late) < MOST_LATE:
        exported.late.append(row)
    index.add(row)


def _codes_of(record: EvidenceRecord) -> set[str]:
    answered = {one.code for one in record.attempts} | {one.code for one in record.questions}
    return ({record.submission.code} | answered | {one.code for one in record.decisions}) - {""}


def _write_codes(codes: set[str], files: EvidenceFiles, means: Means) -> None:
    told = [means.explain(code) for code in sorted(codes)]
    files.add(layout.CODES, layout.text_of([layout.explanation_json(one) for one in told if one is not None]))


def _write_chain(seqs: Sequence[int], reading: EvidenceReading, files: EvidenceFiles) -> int | None:
    """The proof that the lines stand in the journal; gives the number of the head that signs it."""
    head: int | None = None
    with SpooledTemporaryFile(IN_MEMORY) as batches:
        for link in reading.links(seqs):
            batches.write(layout.line_of(layout.link_json(link)))
            head = link.header.number if link.is_head else head
        batches.seek(0)
        files.add_stream(layout.BATCHES, batches)
    signed = None if head is None else reading.head_at(head)
    if signed is not None:
        files.add(layout.HEAD, signed.statement.encode())
        files.add(layout.HEAD_SIGNATURE, signed.signature)
        if signed.timestamp is not None:
            files.add(layout.HEAD_TIMESTAMP, signed.timestamp)
    return head


class _Index:
    """``index.csv``: one line for each submission, for a spreadsheet."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 -- closed with this object
        self._write([item.name for item in fields(PeriodRow)])

    def __enter__(self) -> _Index:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, row: PeriodRow) -> None:
        """One more."""
        cells = [layout.plain(cell) for cell in astuple(row)]
        self._write(["" if cell is None else harmless(str(cell)) for cell in cells])

    def whole(self) -> SpooledTemporaryFile[bytes]:
        """All of it, from the beginning."""
        self._file.seek(0)
        return self._file

    def _write(self, cells: Sequence[str]) -> None:
        line = io.StringIO()
        csv.writer(line).writerow(cells)
        self._file.write(line.getvalue().encode())
