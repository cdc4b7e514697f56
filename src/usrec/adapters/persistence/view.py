"""What operators read: lists, one submission's story, counts. Each question is answered from one snapshot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, and_, bindparam, exists, func, not_, or_, select

from usrec.adapters.persistence.agents import HEARTBEATS
from usrec.adapters.persistence.codes import read_codes
from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import CLAIMED, READY, SCHEDULED, acknowledgements, outbox
from usrec.adapters.persistence.employer_stops import STOPPED, count_kept_back, read_stops
from usrec.adapters.persistence.engine import READ_ONLY, connected
from usrec.adapters.persistence.figures import read_figures
from usrec.adapters.persistence.mass_view import in_batch, read_changes, read_masses
from usrec.adapters.persistence.notice_board import read_notice_board
from usrec.adapters.persistence.oversight import read_sight
from usrec.adapters.persistence.pairs import read_pairs
from usrec.adapters.persistence.passages import read_passages
from usrec.adapters.persistence.permits import read_permits
from usrec.adapters.persistence.queue_load import read_last_day, read_queue_load
from usrec.adapters.persistence.story import read_story
from usrec.adapters.persistence.submission_rows import ROWS, among, conditions, identified
from usrec.adapters.persistence.tables import UNSETTLED, UNWRITTEN, journal, submissions, write_backs
from usrec.adapters.persistence.unsettled import read_unsettled
from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.forecast import QueueLoad
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.last_day import LastDayCase
from usrec.domain.lateness import Passage
from usrec.domain.oversight import Sight
from usrec.domain.pair import Pair
from usrec.domain.permit import EndingPermit, PermitDays
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason
from usrec.ports.alert_sinks import NoticeBoard
from usrec.ports.figures import Figures
from usrec.ports.ledger_view import (
    TAIL_BOUND,
    JournalRow,
    MassRow,
    Progress,
    SubmissionFilter,
    SubmissionRow,
    SubmissionStory,
    Unsettled,
    UsedCodes,
)

_PERMIT_DAYS: Final = PermitDays()

_COLUMNS: Final = submissions.c
_STANDING: Final = (
    select(*(journal.c[name] for name in JournalRow.__slots__))
    .where(journal.c.submission_id.is_(None), journal.c.action == bindparam("action"))
    .order_by(journal.c.seq.desc())
    .limit(1)
)
_STANDING_BEFORE: Final = _STANDING.where(journal.c.at < bindparam("before"))
_COUNTS: Final = (
    select(_COLUMNS.state, _COLUMNS.code, func.count())
    .where(_COLUMNS.replaced_by.is_(None))
    .group_by(_COLUMNS.state, _COLUMNS.code)
    .order_by(_COLUMNS.state, _COLUMNS.code)
)
_IN_OUTBOX: Final = select(outbox.c.status, outbox.c.wait_reason, func.count()).group_by(
    outbox.c.status, outbox.c.wait_reason
)
_NEXT: Final = select(func.min(outbox.c.available_at)).where(SCHEDULED)
_FIRST_DUE: Final = select(func.min(func.coalesce(_COLUMNS.due_utc, _COLUMNS.due_utc))).where(UNSETTLED)
"""By the index of what is unsettled, which stays small; that of all dates leads through all that was registered."""
_LEGAL_DATE: Final = select(_COLUMNS.legal_date).where(UNSETTLED, _COLUMNS.due_utc == bindparam("due")).limit(1)
_PASSED_OVER: Final = (
    select(func.count())
    .select_from(submissions)
    .where(
        _COLUMNS.state == literal_word(State.CANCELLED),
        _COLUMNS.reason == bindparam("reason"),
        _COLUMNS.replaced_by.is_(None),
    )
)
_NOTES: Final = select(func.count()).select_from(write_backs).where(UNWRITTEN)
_LAST_EXCHANGE: Final = (
    select(acknowledgements.c.acknowledged_at)
    .where(acknowledgements.c.kind == "answer")
    .order_by(acknowledgements.c.id.desc())
    .limit(1)
)

_FOR_A_PERSON: Final = (WaitReason.CHECKED_OUT, WaitReason.KEY_UNUSABLE)
"""Scheduled only as a safety net: what they wait for is a person."""
_DATED: Final = (WaitReason.PAPER_DATE, WaitReason.NEXT_DAY)
_UNTIMELY: Final = [literal_word(reason) for reason in (*_FOR_A_PERSON, *_DATED)]
_RETRIED: Final = or_(outbox.c.wait_reason.is_(None), outbox.c.wait_reason.not_in(_UNTIMELY))
_HAS_WORK: Final = select(
    or_(
        exists().where(CLAIMED),
        exists().where(and_(READY, not_(STOPPED))),
        exists().where(and_(SCHEDULED, _RETRIED)),
        exists().where(UNWRITTEN),
    )
)
"""What :meth:`SqlLedgerView.progress` counts and a note to HR, asked as a question that the first row answers."""


class SqlLedgerView:
    """The ``LedgerView`` port."""

    def __init__(self, engine: Engine) -> None:
        options: dict[str, Any] = {READ_ONLY: True}
        if engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._engine = engine.execution_options(**options)

    def rows(self, which: SubmissionFilter, *, limit: int | None = None) -> Sequence[SubmissionRow]:
        """Matching submissions, earliest due first."""
        statement = ROWS.where(*conditions(which)).limit(limit)
        with self._snapshot() as connection:
            if which.ids is None:
                return [SubmissionRow(*row) for row in connection.execute(statement)]
            return among(connection, statement, which.ids)[:limit]

    def story(self, submission_id: SubmissionId) -> SubmissionStory | None:
        """One submission with all that belongs to it.

        Raises:
            ValidationProblem: More than one id begins with ``submission_id``.
        """
        with self._snapshot() as connection:
            known = identified(connection, submission_id)
            return None if known is None else read_story(connection, known)

    def codes_in_use(self) -> Sequence[UsedCodes]:
        """Codes of current submissions; nothing else of their details leaves here."""
        with self._snapshot() as connection:
            return read_codes(connection)

    def counts(self) -> Mapping[tuple[State, str], int]:
        """How many current submissions stand in each (state, code)."""
        with self._snapshot() as connection:
            return {(state, code): count for state, code, count in connection.execute(_COUNTS)}

    def unsettled(self, now: datetime, today: date, soon: timedelta, named: int) -> Unsettled:
        """What is unsettled, counted by the database."""
        with self._snapshot() as connection:
            return read_unsettled(connection, ROWS, now=now, today=today, soon=soon, named=named)

    def progress(self) -> Progress:
        """What the outbox holds."""
        with self._snapshot() as connection:
            waiting = [(status, reason, count) for status, reason, count in connection.execute(_IN_OUTBOX)]
            next_at = connection.scalar(_NEXT)
            kept_back = count_kept_back(connection)
        by_status = dict.fromkeys(QueueStatus, 0)
        by_reason: Counter[WaitReason | None] = Counter()
        for status, reason, count in waiting:
            by_status[status] += count
            if status is QueueStatus.SCHEDULED:
                by_reason[reason] += count
        persons = sum(by_reason[reason] for reason in _FOR_A_PERSON)
        dated = sum(by_reason[reason] for reason in _DATED)
        return Progress(
            ready=by_status[QueueStatus.READY] - kept_back,
            claimed=by_status[QueueStatus.CLAIMED],
            retrying=by_status[QueueStatus.SCHEDULED] - dated - persons,
            dated=dated,
            held=by_status[QueueStatus.HELD] + persons + kept_back,
            blocked=by_status[QueueStatus.BLOCKED],
            next_at=next_at,
        )

    def has_work(self) -> bool:
        """Whether the agent can do anything by itself: send, try again, or tell HR."""
        with self._snapshot() as connection:
            return bool(connection.scalar(_HAS_WORK))

    def next_date(self) -> date | None:
        """The earliest legal date of an unsettled submission."""
        with self._snapshot() as connection:
            due = connection.scalar(_FIRST_DUE)
            found: date | None = None if due is None else connection.scalar(_LEGAL_DATE, {"due": due})
        return found

    def employer_stops(self) -> Sequence[EmployerStop]:
        """Employers of whom nothing goes out."""
        with self._snapshot() as connection:
            return read_stops(connection)

    def standing(self, action: str, *, before: datetime | None = None) -> JournalRow | None:
        """The newest journal line of this kind that belongs to no submission."""
        statement = _STANDING if before is None else _STANDING_BEFORE
        with self._snapshot() as connection:
            line = connection.execute(statement, {"action": action, "before": before}).first()
        return None if line is None else JournalRow(*line)

    def passed_over(self) -> int:
        """Submissions that the employer's policy keeps from being sent."""
        with self._snapshot() as connection:
            return connection.scalar(_PASSED_OVER, {"reason": NOT_REGISTRABLE}) or 0

    def masses(self) -> Sequence[MassRow]:
        """Batches of changes, newest first."""
        with self._snapshot() as connection:
            return read_masses(connection)

    def mass_sample(self, name: str, limit: int) -> Sequence[SubmissionRow]:
        """Some current events of a batch."""
        with self._snapshot() as connection:
            rows = connection.execute(ROWS.where(*in_batch(name)).limit(limit))
            return [SubmissionRow(*row) for row in rows]

    def mass_changes(self, name: str) -> Mapping[str, int]:
        """What the current events of a batch change."""
        with self._snapshot() as connection:
            return read_changes(connection, name)

    def pairs(self) -> Sequence[Pair]:
        """Transfers in two halves."""
        with self._snapshot() as connection:
            return read_pairs(connection)

    def write_backs_waiting(self) -> int:
        """Notes to HR that are not written yet."""
        with self._snapshot() as connection:
            return connection.scalar(_NOTES) or 0

    def heartbeats(self) -> Sequence[Heartbeat]:
        """The last sign of life of each agent."""
        with self._snapshot() as connection:
            return [Heartbeat(*row) for row in connection.execute(HEARTBEATS)]

    def sight(
        self, now: datetime, since: datetime, permit_days: PermitDays = _PERMIT_DAYS, tail_bound: timedelta = TAIL_BOUND
    ) -> Sight:
        """What an independent watcher looks at."""
        with self._snapshot() as connection:
            return read_sight(connection, now, since, permit_days, tail_bound)

    def permits(self, until: date) -> Sequence[EndingPermit]:
        """Permits of registered contracts that go on, ended or ending by then, the first to end first."""
        with self._snapshot() as connection:
            return read_permits(connection, until)

    def last_exchange(self) -> datetime | None:
        """When the newest trusted answer was recorded; answers are numbered in the order of their recording."""
        with self._snapshot() as connection:
            found: datetime | None = connection.scalar(_LAST_EXCHANGE)
            return found

    def figures(self, now: datetime) -> Figures:
        """The numbers for a monitoring system."""
        with self._snapshot() as connection:
            return read_figures(connection, now)

    def queue_load(self, now: datetime, since: datetime) -> QueueLoad:
        """What waits to be sent, and the last exchanges."""
        with self._snapshot() as connection:
            return read_queue_load(connection, now, since)

    def last_day(self, due: datetime) -> Sequence[LastDayCase]:
        """Open submissions in the queue on their last day."""
        with self._snapshot() as connection:
            return read_last_day(connection, due)

    def passages(
        self, since: datetime | None, employer: EmployerName | None, *, departments: bool = False
    ) -> Sequence[Passage]:
        """The ways of registered events."""
        with self._snapshot() as connection:
            return read_passages(connection, since, employer, departments=departments)

    def notice_board(self) -> NoticeBoard:
        """What there is to tell, and to whom it was told."""
        with self._snapshot() as connection:
            return read_notice_board(connection)

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        with connected(self._engine) as connection, connection.begin():
            yield connection
