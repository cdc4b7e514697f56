"""Time and chance for tests and simulation: one seed repeats a whole run."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta


class ManualClock:
    """A clock that stands still until it is told to go on.

    Raises:
        ValueError: ``start`` has no zone.
    """

    def __init__(self, start: datetime) -> None:
        self._now = _aware_utc(start)
        self._steady = timedelta(0)

    def steady(self) -> timedelta:
        """Goes on with :meth:`advance` alone."""
        return self._steady

    def now(self) -> datetime:
        """The present, aware UTC."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Go on by ``by`` and return the new present.

        Raises:
            ValueError: ``by`` leads back; :meth:`set` does that on purpose.
        """
        if by < timedelta(0):
            raise ValueError("a clock is advanced forwards; set() turns it back")
        self._now += by
        self._steady += by
        return self._now

    def set(self, instant: datetime) -> None:
        """Jump to ``instant``, which may lie in the past: machines' clocks do that too.

        Raises:
            ValueError: ``instant`` has no zone.
        """
        self._now = _aware_utc(instant)


class SeededEntropy:
    """Chance that repeats for a seed. Its bytes are predictable: never for real ids."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- repeatable on purpose, for simulation only

    def token(self, size: int) -> bytes:
        """``size`` bytes that the seed determines."""
        return self._random.randbytes(size)

    def chance(self) -> float:
        """A number in [0, 1) that the seed determines."""
        return self._random.random()


def _aware_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("a clock tells aware times")
    return instant.astimezone(UTC)
