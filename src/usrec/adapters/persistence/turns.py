"""Threads of one agent write to an SQLite ledger in the order in which they asked.

SQLite lets whoever asks at the right moment write next: a thread that begins one transaction after another, as the
intake of a million rows does, keeps all others from deliveries, alerts and notes to HR. On PostgreSQL nobody waits.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta


class Turns:
    """A lock that is handed on to whoever has waited for it longest. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    @contextmanager
    def taken(self, patience: timedelta, too_late: Callable[[], Exception]) -> Iterator[None]:
        """Have it for the block.

        Args:
            too_late: What to raise when others had it for longer than ``patience``.
        """
        if not self._take(patience):
            raise too_late()
        try:
            yield
        finally:
            self._hand_on()

    def _take(self, patience: timedelta) -> bool:
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(patience.total_seconds()):
            return True
        with self._lock:
            if not mine.is_set():
                self._waiting.remove(mine)
            return mine.is_set()

    def _hand_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
