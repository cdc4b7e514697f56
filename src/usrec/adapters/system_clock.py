"""The machine's own time and chance: the only module that asks it for either."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        return datetime.now(UTC)  # noqa: TID251 -- the one place that asks the machine; everything else gets the port


class SystemEntropy:
    """The operating system's generator of unpredictable bytes."""

    def __init__(self) -> None:
        self._random = secrets.SystemRandom()

    def token(self, size: int) -> bytes:
        """``size`` unpredictable bytes."""
        return secrets.token_bytes(size)

    def chance(self) -> float:
        """A number in [0, 1)."""
        return self._random.random()
