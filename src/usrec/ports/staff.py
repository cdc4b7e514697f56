"""HR's staff as it stands now, where nothing in HR's system can be changed."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from usrec.domain.snapshot.staff import Look


class StaffRoster(Protocol):
    """Looks at the whole staff."""

    @property
    def where(self) -> str:
        """Source and mapping file, for messages."""
        ...

    def look(self, at: datetime) -> Look:
        """Every contract and leave, as of the day of ``at`` in Kazakhstan.

        Raises:
            SourceUnavailable: The HR database cannot be read.
            SnapshotRefused: What it returned cannot be the staff.
        """
        ...

    def close(self) -> None:
        """Close idle connections."""
        ...
