"""The service manager's end of sd_notify(3): a datagram socket that keeps what it is told."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Told = dict[str, str]
"""The assignments of one datagram."""


class NotifySocket:
    """A socket at a path, or with ``@`` in Linux's abstract namespace.

    Attributes:
        address: For ``$NOTIFY_SOCKET``.
        told: Every datagram received so far, oldest first.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.told: list[Told] = []
        self._unread: list[Told] = []
        self._end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._end.bind("\0" + address[1:] if address.startswith("@") else address)
        self._end.setblocking(False)

    def read(self) -> list[Told]:
        """What has come and was not read yet."""
        self._receive()
        new, self._unread = self._unread, []
        return new

    def wait_for(self, wanted: Callable[[Told], bool], *, seconds: float = 60) -> Told:
        """Read on until a datagram of a kind has come."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self._receive()
            while self._unread:
                if wanted(told := self._unread.pop(0)):
                    return told
            time.sleep(0.01)
        raise AssertionError(f"waited in vain; so far: {self.told[-20:]}")

    def everything(self) -> list[Told]:
        """All that has come, read or not."""
        self._receive()
        return self.told

    def _receive(self) -> None:
        while True:
            try:
                text = self._end.recv(65536).decode()
            except BlockingIOError:
                return
            told = dict(line.split("=", 1) for line in text.splitlines())
            self.told.append(told)
            self._unread.append(told)

    def close(self) -> None:
        self._end.close()


@contextmanager
def notify_socket(folder: Path) -> Iterator[NotifySocket]:
    """A socket in a folder."""
    end = NotifySocket(str(folder / "notify"))
    try:
        yield end
    finally:
        end.close()
