"""What HR systems send over HTTP, and what they are told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BindParameter, and_, bindparam, delete, func, insert, or_, select, update

from usrec.adapters.persistence.dialects import per_dialect
from usrec.adapters.persistence.intake_tables import WAITING, intake_calls, intake_requests, intake_rows
from usrec.adapters.persistence.rows import values_of
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.writing import AnyConnection
from usrec.domain.source_event import SourceName, SourceRow
from usrec.ports.event_source import StatusNote
from usrec.ports.intake import Call, ReceivedEvent, Request

INTAKE_PAYLOAD: Final = "intake_rows.payload"
"""Place of sealed values."""
_AT_ONCE: Final = 500
_ROWS, _REQUESTS, _CALLS = intake_rows.c, intake_requests.c, intake_calls.c
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_OF_SOURCE: Final = ("event_id", "revision", "event_type", "contract_key", "employer_bin", "payload", "withdrawn")

_REQUEST: Final = select(*(_REQUESTS[name] for name in ("source", "idempotency_key", "digest", "answer"))).where(
    _REQUESTS.source == bindparam("which"), _REQUESTS.idempotency_key == bindparam("key")
)
_ADD_REQUEST: Final = per_dialect(
    lambda insert_into: (
        insert_into(intake_requests).on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)
    )
)
_ADD: Final = insert(intake_rows).inline()
_WAITING: Final = (
    select(_ROWS.source, _ROWS.id, *(_ROWS[name] for name in _OF_SOURCE), _ROWS.entered_at)
    .where(_ROWS.source == bindparam("which"), WAITING)
    .order_by(_ROWS.seq)
    .limit(bindparam("most"))
)
_TAKEN: Final = update(intake_rows).where(_ROWS.id.in_(_IDS), WAITING).values(taken_at=bindparam("at"), payload="")
_NOTE: Final = (
    update(intake_rows)
    .where(
        _ROWS.source == bindparam("its_source"),
        _ROWS.id == bindparam("its_id"),
        _ROWS.revision == bindparam("its_revision"),
        or_(_ROWS.noted_at.is_(None), _ROWS.noted_at <= bindparam("noted_at")),
    )
    .values({name: bindparam(name) for name in ("state", "code", "message", "findings", "noted_at")})
    .values({name: bindparam(name) for name in ("contract_id", "record_id", "legal_date")})
)
_EVENT: Final = select(*(_ROWS[name] for name in ReceivedEvent.__slots__)).where(
    _ROWS.source == bindparam("which"), _ROWS.id == bindparam("event")
)
_FORGET_ROWS: Final = delete(intake_rows).where(
    and_(_ROWS.received_at < bindparam("before"), _ROWS.taken_at.is_not(None))
)
_FORGET_REQUESTS: Final = delete(intake_requests).where(_REQUESTS.received_at < bindparam("before"))
_QUEUE: Final = insert(intake_calls).inline()
_DUE: Final = (
    select(*(_CALLS[name] for name in Call.__slots__))
    .where(_CALLS.source == bindparam("which"), _CALLS.due_at <= bindparam("now"))
    .order_by(_CALLS.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_FIRST: Final = select(func.min(_CALLS.id)).where(_CALLS.source == bindparam("which"))
_LEASE: Final = update(intake_calls).where(_CALLS.id.in_(_IDS)).values(due_at=bindparam("until"))
_DONE: Final = delete(intake_calls).where(_CALLS.id.in_(_IDS))
_TRIED: Final = update(intake_calls).where(_CALLS.id == bindparam("which")).values(tries=_CALLS.tries + 1)
_POSTPONE: Final = update(intake_calls).where(_CALLS.source == bindparam("which")).values(due_at=bindparam("until"))


class SqlIntake:
    """The ``Intake`` port."""

    def __init__(self, connection: AnyConnection) -> None:
        self._connection = connection

    def request(self, source: SourceName, key: str) -> Request | None:
        """The request that came with this key."""
        found = self._connection.execute(_REQUEST, {"which": source, "key": key}).one_or_none()
        return None if found is None else Request(*found)

    def add_request(self, request: Request, at: datetime) -> bool:
        """Record a request; False when another one with its key came first."""
        row = {**values_of(request), "received_at": at}
        row["idempotency_key"] = row.pop("key")
        return self._connection.execute(_ADD_REQUEST[self._connection.dialect.name], row).rowcount == 1

    def add(self, rows: Sequence[SourceRow], at: datetime) -> None:
        """Keep events that were sent."""
        if rows:
            self._connection.execute(_ADD, [self._stored(row, at) for row in rows])

    def waiting(self, source: SourceName, limit: int) -> Sequence[SourceRow]:
        """Events that the line has not taken, in the order in which they came."""
        found = self._connection.execute(_WAITING, {"which": source, "most": limit}).mappings()
        return [self._row(one) for one in found]

    def taken(self, ids: Collection[str], at: datetime) -> None:
        """The line has them."""
        known = list(ids)
        for start in range(0, len(known), _AT_ONCE):
            self._connection.execute(_TAKEN, {"ids": known[start : start + _AT_ONCE], "at": at})

    def note(self, notes: Sequence[StatusNote]) -> Sequence[StatusNote]:
        """Keep what became of events; returns those notes that were kept."""
        return [one for one in notes if self._connection.execute(_NOTE, _noted(one)).rowcount == 1]

    def event(self, source: SourceName, event: str) -> ReceivedEvent | None:
        """An event by its id."""
        found = self._connection.execute(_EVENT, {"which": source, "event": event}).one_or_none()
        return None if found is None else ReceivedEvent(*found)

    def forget(self, before: datetime) -> None:
        """Erase events that were taken, and requests, of the time before."""
        for statement in (_FORGET_ROWS, _FORGET_REQUESTS):
            self._connection.execute(statement, {"before": before})

    def queue(self, source: SourceName, bodies: Sequence[str], at: datetime) -> None:
        """Have these told, in this order."""
        rows = [{"source": source, "body": body, "queued_at": at, "due_at": at, "tries": 0} for body in bodies]
        if rows:
            self._connection.execute(_QUEUE, rows)

    def claim_calls(self, source: SourceName, now: datetime, lease: timedelta, limit: int) -> Sequence[Call]:
        """The next calls that are due, for ``lease`` nobody else's."""
        found = [Call(*row) for row in self._connection.execute(_DUE, {"which": source, "now": now, "most": limit})]
        if found and found[0].id != self._connection.scalar(_FIRST, {"which": source}):
            return []
        if found:
            self._connection.execute(_LEASE, {"ids": [one.id for one in found], "until": now + lease})
        return found

    def done(self, calls: Collection[int]) -> None:
        """They were told."""
        self._connection.execute(_DONE, {"ids": list(calls)})

    def postpone(self, source: SourceName, until: datetime, *, tried: int) -> None:
        """Tell nothing to this source before then."""
        self._connection.execute(_TRIED, {"which": tried})
        self._connection.execute(_POSTPONE, {"which": source, "until": until})

    def _stored(self, row: SourceRow, at: datetime) -> dict[str, Any]:
        payload = sealing_of(self._connection).text(INTAKE_PAYLOAD, [row.row_ref], row.payload)
        nothing = {"state": "", "code": "", "message": "", "findings": "[]"}
        values = {name: getattr(row, name) for name in (*_OF_SOURCE, "source", "entered_at")}
        return {**values, **nothing, "id": row.row_ref, "payload": payload, "received_at": at}

    def _row(self, stored: Mapping[Any, Any]) -> SourceRow:
        payload = sealing_of(self._connection).opened_text(INTAKE_PAYLOAD, [stored["id"]], stored["payload"])
        kept = {name: stored[name] for name in (*_OF_SOURCE, "source", "entered_at")}
        return SourceRow(row_ref=stored["id"], **{**kept, "payload": payload})


def _noted(note: StatusNote) -> dict[str, Any]:
    values = values_of(note)
    keys = {"its_source": values.pop("source"), "its_id": values.pop("row_ref"), "its_revision": values.pop("revision")}
    return {**values, **keys}
