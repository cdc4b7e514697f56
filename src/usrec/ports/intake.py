"""What HR systems send of their own accord, kept until the line takes it and for as long as they may ask about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from usrec.domain.source_event import SourceName, SourceRow
from usrec.ports.event_source import StatusNote


@dataclass(frozen=True, slots=True)
class Request:
    """A request to take events.

    Attributes:
        key: Of the sender's own; the same key means the same request.
        digest: Keyed digest of what was sent.
        answer: What was answered, so that it can be answered again.
    """

    source: SourceName
    key: str
    digest: str
    answer: str


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event that was sent, and what became of it.

    Attributes:
        state: Empty until something is known.
        message: In the language of the source.
        findings: JSON array.
    """

    id: str
    event_id: str
    revision: int
    received_at: datetime
    taken_at: datetime | None
    state: str
    code: str
    message: str
    findings: str
    contract_id: str | None
    record_id: str | None
    legal_date: date | None
    noted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Call:
    """Something to be told to an HR system; the same id may come twice.

    Attributes:
        body: JSON text.
        queued_at: When it became known, aware UTC.
        tries: How often it was tried.
    """

    id: int
    source: SourceName
    body: str
    queued_at: datetime
    tries: int


class Intake(Protocol):
    """Events sent to the agent, requests by their keys, and calls that are to be made."""

    def request(self, source: SourceName, key: str) -> Request | None:
        """The request that came with this key, None when there was none."""
        ...

    def add_request(self, request: Request, at: datetime) -> bool:
        """Record a request; False when another one with its key came first."""
        ...

    def add(self, rows: Sequence[SourceRow], at: datetime) -> None:
        """Keep events that were sent; each row's ``row_ref`` is the id by which it is asked for."""
        ...

    def waiting(self, source: SourceName, limit: int) -> Sequence[SourceRow]:
        """Events that the line has not taken, in the order in which they came."""
        ...

    def taken(self, ids: Collection[str], at: datetime) -> None:
        """The line has them: what they hold of personal data is emptied here."""
        ...

    def note(self, notes: Sequence[StatusNote]) -> Sequence[StatusNote]:
        """Keep what became of events; an older note never replaces a newer one. Returns those that were kept."""
        ...

    def event(self, source: SourceName, event: str) -> ReceivedEvent | None:
        """An event by its id, None where this source has sent none."""
        ...

    def forget(self, before: datetime) -> None:
        """Erase events that were taken, and requests, of the time before."""
        ...

    def queue(self, source: SourceName, bodies: Sequence[str], at: datetime) -> None:
        """Have these told, in this order."""
        ...

    def claim_calls(self, source: SourceName, now: datetime, lease: timedelta, limit: int) -> Sequence[Call]:
        """The next calls, for ``lease`` nobody else's; none before the first of them is due."""
        ...

    def done(self, calls: Collection[int]) -> None:
        """They were told, or nobody wants them any more."""
        ...

    def postpone(self, source: SourceName, until: datetime, *, tried: int) -> None:
        """Tell nothing to this source before then; the call ``tried`` failed once more."""
        ...
