"""What is unsettled, counted by the database: of a million open submissions no more than the named ones are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, select

from usrec.adapters.persistence.delivery_tables import outbox
from usrec.adapters.persistence.employer_stops import WAIT_REASON
from usrec.adapters.persistence.tables import UNSETTLED, submissions
from usrec.ports.ledger_view import Named, SubmissionRow, Unsettled, UnsettledGroup

_COLUMNS: Final = submissions.c
_KINDS: Final = (_COLUMNS.state, outbox.c.status, WAIT_REASON.label("why"))
_GROUPS: Final = (
    select(*_KINDS, func.count())
    .join_from(submissions, outbox, outbox.c.submission_id == _COLUMNS.id, isouter=True)
    .where(UNSETTLED)
    .group_by(*_KINDS)
    .order_by(*_KINDS)
)
_COUNT: Final = select(func.count()).select_from(submissions)
_WITHOUT_TERM: Final = (_COLUMNS.legal_date.is_(None), _COLUMNS.safe_date.is_not(None))
_BY_DUE: Final = (_COLUMNS.due_utc.asc().nulls_last(), _COLUMNS.id)
_BY_TARGET: Final = (_COLUMNS.safe_date, _COLUMNS.id)
_BY_AGE: Final = (_COLUMNS.received_at, *_BY_DUE)

Order = tuple[ColumnElement[Any], ...]


def read_unsettled(
    connection: Connection, rows: Select[Any], *, now: datetime, today: date, soon: timedelta, named: int
) -> Unsettled:
    """All of it, from the snapshot that the connection's transaction sees.

    Args:
        rows: Reads submissions.
        named: How many of each kind are read one by one.
    """

    def first(order: Order, limit: int, *which: ColumnElement[bool]) -> Sequence[SubmissionRow]:
        """Chosen by their ids before anything else of them is read."""
        ids = select(_COLUMNS.id).where(UNSETTLED, *which).order_by(*order).limit(limit)
        found = connection.execute(
            rows.where(_COLUMNS.id.in_(list(connection.scalars(ids)))).order_by(None).order_by(*order)
        )
        return [SubmissionRow(*row) for row in found]

    def kind(order: Order, *which: ColumnElement[bool]) -> Named:
        number = connection.scalar(_COUNT.where(UNSETTLED, *which)) or 0
        return Named(number, first(order, named, *which) if number else [])

    return Unsettled(
        groups=[UnsettledGroup(*row) for row in connection.execute(_GROUPS)],
        oldest=next(iter(first(_BY_AGE, 1)), None),
        overdue=kind(_BY_DUE, _COLUMNS.due_utc <= now),
        due_soon=kind(_BY_DUE, _COLUMNS.due_utc > now, _COLUMNS.due_utc <= now + soon),
        targets=kind(_BY_TARGET, *_WITHOUT_TERM),
        targets_passed=kind(_BY_TARGET, *_WITHOUT_TERM, _COLUMNS.safe_date < today),
    )
