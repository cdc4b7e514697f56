"""Stands between a program and a PostgreSQL server, and cuts the line at the n-th statement of a transaction.

It reads the frames of the frontend protocol, version 3 (PostgreSQL's manual, "Message Formats"): a statement is
a Query, or whatever a Sync ends. A statement that is cut ``before`` never reaches the server; of one that is cut
``after`` the server has done its work, and its answer is lost.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Literal, Self

from sqlalchemy import make_url

Read = Callable[[int], bytes]
When = Literal["before", "after"]
COMMIT: Final = b"COMMIT\0"
_READY: Final = b"Z"
_NOTIFICATION: Final = b"A"


@dataclass
class _Plan:
    """Where to cut, and what was seen on the way there."""

    statement: int | None
    when: When
    seen: list[bytes] = field(default_factory=list)
    done: bool = False


class CuttingProxy:
    """A proxy on loopback.

    Args:
        url: Of a database of the server, on its Unix socket.

    Attributes:
        deaf: Notifications are kept from the program, as by a pooler in transaction mode.
    """

    def __init__(self, url: str) -> None:
        self._target = make_url(url)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lines: list[socket.socket] = []
        self._plan: _Plan | None = None
        self._closed = False
        self.deaf = False
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        """The database by way of this proxy."""
        port = self._listening.getsockname()[1]
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        by_proxy = self._target.set(host="127.0.0.1", port=port, query=plain)
        return by_proxy.render_as_string(hide_password=False)

    def cut(self, statement: int, when: When = "before") -> None:
        """Cut at the n-th statement of the next transaction; BEGIN is the first."""
        self._plan = _Plan(statement, when)

    def lose_commit(self) -> None:
        """The next COMMIT is carried out, and its answer is lost."""
        self._plan = _Plan(None, "after")

    def spare(self) -> str:
        """Cut no more; the statement at which the line was cut, empty when it never was."""
        plan, self._plan = self._plan, None
        return plan.seen[-1].decode("utf-8", "replace") if plan is not None and plan.done else ""

    def close(self) -> None:
        """End all connections."""
        self._closed = True
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        hang_up(*self._lines)
        self._thread.join(5)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._closed:
            with suppress(OSError):
                program, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{self._target.query['host']}/.s.PGSQL.5432")
                _Line(self, program, server).start()
                self._lines += [program, server]

    def planned(self, statement: bytes) -> _Plan | None:
        """The plan, when this statement is where it cuts."""
        plan = self._plan
        if plan is None or plan.done or not (plan.seen or b"BEGIN" in statement):
            return None
        plan.seen.append(statement)
        plan.done = COMMIT in statement if plan.statement is None else len(plan.seen) == plan.statement
        return plan if plan.done else None


class _Line:
    """One connection, carried in both directions."""

    def __init__(self, proxy: CuttingProxy, program: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._program = program
        self._server = server
        self._silent = False
        program.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        for carry in (self._to_server, self._to_program):
            threading.Thread(target=self._quietly, args=(carry,), daemon=True).start()

    def _quietly(self, carry: Callable[[], None]) -> None:
        with suppress(OSError, EOFError):
            carry()
        hang_up(self._program, self._server)

    def _to_server(self) -> None:
        incoming = self._program.makefile("rb")
        self._server.sendall(_startup(incoming.read))
        frames: list[bytes] = []
        while True:
            kind, frame = _frame(incoming.read)
            frames.append(frame)
            if kind not in {b"Q", b"S", b"X"}:
                continue
            statement = b"".join(frames)
            frames.clear()
            plan = self._proxy.planned(statement) if kind != b"X" else None
            if plan is not None and plan.when == "before":
                return
            self._silent = plan is not None
            self._server.sendall(statement)

    def _to_program(self) -> None:
        incoming = self._server.makefile("rb")
        while True:
            kind, frame = _frame(incoming.read)
            if self._silent and kind == _READY:
                return
            if not self._silent and not (self._proxy.deaf and kind == _NOTIFICATION):
                self._program.sendall(frame)


def hang_up(*lines: socket.socket) -> None:
    """End connections; threads that read from them wake."""
    for one in lines:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


def _startup(read: Read) -> bytes:
    """The first message has no kind."""
    length = _exactly(read, 4)
    return length + _exactly(read, int.from_bytes(length, "big") - 4)


def _frame(read: Read) -> tuple[bytes, bytes]:
    kind, length = _exactly(read, 1), _exactly(read, 4)
    return kind, kind + length + _exactly(read, int.from_bytes(length, "big") - 4)


def _exactly(read: Read, count: int) -> bytes:
    found = read(count)
    if len(found) != count:
        raise EOFError
    return found
