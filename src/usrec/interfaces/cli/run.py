"""``usrec run``: the agent itself."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from usrec.interfaces.cli.options import Config


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
    """Take events from HR, register them, and record what came back. SIGTERM finishes the steps in hand."""
    from datetime import timedelta

    from usrec.bootstrap import build_agent, check_endpoint, rescue_dead_leases, sole_agent
    from usrec.interfaces.daemon import Daemon
    from usrec.interfaces.logs import configure_logs
    from usrec.settings import load_settings

    settings = load_settings(config)
    configure_logs(level=settings.values.log.level, style=settings.values.log.format)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with sole_agent(settings):
        agent = build_agent(settings, wait=stop.wait)
        try:
            rescue_dead_leases(agent)
            check_endpoint(settings)
            Daemon(agent, stop, give_up_after=timedelta(minutes=give_up_after)).run(drain=drain)
        finally:
            agent.close()
