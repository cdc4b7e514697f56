"""The ledger's figures, read at most once in a while, however often metrics are asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from usrec.domain.errors import UsrecError
from usrec.domain.forecast import WINDOW, QueueLoad
from usrec.domain.heartbeat import Heartbeat
from usrec.ports.figures import Figures
from usrec.ports.ledger_view import LedgerView

KEPT_FOR: Final = timedelta(seconds=10)
"""How long a reading serves, also one that failed; ages are counted on from it."""

_log = structlog.get_logger("usrec.metrics")


@dataclass(frozen=True, slots=True)
class LedgerReading:
    """What the ledger said at one time."""

    figures: Figures
    heartbeats: Sequence[Heartbeat]
    last_exchange: datetime | None
    load: QueueLoad | None = None


def read_ledger(view: LedgerView, now: datetime) -> LedgerReading:
    """Ask the ledger.

    Raises:
        LedgerUnavailable: It does not answer.
    """
    return LedgerReading(view.figures(now), view.heartbeats(), view.last_exchange(), view.queue_load(now, now - WINDOW))


class LedgerReader:
    """Asks the ledger for all who ask it; they wait for one another instead of asking again. Safe in threads.

    Args:
        monotonic: Seconds that never go back.
    """

    def __init__(self, *, kept_for: timedelta = KEPT_FOR, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._kept_for = kept_for.total_seconds()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._reading: LedgerReading | None = None
        self._good_until: float | None = None
        self._answers = True

    def read(self, view: LedgerView, now: datetime) -> LedgerReading | None:
        """A reading that is not older than ``kept_for``, None when the ledger did not answer."""
        with self._lock:
            if self._good_until is None or self._monotonic() >= self._good_until:
                self._reading = self._ask(view, now)
                self._good_until = self._monotonic() + self._kept_for
            return self._reading

    def _ask(self, view: LedgerView, now: datetime) -> LedgerReading | None:
        try:
            reading = read_ledger(view, now)
        except UsrecError as problem:
            if self._answers:
                _log.warning(str(problem), action="metrics.ledger_down")
            self._answers = False
            return None
        self._answers = True
        return reading
