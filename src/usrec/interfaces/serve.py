"""Answers for health, readiness and metrics over HTTP, on an address of this machine or a Unix socket.

The standard library's parser is enough for three addresses that take nothing but GET: it costs a millisecond of the
start and no memory worth naming, where an application server would cost forty and three megabytes. The address is
taken before anything else begins, so that a second agent or a forgotten one is named at once: Linux holds an address
only for a socket that listens.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

import structlog

from usrec.domain.errors import ConfigurationError
from usrec.interfaces.health import Health
from usrec.settings import HealthSettings
from usrec.settings.listen import TcpAddress, UnixAddress, read_listen

MOST_AT_ONCE: Final = 16
"""Connections at the same time. One more takes the place of the oldest that has not asked yet."""
_QUEUE: Final = 128
"""Connections that the system holds until they are looked at; beyond it a Unix socket turns a probe away at once."""
_PATIENCE: Final = 5.0
"""Seconds that a client may keep silent."""
_SOCKET_MODE: Final = 0o660
_log = structlog.get_logger("usrec.serve")


@dataclass(frozen=True, slots=True)
class Page:
    """What one address answers."""

    status: HTTPStatus
    content_type: str
    body: bytes


Pages = Mapping[str, Callable[[], Page]]


def health_pages(health: Callable[[], Health]) -> Pages:
    """``/health/live`` and ``/health/ready``."""

    def live() -> Page:
        now = health()
        return json_page({"live": now.live, "hung": list(now.hung)}, good=now.live)

    def ready() -> Page:
        now = health()
        return json_page(now.document(), good=now.ready)

    return {"/health/live": live, "/health/ready": ready}


def json_page(document: Mapping[str, object], *, good: bool) -> Page:
    """A JSON document with status 200 or 503."""
    status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
    body = json.dumps(document, ensure_ascii=False).encode() + b"\n"
    return Page(status, "application/json; charset=utf-8", body)


class HealthServer:
    """Holds the address from the beginning; answers from :meth:`answer` on."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._closed = threading.Event()
        self._callers = _Callers()
        self._pages: Pages = {}
        self._thread = threading.Thread(target=self._accept, name="health", daemon=True)

    def answer(self, pages: Pages) -> None:
        """Begin to answer."""
        self._pages = pages
        self._thread.start()

    def close(self) -> None:
        """Stop; answers in hand are finished by their own threads."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join()
        self._listening.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                peer, _ = self._listening.accept()
            except OSError:
                self._closed.wait(0.1)
                continue
            if self._callers.come(peer):
                threading.Thread(target=self._serve, args=(peer,), name="health-answer", daemon=True).start()
            else:
                peer.close()

    def _serve(self, peer: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError):
                _Request(peer, ("", 0), self._pages, lambda: self._callers.asked(peer))
        finally:
            self._callers.leave(peer)
            peer.close()


class _Callers:
    """Who is connected, and who of them has not asked yet: a probe must get in however many only hold a place."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent: dict[socket.socket, None] = {}
        self._asking: set[socket.socket] = set()

    def come(self, peer: socket.socket) -> bool:
        """Whether there is a place, if need be that of the one who has been silent longest."""
        with self._lock:
            if len(self._silent) + len(self._asking) >= MOST_AT_ONCE and not self._send_away_one():
                return False
            self._silent[peer] = None
            return True

    def asked(self, peer: socket.socket) -> None:
        """The whole question has come."""
        with self._lock:
            if self._silent.pop(peer, peer) is None:
                self._asking.add(peer)

    def leave(self, peer: socket.socket) -> None:
        """It is answered, or gone."""
        with self._lock:
            self._silent.pop(peer, None)
            self._asking.discard(peer)

    def _send_away_one(self) -> bool:
        oldest = next(iter(self._silent), None)
        if oldest is None:
            return False
        del self._silent[oldest]
        with contextlib.suppress(OSError):
            oldest.shutdown(socket.SHUT_RDWR)
        return True


class _Request(BaseHTTPRequestHandler):
    """One request; the connection is closed after its answer."""

    timeout = _PATIENCE
    server_version = "usrec-agent"
    sys_version = ""

    def __init__(
        self, peer: socket.socket, address: tuple[str, int], pages: Pages, on_asked: Callable[[], None]
    ) -> None:
        self._pages = pages
        self._on_asked = on_asked
        super().__init__(peer, address, None)  # type: ignore[arg-type]  # it only keeps the server, and nothing asks

    def parse_request(self) -> bool:
        """Read the request to its end."""
        is_whole = super().parse_request()
        self._on_asked()
        return is_whole

    def do_GET(self) -> None:
        """Answer with the page of the path."""
        page = self._pages.get(self.path.partition("?")[0])
        self._write(_absent() if page is None else _told(page))

    def _write(self, page: Page) -> None:
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(page.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- http.server's signature
        """Probes come every few seconds; nobody wants to read of them."""


def _absent() -> Page:
    return Page(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"there is no such page\n")


def _told(page: Callable[[], Page]) -> Page:
    """The page; one that fails must not take the others, or the agent, with it."""
    try:
        return page()
    except Exception as problem:  # noqa: BLE001 -- whatever it is, the probe is told and the agent goes on
        _log.error("a page of the health address failed", action="health.page", kind=type(problem).__name__)
        return json_page({"error": type(problem).__name__}, good=False)


@contextmanager
def health_server(settings: HealthSettings) -> Iterator[HealthServer | None]:
    """The server that the settings ask for, None when they ask for none.

    Raises:
        ConfigurationError: The address cannot be taken; names it.
    """
    if settings.listen is None:
        yield None
        return
    address = read_listen(settings.listen)
    server = HealthServer(bound_socket(address, "[health] listen"))
    try:
        yield server
    finally:
        server.close()
        if isinstance(address, UnixAddress):
            address.path.unlink(missing_ok=True)


def bound_socket(address: TcpAddress | UnixAddress, setting: str) -> socket.socket:
    """A socket that listens on an address of the settings.

    Raises:
        ConfigurationError: It cannot be taken; names it and its setting.
    """
    return _bound_tcp(address, setting) if isinstance(address, TcpAddress) else _bound_unix(address, setting)


def _bound_tcp(address: TcpAddress, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address.host, address.port))
        bound.listen(_QUEUE)
    except OSError as problem:
        bound.close()
        raise _taken(f"{setting}, {address.host} port {address.port}", problem) from None
    return bound


def _bound_unix(address: UnixAddress, setting: str) -> socket.socket:
    _remove_abandoned(address.path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o777 & ~_SOCKET_MODE)
    try:
        bound.bind(str(address.path))
        bound.listen(_QUEUE)
    except OSError as problem:
        bound.close()
        raise _taken(f"{setting}, {address.path}", problem) from None
    finally:
        os.umask(mask)
    return bound


def _remove_abandoned(path: Path) -> None:
    """Remove the socket of a process that died; one that is answered stays, and so does what is no socket."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        if probe.connect_ex(str(path)) == errno.ECONNREFUSED:
            path.unlink(missing_ok=True)


def _taken(place: str, problem: OSError) -> ConfigurationError:
    busy = problem.errno == errno.EADDRINUSE
    what = "another program holds this address" if busy else f"cannot listen here ({problem.strerror})"
    return ConfigurationError(
        what,
        where=place,
        kept="Nothing was started",
        next_step="Stop the other agent, or name another address" if busy else "Name an address of this machine",
    )
