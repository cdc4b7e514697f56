"""``usrec metrics``: what the ledger tells a monitoring system, without an agent that is asked over HTTP.

Made for the textfile collector of node_exporter, which reads ``*.prom`` files of a folder; the file is replaced whole,
so that it never reads half of one.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from usrec.domain.errors import ConfigurationError, LedgerSchemaError, TheirsToWaitFor, UsrecError
from usrec.interfaces.cli.options import Config

if TYPE_CHECKING:
    from usrec.adapters.metrics.ledger_reading import LedgerReading
    from usrec.ports.clock import Clock
    from usrec.settings import LoadedWatcherSettings

_MODE: Final = 0o644
"""The collector runs as another user; there is nothing personal in the file."""


def metrics(
    *,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Replace this file instead of printing.")
    ] = None,
    config: Config = None,
) -> None:
    """What the ledger tells Prometheus, in the text format that node_exporter's textfile collector reads.

    A ledger that cannot be read shows as `usrec_ledger_up 0`; the command still ends with 3 or 4.
    """
    from usrec.adapters.metrics.agent_metrics import ledger_exposition
    from usrec.adapters.system_clock import SystemClock
    from usrec.interfaces.metrics_page import sink_names
    from usrec.settings import load_watcher_settings

    settings, clock = load_watcher_settings(config), SystemClock()
    reading, problem = _read(settings, clock)
    values = settings.values
    sinks, cap = sink_names(values.alerts), values.delivery.rate
    text = ledger_exposition(reading, clock, silence=values.watch.silence, sinks=sinks, cap=cap)
    if output is None:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    else:
        replace_whole(output, text)
    if problem is not None:
        raise problem


def _read(settings: LoadedWatcherSettings, clock: Clock) -> tuple[LedgerReading | None, UsrecError | None]:
    from usrec.adapters.metrics.ledger_reading import read_ledger
    from usrec.ledger import build_watched_ledger

    try:
        ledger = build_watched_ledger(settings)
        try:
            return read_ledger(ledger.view, clock.now()), None
        finally:
            ledger.close()
    except (TheirsToWaitFor, LedgerSchemaError) as problem:
        return None, problem


def replace_whole(file: Path, content: bytes) -> None:
    """Write a file that all may read: a reader finds the old content or all of the new.

    Raises:
        ConfigurationError: It cannot be written; what was there before stays.
    """
    target = file.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                os.fchmod(stream.fileno(), _MODE)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise ConfigurationError(
            f"the file cannot be written ({problem.strerror})",
            where=str(file),
            kept="What was there before stays",
            next_step="Name a file in a folder that exists and that this user may write",
        ) from None
