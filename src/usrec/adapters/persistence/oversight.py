"""What the independent watcher reads. No column with personal data is among them, so that its role needs none.

Whether the agent watches the dates is seen in two ways: a submission whose time to be looked at is long over, and one
of whose legal date a threshold was crossed although there is no alert about it. The second does not rely on the
agent's own timetable.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, not_, or_, select

from usrec.adapters.persistence.agents import HEARTBEATS
from usrec.adapters.persistence.alert_tables import UNDELIVERED, alerts
from usrec.adapters.persistence.chain_view import read_tail
from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.employer_stops import read_stops
from usrec.adapters.persistence.permits import unwatched_permits
from usrec.adapters.persistence.tables import UNSETTLED, WATCHED, submissions
from usrec.domain.alert import Threshold, Watched
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.oversight import Sight
from usrec.domain.permit import PermitDays
from usrec.domain.submission import SubmissionId

_LIMIT: Final = 1000
_COLUMNS: Final = submissions.c
_THRESHOLDS: Final = (
    (Threshold.MISSED, timedelta(0)),
    (Threshold.HOURS_4, timedelta(hours=4)),
    (Threshold.DAY_1, timedelta(days=1)),
)
"""Those of the legal date that no calendar moves, the last one first, and how long before its bound each is crossed."""

_OVERDUE: Final = (
    select(_COLUMNS.id)
    .where(UNSETTLED, _COLUMNS.due_utc <= bindparam("now"))
    .order_by(_COLUMNS.due_utc, _COLUMNS.id)
    .limit(_LIMIT)
)
_UNDELIVERED: Final = select(func.count(), func.min(alerts.c.tell_at)).where(
    UNDELIVERED, alerts.c.tell_at <= bindparam("now")
)
_NOT_LOOKED_AT: Final = (
    select(_COLUMNS.id)
    .where(UNSETTLED, WATCHED, _COLUMNS.watch_at <= bindparam("since"))
    .order_by(_COLUMNS.watch_at, _COLUMNS.id)
    .limit(_LIMIT)
)


def _crossed_without_alert() -> ColumnElement[bool]:
    """For each threshold: crossed before ``since``, and neither it nor a later one was raised."""
    cases: list[ColumnElement[bool]] = []
    raised: list[Any] = []
    for number, (threshold, _) in enumerate(_THRESHOLDS):
        raised.append(literal_word(threshold))
        alert = exists().where(
            alerts.c.source == _COLUMNS.source,
            alerts.c.event_id == _COLUMNS.event_id,
            alerts.c.watched == literal_word(Watched.LEGAL),
            alerts.c.last_day == _COLUMNS.legal_date,
            alerts.c.threshold.in_(raised.copy()),
        )
        cases.append(and_(_COLUMNS.due_utc <= bindparam(f"crossed_{number}"), not_(alert)))
    return or_(*cases)


_CROSSED: Final = (
    select(_COLUMNS.id)
    .where(
        UNSETTLED,
        _COLUMNS.due_utc <= bindparam(f"crossed_{len(_THRESHOLDS) - 1}"),
        _COLUMNS.received_at <= bindparam("since"),
        or_(_COLUMNS.watch_at.is_(None), _COLUMNS.watch_at > bindparam("now")),
        _crossed_without_alert(),
    )
    .order_by(_COLUMNS.due_utc, _COLUMNS.id)
    .limit(_LIMIT)
)


def read_sight(
    connection: Connection, now: datetime, since: datetime, permit_days: PermitDays, tail_bound: timedelta
) -> Sight:
    """What there is to see, from the snapshot that the connection's transaction sees."""
    number, first = connection.execute(_UNDELIVERED, {"now": now}).one()
    oldest = read_tail(connection).oldest_at
    return Sight(
        agents=[Heartbeat(*row) for row in connection.execute(HEARTBEATS)],
        overdue=list(connection.scalars(_OVERDUE, {"now": now})),
        unwatched=sorted(
            {*_unwatched(connection, now, since), *unwatched_permits(connection, since, permit_days, _LIMIT)}
        ),
        undelivered=number,
        undelivered_since=first,
        stops={stop.employer: stop.stopped_at for stop in read_stops(connection)},
        unlinked_since=oldest if oldest is not None and now - oldest > tail_bound else None,
    )


def _unwatched(connection: Connection, now: datetime, since: datetime) -> Sequence[SubmissionId]:
    crossed = {f"crossed_{number}": since + before for number, (_, before) in enumerate(_THRESHOLDS)}
    found = set(connection.scalars(_NOT_LOOKED_AT, {"since": since}))
    found |= set(connection.scalars(_CROSSED, {"now": now, "since": since, **crossed}))
    return sorted(found)
