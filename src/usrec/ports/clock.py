"""Time and chance come from outside, so that one seed can drive the whole agent in simulation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The only source of the present."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        ...

    def steady(self) -> timedelta:
        """A counter that nobody can set back, from any beginning: how long something took is counted by it."""
        ...


class Entropy(Protocol):
    """The only source of randomness."""

    def token(self, size: int) -> bytes:
        """``size`` unpredictable bytes, for ids."""
        ...

    def chance(self) -> float:
        """A number in [0, 1), for jitter."""
        ...
