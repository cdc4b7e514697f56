"""What there is to tell and to whom it was told, for whoever looks after the sinks of alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from usrec.adapters.persistence.alert_tables import OPEN, STILL_TRUE, alerts, deliveries, sinks
from usrec.adapters.persistence.alerts import ALERT_COLUMNS
from usrec.adapters.persistence.tables import submissions
from usrec.domain.alert import Alert
from usrec.ports.alert_sink import SinkName
from usrec.ports.alert_sinks import NoticeBoard, PostedAlert, SinkState

_OPEN: Final = (
    select(alerts.c.id, submissions.c.state, *ALERT_COLUMNS)
    .join_from(alerts, submissions, submissions.c.id == alerts.c.submission_id)
    .where(OPEN, STILL_TRUE)
    .order_by(alerts.c.id)
)
_TAKEN: Final = (
    select(deliveries.c.alert_id, deliveries.c.sink, deliveries.c.taken_at)
    .join_from(deliveries, alerts, alerts.c.id == deliveries.c.alert_id)
    .where(OPEN, deliveries.c.taken_at.is_not(None))
    .order_by(deliveries.c.taken_at, deliveries.c.sink)
)
_SINKS: Final = select(
    sinks.c.sink, sinks.c.failures, sinks.c.problem, sinks.c.failed_at, sinks.c.retry_at, sinks.c.taken_at
).order_by(sinks.c.sink)


def read_notice_board(connection: Connection) -> NoticeBoard:
    """All of it, from the snapshot that the connection's transaction sees."""
    taken: dict[int, dict[SinkName, datetime]] = {}
    for handle, sink, at in connection.execute(_TAKEN):
        taken.setdefault(handle, {})[sink] = at
    posted = [
        PostedAlert(Alert(*values), state, taken.get(handle, {}))
        for handle, state, *values in connection.execute(_OPEN)
    ]
    return NoticeBoard(posted, [SinkState(*row) for row in connection.execute(_SINKS)])
