"""Signals of the process, as something that a selector can wait for."""

from __future__ import annotations

import signal
import socket
from types import FrameType, TracebackType
from typing import Final, Self

_HEARD: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Signals:
    """Notes SIGTERM, SIGINT and SIGHUP from `__enter__` on; only for the main thread.

    Attributes:
        woken: Becomes readable when one came.
    """

    def __init__(self) -> None:
        self._waker, self.woken = socket.socketpair()
        self._noted: set[int] = set()

    def __enter__(self) -> Self:
        for end in (self._waker, self.woken):
            end.settimeout(0)
        for number in _HEARD:
            signal.signal(number, self._note)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(-1)
        for end in (self._waker, self.woken):
            end.close()

    @property
    def is_end(self) -> bool:
        """The process is to stop."""
        return bool(self._noted & {signal.SIGTERM, signal.SIGINT})

    def take_reload(self) -> bool:
        """Say whether SIGHUP came since the last time."""
        was_noted = signal.SIGHUP in self._noted
        self._noted.discard(signal.SIGHUP)
        return was_noted

    def drain(self) -> None:
        """Make `woken` wait again."""
        self.woken.recv(4096)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._noted.add(number)
