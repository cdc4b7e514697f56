"""The alerts on record: each raised once for an event, a date and a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import (
    Executable,
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    update,
)

from usrec.adapters.persistence.agents import HALTED, agents
from usrec.adapters.persistence.alert_tables import (
    FORETOLD,
    OF_PERMIT,
    OPEN,
    PERMIT_STANDS,
    STILL_TRUE,
    alerts,
    deliveries,
)
from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import DESK_AWAITS, REMINDED_OF, employer_stops, outbox
from usrec.adapters.persistence.dialects import InsertInto, for_many, per_dialect
from usrec.adapters.persistence.portions import in_portions
from usrec.adapters.persistence.rows import SUBMISSION_COLUMNS, submission_of, values_of
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.tables import WATCHED, submissions
from usrec.adapters.persistence.types import UtcDateTime
from usrec.adapters.persistence.writing import Row, WriteBehind
from usrec.domain.alert import REMINDERS, Alert, Threshold, Watched
from usrec.domain.submission import Submission, SubmissionId, WaitReason

ALERT_COLUMNS: Final = tuple(alerts.c[name] for name in Alert.__slots__)
_AT_ONCE: Final = 500
_KEY: Final = ("source", "event_id", "watched", "last_day", "threshold")


def _unless_known(insert_into: InsertInto) -> Executable:
    return insert_into(alerts).on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)


_ADD: Final = per_dialect(_unless_known)
REMINDS: Final = alerts.c.threshold.in_([literal_word(one) for one in sorted(REMINDERS)])
_ASKS: Final = alerts.c.threshold == literal_word(Threshold.AWAITED)
_OF_MASS: Final = alerts.c.watched == literal_word(Watched.MASS)
_NOT_HELD: Final = func.coalesce(outbox.c.wait_reason == literal_word(WaitReason.MASS_HELD), false()).is_(false())
_AHEAD: Final = alerts.c.raised_at > bindparam("its_raised_at", type_=UtcDateTime())
"""It was raised by a clock that was set back since."""
_TELLS_OF_A_STOP: Final = alerts.c.threshold == literal_word(Threshold.STOPPED)
_TELLS_OF_A_KEY: Final = alerts.c.threshold == literal_word(Threshold.KEY_UNUSABLE)
_HAS_A_KEY: Final = func.coalesce(outbox.c.wait_reason == literal_word(WaitReason.KEY_UNUSABLE), false()).is_(false())
_TELLS_OF_THE_CLOCK: Final = alerts.c.threshold == literal_word(Threshold.CLOCK_WRONG)
_IS_HALTED: Final = exists(select(agents.c.owner).where(HALTED))
_IS_AWAITED: Final = func.coalesce(or_(REMINDED_OF, DESK_AWAITS), false())
_IS_STOPPED: Final = exists().where(employer_stops.c.employer_bin == submissions.c.employer_bin)
_REOPEN: Final = (
    update(alerts)
    .where(*(alerts.c[name] == bindparam(f"its_{name}") for name in _KEY), not_(OPEN))
    .values(
        submission_id=bindparam("stands"),
        closed_at=None,
        tell_at=case((_AHEAD, bindparam("its_tell_at", type_=UtcDateTime())), else_=alerts.c.tell_at),
        raised_at=case((_AHEAD, bindparam("its_raised_at", type_=UtcDateTime())), else_=alerts.c.raised_at),
    )
)
_CLOSE_EARLIER: Final = (
    update(alerts)
    .where(
        *(alerts.c[name] == bindparam(f"its_{name}") for name in ("source", "event_id", "watched")),
        or_(
            alerts.c.threshold != bindparam("its_threshold"),
            and_(REMINDS, alerts.c.last_day < bindparam("its_last_day")),
        ),
        OPEN,
    )
    .values(closed_at=bindparam("at"))
)
_IS_OVER: Final = or_(
    not_(STILL_TRUE),
    and_(_ASKS, _IS_AWAITED.is_(false())),
    and_(_OF_MASS, _NOT_HELD),
    and_(_TELLS_OF_A_STOP, not_(_IS_STOPPED)),
    and_(_TELLS_OF_THE_CLOCK, not_(_IS_HALTED)),
    and_(_TELLS_OF_A_KEY, _HAS_A_KEY),
)
_OUTDATED: Final = (
    select(alerts.c.id, *ALERT_COLUMNS)
    .join_from(alerts, submissions, submissions.c.id == alerts.c.submission_id)
    .join(outbox, outbox.c.submission_id == submissions.c.id, isouter=True)
    .where(OPEN, or_(and_(OF_PERMIT, not_(PERMIT_STANDS)), and_(not_(OF_PERMIT), _IS_OVER)))
    .order_by(alerts.c.id)
    .limit(bindparam("limit"))
)
_FROM_THE_FUTURE: Final = (
    select(alerts.c.id, alerts.c.submission_id)
    .where(OPEN, alerts.c.raised_at > bindparam("after"))
    .order_by(alerts.c.id)
    .limit(bindparam("limit"))
)
_UNTELL: Final = delete(deliveries).where(deliveries.c.alert_id.in_(bindparam("ids", expanding=True)))
_HAND_OVER: Final = update(alerts).where(alerts.c.id == bindparam("which")).values(submission_id=bindparam("stands"))
_WITHDRAW: Final = update(alerts).where(
    alerts.c.submission_id == bindparam("which"), alerts.c.watched == bindparam("of"), OPEN
)
_CLOSE: Final = update(alerts).where(alerts.c.id.in_(bindparam("ids", expanding=True)), OPEN)
_WATCH: Final = update(submissions).where(submissions.c.id == bindparam("which"))
_FORETOLD: Final = select(alerts.c.id, *ALERT_COLUMNS).where(
    FORETOLD, alerts.c.watched == bindparam("of"), or_(alerts.c.last_day >= bindparam("day"), OPEN)
)
_TO_WATCH: Final = (
    select(*SUBMISSION_COLUMNS, submissions.c.watch_at)
    .where(WATCHED, submissions.c.watch_at <= bindparam("now"))
    .order_by(submissions.c.watch_at, submissions.c.id)
    .limit(bindparam("limit"))
)
_LOOKED_AT: Final = for_many(
    lambda one_of: (
        select(submissions.c.id, submissions.c.watch_at)
        .where(one_of(submissions.c.id, "ids"))
        .with_for_update(skip_locked=True)
    )
)
"""Whoever changes one of them at this moment is not waited for: they hold others, and would wait in a circle."""


class SqlAlerts:
    """The ``Alerts`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection
        self._due: dict[SubmissionId, datetime] = {}

    def add(self, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Record alerts; returns those that were new."""
        return [one for one in alerts if self._add(one)]

    def _add(self, alert: Alert) -> bool:
        values = values_of(alert)
        key: dict[str, Any] = {f"its_{name}": values[name] for name in _KEY}
        if self._connection.execute(_ADD[self._connection.dialect.name], values).rowcount != 1:
            when = {"its_raised_at": alert.raised_at, "its_tell_at": alert.tell_at}
            self._connection.execute(_REOPEN, {**key, **when, "stands": alert.submission_id})
            return False
        self._connection.execute(_CLOSE_EARLIER, {**key, "at": alert.raised_at})
        return True

    def outdated(self, limit: int) -> Sequence[tuple[int, Alert]]:
        """Open alerts whose submission is settled or was replaced, and reminders of what is not awaited any more."""
        rows = self._connection.execute(_OUTDATED, {"limit": limit})
        return [(row[0], Alert(*row[1:])) for row in rows]

    def unsay(self, after: datetime, now: datetime, limit: int) -> Sequence[SubmissionId]:
        """Close open alerts that were raised after ``after``, as if nobody had been told."""
        found = self._connection.execute(_FROM_THE_FUTURE, {"after": after, "limit": limit}).all()
        handles = [row[0] for row in found]
        for start in range(0, len(handles), _AT_ONCE):
            self._connection.execute(_UNTELL, {"ids": handles[start : start + _AT_ONCE]})
        self.close(handles, now)
        return [row[1] for row in found]

    def hand_over(self, handle: int, to: SubmissionId) -> None:
        """Another submission stands for the event."""
        self._connection.execute(_HAND_OVER, {"which": handle, "stands": to})

    def close(self, handles: Sequence[int], at: datetime) -> None:
        """There is nothing left to tell."""
        for start in range(0, len(handles), _AT_ONCE):
            self._connection.execute(_CLOSE, {"ids": handles[start : start + _AT_ONCE], "closed_at": at})

    def withdraw(self, submission_id: SubmissionId, watched: Watched, at: datetime) -> None:
        """Close what was told of this about its event."""
        self._connection.execute(_WITHDRAW, {"which": submission_id, "of": watched, "closed_at": at})

    def foretold(self, watched: Watched, since: date) -> Sequence[tuple[int, Alert]]:
        """What was told since ``since``, and what is open of earlier."""
        rows = self._connection.execute(_FORETOLD, {"of": watched, "day": since})
        return sorted(((row[0], Alert(*row[1:])) for row in rows), key=lambda one: one[0])

    def watch(self, submission_id: SubmissionId, at: datetime | None) -> None:
        """Look at the submission's dates at ``at``; the latest call wins."""
        self._connection.later_by("submissions", self._watch, {"which": submission_id, "watch_at": at})

    def _watch(self, rows: list[Row]) -> None:
        """In the order of their ids, so that two agents never wait for each other in a circle."""
        self._connection.execute(_WATCH, sorted(rows, key=itemgetter("which")))

    def to_watch(self, now: datetime, limit: int) -> Sequence[Submission]:
        """Submissions whose time to be looked at has come, earliest first."""
        rows = self._connection.execute(_TO_WATCH, {"now": now, "limit": limit}).all()
        sealing = sealing_of(self._connection)
        self._due = {row[0]: row[-1] for row in rows}
        return [submission_of(row[:-1], sealing) for row in rows]

    def looked_at(self, again: Mapping[SubmissionId, datetime | None]) -> None:
        """Unless their time is another one by now, or is just being changed."""
        statement = _LOOKED_AT[self._connection.dialect.name]
        for some in in_portions(again):
            rows = self._connection.execute(statement, {"ids": some}).all()
            same = [row.id for row in rows if row.watch_at == self._due.get(row.id)]
            if same:
                self._watch([{"which": one, "watch_at": again[one]} for one in same])
