"""One connection to the gateway: opened, written to, read from. Errors are httpx's, as of any of its transports.

What fails before `connect` returns has sent nothing. Source: httpx's own phases: a timeout holds for each
portion, so that a slow line is not cut while it moves.
"""

from __future__ import annotations

import select
import socket
import ssl
from contextlib import suppress
from typing import Final

import httpx

_PORTION: Final = 65536
_PORTS: Final = {"https": 443, "http": 80}


class Wire:
    """A connection that is up, TLS included; one thread at a time."""

    __slots__ = ("_readable", "_socket", "idle_since")

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._readable = select.poll()
        self._readable.register(connected, select.POLLIN)
        self.idle_since = 0.0

    def is_quiet(self) -> bool:
        """Whether the other side has neither closed it nor said anything since the last answer."""
        return not self._readable.poll(0)

    def send(self, content: bytes, patience: float | None) -> None:
        """Write everything; ``patience``, in seconds, is for each portion.

        Raises:
            httpx.WriteTimeout: A portion was not taken in time.
            httpx.WriteError: The other side takes no more; it may have answered nevertheless.
        """
        try:
            self._socket.settimeout(patience)
            sent = self._socket.send(content)
            while sent < len(content):
                sent += self._socket.send(memoryview(content)[sent:])
        except TimeoutError as error:
            raise httpx.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpx.WriteError(str(error)) from error

    def receive(self, patience: float | None) -> bytes:
        """The next portion; empty where the other side has ended.

        Raises:
            httpx.ReadTimeout: None came within ``patience`` seconds.
            httpx.ReadError: The connection broke.
        """
        try:
            self._socket.settimeout(patience)
            return self._socket.recv(_PORTION)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            self._socket.close()


def connect(address: httpx.URL, trusted: ssl.SSLContext, patience: float | None) -> Wire:
    """A new connection; host name and certificate of the other side are verified where the address is https.

    Args:
        patience: Seconds for TCP, and again for TLS.

    Raises:
        httpx.ConnectTimeout: It was not up in time.
        httpx.ConnectError: There is none, or its certificate is not one that is trusted for this host.
    """
    host = address.raw_host.decode("ascii")
    connected: socket.socket | None = None
    try:
        connected = socket.create_connection((host, address.port or _PORTS[address.scheme]), patience)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.scheme == "https":
            connected = trusted.wrap_socket(connected, server_hostname=host)
    except TimeoutError as error:
        _abandon(connected)
        raise httpx.ConnectTimeout(str(error)) from error
    except OSError as error:
        _abandon(connected)
        raise httpx.ConnectError(str(error)) from error
    return Wire(connected)


def _abandon(connected: socket.socket | None) -> None:
    if connected is not None:
        connected.close()
