"""A small real HTTP proxy that opens tunnels (CONNECT), or refuses, or behaves badly before any tunnel stands."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Self

Behaviour = Callable[[socket.socket, threading.Event], None]
"""What the proxy does instead of opening a tunnel: with the connection, until it is stopped."""


def refuses(status: str) -> Behaviour:
    """Answer CONNECT with a status other than 200."""

    def act(connection: socket.socket, _stopped: threading.Event) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 4\r\n\r\nwhy?".encode())

    return act


def hangs(_connection: socket.socket, stopped: threading.Event) -> None:
    """Never answer."""
    stopped.wait(10)


def hangs_up(_connection: socket.socket, _stopped: threading.Event) -> None:
    """Close the connection without an answer."""


def talks_nonsense(connection: socket.socket, _stopped: threading.Event) -> None:
    """Answer in no HTTP."""
    connection.sendall(b"SSH-2.0-proxy\r\n\r\n")


def opens_and_drops(connection: socket.socket, _stopped: threading.Event) -> None:
    """Say that the tunnel stands, and close it."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")


class ConnectProxy:
    """A proxy on loopback.

    Attributes:
        asked: The head of every request.
        carried: All bytes that went through its tunnels towards the server.
    """

    def __init__(self, behaviour: Behaviour | None = None, *, login: tuple[str, str] | None = None) -> None:
        self.behaviour = behaviour
        self.login = login
        self.asked: list[str] = []
        self.carried = bytearray()
        self.stopped = threading.Event()
        outer = self

        class Exchange(StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    outer.serve(self.connection, self.rfile.readline)

        ThreadingTCPServer.daemon_threads = True
        self._server = ThreadingTCPServer(("127.0.0.1", 0), Exchange)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, connection: socket.socket, readline: Callable[[], bytes]) -> None:
        """One connection to its end."""
        head = b"".join(iter(readline, b"\r\n")).decode()
        self.asked.append(head)
        if self.behaviour is not None:
            self.behaviour(connection, self.stopped)
        elif not self._knows(head):
            refuses("407 Proxy Authentication Required")(connection, self.stopped)
        else:
            self._tunnel(connection, head.split()[1])

    def _knows(self, head: str) -> bool:
        if self.login is None:
            return True
        word = base64.b64encode(":".join(self.login).encode()).decode()
        return f"proxy-authorization: basic {word}".lower() in head.lower()

    def _tunnel(self, connection: socket.socket, target: str) -> None:
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(server, connection, bytearray()))
            back.start()
            _pump(connection, server, self.carried)
            back.join(10)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def _pump(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
    with suppress(OSError):
        while portion := source.recv(65536):
            kept += portion
            sink.sendall(portion)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
