"""Proof of life: which thread has been at its step for longer than any step may lawfully take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta


class Pulses:
    """When each thread began its step; one that rests is well. Safe in threads.

    Args:
        monotonic: Seconds that never run backwards: a machine whose clock is set must not look hung.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._late_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, allowed: timedelta) -> None:
        """The thread begins a step, or shows that its step goes on; it may take ``allowed`` from now."""
        with self._lock:
            self._late_at[name] = self._monotonic() + allowed.total_seconds()

    def rest(self, name: str) -> None:
        """The thread has ended its step."""
        with self._lock:
            self._late_at.pop(name, None)

    def hung(self) -> tuple[str, ...]:
        """The threads that are late, by name."""
        with self._lock:
            now = self._monotonic()
            return tuple(sorted(name for name, late_at in self._late_at.items() if now > late_at))
