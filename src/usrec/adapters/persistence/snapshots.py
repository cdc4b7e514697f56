"""What the ledger remembers of looks at a staff. Values are personal data and sealed like those of the inbox."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Executable, bindparam, delete, func, insert, select, update

from usrec.adapters.persistence.dialects import InsertInto, per_dialect
from usrec.adapters.persistence.sealing import sealing_of
from usrec.adapters.persistence.snapshot_tables import (
    snapshot_events,
    snapshot_looks,
    snapshot_puzzles,
    snapshot_stories,
)
from usrec.adapters.persistence.tables import inbox, submissions
from usrec.adapters.persistence.writing import AnyConnection
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.snapshot.derived import Derived, Puzzle, PuzzleKind
from usrec.domain.snapshot.look import Difference, Memory
from usrec.domain.snapshot.staff import FoldedKey
from usrec.domain.snapshot.story import Fate, Story
from usrec.domain.snapshot.story_text import dump_story, load_story
from usrec.domain.source_event import EventId, SourceName, SourceRow
from usrec.domain.state import State
from usrec.ports.snapshots import payload_text

STORY: Final = "snapshot_stories.story"
EVENT: Final = "snapshot_events.payload"
"""Places of sealed values."""

_CONTRACT: Final = "contract"
_LEAVE: Final = "leave"
_AT_ONCE: Final = 500
_STORIES: Final = select(snapshot_stories).where(snapshot_stories.c.source == bindparam("which"))
_TAKEN: Final = select(snapshot_looks.c.taken_at).where(snapshot_looks.c.source == bindparam("which"))
_MOVE: Final = (
    update(snapshot_looks)
    .where(snapshot_looks.c.source == bindparam("which"), snapshot_looks.c.taken_at == bindparam("was"))
    .values(taken_at=bindparam("at"))
)


def _first(insert_into: InsertInto) -> Executable:
    return insert_into(snapshot_looks).on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)


_FIRST: Final = per_dialect(_first)


def _put(insert_into: InsertInto) -> Executable:
    statement = insert_into(snapshot_stories)
    given = {name: statement.excluded[name] for name in ("contract_key", "employer_bin", "closed", "story")}
    return statement.on_conflict_do_update(index_elements=["source", "kind", "folded_key"], set_=given)


_PUT: Final = per_dialect(_put)
_QUEUE: Final = insert(snapshot_events)
_WAITING: Final = (
    select(snapshot_events)
    .where(snapshot_events.c.source == bindparam("which"))
    .order_by(snapshot_events.c.id)
    .limit(bindparam("most"))
)
_HELD: Final = (
    select(snapshot_events.c.id)
    .join(
        inbox,
        (inbox.c.source == snapshot_events.c.source)
        & (inbox.c.event_id == snapshot_events.c.event_id)
        & (inbox.c.revision == snapshot_events.c.revision),
    )
    .where(snapshot_events.c.source == bindparam("which"))
    .order_by(snapshot_events.c.id)
    .limit(bindparam("most"))
)
_FORGET_PUZZLES: Final = delete(snapshot_puzzles).where(snapshot_puzzles.c.source == bindparam("which"))
_KEEP_PUZZLES: Final = insert(snapshot_puzzles)
_PUZZLES: Final = (
    select(snapshot_puzzles.c.kind, snapshot_puzzles.c.contract_key)
    .where(snapshot_puzzles.c.source == bindparam("which"))
    .order_by(snapshot_puzzles.c.kind, snapshot_puzzles.c.contract_key)
)
PUZZLES: Final = (
    select(snapshot_puzzles.c.source, func.count().label("number"))
    .group_by(snapshot_puzzles.c.source)
    .order_by(snapshot_puzzles.c.source)
)
"""How many contracts of each source cannot be understood."""
_DROP: Final = delete(snapshot_events).where(snapshot_events.c.id.in_(bindparam("ids", expanding=True)))
_STATES: Final = select(
    submissions.c.event_id, submissions.c.revision, submissions.c.state, submissions.c.replaced_by
).where(submissions.c.source == bindparam("which"), submissions.c.event_id.in_(bindparam("ids", expanding=True)))


class SqlSnapshots:
    """The ``Snapshots`` port."""

    def __init__(self, connection: AnyConnection) -> None:
        self._connection = connection

    def memory(self, source: SourceName) -> Memory:
        """What is remembered of a source's staff."""
        sealing = sealing_of(self._connection)
        found: dict[str, dict[FoldedKey, Story]] = {_CONTRACT: {}, _LEAVE: {}}
        for row in self._connection.execute(_STORIES, {"which": source}):
            key = FoldedKey(row.folded_key)
            text = sealing.opened_text(STORY, [source, row.kind, key], row.story)
            found[row.kind][key] = load_story(text, row.contract_key, row.employer_bin, closed=row.closed)
        taken_at = self.taken_at(source)
        taken_on = None if taken_at is None else kazakhstan_date(taken_at)
        return Memory(taken_on, found[_CONTRACT], found[_LEAVE])

    def fates(self, source: SourceName, events: Collection[EventId]) -> Mapping[EventId, Fate]:
        """What became of events, by the submissions that were made of them."""
        rows: dict[EventId, list[Any]] = {}
        left = iter(sorted(set(events)))
        while some := list(islice(left, _AT_ONCE)):
            for row in self._connection.execute(_STATES, {"which": source, "ids": some}):
                rows.setdefault(EventId(row.event_id), []).append(row)
        return {event_id: _fate(found) for event_id, found in rows.items()}

    def keep(self, source: SourceName, difference: Difference, at: datetime, was: datetime | None) -> bool:
        """Remember a look and queue its events; False where another agent has kept one meanwhile."""
        if not self._moved(source, at, was):
            return False
        rows = [*self._stories(source, _CONTRACT, difference.contracts)]
        rows += self._stories(source, _LEAVE, difference.leaves)
        if rows:
            self._connection.execute(_PUT[self._connection.dialect.name], rows)
        self._keep_puzzles(source, difference.puzzles)
        if difference.events:
            self._connection.execute(_QUEUE, [self._event(source, one, at) for one in difference.events])
        return True

    def taken_at(self, source: SourceName) -> datetime | None:
        """When the last look was taken, aware UTC; None before the first."""
        found: datetime | None = self._connection.scalar(_TAKEN, {"which": source})
        return found

    def puzzles(self, source: SourceName) -> list[Puzzle]:
        """What the last look could not tell."""
        rows = self._connection.execute(_PUZZLES, {"which": source})
        return [Puzzle(PuzzleKind(kind), key) for kind, key in rows]

    def _keep_puzzles(self, source: SourceName, puzzles: Collection[Puzzle]) -> None:
        self._connection.execute(_FORGET_PUZZLES, {"which": source})
        rows = sorted({(one.kind.value, one.key) for one in puzzles})
        if rows:
            told = [{"source": source, "kind": kind, "contract_key": key} for kind, key in rows]
            self._connection.execute(_KEEP_PUZZLES, told)

    def waiting(self, source: SourceName, limit: int) -> list[SourceRow]:
        """Events that wait to be taken, oldest first."""
        return [self._row(row) for row in self._connection.execute(_WAITING, {"which": source, "most": limit})]

    def drop_taken(self, source: SourceName, limit: int) -> int:
        """Forget the first waiting events that the inbox holds; how many."""
        ids = list(self._connection.scalars(_HELD, {"which": source, "most": limit}))
        if ids:
            self._connection.execute(_DROP, {"ids": ids})
        return len(ids)

    def _moved(self, source: SourceName, at: datetime, was: datetime | None) -> bool:
        if was is None:
            values = {"source": source, "taken_at": at}
            return self._connection.execute(_FIRST[self._connection.dialect.name], values).rowcount == 1
        return self._connection.execute(_MOVE, {"which": source, "was": was, "at": at}).rowcount == 1

    def _stories(self, source: SourceName, kind: str, stories: Mapping[FoldedKey, Story]) -> Iterator[dict[str, Any]]:
        sealing = sealing_of(self._connection)
        for key, story in stories.items():
            yield {
                "source": source,
                "kind": kind,
                "folded_key": key,
                "contract_key": story.key,
                "employer_bin": story.employer_bin,
                "closed": story.closed,
                "story": sealing.text(STORY, [source, kind, key], dump_story(story)),
            }

    def _event(self, source: SourceName, event: Derived, at: datetime) -> dict[str, Any]:
        sealed = sealing_of(self._connection).text(
            EVENT, _key(source, event.event_id, event.revision), payload_text(event)
        )
        return {
            "source": source,
            "event_id": event.event_id,
            "revision": event.revision,
            "event_type": event.operation.value,
            "contract_key": event.contract_key,
            "employer_bin": event.employer_bin,
            "payload": sealed,
            "withdrawn": event.withdrawn,
            "entered_at": event.entered_at,
            "derived_at": at,
        }

    def _row(self, row: Any) -> SourceRow:
        key = _key(row.source, row.event_id, row.revision)
        return SourceRow(
            row.source,
            str(row.id),
            row.event_id,
            row.revision,
            row.event_type,
            row.contract_key,
            row.employer_bin,
            sealing_of(self._connection).opened_text(EVENT, key, row.payload),
            row.withdrawn,
            row.entered_at,
        )


def _key(source: str, event_id: str, revision: int) -> list[str | int]:
    return [source, event_id, revision]


def _fate(rows: Collection[Any]) -> Fate:
    accepted = [row.revision for row in rows if row.state is State.ACCEPTED]
    newest = max(rows, key=lambda row: (row.replaced_by is None, row.revision))
    return Fate(max(accepted, default=None), newest.state is State.CANCELLED, newest.state is State.INVALID)
