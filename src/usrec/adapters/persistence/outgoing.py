"""What the ledger tells others: the journal and the notes to HR."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Executable, and_, bindparam, delete, insert, or_, select, update

from usrec.adapters.persistence.dialects import InsertInto, per_dialect
from usrec.adapters.persistence.rows import values_of
from usrec.adapters.persistence.tables import journal, write_backs
from usrec.domain.source_event import SourceName
from usrec.ports.event_source import StatusNote
from usrec.ports.ledger import JournalEntry

_AT_ONCE: Final = 500
_NOTE_COLUMNS: Final = tuple(write_backs.c[name] for name in StatusNote.__slots__)


def _unless_known(table: Any) -> Any:
    def build(insert_into: InsertInto) -> Executable:
        return insert_into(table).on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)

    return per_dialect(build)


_APPEND: Final = insert(journal).inline()

_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_DROP_OLDER: Final = delete(write_backs).where(
    write_backs.c.source == bindparam("source"),
    write_backs.c.row_ref == bindparam("row_ref"),
    or_(
        write_backs.c.revision < bindparam("revision"),
        and_(write_backs.c.revision == bindparam("revision"), write_backs.c.noted_at <= bindparam("noted_at")),
    ),
)
"""A note about an older revision, or an older one about the same: revisions count before clocks, which may differ."""
_NOTE: Final = _unless_known(write_backs)
_NOTE_ALL: Final = per_dialect(lambda insert_into: insert_into(write_backs).on_conflict_do_nothing().inline())
_DUE: Final = (
    select(write_backs.c.id, *_NOTE_COLUMNS)
    .where(write_backs.c.source == bindparam("source"), write_backs.c.due_at <= bindparam("now"))
    .order_by(write_backs.c.due_at, write_backs.c.id)
    .limit(bindparam("limit"))
)
_DONE: Final = delete(write_backs).where(write_backs.c.id.in_(_IDS))
_POSTPONE: Final = update(write_backs).where(write_backs.c.id.in_(_IDS))


class SqlJournal:
    """The ``Journal`` port."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, *entries: JournalEntry) -> None:
        """Add lines in this order."""
        if entries:
            self._connection.execute(_APPEND, [values_of(entry) for entry in entries])


class SqlWriteBacks:
    """The ``WriteBacks`` port. A newer note gets a new handle, so that ``done`` for the older one cannot lose it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, *notes: StatusNote) -> None:
        """Remember notes unless one about a later revision, or a newer one, waits for their rows already."""
        if len(notes) == 1:
            values = {**values_of(notes[0]), "due_at": notes[0].noted_at}
            if not self._replace(values):
                self._replace(values)
        elif notes:
            self._replace_all([{**values_of(note), "due_at": note.noted_at} for note in notes])

    def _replace_all(self, notes: list[dict[str, Any]]) -> None:
        """Two statements for all; a note that another agent writes at this very moment stays."""
        dropped = [{name: one[name] for name in ("source", "row_ref", "revision", "noted_at")} for one in notes]
        self._connection.execute(_DROP_OLDER, dropped)
        self._connection.execute(_NOTE_ALL[self._connection.dialect.name], notes)

    def _replace(self, values: dict[str, Any]) -> bool:
        """Drop an older note and add this one; False when another one is there, perhaps from a moment ago."""
        what = {name: values[name] for name in ("source", "row_ref", "revision", "noted_at")}
        self._connection.execute(_DROP_OLDER, what)
        return self._connection.execute(_NOTE[self._connection.dialect.name], values).rowcount == 1

    def due(self, source: SourceName, now: datetime, limit: int) -> Sequence[tuple[int, StatusNote]]:
        """Notes to write now, longest due first."""
        rows = self._connection.execute(_DUE, {"source": source, "now": now, "limit": limit})
        return [(row[0], StatusNote(*row[1:])) for row in rows]

    def done(self, handles: Sequence[int]) -> None:
        """They were written."""
        for some in _portions(handles):
            self._connection.execute(_DONE, {"ids": some})

    def postpone(self, handles: Sequence[int], until: datetime) -> None:
        """They could not be written; try again then."""
        for some in _portions(handles):
            self._connection.execute(_POSTPONE, {"ids": some, "due_at": until})


def _portions(handles: Sequence[int]) -> Sequence[Sequence[int]]:
    return [handles[start : start + _AT_ONCE] for start in range(0, len(handles), _AT_ONCE)]
