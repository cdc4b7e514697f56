"""The transport of messages: connections that are kept, one request at a time on each, nothing sent twice.

httpx's own transport does the same through httpcore; this one costs a fifth of its CPU (docs/explanation/
performance.md) and stays one of httpx's, with its requests, answers, timeouts and errors. It knows no proxy: where one
is set, httpx's own is used.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Final

import httpx

from usrec.adapters.gateway.http_answer import Answer, read_answer
from usrec.adapters.gateway.wire import Wire, connect

ABOUT_TO_LEAVE: Final = "usrec_about_to_leave"
"""Extension of a request: called as the last thing before its first byte; what it raises is raised."""
WHOLE_ANSWER: Final = "usrec_whole_answer"
"""Extension of a request: seconds for the whole answer, head and content, counted from its first byte."""
_NO_LIMITS: Final[dict[str, float | None]] = {}


class KeptTransport(httpx.BaseTransport):
    """Sends requests to one host. Safe in threads.

    Args:
        address: Where that host listens.
        trusted: Verifies certificate and host name of an https address.
        connections: Upper bound of simultaneous connections.
        keep_alive: How long an idle connection may be used again.
    """

    def __init__(self, address: httpx.URL, trusted: ssl.SSLContext, *, connections: int, keep_alive: timedelta) -> None:
        self._address = address
        self._origin = _origin(address)
        self._trusted = trusted
        self._keep_alive = keep_alive.total_seconds()
        self._free = threading.BoundedSemaphore(connections)
        self._lock = threading.Lock()
        self._idle: deque[Wire] = deque()
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the head of its answer.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol: Nothing was sent.
            httpx.TransportError: The request may have arrived.
        """
        if _origin(request.url) != self._origin:
            raise httpx.UnsupportedProtocol("these connections lead to another host")
        waits = request.extensions.get("timeout", _NO_LIMITS)
        wire = self._take(waits)
        try:
            request.extensions.get(ABOUT_TO_LEAVE, _nothing)()
            with suppress(httpx.WriteError):
                wire.send(_bytes_of(request), waits.get("write"))
            answer = read_answer(_Hearing(wire, waits.get("read"), request.extensions.get(WHOLE_ANSWER)))
            return httpx.Response(answer.status, headers=answer.fields, stream=_Content(self, wire, answer))
        except BaseException:
            self._drop(wire)
            raise

    def close(self) -> None:
        """End idle connections; those in use end with their answers."""
        self._closed = True
        for wire in self._expired(everything=True):
            wire.close()

    def give_back(self, wire: Wire, answer: Answer) -> None:
        """An exchange has ended; its connection is kept where the answer left it ready."""
        if self._closed or not answer.leaves_wire_ready:
            self._drop(wire)
            return
        wire.idle_since = time.monotonic()
        with self._lock:
            self._idle.append(wire)
        self._free.release()

    def _take(self, waits: dict[str, float | None]) -> Wire:
        """The connection that was used last, if it may be used again; else a new one."""
        if not self._free.acquire(timeout=waits.get("pool")):
            raise httpx.PoolTimeout("no connection became free in time")
        try:
            for wire in self._expired():
                wire.close()
            while (kept := self._last_used()) is not None:
                if kept.is_quiet():
                    return kept
                kept.close()
            return connect(self._address, self._trusted, waits.get("connect"))
        except BaseException:
            self._free.release()
            raise

    def _last_used(self) -> Wire | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _expired(self, *, everything: bool = False) -> list[Wire]:
        """Take out the connections that have been idle for too long."""
        before, found = time.monotonic() - self._keep_alive, []
        with self._lock:
            while self._idle and (everything or self._idle[0].idle_since <= before):
                found.append(self._idle.popleft())
        return found

    def _drop(self, wire: Wire) -> None:
        wire.close()
        self._free.release()


class _Content(httpx.SyncByteStream):
    """The content of an answer; closing it ends the exchange."""

    def __init__(self, transport: KeptTransport, wire: Wire, answer: Answer) -> None:
        self._transport = transport
        self._wire: Wire | None = wire
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.portions()

    def close(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            self._transport.give_back(wire, self._answer)


class _Hearing:
    """Receives one answer: each portion in time, and all of them in theirs.

    Without the second a side that sends a byte now and then, or 1xx answers without an end, would keep the thread.

    Args:
        pause: Seconds for the first portion, and between two of them.
        whole: Seconds for everything behind the first byte.
    """

    def __init__(self, wire: Wire, pause: float | None, whole: float | None) -> None:
        self._wire = wire
        self._pause = pause
        self._whole = whole
        self._until: float | None = None

    def __call__(self) -> bytes:
        portion = self._wire.receive(self._patience())
        if self._until is None and self._whole is not None:
            self._until = time.monotonic() + self._whole
        return portion

    def _patience(self) -> float | None:
        if self._until is None:
            return self._pause
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpx.ReadTimeout("the answer did not come whole in time")
        return left if self._pause is None else min(left, self._pause)


def _nothing() -> None:
    """Nothing holds it back."""


def _origin(address: httpx.URL) -> tuple[str, bytes, int | None]:
    return address.scheme, address.raw_host, address.port


def _bytes_of(request: httpx.Request) -> bytes:
    """A request as it goes over the wire: one write, so that it leaves in one piece (RFC 9112, section 3)."""
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%b: %b" % field for field in request.headers.raw]
    return b"\r\n".join([*lines, b"", request.read()])
