"""A doorbell tells an idle agent that there may be work, so that it need not wait for its next look.

It is a convenience and never a promise: a ring may be lost, and rings may come for nothing. Whoever listens goes on
looking by itself, a little less soon.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Protocol


class Ring(StrEnum):
    """What a ring is about."""

    READY = "ready"
    """Submissions in the ledger's queue may be sent."""
    ROWS = "rows"
    """HR has committed rows."""


class Doorbell(Protocol):
    """Rings of one database. One thread waits; any thread may hush or close."""

    @property
    def name(self) -> str:
        """The database as the settings name it: ``ledger`` or ``source.NAME``."""
        ...

    @property
    def ring(self) -> Ring:
        """What its rings are about."""
        ...

    def wait(self, longest: timedelta) -> bool:
        """Whether it rang. Rings between two calls are told by the next one.

        The first call, and the first after a loss, makes the connection and is answered True at once: somebody may
        have rung before.

        Raises:
            DoorbellLost: The connection cannot be made, or was lost; the next call tries again.
        """
        ...

    def hush(self) -> None:
        """End a wait at once."""
        ...

    def close(self) -> None:
        """Close the connection; a wait ends."""
        ...
