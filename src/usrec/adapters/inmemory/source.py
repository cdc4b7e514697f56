"""An HR system that lives in memory: what tests and simulations use, held to the same suite as the real tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from usrec.domain.errors import SourceUnavailable
from usrec.domain.source_event import EventId, SourceName, SourceRow
from usrec.ports.event_source import StatusNote

OutboxKey = tuple[EventId, int]
"""(event id, revision)."""


@dataclass(slots=True)
class _Entry:
    row: SourceRow
    taken: bool = False
    note: StatusNote | None = None


class InMemorySource:
    """An :class:`usrec.ports.event_source.EventSource`, and the HR side of it: ``enter``, ``edit``, ``status_of``.

    Args:
        name: The source's name.
        writable: Whether the agent may mark rows and write states.
        known: Asked by a read-only source which rows were taken already.

    Attributes:
        online: Set it to False, and the HR database cannot be reached.

    Raises:
        ValueError: A read-only source without ``known`` would deliver the same rows for ever.
    """

    def __init__(
        self,
        name: SourceName,
        *,
        writable: bool = True,
        known: Callable[[Collection[OutboxKey]], Collection[OutboxKey]] | None = None,
    ) -> None:
        if not writable and known is None:
            raise ValueError("a read-only source needs `known`")
        self._name = name
        self._writable = writable
        self._known = known
        self._entries: dict[int, _Entry] = {}
        self.online = True

    @property
    def name(self) -> SourceName:
        """Name in the settings."""
        return self._name

    @property
    def writable(self) -> bool:
        """Whether ``mark_taken`` and ``write_back`` change anything."""
        return self._writable

    def fetch(self, limit: int) -> Sequence[SourceRow]:
        """Up to ``limit`` rows that are not yet taken, oldest first."""
        self._require_online()
        entries = [self._entries[row_id] for row_id in sorted(self._entries)]
        if self._writable or self._known is None:
            new = [entry.row for entry in entries if not entry.taken]
        else:
            taken = frozenset(self._known([_key(entry.row) for entry in entries]))
            new = [entry.row for entry in entries if _key(entry.row) not in taken]
        return new[:limit]

    def mark_taken(self, rows: Sequence[SourceRow]) -> None:
        """Mark those of ``rows`` that HR has not changed since they were fetched."""
        self._require_online()
        for row in rows if self._writable else ():
            entry = self._entries.get(int(row.row_ref))
            if entry is not None and entry.row == row:
                entry.taken = True

    def write_back(self, notes: Sequence[StatusNote]) -> None:
        """Keep the newest note about the row's present revision."""
        self._require_online()
        for note in notes if self._writable else ():
            entry = self._entries.get(int(note.row_ref))
            if entry is None or entry.row.revision != note.revision:
                continue
            if entry.note is None or entry.note.noted_at <= note.noted_at:
                entry.note = note

    def enter(
        self,
        event_id: str,
        *,
        event_type: str = "",
        contract_key: str = "",
        employer_bin: str = "",
        payload: str = "{}",
        revision: int = 1,
        withdrawn: bool = False,
        entered_at: datetime | None = None,
        row_id: int | None = None,
    ) -> str:
        """HR commits a row; returns its ``row_ref``. A ``row_id`` below others is a transaction that commits late."""
        if row_id is None:
            row_id = max(self._entries, default=0) + 1
        row = SourceRow(
            source=self._name,
            row_ref=str(row_id),
            event_id=event_id,
            revision=revision,
            event_type=event_type,
            contract_key=contract_key,
            employer_bin=employer_bin,
            payload=payload,
            withdrawn=withdrawn,
            entered_at=entered_at,
        )
        self._entries[row_id] = _Entry(row)
        return row.row_ref

    def edit(self, row_ref: str, *, payload: str, revision: int | None = None) -> None:
        """HR changes a row in place; with a higher ``revision`` it also hands the row to the agent again."""
        entry = self._entries[int(row_ref)]
        if revision is not None:
            entry.taken = False
        entry.row = replace(entry.row, payload=payload, revision=revision or entry.row.revision)

    def delete(self, row_ref: str) -> None:
        """HR deletes a row."""
        del self._entries[int(row_ref)]

    def status_of(self, row_ref: str) -> StatusNote | None:
        """What HR sees beside a row, None before the first note."""
        return self._entries[int(row_ref)].note

    def close(self) -> None:
        """There is no connection to close."""

    def _require_online(self) -> None:
        if not self.online:
            raise SourceUnavailable("the HR database cannot be reached", where=f"source {self._name}")


def _key(row: SourceRow) -> OutboxKey:
    return EventId(row.event_id or f"row:{row.row_ref}"), row.revision
