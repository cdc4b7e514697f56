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
        told: Every datagram so far, oldest first.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.told: list[Told] = []
        self._end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._end.bind("\0" + address[1:] if address.startswith("@") else address)
        self._end.setblocking(False)

    def read(self) -> list[Told]:
        """What has come since the last call."""
        new: list[Told] = []
        while True:
            try:
                text = self._end.recv(65536).decode()
            except BlockingIOError:
                self.told += new
                return new
            new.append(dict(line.split("=", 1) for line in text.splitlines()))

    def wait_for(self, wanted: Callable[[Told], bool], *, seconds: float = 60) -> Told:
        """Wait for a datagram of a kind, past ones not counted."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            for told in self.read():
                if wanted(told):
                    return told
            time.sleep(0.01)
        raise AssertionError(f"waited in vain; so far: {self.told[-20:]}")

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
