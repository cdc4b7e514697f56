"""What the ledger keeps of looks at a staff: what was told of each contract, and the events that wait to be taken."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from usrec.domain.snapshot.derived import Derived, Puzzle
from usrec.domain.snapshot.look import Difference, Memory
from usrec.domain.snapshot.story import Fate
from usrec.domain.source_event import EventId, SourceName, SourceRow


class Snapshots(Protocol):
    """The snapshots of all sources."""

    def memory(self, source: SourceName) -> Memory:
        """What is remembered of a source's staff."""
        ...

    def fates(self, source: SourceName, events: Collection[EventId]) -> Mapping[EventId, Fate]:
        """What became of events, by the submissions that were made of them."""
        ...

    def keep(self, source: SourceName, difference: Difference, at: datetime, was: datetime | None) -> bool:
        """Remember a look and queue its events.

        Args:
            at: When it was taken, aware UTC.
            was: When the look was taken that it was compared with; None for the first.

        Returns:
            Whether it was kept; False where another agent has kept one meanwhile. Then nothing may be committed.
        """
        ...

    def taken_at(self, source: SourceName) -> datetime | None:
        """When the last look was taken, aware UTC; None before the first."""
        ...

    def puzzles(self, source: SourceName) -> Sequence[Puzzle]:
        """What the last look could not tell: contracts that a person has to settle."""
        ...

    def waiting(self, source: SourceName, limit: int) -> Sequence[SourceRow]:
        """Events that wait to be taken, oldest first."""
        ...

    def drop_taken(self, source: SourceName, limit: int) -> int:
        """Forget the first waiting events that the inbox holds; how many."""
        ...


def payload_text(event: Derived) -> str:
    """The payload of an event as a source delivers it."""
    return json.dumps(dict(event.payload), ensure_ascii=False, sort_keys=True)
