"""What goes on for long is told at once and then seldom: a database that is away for a night fills no log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

TOLD_AGAIN: Final = 60.0
"""Seconds until what is still met is told once more."""


class Lasting:
    """Which of what is met again and again is to be told now; threads may share one.

    Args:
        monotonic: Seconds that never run backwards.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def met(self, what: str) -> int | None:
        """How often it was met untold since it was told last, which is now; None: it was told a short while ago."""
        now = self._monotonic()
        with self._lock:
            self._forget(now)
            if now - self._told.get(what, float("-inf")) < TOLD_AGAIN:
                self._untold[what] = self._untold.get(what, 0) + 1
                return None
            untold = self._untold.pop(what, 0)
            self._told[what] = now
        return untold

    def _forget(self, now: float) -> None:
        """What was met no more when it could have been told again: the next time is a new beginning."""
        for what, told in [*self._told.items()]:
            if now - told > 2 * TOLD_AGAIN:
                del self._told[what]
                self._untold.pop(what, None)
