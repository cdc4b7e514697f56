"""Contract events that HR systems sent over HTTP: they wait in the ledger, and what becomes of them is kept there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from usrec.adapters.sources.named import NamedSource
from usrec.domain.source_event import SourceName, SourceRow
from usrec.ports.clock import Clock
from usrec.ports.event_source import StatusNote
from usrec.ports.intake import ReceivedEvent
from usrec.ports.ledger import Ledger

KEPT: Final = timedelta(days=400)
"""For so long an HR system may ask about an event, and may repeat a request."""
_DAY: Final = timedelta(days=1)


class IntakeSource(NamedSource):
    """An :class:`usrec.ports.event_source.EventSource` over what was sent.

    Args:
        name: The source's name in the settings.
        calls: Whether the HR system wants to be told of each change at once.
    """

    def __init__(self, name: SourceName, ledger: Ledger, clock: Clock, *, calls: bool) -> None:
        super().__init__(name, writable=True)
        self._ledger = ledger
        self._clock = clock
        self._calls = calls
        self._tidied: datetime | None = None

    def fetch(self, limit: int) -> Sequence[SourceRow]:
        """Up to ``limit`` events that are not yet taken, in the order in which they came."""
        with self._ledger.begin() as work:
            found = work.intake.waiting(self._name, limit)
        if not found:
            self._tidy()
        return found

    def mark_taken(self, rows: Sequence[SourceRow]) -> None:
        """The inbox has them."""
        with self._ledger.begin() as work:
            work.intake.taken([row.row_ref for row in rows], self._clock.now())
            work.commit()

    def write_back(self, notes: Sequence[StatusNote]) -> None:
        """Keep what became of events, and have it told where that is wanted; both or neither."""
        with self._ledger.begin() as work:
            kept = work.intake.note(notes)
            events = [work.intake.event(self._name, note.row_ref) for note in kept] if self._calls else []
            bodies = [json.dumps(event_document(event), ensure_ascii=False) for event in events if event is not None]
            work.intake.queue(self._name, bodies, self._clock.now())
            work.commit()

    def close(self) -> None:
        """The ledger is closed by whoever opened it."""

    def _tidy(self) -> None:
        """Once a day."""
        now = self._clock.now()
        if self._tidied is not None and now - self._tidied < _DAY:
            return
        with self._ledger.begin() as work:
            work.intake.forget(now - KEPT)
            work.commit()
        self._tidied = now


def event_document(event: ReceivedEvent) -> Mapping[str, object]:
    """What an HR system is told about an event; programs may rely on the keys. No personal data stands in it."""
    return {
        "id": event.id,
        "event_id": event.event_id,
        "revision": event.revision,
        "state": event.state or "received",
        "code": event.code,
        "message": event.message,
        "findings": json.loads(event.findings),
        "contract_id": event.contract_id,
        "record_id": event.record_id,
        "legal_date": None if event.legal_date is None else event.legal_date.isoformat(),
        "received_at": _moment(event.received_at),
        "taken_at": None if event.taken_at is None else _moment(event.taken_at),
        "noted_at": None if event.noted_at is None else _moment(event.noted_at),
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
