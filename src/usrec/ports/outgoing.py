"""What the ledger tells others: its journal, and the notes to HR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from usrec.domain.source_event import SourceName
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId
from usrec.ports.event_source import StatusNote


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the append-only journal: a transition, an attempt, or a person's decision.

    Attributes:
        action: Stable word: ``received``, ``sign``, ``attempt_opened``, ``attempt_closed``, ``accept``, ``hold``...
        actor: ``agent`` or the person's login name.
        detail: JSON object without personal data.
    """

    at: datetime
    submission_id: SubmissionId | None
    action: str
    from_state: State | None
    to_state: State | None
    actor: str
    reason: str
    detail: str = "{}"


class Journal(Protocol):
    """Append-only; the database refuses changes."""

    def append(self, *entries: JournalEntry) -> None:
        """Add lines in this order."""
        ...

    def digest(self, submission_id: SubmissionId, content: bytes) -> str:
        """Keyed digest for a line's detail, hexadecimal: tells nothing of ``content`` to whoever lacks the key."""
        ...


class WriteBacks(Protocol):
    """Notes to HR that are still to be written; the newest about the latest revision of a row wins."""

    def put(self, *notes: StatusNote) -> None:
        """Remember to write each note, unless one about a later revision, or a later one, waits for the same row.

        Of more than one, each must be about a row of its own.
        """
        ...

    def due(self, source: SourceName, now: datetime, limit: int) -> Sequence[tuple[int, StatusNote]]:
        """Notes to write now, oldest first, each with its handle."""
        ...

    def done(self, handles: Sequence[int], at: datetime) -> None:
        """They were written."""
        ...

    def postpone(self, handles: Sequence[int], until: datetime) -> None:
        """They could not be written; try again then."""
        ...
