"""Putting a simulator together and running it until it is told to stop.

It stops on SIGTERM and SIGINT, and with `die_with_parent` when its parent is gone, however that died: a pipe on
standard input ends when the writing process does. Where standard input is no pipe the kernel is asked for a signal
(prctl(2), PR_SET_PDEATHSIG), which is weaker: it comes already when the thread that started us ends, and not at all
when the parent was gone before we asked.
"""

import asyncio
import ctypes
import json
import os
import signal
import socket
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from usrec_simulator.app import ENDPOINT, GatewayApp, Keys
from usrec_simulator.business import Profile
from usrec_simulator.clock import Clock
from usrec_simulator.dictionaries import Dictionaries
from usrec_simulator.exchange import Admission, Exchange
from usrec_simulator.faults import FaultCounter, FaultScript
from usrec_simulator.ledger import Ledger
from usrec_simulator.listener import SHUTDOWN_GRACE, Connection, Listener, bind
from usrec_simulator.material import Material
from usrec_simulator.registry import Registry
from usrec_simulator.rules import DeadlinePolicy, Demand, RuleBook
from usrec_simulator.trust_services import TrustServices

_PR_SET_PDEATHSIG = 1
_STDIN = 0


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that `serve` was told."""

    host: str
    port: int
    database: Path
    material: Material
    script: FaultScript
    admission: Admission
    profile: Profile
    deadlines: DeadlinePolicy
    clock: Clock
    demand: Demand = Demand.SEEN
    dictionaries: Dictionaries = field(default_factory=Dictionaries)
    query: bool = False
    plain: bool = False
    die_with_parent: bool = False


def serve(service: Service) -> None:
    """Serve until told to stop; writes one JSON line with the address once it listens.

    Raises:
        ConfigurationError: The port or the database cannot be used.
    """
    if service.die_with_parent and not _stdin_is_pipe():
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    bound = bind(service.host, service.port)
    ledger = Ledger(service.database)
    app = _application(service, ledger, lambda duration: listener.refuse(duration))  # noqa: PLW0108 the listener is made below
    listener = Listener(_config(service, app), bound, on_listening=lambda: _started(service, bound, listener))
    try:
        asyncio.run(listener.serve())
    finally:
        ledger.close()
        bound.close()


def _application(service: Service, ledger: Ledger, refuse: Callable[[timedelta], None]) -> Starlette:
    book = RuleBook(
        profile=service.profile,
        deadlines=service.deadlines,
        demand=service.demand,
        unknown_persons=service.script.unknown_persons,
        foreign_persons=service.script.foreign_persons,
        dictionaries=service.dictionaries,
    )
    exchange = Exchange(
        Registry(ledger, book),
        authority=service.material.authority,
        revoked=service.material.revoked,
        admission=service.admission,
        profile=service.profile,
        clock=service.clock,
        query=service.query,
    )
    return GatewayApp(
        exchange,
        keys=Keys(service.material.gateway, service.material.stranger),
        script=service.script,
        counter=FaultCounter(service.script, ledger),
        clock=service.clock,
        refuse=refuse,
        more=_trust_services(service).routes(),
    ).asgi()


def _trust_services(service: Service) -> TrustServices:
    material = service.material
    return TrustServices(
        material.revoked,
        authority=material.authority,
        responder=material.responder,
        timestamper=material.timestamper,
        clock=service.clock,
    )


def _config(service: Service, app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        loop="asyncio",
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(SHUTDOWN_GRACE.total_seconds()),
        ssl_certfile=None if service.plain else service.material.tls_certificate,
        ssl_keyfile=None if service.plain else service.material.tls_key,
    )


def _started(service: Service, bound: socket.socket, listener: Listener) -> None:
    if service.die_with_parent and _stdin_is_pipe():
        loop = asyncio.get_running_loop()
        loop.add_reader(_STDIN, _read_end, loop, listener)
    port = int(bound.getsockname()[1])
    host = f"[{service.host}]" if ":" in service.host else service.host
    scheme = "http" if service.plain else "https"
    sys.stdout.write(json.dumps({"url": f"{scheme}://{host}:{port}{ENDPOINT}", "port": port}) + "\n")
    sys.stdout.flush()


def _stdin_is_pipe() -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(_STDIN).st_mode)
    except OSError:
        return False


def _read_end(loop: asyncio.AbstractEventLoop, listener: Listener) -> None:
    if not os.read(_STDIN, 4096):
        loop.remove_reader(_STDIN)
        listener.should_exit = True
