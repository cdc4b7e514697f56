"""What fetches the tables of a mapping file, and how it says that it could not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

from usrec.domain.errors import SnapshotRefused, SourceUnavailable
from usrec.domain.mapping.staff_mapping import TableMapping

FetchedRow: TypeAlias = Mapping[str, Any]
"""A row as JSON gave it, by column."""
MOST_ROWS: Final = 500_000
KEPT: Final = "The last snapshot stands; nothing was derived and no event is lost"


class TableReader(Protocol):
    """Fetches tables."""

    def rows(self, table: TableMapping) -> Sequence[FetchedRow]:
        """A whole table, or nothing.

        Raises:
            SourceUnavailable: It cannot be had whole.
        """

    def close(self) -> None:
        """Let go of everything."""


def unavailable(what: str, where: str, next_step: str) -> SourceUnavailable:
    """A table that could not be had now; the agent asks again by itself."""
    return SourceUnavailable(what, where=where, kept=KEPT, next_step=next_step)


def refused(what: str, where: str, next_step: str) -> SnapshotRefused:
    """A table that was had and cannot be the staff."""
    return SnapshotRefused(what, where=where, kept=KEPT, next_step=next_step)
