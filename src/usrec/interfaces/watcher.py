"""``usrec watch``: looks at the ledger again and again, and tells what the agent itself cannot tell.

It only reads. It needs nothing of the agent's but its database: no key, no gateway, no source.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from usrec.application.watch_over import Watched, watch_over
from usrec.domain.errors import ConfigurationError
from usrec.domain.oversight import Impression, Sight
from usrec.domain.permit import PermitDays
from usrec.interfaces.bounded import BoundedQuestion
from usrec.interfaces.service_manager import ServiceManager
from usrec.interfaces.watch_words import compose_notice
from usrec.ports.alert_sink import Subscriber
from usrec.ports.clock import Clock
from usrec.ports.ledger_view import TAIL_BOUND, LedgerView
from usrec.ports.oversight import Memory, MemoryStore

LOOK_TIME: Final = timedelta(seconds=60)
"""How long one look may take."""
_log = structlog.get_logger("usrec.watch")

OpenView = Callable[[Callable[[LedgerView], Sight]], Sight]
"""Opens the ledger, asks its view and closes it again."""


@dataclass
class Watcher:
    """The independent watcher.

    Attributes:
        open_view: Each look opens the ledger anew: nothing of an earlier one can be in its way.
        silence: How long agents and ledger may be silent.
        interval: Between two looks.
        stop: Set it to end after the look in hand.
        permit_days: When agents tell that a permit ends.
        tail_bound: How long a line of the journal may wait to be linked.
    """

    open_view: OpenView
    subscribers: Sequence[Subscriber]
    store: MemoryStore
    clock: Clock
    silence: timedelta
    interval: timedelta
    stop: threading.Event = field(default_factory=threading.Event)
    manager: ServiceManager = field(default_factory=ServiceManager)
    look_time: timedelta = LOOK_TIME
    permit_days: PermitDays = field(default_factory=PermitDays)
    tail_bound: timedelta = TAIL_BOUND
    _memory: Memory | None = None

    def __post_init__(self) -> None:
        self._question = BoundedQuestion(lambda: self.open_view(self._sight), self.look_time)

    def begin(self) -> None:
        """Remember what was told before, and make sure that it can be kept.

        Raises:
            ConfigurationError: It cannot be kept.
        """
        self._memory = self.store.load() or Memory(Impression(first_look_at=self.clock.now()))
        self.store.keep(self._memory)

    def run(self) -> None:
        """Look until ``stop`` is set."""
        self.begin()
        recipients = [subscriber.name for subscriber in self.subscribers]
        _log.info("watcher started", action="watch.start", recipients=recipients)
        self.manager.is_ready("watching")
        while not self.stop.is_set():
            watched = self.look(self._keep_or_complain)
            self.manager.stands(self._status(watched))
            self._rest()
        self.manager.is_stopping("stopping")
        _log.info("watcher stopped", action="watch.stop")

    def look(self, keep: Callable[[Memory], None]) -> Watched:
        """Look once and tell what is new."""
        watched = watch_over(
            self._memory,
            look=self._question,
            subscribers=self.subscribers,
            compose=compose_notice,
            keep=keep,
            now=self.clock.now(),
            silence=self.silence,
        )
        self._memory = watched.memory
        _note(watched)
        return watched

    def _sight(self, view: LedgerView) -> Sight:
        now = self.clock.now()
        return view.sight(now, now - self.silence, self.permit_days, self.tail_bound)

    def _keep_or_complain(self, memory: Memory) -> None:
        """The watching goes on, also on a full disk; after a restart something might be told twice."""
        try:
            self.store.keep(memory)
        except ConfigurationError as problem:
            _log.error(str(problem), action="watch.not_kept")

    def _rest(self) -> None:
        """Until the next look, with a sign of life for the service manager now and then."""
        left = self.interval
        self.manager.is_alive()
        while left > timedelta(0) and not self.stop.is_set():
            portion = min(left, self.manager.patience or left)
            self.stop.wait(portion.total_seconds())
            self.manager.is_alive()
            left -= portion

    def _status(self, watched: Watched) -> str:
        if watched.blind is not None:
            return f"the ledger does not answer: {watched.blind.what}"
        troubles = ", ".join(watched.troubles) or "all is well"
        return f"{troubles}; looked at {_instant(self.clock.now())}"


def _note(watched: Watched) -> None:
    if watched.blind is not None:
        _log.warning(str(watched.blind), action="watch.blind", kind=type(watched.blind).__name__)
    for sink, notice in watched.told:
        _log.info("told", action="watch.told", sink=sink, concern=notice.trouble.concern, phase=notice.phase)
    for sink, problem in watched.not_told:
        _log.error(str(problem), action="watch.not_told", sink=sink)


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
