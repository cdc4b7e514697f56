"""Factories of what a ledger stores; every value can be overridden by name."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.message import CorrelationId, MessageId, SignedMessage
from usrec.domain.source_event import ContractKey, EmployerName, EventId, Operation, SourceName, SourceRow
from usrec.domain.state import State
from usrec.domain.submission import AttemptId, QueueEntry, QueueStatus, Submission, SubmissionId
from usrec.domain.verdict import Ending
from usrec.ports.attempts import Acknowledgement, Attempt, AttemptClosing
from usrec.ports.event_source import StatusNote
from usrec.ports.ledger import UnitOfWork
from usrec.ports.outgoing import JournalEntry

NOW = datetime(2026, 3, 2, 8, 30, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BIN = "000000000000"
SOURCE = SourceName("hr")


def a_row(event: str = "e1", revision: int = 1, **changes: Any) -> SourceRow:
    row = SourceRow(SOURCE, "17", event, revision, "conclusion", "K-1", BIN, '{"a": 1}', entered_at=NOW - HOUR)
    return replace(row, **changes)


def a_submission(name: str = "s1", **changes: Any) -> Submission:
    submission = Submission(
        id=SubmissionId(name),
        source=SOURCE,
        row_ref="17",
        event_id=EventId(f"event of {name}"),
        revision=1,
        operation=Operation.CONCLUSION,
        employer=EmployerName("Алатау"),
        employer_bin=BIN,
        contract_key=ContractKey(f"contract of {name}"),
        position=0,
        state=State.PENDING,
        details="{}",
        withdrawn=False,
        received_at=NOW,
        legal_date=date(2026, 3, 10),
        due_utc=NOW + 8 * DAY,
        safe_utc=NOW + 7 * DAY,
    )
    return replace(submission, **changes)


def an_entry(of: Submission, **changes: Any) -> QueueEntry:
    entry = QueueEntry(
        submission_id=of.id,
        employer_bin=of.employer_bin,
        contract_key=of.contract_key,
        status=QueueStatus.READY,
        priority=of.safe_utc or NOW,
        available_at=NOW,
    )
    return replace(entry, **changes)


def a_message(name: str = "s1", **changes: Any) -> SignedMessage:
    message = SignedMessage(
        document="<құжат/>".encode(),
        digest="d" * 64,
        record_id=f"record-{name}",
        message_id=MessageId(f"message-{name}"),
        signed_at=NOW,
        certificate="c" * 64,
        valid_until=NOW + 365 * DAY,
    )
    return replace(message, **changes)


def an_attempt(of: SubmissionId, number: int = 1, **changes: Any) -> Attempt:
    attempt = Attempt(
        id=AttemptId(f"{of}-a{number}"),
        submission_id=of,
        number=number,
        fence=1,
        opened_at=NOW,
        correlation_id=CorrelationId(f"correlation-{number}"),
        envelope_digest="e" * 64,
    )
    return replace(attempt, **changes)


def a_closing(ending: Ending = Ending.UNKNOWN) -> AttemptClosing:
    return AttemptClosing(ending, NOW + HOUR, "", "timeout", b"<html/>")


def an_acknowledgement(of: SubmissionId, **changes: Any) -> Acknowledgement:
    acknowledgement = Acknowledgement(of, None, "answer", True, "SCSS001", "R-1", "digest-1", NOW, b"<answer/>")
    return replace(acknowledgement, **changes)


def a_note(row_ref: str = "17", **changes: Any) -> StatusNote:
    note = StatusNote(
        SOURCE, row_ref, 1, "accepted", "SCSS001", "Тіркелді.", "[]", "R-1", date(2026, 3, 10), NOW, "R-2"
    )
    return replace(note, **changes)


def an_alert(of: SubmissionId, **changes: Any) -> Alert:
    alert = Alert(
        submission_id=of,
        source=SOURCE,
        event_id=EventId(f"event of {of}"),
        watched=Watched.LEGAL,
        threshold=Threshold.DAY_1,
        operation=Operation.CONCLUSION,
        employer=EmployerName("Алатау"),
        last_day=date(2026, 3, 10),
        raised_at=NOW,
        tell_at=NOW,
    )
    return replace(alert, **changes)


def a_line(action: str = "receive", **changes: Any) -> JournalEntry:
    line = JournalEntry(NOW, SubmissionId("s1"), action, None, State.PENDING, "agent", "because")
    return replace(line, **changes)


def enqueued(work: UnitOfWork, name: str = "s1", *, entry: dict[str, Any] | None = None, **changes: Any) -> Submission:
    """Add a submission and its queue entry."""
    submission = a_submission(name, **changes)
    work.submissions.add(submission)
    work.outbox.put(an_entry(submission, **(entry or {})))
    return submission
