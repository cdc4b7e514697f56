"""How many messages per minute may go to one endpoint: a token bucket, as a value at one moment.

What was not used in quiet times is saved for ten seconds, so that threads that look for work now and then reach the
rate; over any longer time no more than the rate goes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SAVED: Final = timedelta(seconds=10)
"""So long at most is saved; and always at least one message."""
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """What may be sent from one moment on; every change gives a new one.

    Attributes:
        tokens: Messages that may go at once at ``at``.
        at: When that was so, aware UTC; None before the first message.
    """

    tokens: float = 0.0
    at: datetime | None = None

    def take(self, now: datetime, per_minute: int) -> Pace | None:
        """The pace after one more message at ``now``, None when it must wait."""
        saved = self._saved(now, per_minute)
        return Pace(saved - 1, now) if saved >= 1 else None

    def give_back(self) -> Pace:
        """A message that was taken was not sent."""
        return Pace(self.tokens + 1, self.at)

    def _saved(self, now: datetime, per_minute: int) -> float:
        """Tokens at ``now``. A clock that was turned back gives nothing, and what it had given stays."""
        most = max(1.0, per_minute * (SAVED / _MINUTE))
        if self.at is None:
            return most
        elapsed = max(timedelta(0), now - self.at)
        return min(most, self.tokens + per_minute * (elapsed / _MINUTE))
