"""What an export of evidence reads: one snapshot, some submissions at a time, never one question for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Executable, and_, bindparam, func, or_, select

from usrec.adapters.persistence.alert_tables import alerts, deliveries
from usrec.adapters.persistence.attempts import DETAIL, EVIDENCE, REPLY
from usrec.adapters.persistence.chain import HEAD_COLUMNS, HEADER_COLUMNS, LINES, numbers_of
from usrec.adapters.persistence.chain_tables import journal_batches, journal_heads
from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import acknowledgements, attempts
from usrec.adapters.persistence.engine import READ_ONLY, connected
from usrec.adapters.persistence.evidence_volume import WEIGHED
from usrec.adapters.persistence.inbox import PAYLOAD, FingerprintKey
from usrec.adapters.persistence.question_table import questions
from usrec.adapters.persistence.questions import QUESTION_REPLY
from usrec.adapters.persistence.rows import MESSAGE_COLUMNS, SUBMISSION_COLUMNS, message_of, submission_of
from usrec.adapters.persistence.sealing import Sealing, sealing_of
from usrec.adapters.persistence.submission_rows import identified
from usrec.adapters.persistence.tables import inbox, journal, messages, submissions
from usrec.domain.chain import BatchHeader, ChainLine, digest_key, ledger_id
from usrec.domain.chain_proof import Link
from usrec.domain.evidence import (
    AlertEvidence,
    AttemptEvidence,
    DecisionEvidence,
    EvidenceRecord,
    QuestionEvidence,
    without_content,
)
from usrec.domain.kazakhstan_time import day_end_utc, day_start_utc
from usrec.domain.outage import Exchange
from usrec.domain.source_event import SourceRow
from usrec.domain.submission import SubmissionId
from usrec.domain.verdict import Ending
from usrec.ports.chain import SignedHead
from usrec.ports.evidence import Chosen, Volume

_Of = TypeVar("_Of")
_AT_ONCE: Final = 500
_IDS: Final[Any] = bindparam("ids", expanding=True)
_S: Final = submissions.c
_ATTEMPT: Final = (
    "id",
    "number",
    "opened_at",
    "closed_at",
    "ending",
    "code",
    "detail",
    "correlation_id",
    "envelope_digest",
    "reply",
)
_DECISION: Final = tuple(name for name in DecisionEvidence.__slots__)
_QUESTION: Final = tuple(name for name in QuestionEvidence.__slots__)
_SOURCE_ROW: Final = tuple(inbox.c[name] for name in SourceRow.__slots__)

_SUBMISSIONS: Final = select(*SUBMISSION_COLUMNS, _S.pruned_at).where(_S.id.in_(_IDS))
_MESSAGES: Final = select(messages.c.submission_id, *MESSAGE_COLUMNS).where(messages.c.submission_id.in_(_IDS))
_ROWS: Final = (
    select(_S.id, *_SOURCE_ROW)
    .join_from(
        submissions,
        inbox,
        and_(inbox.c.source == _S.source, inbox.c.event_id == _S.event_id, inbox.c.revision == _S.revision),
    )
    .where(_S.id.in_(_IDS))
)
_ATTEMPTS: Final = (
    select(
        attempts.c.submission_id,
        *(attempts.c[name] for name in _ATTEMPT),
    )
    .where(attempts.c.submission_id.in_(_IDS))
    .order_by(attempts.c.submission_id, attempts.c.number)
)
_DECISIONS: Final = (
    select(acknowledgements.c.submission_id, *(acknowledgements.c[name] for name in _DECISION))
    .where(acknowledgements.c.submission_id.in_(_IDS))
    .order_by(acknowledgements.c.id)
)
_QUESTIONS: Final = (
    select(questions.c.submission_id, *(questions.c[name] for name in _QUESTION))
    .where(questions.c.submission_id.in_(_IDS))
    .order_by(questions.c.submission_id, questions.c.after_attempt)
)
_ALERTS: Final = (
    select(_S.id, alerts.c.id, alerts.c.watched, alerts.c.threshold, alerts.c.last_day, alerts.c.raised_at)
    .join_from(submissions, alerts, and_(alerts.c.source == _S.source, alerts.c.event_id == _S.event_id))
    .where(_S.id.in_(_IDS))
    .order_by(alerts.c.id)
)
_TOLD: Final = (
    select(deliveries.c.alert_id, deliveries.c.sink, deliveries.c.taken_at)
    .where(deliveries.c.alert_id.in_(_IDS), deliveries.c.taken_at.is_not(None))
    .order_by(deliveries.c.alert_id, deliveries.c.sink)
)
_LINES: Final = LINES.where(journal.c.submission_id.in_(_IDS)).order_by(journal.c.seq)
_TAKEN: Final = select(_S.id, _S.received_at).where(_S.id.in_(_IDS)).order_by(_S.received_at, _S.id)
_IN_PERIOD: Final = (
    select(_S.id, _S.received_at)
    .where(
        or_(
            _S.legal_date.between(bindparam("first"), bindparam("last")),
            and_(_S.received_at >= bindparam("since"), _S.received_at < bindparam("until")),
        )
    )
    .order_by(_S.received_at, _S.id)
)
_REACHED: Final = [literal_word(one) for one in (Ending.REGISTERED, Ending.REFUSED, Ending.NOT_PROCESSED)]
_LAST_REACHED: Final = select(func.max(attempts.c.closed_at)).where(
    attempts.c.closed_at <= bindparam("since"), attempts.c.ending.in_(_REACHED)
)
_ITS_END: Final = and_(
    journal.c.submission_id == attempts.c.submission_id,
    journal.c.action == "attempt_closed",
    journal.c.at == attempts.c.closed_at,
)
_EXCHANGES: Final = (
    select(attempts.c.opened_at, attempts.c.closed_at, attempts.c.ending, func.coalesce(journal.c.reason, ""))
    .join_from(attempts, journal, _ITS_END, isouter=True)
    .where(attempts.c.closed_at >= bindparam("since"))
    .order_by(attempts.c.closed_at, attempts.c.id)
)
_FIRST_BATCH: Final = select(func.min(journal_batches.c.number)).where(journal_batches.c.through >= bindparam("seq"))
_BATCHES: Final = (
    select(*HEADER_COLUMNS, journal_batches.c.hash, journal_batches.c.digests, journal_heads.c.number.label("head"))
    .join_from(journal_batches, journal_heads, journal_heads.c.number == journal_batches.c.number, isouter=True)
    .where(journal_batches.c.number >= bindparam("first"))
    .order_by(journal_batches.c.number)
)
_HEAD: Final = select(*HEAD_COLUMNS).where(journal_heads.c.number == bindparam("which"))


class SqlEvidence:
    """The ``EvidenceLedger`` port."""

    def __init__(self, engine: Engine, key: FingerprintKey) -> None:
        options: dict[str, Any] = {READ_ONLY: True}
        if engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._engine, self._key = engine.execution_options(**options), key

    @contextmanager
    def reading(self) -> Iterator[SqlEvidenceReading]:
        """One transaction that only reads."""
        with connected(self._engine) as connection, connection.begin():
            yield SqlEvidenceReading(connection, self._key.read(connection))


class SqlEvidenceReading:
    """The ``EvidenceReading`` port."""

    def __init__(self, connection: Connection, key: bytes) -> None:
        self._connection, self._key = connection, key

    @property
    def ledger_id(self) -> str:
        """Made from the ledger's own key."""
        return ledger_id(self._key)

    def identified(self, beginning: str) -> SubmissionId | None:
        """The submission whose id is, or begins with, this."""
        found = identified(self._connection, beginning)
        return None if found is None else SubmissionId(found)

    def chosen(self, ids: Collection[SubmissionId]) -> Chosen:
        """Those that are there, by their intake."""
        found = sorted((taken, which) for which, taken in self._among(_TAKEN, ids))
        return Chosen([which for _, which in found], found[0][0] if found else None)

    def due_or_taken(self, first: date, last: date) -> Chosen:
        """Those of a period, by their intake."""
        period = {"first": first, "last": last, "since": day_start_utc(first), "until": day_end_utc(last)}
        found = self._connection.execute(_IN_PERIOD, period).all()
        return Chosen([row.id for row in found], found[0].received_at if found else None)

    def volume(self, ids: Collection[SubmissionId]) -> Volume:
        """Counted by the database."""
        return sum((Volume(*row) for weighed in WEIGHED for row in self._among(weighed, ids)), Volume(0, 0))

    def records(self, ids: Collection[SubmissionId]) -> Sequence[EvidenceRecord]:
        """Nine questions for all of them together."""
        sealing = sealing_of(self._connection)
        kept = list(self._among(_SUBMISSIONS, ids))
        found = {row[0]: submission_of(row[:-1], sealing) for row in kept}
        pruned = {row[0]: row.pruned_at for row in kept}
        rows = {which: _source_row(SourceRow(*cells), sealing) for which, *cells in self._among(_ROWS, ids)}
        signed = {which: message_of(which, cells, sealing) for which, *cells in self._among(_MESSAGES, ids)}
        tries = _grouped((row[0], _attempt(row, sealing)) for row in self._among(_ATTEMPTS, ids))
        decided = _grouped((row[0], _decision(row, sealing)) for row in self._among(_DECISIONS, ids))
        asked = _grouped((row[0], _question(row, sealing)) for row in self._among(_QUESTIONS, ids))
        lines = [ChainLine(*row) for row in self._among(_LINES, ids)]
        told = self._alerts(ids)
        said = _grouped((line.submission_id, line) for line in lines)
        records = [
            EvidenceRecord(
                submission=found[which],
                row=rows.get(which),
                message=signed.get(which),
                attempts=tries.get(which, ()),
                questions=asked.get(which, ()),
                decisions=decided.get(which, ()),
                alerts=told.get(which, ()),
                lines=said.get(which, ()),
                digest_key=digest_key(self._key, which),
                pruned_at=pruned[which],
            )
            for which in ids
            if which in found
        ]
        return [one if one.pruned_at is None else without_content(one) for one in records]

    def _alerts(self, ids: Collection[SubmissionId]) -> Mapping[Any, Sequence[AlertEvidence]]:
        raised = list(self._among(_ALERTS, ids))
        taken: dict[int, dict[str, datetime]] = defaultdict(dict)
        for handle, sink, at in self._among(_TOLD, {row[1] for row in raised}):
            taken[handle][sink] = at
        return _grouped((row[0], _alert(row, taken.get(row[1], {}))) for row in raised)

    def exchanges(self, since: datetime) -> Iterator[Exchange]:
        """Ordered by their ends; nothing else may be asked until all were taken."""
        reached = self._connection.scalar(_LAST_REACHED, {"since": since})
        rows = self._connection.execute(_EXCHANGES.execution_options(yield_per=_AT_ONCE), {"since": reached or since})
        for opened_at, closed_at, ending, reason in rows:
            yield Exchange(opened_at, closed_at, ending, reason)

    def links(self, seqs: Collection[int]) -> Iterator[Link]:
        """Nothing else may be asked until all were taken."""
        wanted = set(seqs)
        first = self._connection.scalar(_FIRST_BATCH, {"seq": min(wanted)}) if wanted else None
        if first is None:
            return
        rows = self._connection.execute(_BATCHES.execution_options(yield_per=_AT_ONCE), {"first": first})
        width = len(HEADER_COLUMNS)
        begun = False
        for row in rows:
            header = BatchHeader(*row[:width])
            held = numbers_of(header) & wanted
            begun = begun or bool(held)
            wanted -= held
            if begun:
                yield Link(header, row.hash, row.digests if held else None, is_head=row.head is not None)
            if not wanted and row.head is not None:
                rows.close()
                return

    def head_at(self, number: int) -> SignedHead | None:
        """The signed head of a batch."""
        row = self._connection.execute(_HEAD, {"which": number}).one_or_none()
        return None if row is None else SignedHead(*row)

    def _among(self, statement: Executable, ids: Collection[Any]) -> Iterator[Any]:
        left = iter(ids)
        while some := list(islice(left, _AT_ONCE)):
            yield from self._connection.execute(statement, {"ids": some}).all()


def _grouped(pairs: Iterator[tuple[Any, _Of]]) -> Mapping[Any, Sequence[_Of]]:
    groups: dict[Any, list[_Of]] = defaultdict(list)
    for which, value in pairs:
        groups[which].append(value)
    return groups


def _source_row(row: SourceRow, sealing: Sealing) -> SourceRow:
    key = (row.source, row.event_id or "", row.revision)
    return replace(row, payload=sealing.opened_text(PAYLOAD, key, row.payload))


def _attempt(row: Sequence[Any], sealing: Sealing) -> AttemptEvidence:
    """A row of ``_ATTEMPTS``; what is not there, or not kept any more, is empty."""
    values = [*row[1:-1], row[-1] or b""]
    one = AttemptEvidence(*values)
    detail = sealing.opened_text(DETAIL, [one.id], one.detail)
    return replace(one, detail=detail, reply=sealing.opened_content(REPLY, [one.id], one.reply))


def _question(row: Sequence[Any], sealing: Sealing) -> QuestionEvidence:
    one = QuestionEvidence(*row[1:])
    return replace(one, reply=sealing.opened_content(QUESTION_REPLY, [row[0], one.after_attempt], one.reply))


def _decision(row: Sequence[Any], sealing: Sealing) -> DecisionEvidence:
    one = DecisionEvidence(*row[1:])
    return replace(one, evidence=sealing.opened_content(EVIDENCE, [one.signed_digest], one.evidence))


def _alert(row: Sequence[Any], told: Mapping[str, datetime]) -> AlertEvidence:
    return AlertEvidence(*(*row[2:], told))
