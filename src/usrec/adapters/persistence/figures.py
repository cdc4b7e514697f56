"""The figures for a monitoring system, each from an index or from what is open: the settled past is only counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, text

from usrec.adapters.persistence.alert_tables import UNDELIVERED, alerts, sinks
from usrec.adapters.persistence.audit_tables import audit_runs
from usrec.adapters.persistence.chain_view import HEAD_SIGNED_AT, read_tail
from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import attempts, outbox
from usrec.adapters.persistence.employer_stops import count_kept_back, read_stops
from usrec.adapters.persistence.snapshots import PUZZLES
from usrec.adapters.persistence.tables import UNSETTLED, UNWRITTEN, submissions, write_backs
from usrec.domain.source_event import SourceName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.verdict import Ending
from usrec.ports.alert_sink import SinkName
from usrec.ports.figures import AuditFigures, Backlog, Figures, JournalFigures, OpenGroup, SinkRecord

_COLUMNS: Final = submissions.c
_SCHEMA: Final = text("SELECT version_num FROM alembic_version")
_BY_STATE: Final = select(_COLUMNS.state, func.count()).where(_COLUMNS.replaced_by.is_(None)).group_by(_COLUMNS.state)
_DATES: Final = (_COLUMNS.state, _COLUMNS.safe_utc, _COLUMNS.due_utc)
_OPEN: Final = (
    select(*_DATES, func.count(), func.min(_COLUMNS.received_at)).where(UNSETTLED).group_by(*_DATES).order_by(*_DATES)
)
_QUEUE: Final = select(outbox.c.status, outbox.c.wait_reason, func.count()).group_by(
    outbox.c.status, outbox.c.wait_reason
)
_DOUBTFUL: Final = [literal_word(ending) for ending in (Ending.UNKNOWN, Ending.REFUSED)]
"""A refusal leaves a doubt where USREC says that the record is there already."""
_FIRST_DOUBT: Final = (
    select(attempts.c.opened_at)
    .where(attempts.c.submission_id == _COLUMNS.id, attempts.c.ending.in_(_DOUBTFUL))
    .order_by(attempts.c.number)
    .limit(1)
    .scalar_subquery()
)
_DOUBTS: Final = (
    select(_FIRST_DOUBT.label("since")).where(_COLUMNS.state == literal_word(State.INDETERMINATE)).subquery()
)
_IN_DOUBT: Final = select(func.count(), func.min(_DOUBTS.c.since)).select_from(_DOUBTS)
_NOTES: Final = (
    select(write_backs.c.source, func.count(), func.min(write_backs.c.id))
    .where(UNWRITTEN)
    .group_by(write_backs.c.source)
)
_NOTED: Final = select(write_backs.c.source, write_backs.c.noted_at).where(
    write_backs.c.id.in_(bindparam("ids", expanding=True))
)
_ALERTS: Final = select(func.count(), func.min(alerts.c.tell_at)).where(
    UNDELIVERED, alerts.c.tell_at <= bindparam("now")
)
_AUDITS: Final = select(
    audit_runs.c.employer, audit_runs.c.taken_at, audit_runs.c.counts, audit_runs.c.unmatched
).order_by(audit_runs.c.employer)
_SINKS: Final = select(sinks.c.sink, sinks.c.failures, sinks.c.taken_at)


def read_figures(connection: Connection, now: datetime) -> Figures:
    """All figures, from the snapshot that the connection's transaction sees."""
    return Figures(
        schema=connection.execute(_SCHEMA).scalar_one(),
        by_state={row[0]: row[1] for row in connection.execute(_BY_STATE)},
        open=[OpenGroup(*row) for row in connection.execute(_OPEN)],
        queue=_queue(connection),
        in_doubt=Backlog(*connection.execute(_IN_DOUBT).one()),
        write_backs=_write_backs(connection),
        undelivered_alerts=Backlog(*connection.execute(_ALERTS, {"now": now}).one()),
        sinks={SinkName(name): SinkRecord(*record) for name, *record in connection.execute(_SINKS)},
        stopped=[stop.employer for stop in read_stops(connection)],
        journal=_journal(connection),
        audits=[
            AuditFigures(employer, taken_at, json.loads(counts), unmatched)
            for employer, taken_at, counts, unmatched in connection.execute(_AUDITS)
        ],
        puzzles={SourceName(source): number for source, number in connection.execute(PUZZLES)},
    )


def _journal(connection: Connection) -> JournalFigures:
    tail = read_tail(connection)
    return JournalFigures(tail.linked, Backlog(tail.lines, tail.oldest_at), connection.scalar(HEAD_SIGNED_AT))


def _queue(connection: Connection) -> Mapping[tuple[QueueStatus, WaitReason | None], int]:
    """What the outbox holds; what a stop keeps back is counted apart from what is sent next."""
    queue = {(status, reason): number for status, reason, number in connection.execute(_QUEUE)}
    if kept_back := count_kept_back(connection):
        ready = QueueStatus.READY, None
        queue[ready] = queue.get(ready, 0) - kept_back
        queue[QueueStatus.READY, WaitReason.EMPLOYER_STOPPED] = kept_back
    return queue


def _write_backs(connection: Connection) -> Mapping[SourceName, Backlog]:
    """By source; handles count up, so the lowest one is that of the note that waits longest."""
    waiting = connection.execute(_NOTES).all()
    oldest = connection.execute(_NOTED, {"ids": [first for _, _, first in waiting]})
    noted = {row[0]: row[1] for row in oldest}
    return {source: Backlog(number, noted[source]) for source, number, _ in waiting}
