"""When to try again: a pure function of how often it was tried. Full jitter keeps agents from retrying in step.

With the defaults the n-th wait lies between 0 and 5 s, 10 s, 20 s, 40 s, 80 s, ... and never above 15 minutes,
whatever n. Whether to try again is decided in ``verdict``; neither touches a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter.

    Attributes:
        base: Longest wait after the first attempt.
        cap: Longest wait after any attempt.
        floor: Shortest wait, so that a busy loop is impossible.
    """

    base: timedelta = timedelta(seconds=5)
    cap: timedelta = timedelta(minutes=15)
    floor: timedelta = timedelta(seconds=1)

    def wait(self, attempts: int, chance: float) -> timedelta:
        """How long to wait after ``attempts`` attempts (>= 1).

        Args:
            chance: A random number in [0, 1), given by the caller.
        """
        ceiling = min(self.cap, self.base * (1 << min(attempts - 1, 30)))
        return max(self.floor, ceiling * chance)
