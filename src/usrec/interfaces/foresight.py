"""How often a running agent looks ahead: the queue is counted once a minute at most, a very long one more seldom."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from usrec.application.foresee import watch_forecast
from usrec.bootstrap import Agent
from usrec.interfaces.seldom import Seldom

LOOK_EVERY: Final = timedelta(minutes=1)


class Foresight:
    """Remembers when it looked; used by one thread at a time.

    Args:
        monotonic: Seconds that never run backwards.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._looked_at: datetime | None = None
        self._counting = Seldom(monotonic)

    def look(self, agent: Agent) -> None:
        """Raise what the forecast calls for, if the last look is long ago or the clock was turned back."""
        now, last = agent.clock.now(), self._looked_at
        if last is not None and (last <= now < last + LOOK_EVERY or not self._counting.is_due()):
            return
        cap, view, policy = agent.settings.values.delivery.rate, agent.ledger.view, agent.watching
        with self._counting.taken():
            watch_forecast(ledger=agent.ledger, view=view, policy=policy, clock=agent.clock, cap=cap)
        self._looked_at = now
