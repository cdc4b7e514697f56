"""How often a running agent looks ahead: the queue is counted once a minute, however often it has work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from usrec.application.foresee import watch_forecast
from usrec.bootstrap import Agent

LOOK_EVERY: Final = timedelta(minutes=1)


class Foresight:
    """Remembers when it looked; used by one thread at a time."""

    def __init__(self) -> None:
        self._looked_at: datetime | None = None

    def look(self, agent: Agent) -> None:
        """Raise what the forecast calls for, if the last look is long ago or the clock was turned back."""
        now = agent.clock.now()
        if self._looked_at is not None and self._looked_at <= now < self._looked_at + LOOK_EVERY:
            return
        cap = agent.settings.values.delivery.rate
        watch_forecast(ledger=agent.ledger, view=agent.ledger.view, policy=agent.watching, clock=agent.clock, cap=cap)
        self._looked_at = now
