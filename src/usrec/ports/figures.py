"""The numbers that a monitoring system asks of the ledger again and again: counts and times, never single submissions.

Times are the raw ones; ages follow from the clock of whoever shows them, so that figures may be kept for a while.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from usrec.domain.source_event import EmployerName, SourceName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.ports.alert_sink import SinkName


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """Unsettled current submissions of one state whose dates are the same.

    Attributes:
        safe_utc: Exclusive bound of their safe date, aware UTC; None where the law sets no term.
        due_utc: Exclusive bound of their legal date, likewise.
        first_received_at: When the first of them was taken, aware UTC.
    """

    state: State
    safe_utc: datetime | None
    due_utc: datetime | None
    number: int
    first_received_at: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many wait, and since when the one that waits longest does; None when none waits."""

    number: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class SinkRecord:
    """How a sink of alerts fares.

    Attributes:
        failures: In a row; 0 when its last message was taken.
        taken_at: When it took a message last, None when it never did.
    """

    failures: int
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class JournalFigures:
    """How far the journal's chain reaches.

    Attributes:
        linked: Lines.
        unlinked: Lines that are not linked yet, by the time at which the oldest was written.
        head_at: When a head was signed last, None when none was.
    """

    linked: int = 0
    unlinked: Backlog = Backlog(0, None)
    head_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditFigures:
    """The last audit of an employer.

    Attributes:
        taken_at: Aware UTC.
        counts: Contracts by kind of finding.
        unmatched: Contracts whose id in the registry nobody knows.
    """

    employer: EmployerName
    taken_at: datetime
    counts: Mapping[str, int]
    unmatched: int


@dataclass(frozen=True, slots=True)
class Figures:
    """One snapshot of the whole ledger.

    Attributes:
        schema: The ledger's version.
        by_state: Current submissions; a state without any is left out.
        open: The unsettled ones among them; as many groups as there are pairs of dates, whatever their number.
        queue: What the outbox holds.
        in_doubt: Submissions whose answer is unknown, replaced ones included, by the time of their first doubtful try.
        write_backs: Notes to HR that are not written yet.
        undelivered_alerts: Alerts that somebody should have got by now, by the time from which they were to be told.
        sinks: Every sink that was ever told.
        stopped: Names of the employers of whom nothing goes out.
        journal: Its chain.
        audits: The last one of each employer.
        puzzles: Contracts of each staff that cannot be understood.
    """

    schema: str
    by_state: Mapping[State, int]
    open: Sequence[OpenGroup]
    queue: Mapping[tuple[QueueStatus, WaitReason | None], int]
    in_doubt: Backlog
    write_backs: Mapping[SourceName, Backlog]
    undelivered_alerts: Backlog
    sinks: Mapping[SinkName, SinkRecord]
    stopped: Sequence[EmployerName] = ()
    journal: JournalFigures = JournalFigures()
    audits: Sequence[AuditFigures] = ()
    puzzles: Mapping[SourceName, int] = field(default_factory=dict)
