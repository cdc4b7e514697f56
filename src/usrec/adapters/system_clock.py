"""The machine's own time and chance: the only module that asks it for either."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        return datetime.now(UTC)  # noqa: TID251 -- the one place that asks the machine; everything else gets the port

    def steady(self) -> timedelta:
        """A counter that nobody can set."""
        return steady()


def steady() -> timedelta:
    """A counter that nobody can set; on Linux it counts the machine's sleep too (CLOCK_BOOTTIME)."""
    which = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return timedelta(microseconds=time.clock_gettime_ns(which) // 1000)


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
