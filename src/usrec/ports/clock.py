"""Time and chance come from outside, so that one seed can drive the whole agent in simulation."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of the present."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        ...


class Entropy(Protocol):
    """The only source of randomness."""

    def token(self, size: int) -> bytes:
        """``size`` unpredictable bytes, for ids."""
        ...

    def chance(self) -> float:
        """A number in [0, 1), for jitter."""
        ...
