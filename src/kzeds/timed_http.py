"""HTTP connections that are cut off when their time is over, however slowly the other side speaks.

A socket's timeout begins anew with each byte: whoever sends one now and then, and on the way to a server without TLS
anybody can, would keep a caller for days.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from typing import Any


class Cutter:
    """Cuts off every connection that is made within a ``with`` block when its seconds are over."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Cutter:
        """Begin to count."""
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of what was watched."""
        self._timer.cancel()
        with self._lock:
            for one in self._watched:
                one.close()
            self._watched.clear()

    def handlers(self, tls: ssl.SSLContext) -> Sequence[urllib.request.BaseHandler]:
        """What makes watched connections; for `urllib.request.build_opener`."""
        return [_PlainHandler(self), _TlsHandler(self, tls)]

    def connection(
        self, host: str, port: int | None, *, timeout: float, tls: ssl.SSLContext | None = None
    ) -> http.client.HTTPConnection:
        """A watched connection, not yet opened; over TLS where `tls` is given."""
        made: http.client.HTTPConnection
        if tls is None:
            made = _maker(_PlainConnection, self)(host, port=port, timeout=timeout)
        else:
            made = _maker(_TlsConnection, self)(host, port=port, timeout=timeout, context=tls)
        return made

    def watch(self, connected: socket.socket) -> None:
        """Watch a connection; a second handle of it outlives its wrapping in TLS."""
        with self._lock:
            self._watched.append(connected.dup())
            is_over = self.is_over
        if is_over:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self.is_over = True
            for one in self._watched:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class _PlainConnection(http.client.HTTPConnection):
    cutter: Cutter

    def connect(self) -> None:
        super().connect()
        self.cutter.watch(self.sock)


class _TlsConnection(http.client.HTTPSConnection, _PlainConnection):
    """Its TCP connection is the other's, so that the handshake is watched too."""


def _maker(kind: type[_PlainConnection], cutter: Cutter) -> Any:
    def make(host: str, **options: Any) -> _PlainConnection:
        connection = kind(host, **options)
        connection.cutter = cutter
        return connection

    return make


class _PlainHandler(urllib.request.HTTPHandler):
    def __init__(self, cutter: Cutter) -> None:
        super().__init__()
        self._cutter = cutter

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_maker(_PlainConnection, self._cutter), req)


class _TlsHandler(urllib.request.HTTPSHandler):
    def __init__(self, cutter: Cutter, tls: ssl.SSLContext) -> None:
        super().__init__(context=tls)
        self._cutter, self._tls = cutter, tls

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_maker(_TlsConnection, self._cutter), req, context=self._tls)
