"""``usrec watch``: the independent watcher."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from usrec.interfaces.cli.options import Config

if TYPE_CHECKING:
    from usrec.interfaces.watcher import Watcher
    from usrec.ports.ledger_view import LedgerView
    from usrec.settings import LoadedWatcherSettings

Answer = TypeVar("Answer")


def watch(
    *,
    config: Config = None,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, for cron; exit codes as with usrec status --check.")
    ] = False,
) -> None:
    """Tell when the agent is silent, its ledger is away or a term is not watched. Reads the ledger, changes nothing."""
    from usrec.interfaces.logs import configure_logs
    from usrec.settings import load_watcher_settings

    settings = load_watcher_settings(config)
    configure_logs(level=settings.values.log.level, style=settings.values.log.format)
    watcher = build_watcher(settings)
    if once:
        sys.exit(_look_once(watcher, config))
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: watcher.stop.set())
    watcher.run()


def build_watcher(settings: LoadedWatcherSettings) -> Watcher:
    """The watcher that the settings describe."""
    from usrec.adapters.system_clock import SystemClock
    from usrec.adapters.watch_memory import MemoryFile
    from usrec.interfaces.service_manager import ServiceManager
    from usrec.interfaces.watcher import Watcher
    from usrec.ledger import build_watched_ledger
    from usrec.sinks import build_alert_sinks

    def open_view(ask: Callable[[LedgerView], Answer]) -> Answer:
        ledger = build_watched_ledger(settings)
        try:
            return ask(ledger.view)
        finally:
            ledger.close()

    values = settings.values.watch
    return Watcher(
        open_view=open_view,
        subscribers=build_alert_sinks(settings),
        store=MemoryFile(settings.path(values.state_file)),
        clock=SystemClock(),
        silence=values.silence,
        interval=values.interval,
        permit_days=settings.values.alerts.permit_days,
        tail_bound=settings.values.journal.tail_bound,
        manager=ServiceManager.of_environment(),
    )


def _look_once(watcher: Watcher, config: Path | None) -> int:
    """Tell what is new and say how things stand, unless all is well; cron mails every line."""
    from usrec.application.checkup import Level
    from usrec.interfaces.cli.check import check_line, checked_at

    watcher.begin()
    watched = watcher.look(watcher.store.keep)
    checked = checked_at(config)
    if checked.level is not Level.OK:
        typer.echo(check_line(checked))
    return int(checked.level) or (int(Level.WARNING) if watched.not_told else int(Level.OK))
