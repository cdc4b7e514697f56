"""Where contract events come from: the employer's HR database, seen as an outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from usrec.domain.source_event import SourceName, SourceRow


@dataclass(frozen=True, slots=True)
class StatusNote:
    """What HR is told about one of its rows; writing it twice is harmless.

    Attributes:
        state: A submission state, or ``conflict`` for a row that contradicts its own revision.
        message: One sentence for the HR department, without personal data.
        findings: JSON array of findings that name the field to mend.
        record_id: The registry's id of what the row registered: HR names it to correct or delete that.
    """

    source: SourceName
    row_ref: str
    revision: int
    state: str
    code: str
    message: str
    findings: str
    contract_id: str | None
    legal_date: date | None
    noted_at: datetime
    record_id: str | None = None


class EventSource(Protocol):
    """A source delivers each row at least once; the inbox makes that exactly once.

    All methods raise :class:`usrec.domain.errors.SourceUnavailable` when the HR database cannot be reached.
    """

    @property
    def name(self) -> SourceName:
        """Name in the settings."""
        ...

    @property
    def writable(self) -> bool:
        """Whether ``mark_taken`` and ``write_back`` may change the HR database."""
        ...

    def fetch(self, limit: int) -> Sequence[SourceRow]:
        """Up to ``limit`` rows that are not yet taken, oldest first; rows that commit late are found too."""
        ...

    def mark_taken(self, rows: Sequence[SourceRow]) -> None:
        """Remember that the ledger holds these rows. Called after the ledger's commit; may be repeated."""
        ...

    def write_back(self, notes: Sequence[StatusNote]) -> None:
        """Write states to the rows. May be repeated; an older note never overwrites a newer one."""
        ...

    def close(self) -> None:
        """Close idle connections."""
        ...
