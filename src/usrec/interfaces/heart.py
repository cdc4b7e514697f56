"""The heartbeat of a running agent: a thread of its own, so that no busy one makes the agent look dead.

It stops when a thread hangs: an agent that does not do its work gives no sign of life.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from usrec import release
from usrec.application.sign_of_life import give_sign, take_leave
from usrec.bootstrap import Agent
from usrec.domain.clock_trust import RELIED_ON, ClockVerdict
from usrec.domain.errors import TheirsToWaitFor
from usrec.domain.heartbeat import BEAT_EVERY, Heartbeat
from usrec.interfaces.crew import Loop
from usrec.ports.clock import Clock

_TIME: Final = timedelta(minutes=2)
"""What a beat may take: the ledger is waited for up to 10 s, three times."""
_log = structlog.get_logger("usrec.daemon")


class Heart:
    """Beats for one process, also when its settings are read anew. Safe in threads: no older word comes last.

    Args:
        hung: The threads that do not move.
        verdict: How far the machine's clock is to be relied on.
    """

    def __init__(
        self,
        clock: Clock,
        hung: Callable[[], Sequence[str]],
        verdict: Callable[[Agent], ClockVerdict] = lambda _: RELIED_ON,
    ) -> None:
        self._started_at = clock.now()
        self._hung = hung
        self._verdict = verdict
        self._one_at_a_time = threading.Lock()
        self._version = release()

    def loop(self, silence: timedelta, *, draining: bool) -> Loop:
        """What its thread repeats.

        Args:
            silence: After so long without a sign of life the agent is missed.
        """

        def once(agent: Agent) -> bool:
            self.beat(agent, draining=draining)
            return False

        return Loop("heart", once, _TIME, min(BEAT_EVERY, silence / 4).total_seconds(), wakes_early=False)

    def beat(self, agent: Agent, *, draining: bool) -> None:
        """Give a sign of life, unless a thread hangs.

        Raises:
            LedgerUnavailable: The ledger does not take it.
        """
        if self._hung():
            return
        host = agent.owner.rpartition(":")[0]
        workers = agent.settings.values.delivery.workers
        with self._one_at_a_time:
            found, now = self._verdict(agent), agent.clock.now()
            sign = Heartbeat(agent.owner, host, self._version, self._started_at, now, workers, draining)
            if not found.is_right:
                sign = replace(sign, halted=found.state.value, clock_ahead=round(found.ahead.total_seconds()))
            give_sign(sign, ledger=agent.ledger)

    def stop(self, agent: Agent) -> None:
        """Take leave; where the ledger does not take that, the agent will be missed."""
        try:
            take_leave(agent.owner, agent.clock.now(), ledger=agent.ledger)
        except TheirsToWaitFor as problem:
            _log.warning(str(problem), action="agent.no_farewell")
