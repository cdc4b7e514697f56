"""Contract events from an outbox table in the HR system's own database (SQLite, PostgreSQL, MariaDB and others).

Which rows are new is never concluded from "id above the last one seen": a transaction that began first may commit
last, and its lower id would be lost. Instead

- an account that may write marks each taken row (``taken_at``) after the ledger has committed it, and reads the rows
  without that mark, by a partial index;
- an account that may only read compares the keys of *all* rows with those that the ledger knows, page by page: each
  poll costs time proportional to the table, so a large table is better given the right to update.

Either way a row is delivered at least once, and the inbox makes that exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    any_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    update,
)

from usrec.adapters.sources.hr_database import HrDatabase
from usrec.adapters.sources.named import NamedSource
from usrec.adapters.sources.outbox_row import (
    EVENT_COLUMNS,
    Habits,
    OutboxKey,
    habits_of,
    read_instant,
    read_key,
    read_revision,
    read_row,
)
from usrec.adapters.sources.outbox_schema import outbox_table
from usrec.adapters.sources.texts import as_text
from usrec.domain.secret import Secret
from usrec.domain.source_event import SourceName, SourceRow
from usrec.ports.event_source import StatusNote

KnownKeys = Callable[[Collection[OutboxKey]], Collection[OutboxKey]]
"""Which of these keys the ledger holds already."""

_KEYS_PER_PAGE: Final = 1000
_ROWS_PER_STATEMENT: Final = 500
_STATUS_COLUMNS: Final = {
    "usrec_state": "state",
    "usrec_code": "code",
    "usrec_message": "message",
    "usrec_findings": "findings",
    "usrec_contract_id": "contract_id",
    "usrec_record_id": "record_id",
    "usrec_legal_date": "legal_date",
    "usrec_noted_at": "noted_at",
}
"""Column -> field of :class:`StatusNote`."""
_NOW: Final[Mapping[str, ColumnElement[Any]]] = {
    "sqlite": func.strftime("%Y-%m-%dT%H:%M:%fZ", "now"),
    "postgresql": func.now(),
    "mysql": literal_column("UTC_TIMESTAMP(6)"),
    "mariadb": literal_column("UTC_TIMESTAMP(6)"),
    "mssql": literal_column("SYSDATETIMEOFFSET()"),
    "oracle": literal_column("SYSTIMESTAMP"),
}
_READ_PAST: Final = "WITH (READPAST)"
"""SQL Server, where a reader waits for writers unless it passes by the rows that they hold: they are found later."""
_CLAIM: Final = "WITH (UPDLOCK, ROWLOCK, READPAST)"
_HOLD: Final = "WITH (UPDLOCK, ROWLOCK)"
"""SQL Server's ``FOR UPDATE``, with and without ``SKIP LOCKED``."""


class OutboxTableSource(NamedSource):
    """An :class:`usrec.ports.event_source.EventSource` over a table of ``schemas/hr-outbox``.

    Args:
        name: The source's name in the settings.
        url: SQLAlchemy URL of the HR database.
        password: Of the account.
        writable: Whether the account may update ``taken_at`` and the ``usrec_`` columns.
        table: Name of the table or view, ``schema.table`` where needed.
        known: Asked by a read-only source which rows were taken already.

    Raises:
        ConfigurationError: The URL cannot be used.
        ValueError: A read-only source without ``known`` would deliver the same rows for ever.
    """

    def __init__(
        self,
        name: SourceName,
        url: str,
        *,
        writable: bool = True,
        table: str = "usrec_outbox",
        known: KnownKeys | None = None,
        password: Secret | None = None,
    ) -> None:
        if not writable and known is None:
            raise ValueError("a read-only source needs `known`")
        super().__init__(name, writable=writable)
        self._known = known
        self._database = HrDatabase(name, url, writable=writable, password=password)
        self._habits = habits_of(self._database.kind)
        self._table = outbox_table(table)

    def fetch(self, limit: int) -> Sequence[SourceRow]:
        """Up to ``limit`` rows that are not yet taken, oldest first; rows that commit late are found too.

        A read-only source tells rows by event id and revision alone, so there a change in place, without a higher
        revision, is not seen once the row was taken.

        Raises:
            SourceUnavailable: The HR database cannot be read.
        """
        if self._known is not None and not self._writable:
            return self._fetch_unknown(self._known, limit)
        waiting = self._all_rows().where(self._is_untaken()).limit(limit)
        with self._database.transaction() as connection:
            return [self._row(cells) for cells in connection.execute(waiting).mappings()]

    def mark_taken(self, rows: Sequence[SourceRow]) -> None:
        """Mark those of ``rows`` that HR has not changed since they were fetched; the others are fetched again.

        Does nothing on a read-only source.

        Raises:
            SourceUnavailable: No row was marked; they are delivered again.
        """
        if not self._writable or not rows:
            return
        fetched = {int(row.row_ref): row for row in rows}
        with self._database.transaction(write=True) as connection:
            found = self._untaken(connection, list(fetched))
            unchanged = [cells["row_id"] for cells in found if self._row(cells) == fetched[cells["row_id"]]]
            if unchanged:
                self._mark(connection, unchanged)

    def write_back(self, notes: Sequence[StatusNote]) -> None:
        """Write states to the rows; an older note never overwrites a newer one, nor one about another revision.

        Does nothing on a read-only source, nor for a row that HR has deleted.

        Raises:
            SourceUnavailable: Nothing was written.
        """
        if not self._writable or not notes:
            return
        newest = {int(note.row_ref): note for note in sorted(notes, key=lambda one: one.noted_at)}
        with self._database.transaction(write=True) as connection:
            found = self._status_of(connection, list(newest))
            due = [
                (cells["row_id"], newest[cells["row_id"]]) for cells in found if _is_due(newest, cells, self._habits)
            ]
            if due:
                statement = update(self._table).where(self._table.c.row_id == bindparam("noted"))
                connection.execute(statement, [_status(row_id, note) for row_id, note in due])

    def close(self) -> None:
        """Close idle connections to the HR database."""
        self._database.close()

    def _fetch_unknown(self, known: KnownKeys, limit: int) -> Sequence[SourceRow]:
        new: list[int] = []
        for page in self._key_pages():
            taken = frozenset(known(list(page.values())))
            new += [row_id for row_id, key in page.items() if key not in taken]
            if len(new) >= limit:
                break
        with self._database.transaction() as connection:
            return [self._row(cells) for cells in _by_id(connection, self._all_rows(), new[:limit])]

    def _key_pages(self) -> Iterator[Mapping[int, OutboxKey]]:
        """The keys of all rows, each page in a transaction of its own: the ledger is asked in between."""
        columns = self._table.c
        keys = select(columns.row_id, as_text(columns.event_id), as_text(columns.revision)).order_by(columns.row_id)
        keys = keys.with_hint(self._table, _READ_PAST, "mssql")
        page = keys.limit(_KEYS_PER_PAGE)
        while True:
            with self._database.transaction() as connection:
                found = connection.execute(page).mappings().all()
            if not found:
                return
            yield {int(cells["row_id"]): read_key(cells, self._habits) for cells in found}
            page = keys.where(columns.row_id > found[-1]["row_id"]).limit(_KEYS_PER_PAGE)

    def _all_rows(self) -> Select[Any]:
        """Rows in order, each cell as text: a cell of an unexpected type must not fail the statement."""
        columns = self._table.c
        rows = select(columns.row_id, *(as_text(columns[name]) for name in EVENT_COLUMNS)).order_by(columns.row_id)
        return rows.with_hint(self._table, _READ_PAST, "mssql")

    def _row(self, cells: RowMapping) -> SourceRow:
        return read_row(self._name, cells, self._habits)

    def _is_untaken(self) -> ColumnElement[bool]:
        """In Oracle as its index has it: there an index holds no NULL."""
        columns = self._table.c
        if self._database.kind == "oracle":
            return case((columns.taken_at.is_(None), columns.row_id)).is_not(None)
        return columns.taken_at.is_(None)

    def _untaken(self, connection: Connection, row_ids: Sequence[int]) -> Iterator[RowMapping]:
        """Lock and read again; a row that HR is changing right now is skipped, and so fetched once more."""
        return _by_id(connection, self._claimed(), row_ids)

    def _claimed(self) -> Select[Any]:
        untaken = self._all_rows().where(self._table.c.taken_at.is_(None))
        return untaken.with_for_update(skip_locked=True).with_hint(self._table, _CLAIM, "mssql")

    def _status_of(self, connection: Connection, row_ids: Sequence[int]) -> Iterator[RowMapping]:
        return _by_id(connection, self._held(), row_ids)

    def _held(self) -> Select[Any]:
        columns = self._table.c
        status = select(columns.row_id, as_text(columns.revision), as_text(columns.usrec_noted_at))
        return status.order_by(columns.row_id).with_for_update().with_hint(self._table, _HOLD, "mssql")

    def _mark(self, connection: Connection, row_ids: Sequence[int]) -> None:
        now = _NOW[self._database.kind]
        for some in _portions(row_ids):
            connection.execute(
                update(self._table).where(_one_of(self._table.c.row_id, some, connection)).values(taken_at=now)
            )


def _by_id(connection: Connection, rows: Select[Any], row_ids: Sequence[int]) -> Iterator[RowMapping]:
    """The selected rows with these ids, a limited number in each statement."""
    for some in _portions(row_ids):
        mine = _one_of(rows.selected_columns.row_id, some, connection)
        yield from connection.execute(rows.where(mine)).mappings()


def _portions(row_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (row_ids[start : start + _ROWS_PER_STATEMENT] for start in range(0, len(row_ids), _ROWS_PER_STATEMENT))


def _one_of(column: Any, values: Sequence[int], connection: Connection) -> ColumnElement[bool]:
    """PostgreSQL takes many numbers as one parameter, so that the statement's text is the same for any number."""
    if connection.dialect.name == "postgresql":
        array: ColumnElement[bool] = column == any_(literal(list(values), ARRAY(BigInteger)))
        return array
    found: ColumnElement[bool] = column.in_(values)
    return found


def _is_due(notes: Mapping[int, StatusNote], cells: RowMapping, habits: Habits) -> bool:
    note, written = notes[cells["row_id"]], read_instant(cells["usrec_noted_at"], habits)
    return read_revision(cells["revision"]) == note.revision and (written is None or written <= note.noted_at)


def _status(row_id: int, note: StatusNote) -> Mapping[str, object]:
    return {"noted": row_id} | {column: getattr(note, field) for column, field in _STATUS_COLUMNS.items()}
