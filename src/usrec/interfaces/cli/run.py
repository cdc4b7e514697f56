"""``usrec run``: the agent itself."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.interfaces.cli.options import Config

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path
    from queue import SimpleQueue

    from usrec.interfaces.daemon import Daemon, Order
    from usrec.interfaces.intake_api.server import IntakeServer
    from usrec.interfaces.serve import HealthServer
    from usrec.settings import LoadedSettings

_WSDL_PATIENCE: Final = 15.0
"""Seconds that a drain waits at its end for the look at the gateway's WSDL, which goes on beside the line."""


def run(
    *,
    config: Config = None,
    drain: Annotated[
        bool, typer.Option("--drain", help="End when nothing can progress without a person or a date.")
    ] = False,
    give_up_after: Annotated[
        float, typer.Option(min=0.01, help="Minutes without any progress after which a drain gives up (exit 4).")
    ] = 10,
) -> None:
    """Take events from HR, register them, and record what came back.

    SIGTERM finishes the steps in hand; SIGHUP reads keys and settings again.
    """
    import faulthandler
    from datetime import timedelta
    from queue import SimpleQueue

    import usrec.adapters.without_rich  # noqa: F401 -- before anything that logs
    from kzeds.memory import hide_memory
    from usrec.interfaces.intake_api.server import intake_server
    from usrec.interfaces.logs import configure_logs
    from usrec.interfaces.serve import health_server
    from usrec.other_agents import sole_agent
    from usrec.settings import HealthSettings, load_settings

    hide_memory()
    settings = load_settings(config)
    configure_logs(level=settings.values.log.level, style=settings.values.log.format)
    faulthandler.enable()
    orders: SimpleQueue[Order] = SimpleQueue()
    _obey_signals(orders, drain=drain)
    listen = HealthSettings() if drain else settings.values.health
    events = None if drain else settings.values.intake
    with sole_agent(settings), health_server(listen) as server, intake_server(settings, events) as intake:
        daemon = _daemon(settings, config, orders, timedelta(minutes=give_up_after))
        try:
            _work(daemon, settings, server, intake, drain=drain)
        finally:
            if intake is not None:
                intake.close()
            daemon.close()


def _daemon(
    settings: LoadedSettings, config: Path | None, orders: SimpleQueue[Order], give_up_after: timedelta
) -> Daemon:
    """The agent, composed and not yet at work."""
    import threading

    from usrec.bootstrap import build_agent
    from usrec.interfaces.cli.alert_words import compose_alerts
    from usrec.interfaces.cli.hr_words import hr_note
    from usrec.interfaces.daemon import Daemon
    from usrec.interfaces.reload import composer
    from usrec.interfaces.service_manager import ServiceManager

    stop = threading.Event()
    return Daemon(
        build_agent(settings, wait=stop.wait),
        stop,
        give_up_after=give_up_after,
        orders=orders,
        manager=ServiceManager.of_environment(),
        compose=composer(config, stop.wait),
        words=compose_alerts,
        hr_words=hr_note,
    )


def _work(
    daemon: Daemon,
    settings: LoadedSettings,
    server: HealthServer | None,
    intake: IntakeServer | None,
    *,
    drain: bool,
) -> None:
    """Answer at the addresses that are held, and run; the gateway's WSDL is looked at beside the line."""
    import threading

    from usrec.gateway import check_endpoint
    from usrec.interfaces.metrics_page import metrics_pages
    from usrec.interfaces.serve import health_pages
    from usrec.other_agents import rescue_dead_leases
    from usrec.ports.doorbell import Ring

    rescue_dead_leases(daemon.agent.ledger)
    looking = threading.Thread(target=check_endpoint, args=(settings,), name="wsdl", daemon=True)
    looking.start()
    if server is not None:
        server.answer({**health_pages(daemon.health), **metrics_pages(daemon.exposition)})
    if intake is not None and settings.values.intake is not None:
        intake.answer(settings.values.intake, daemon.handover.borrow, lambda: daemon.crew.rang(Ring.ROWS))
    daemon.run(drain=drain)
    if drain:
        looking.join(_WSDL_PATIENCE)


def _obey_signals(orders: SimpleQueue[Order], *, drain: bool) -> None:
    """A drain has a person at its terminal: it ends when that hangs up, and takes its settings as they were."""
    from usrec.interfaces.daemon import Order

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: orders.put(Order.STOP))
    signal.signal(signal.SIGHUP, lambda *_: orders.put(Order.STOP if drain else Order.RELOAD))
