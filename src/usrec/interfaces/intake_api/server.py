"""The intake's own listener: an address of this machine, a Unix socket, or any address with TLS.

The address is taken before the agent begins, as that of health is, and requests are answered from a thread of its own.
A request that has come whole is finished before the agent stops.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog

from usrec.domain.errors import ConfigurationError
from usrec.interfaces.serve import bound_socket
from usrec.settings import HttpIntakeSettings, LoadedSettings
from usrec.settings.listen import UnixAddress, read_listen

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

    from usrec.interfaces.intake_api.app import Borrow

MOST_AT_ONCE: Final = 200
"""Connections at the same time; one more is told 503."""
_GRACE: Final = 10
"""Seconds for requests in hand when the agent stops."""
_log = structlog.get_logger("usrec.intake")
_WHERE: Final = "[intake] listen"


class IntakeServer:
    """Holds the address from the beginning; answers from :meth:`answer` on."""

    def __init__(self, bound: socket.socket, tls: tuple[str, str] | None) -> None:
        self._bound = bound
        self._tls = tls
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def answer(self, settings: HttpIntakeSettings, borrow: Borrow, received: Callable[[], None]) -> None:
        """Begin to answer.

        Args:
            borrow: Gives the agent on duty.
            received: Called when there is something for the line to take.
        """
        import uvicorn

        from usrec.interfaces.intake_api.app import intake_app

        self._server = uvicorn.Server(_config(intake_app(settings, borrow, received), self._tls))
        self._thread = threading.Thread(target=self._run, args=(self._server,), name="intake")
        self._thread.start()

    def close(self) -> None:
        """Stop; requests in hand are finished."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._bound.close()

    def _run(self, server: uvicorn.Server) -> None:
        try:
            asyncio.run(server.serve(sockets=[self._bound]))
        except BaseException as problem:  # noqa: BLE001 -- the agent goes on without it, and that is said
            _log.critical("the intake has ended", action="intake.crash", kind=type(problem).__name__)


@contextmanager
def intake_server(loaded: LoadedSettings, settings: HttpIntakeSettings | None) -> Iterator[IntakeServer | None]:
    """The server that the settings ask for, None when they ask for none.

    Raises:
        ConfigurationError: The address cannot be taken, or the certificate cannot be used.
    """
    if settings is None:
        yield None
        return
    tls = _tls(loaded, settings)
    address = read_listen(settings.listen)
    server = IntakeServer(bound_socket(address, _WHERE), tls)
    try:
        yield server
    finally:
        server.close()
        if isinstance(address, UnixAddress):
            address.path.unlink(missing_ok=True)


def _tls(loaded: LoadedSettings, settings: HttpIntakeSettings) -> tuple[str, str] | None:
    """Certificate and key, tried before the address is taken."""
    if settings.certificate is None or settings.certificate_key is None:
        return None
    pair = str(loaded.path(settings.certificate)), str(loaded.path(settings.certificate_key))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*pair)
    except (OSError, ssl.SSLError) as problem:
        raise ConfigurationError(
            f"certificate and key of the intake cannot be used: {problem.strerror or type(problem).__name__}",
            where="[intake] certificate",
            kept="Nothing was started",
            next_step="Name a PEM file with the certificate and its chain, and the key that belongs to it",
        ) from None
    return pair


def _config(app: Starlette, tls: tuple[str, str] | None) -> uvicorn.Config:
    import uvicorn

    from usrec.interfaces.intake_api.impatient import Impatient

    certificate, key = tls or (None, None)
    return uvicorn.Config(
        app,
        http=Impatient,
        loop="asyncio",
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_AT_ONCE,
        h11_max_incomplete_event_size=16 * 1024,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACE,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
