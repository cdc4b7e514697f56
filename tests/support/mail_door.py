"""The door of a mail server: it greets, goes over to TLS, says good-bye, and keeps every command that it was given."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Self


class MailDoor:
    """A server on loopback.

    Args:
        tls: Folder with `tls.pem` and `tls.key`; without it no TLS is offered.
        at_once: TLS from the first byte instead of STARTTLS.
        greeting: What it says first.

    Attributes:
        commands: The first word of every command, in order.
    """

    def __init__(self, tls: Path | None = None, *, at_once: bool = False, greeting: str = "220 door ESMTP") -> None:
        self.commands: list[str] = []
        self._at_once = at_once
        self._greeting = greeting
        self._context = None if tls is None else ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self._context is not None and tls is not None:
            self._context.load_cert_chain(tls / "tls.pem", tls / "tls.key")
        door = self

        class Visit(StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError), ExitStack() as held:
                    door._talk(self.connection, held)

        ThreadingTCPServer.daemon_threads = True
        self._server = ThreadingTCPServer(("127.0.0.1", 0), Visit)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def _talk(self, connection: socket.socket, held: ExitStack) -> None:
        if self._at_once:
            connection = self._secured(connection, held)
        connection.sendall(f"{self._greeting}\r\n".encode())
        lines = held.enter_context(connection.makefile("rb"))
        while line := lines.readline():
            word = line.decode("latin-1").partition(" ")[0].strip().upper()
            self.commands.append(word)
            connection.sendall(self._answer(word))
            if word == "STARTTLS":
                connection = self._secured(connection, held)
                lines = held.enter_context(connection.makefile("rb"))
            if word == "QUIT":
                break

    def _secured(self, connection: socket.socket, held: ExitStack) -> socket.socket:
        assert self._context is not None
        return held.enter_context(self._context.wrap_socket(connection, server_side=True))

    def _answer(self, word: str) -> bytes:
        if word == "EHLO":
            offers = b"250-STARTTLS\r\n" if self._context is not None and not self._at_once else b""
            return b"250-door\r\n" + offers + b"250 8BITMIME\r\n"
        return b"221 bye\r\n" if word == "QUIT" else b"220 go on\r\n"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
