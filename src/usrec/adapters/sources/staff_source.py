"""A source whose events are derived: it looks at HR's staff from time to time and delivers what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from usrec.adapters.sources.named import NamedSource
from usrec.application.take_snapshot import SnapshotPolicy, take_snapshot
from usrec.domain.errors import SourceUnavailable
from usrec.domain.source_event import SourceName, SourceRow
from usrec.ports.clock import Clock
from usrec.ports.event_source import StatusNote
from usrec.ports.ledger import Ledger
from usrec.ports.staff import StaffRoster

_DROPPED_AT_ONCE: Final = 1000
_AGAIN: Final = timedelta(minutes=1)
"""After a look that failed; until then its problem stands. HR's database is not ours to press."""
_log = structlog.get_logger("usrec.source")


class StaffSource(NamedSource):
    """An :class:`usrec.ports.event_source.EventSource` over looks at a staff. Nothing is written to HR's database.

    Args:
        every: How long a look counts; the first one is taken at once.
    """

    def __init__(
        self,
        name: SourceName,
        roster: StaffRoster,
        ledger: Ledger,
        clock: Clock,
        policy: SnapshotPolicy,
        *,
        every: timedelta,
    ) -> None:
        super().__init__(name, writable=False)
        self._roster = roster
        self._ledger = ledger
        self._clock = clock
        self._policy = policy
        self._every = every
        self._next_at: datetime | None = None
        self._problem: SourceUnavailable | None = None

    def fetch(self, limit: int) -> Sequence[SourceRow]:
        """Events that were derived and are not taken yet, oldest first; looks at the staff when it is time.

        A look is taken only when all that the last one made was taken: what became of it counts.

        Raises:
            SourceUnavailable: The HR database cannot be read, or what it returned cannot be the staff. What was
                derived before is delivered first.
        """
        waiting = self._waiting(limit)
        if waiting:
            return waiting
        if self._is_time():
            self._look()
        elif self._problem is not None:
            raise self._problem
        return self._waiting(limit)

    def mark_taken(self, rows: Sequence[SourceRow]) -> None:
        """Nothing: the ledger knows what it has taken."""

    def write_back(self, notes: Sequence[StatusNote]) -> None:
        """Nothing: there is no row of HR's to write to."""

    def close(self) -> None:
        """Close idle connections to the HR database."""
        self._roster.close()

    def _waiting(self, limit: int) -> Sequence[SourceRow]:
        with self._ledger.begin() as work:
            if work.snapshots.drop_taken(self._name, _DROPPED_AT_ONCE):
                waiting = work.snapshots.waiting(self._name, limit)
                work.commit()
                return waiting
            return work.snapshots.waiting(self._name, limit)

    def _is_time(self) -> bool:
        return self._next_at is None or self._clock.now() >= self._next_at

    def _look(self) -> None:
        try:
            made = take_snapshot(
                self._name, roster=self._roster, ledger=self._ledger, clock=self._clock, policy=self._policy
            )
        except SourceUnavailable as problem:
            self._problem = problem
            self._next_at = self._clock.now() + min(self._every, _AGAIN)
            raise
        self._problem = None
        self._next_at = self._clock.now() + self._every
        if made is None:
            return
        _log.info("snapshot taken", action="snapshot", source=self._name, events=len(made.events), first=made.is_first)
        for recoded in made.recoded:
            _log.warning(
                "the mapping has corrected a code that is registered; no event was made of it",
                action="snapshot.recoded",
                source=self._name,
                field=recoded.field,
                was=recoded.was,
                now=recoded.now,
                number=recoded.number,
            )
        if made.puzzles:
            kinds = sorted({one.kind.value for one in made.puzzles})
            _log.error(
                "a person has to look at contracts of the snapshot",
                action="snapshot.puzzle",
                source=self._name,
                contracts=len(made.puzzles),
                kinds=kinds,
            )
