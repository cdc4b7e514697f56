"""When to try again: a pure function of how often it was tried, and of the time that is left to its next date.

Full jitter keeps agents from retrying in step. With the defaults the n-th wait lies between 0 and 5 s, 10 s, 20 s,
40 s, 80 s, ... and never above 15 minutes, whatever n. As a date comes near, a wait takes at most a seventh of the time
that is left, so that six more attempts fit before it, whatever the dice say; but 30 seconds may always be waited: a
date that is near must not make a storm. Whether to try again is decided in ``verdict``; neither touches a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter, shortened as a date comes near.

    Attributes:
        base: Longest wait after the first attempt.
        cap: Longest wait after any attempt.
        floor: Shortest wait, so that a busy loop is impossible.
        in_time: So many more attempts have to fit before the next date of a submission.
        shortened_to: No date makes the longest wait shorter than this.
    """

    base: timedelta = timedelta(seconds=5)
    cap: timedelta = timedelta(minutes=15)
    floor: timedelta = timedelta(seconds=1)
    in_time: int = 6
    shortened_to: timedelta = timedelta(seconds=30)

    def wait(self, attempts: int, chance: float, *, left: timedelta | None = None) -> timedelta:
        """How long to wait after ``attempts`` attempts (>= 1).

        The promise: where ``left`` is at least ``in_time + 1`` times ``shortened_to``, at least ``in_time`` waits end
        before the date. The exchanges between them take time of their own; the next wait is counted from what is left.

        Args:
            chance: A random number in [0, 1), given by the caller.
            left: Until the next date (:func:`time_left`); None where none is ahead.
        """
        ceiling = min(self.cap, self.base * (1 << min(attempts - 1, 30)))
        if left is not None:
            ceiling = min(ceiling, max(self.shortened_to, left / (self.in_time + 1)))
        return max(self.floor, ceiling * chance)


def time_left(now: datetime, *bounds: datetime | None) -> timedelta | None:
    """Until the nearest bound that is still ahead: the safe date, then the legal one; None when all are over."""
    return min((bound - now for bound in bounds if bound is not None and bound > now), default=None)
