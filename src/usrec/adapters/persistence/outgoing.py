"""What the ledger tells others: the journal and the notes to HR."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Executable, bindparam, delete, insert, select, update

from usrec.adapters.persistence.dialects import InsertInto, for_many, per_dialect
from usrec.adapters.persistence.inbox import FingerprintKey
from usrec.adapters.persistence.rows import values_of
from usrec.adapters.persistence.tables import UNWRITTEN, journal, write_backs
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.chain import digest_key, keyed_digest
from usrec.domain.source_event import SourceName
from usrec.domain.submission import SubmissionId
from usrec.ports.event_source import StatusNote
from usrec.ports.outgoing import JournalEntry

Item = TypeVar("Item")

_AT_ONCE: Final = 500
_A_MOMENT: Final = timedelta(microseconds=1)
_NOTE_COLUMNS: Final = tuple(write_backs.c[name] for name in StatusNote.__slots__)


def _unless_known(table: Any) -> Any:
    def build(insert_into: InsertInto) -> Executable:
        return insert_into(table).on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)

    return per_dialect(build)


_APPEND: Final = insert(journal).inline()

_REPLACED: Final = (
    delete(write_backs)
    .where(
        write_backs.c.source == bindparam("source"),
        write_backs.c.row_ref == bindparam("row_ref"),
        write_backs.c.revision <= bindparam("revision"),
    )
    .returning(write_backs.c.revision, write_backs.c.noted_at)
)
"""The note before this one, written or not. The contract's lock orders them; clocks of agents may differ."""
_NOTE: Final = _unless_known(write_backs)

_ROW: Final = (write_backs.c.source, write_backs.c.row_ref)
_STANDING: Final = for_many(
    lambda one_of: select(write_backs.c.id, *_ROW, write_backs.c.revision).where(
        one_of(write_backs.c.source, "sources"), one_of(write_backs.c.row_ref, "row_refs")
    )
)
_REMOVED: Final = for_many(
    lambda one_of: (
        delete(write_backs)
        .where(one_of(write_backs.c.id, "ids"))
        .returning(*_ROW, write_backs.c.revision, write_backs.c.noted_at)
    )
)
_DUE: Final = (
    select(write_backs.c.id, *_NOTE_COLUMNS)
    .where(write_backs.c.source == bindparam("source"), write_backs.c.due_at <= bindparam("now"), UNWRITTEN)
    .order_by(write_backs.c.due_at, write_backs.c.id)
    .limit(bindparam("limit"))
)
_DONE: Final = for_many(
    lambda one_of: update(write_backs).where(one_of(write_backs.c.id, "ids")).values(written_at=bindparam("at"))
)
_POSTPONE: Final = for_many(lambda one_of: update(write_backs).where(one_of(write_backs.c.id, "ids")))


class SqlJournal:
    """The ``Journal`` port."""

    def __init__(self, connection: WriteBehind, key: FingerprintKey) -> None:
        self._connection = connection
        self._key = key

    def append(self, *entries: JournalEntry) -> None:
        """Add lines in this order."""
        self._connection.later(_APPEND, *(values_of(entry) for entry in entries))

    def digest(self, submission_id: SubmissionId, content: bytes) -> str:
        """Keyed digest of some bytes of a submission."""
        return keyed_digest(digest_key(self._key.read(self._connection), submission_id), content)


class SqlWriteBacks:
    """The ``WriteBacks`` port. A newer note gets a new handle, so that ``done`` for the older one cannot lose it.

    The last note of each row stays on record when it is written: the next one is later, whatever the clock says.
    """

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def put(self, *notes: StatusNote) -> None:
        """Remember notes, unless one about a later revision of its row is known already."""
        self._connection.later_by("write_backs", self._put, *notes)

    def _put(self, notes: Sequence[StatusNote]) -> None:
        for some in _rounds(notes):
            left = some if len(some) == 1 else [one for few in _portions(some) for one in self._replace_all(few)]
            for note in left:
                if not self._replace(note):
                    self._replace(note)

    def _replace(self, note: StatusNote) -> bool:
        """Put this one in the place of an older note; False when another one is there, perhaps from a moment ago."""
        what = {"source": note.source, "row_ref": note.row_ref, "revision": note.revision}
        before = self._connection.execute(_REPLACED, what).one_or_none()
        return self._connection.changed(_NOTE[self._dialect], _values(note, before)) == 1

    def _replace_all(self, notes: Sequence[StatusNote]) -> Sequence[StatusNote]:
        """The same for notes about different rows, in as many statements for few as for many.

        Returns:
            All of them, to be looked at one by one, where another agent has noted something about any a moment ago.
        """
        of_row = {(note.source, note.row_ref): note for note in notes}
        standing = self._standing(of_row)
        earlier = [one.id for row, one in standing.items() if one.revision <= of_row[row].revision]
        removed = self._connection.execute(_REMOVED[self._dialect], {"ids": earlier}) if earlier else ()
        before = {(one.source, one.row_ref): one for one in removed}
        left = [row for row in of_row if row not in standing or row in before]
        values = [_values(of_row[row], before.get(row)) for row in left]
        done = self._connection.changed(_NOTE[self._dialect], values) if values else 0
        return () if done == len(values) and len(before) == len(earlier) else notes

    def _standing(self, of_row: Mapping[tuple[SourceName, str], StatusNote]) -> Mapping[tuple[SourceName, str], Any]:
        """What is noted about these rows."""
        rows = {"sources": list({row[0] for row in of_row}), "row_refs": [row[1] for row in of_row]}
        found = self._connection.execute(_STANDING[self._dialect], rows)
        return {(one.source, one.row_ref): one for one in found if (one.source, one.row_ref) in of_row}

    def due(self, source: SourceName, now: datetime, limit: int) -> Sequence[tuple[int, StatusNote]]:
        """Notes to write now, longest due first."""
        rows = self._connection.execute(_DUE, {"source": source, "now": now, "limit": limit})
        return [(row[0], StatusNote(*row[1:])) for row in rows]

    def done(self, handles: Sequence[int], at: datetime) -> None:
        """They were written."""
        for some in _portions(handles):
            self._connection.execute(_DONE[self._dialect], {"ids": some, "at": at})

    def postpone(self, handles: Sequence[int], until: datetime) -> None:
        """They could not be written; try again then."""
        for some in _portions(handles):
            self._connection.execute(_POSTPONE[self._dialect], {"ids": some, "due_at": until})


def _values(note: StatusNote, before: Any) -> dict[str, Any]:
    """Columns of ``note``; it is later than the one ``before`` it about the same revision, None when there is none."""
    same = before is not None and before.revision == note.revision
    noted_at = max(note.noted_at, before.noted_at + _A_MOMENT) if same else note.noted_at
    return {**values_of(note), "noted_at": noted_at, "due_at": note.noted_at}


def _rounds(notes: Sequence[StatusNote]) -> Iterator[Sequence[StatusNote]]:
    """The first note of each row, then the second of those that have one, and so on."""
    while notes:
        first: dict[tuple[SourceName, str], StatusNote] = {}
        later = [note for note in notes if first.setdefault((note.source, note.row_ref), note) is not note]
        yield list(first.values())
        notes = later


def _portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))
