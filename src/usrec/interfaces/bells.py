"""One thread for each doorbell: it listens, and wakes the threads whose work it is.

Without a bell, or with one that is lost, the agent looks by itself: nothing here ever stops it or keeps it waiting.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import structlog

from usrec.adapters.metrics.agent_metrics import AgentMetrics
from usrec.bootstrap import Agent
from usrec.domain.errors import DoorbellLost
from usrec.interfaces.crew import Loop
from usrec.ports.doorbell import Doorbell, Ring

_PATIENCE: Final = timedelta(seconds=5)
"""How long one step listens; a thread that is to end is told by ``hush``."""
_LONGEST_PAUSE: Final = 30.0
"""Seconds between two tries to listen again; the first comes after one second, and it doubles."""
_STEP: Final = timedelta(days=1)
"""A listener that hangs in a connection makes no agent look dead."""
_log = structlog.get_logger("usrec.daemon")


class Bells:
    """The listening threads' common ground.

    Args:
        stop: Set when the agent is to stop.
        rang: Called with every ring.

    Attributes:
        losses: How often each database that does not wake the agent now was tried in vain.
    """

    def __init__(self, stop: threading.Event, rang: Callable[[Ring], None], metrics: AgentMetrics) -> None:
        self._stop = stop
        self._rang = rang
        self._metrics = metrics
        self.losses: Counter[str] = Counter()
        self._heard_by: dict[str, Ring] = {}

    def tells_of(self, ring: Ring) -> bool:
        """Whether a database wakes the agent by itself when there is such work."""
        return ring in list(self._heard_by.values())

    def loops(self, agent: Agent) -> Sequence[Loop]:
        """One for each doorbell."""
        self._heard_by.clear()
        return [Loop(f"bell-{one.name}", self._once(one.name), _STEP, 1.0) for one in agent.doorbells]

    def hush(self, agent: Agent) -> None:
        """End all waits of an agent's bells."""
        for one in agent.doorbells:
            one.hush()

    def _once(self, name: str) -> Callable[[Agent], bool]:
        def listen(agent: Agent) -> bool:
            bell = next((one for one in agent.doorbells if one.name == name), None)
            if bell is None:
                return False
            try:
                rang = bell.wait(_PATIENCE)
            except DoorbellLost as problem:
                self._lost(bell, problem)
            else:
                self._heard(bell, rang=rang)
            return True

        return listen

    def _heard(self, bell: Doorbell, *, rang: bool) -> None:
        if self.losses.pop(bell.name, None) is not None:
            _log.info("the database wakes the agent again", action="doorbell.again", database=bell.name)
        self._metrics.counts.listens(bell.name, listening=True)
        self._heard_by[bell.name] = bell.ring
        if rang:
            self._rang(bell.ring)
            self._metrics.counts.rang(bell.name)

    def _lost(self, bell: Doorbell, problem: DoorbellLost) -> None:
        """Say it once, then try again, less and less often."""
        self._heard_by.pop(bell.name, None)
        self.losses[bell.name] += 1
        losses = self.losses[bell.name]
        self._metrics.counts.listens(bell.name, listening=False)
        if losses == 1:
            _log.warning(str(problem), action="doorbell.lost", database=bell.name)
        self._stop.wait(min(2.0 ** (losses - 1), _LONGEST_PAUSE))
