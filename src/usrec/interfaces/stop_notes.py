"""A running agent keeps HR's rows in line with the stops of employers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from usrec.application.tell_stop import AT_ONCE, tell_stop
from usrec.bootstrap import Agent

LOOK_EVERY: Final = timedelta(seconds=5)
_MOST_TURNS: Final = 20
"""Transactions for one employer in one look; what is left has its turn with the next."""


class StopNotes:
    """Remembers whose rows may say what is not true any more; used by one thread at a time."""

    def __init__(self) -> None:
        self._stopped: Collection[str] | None = None
        self._looked_at: datetime | None = None

    def look(self, agent: Agent) -> None:
        """Tell HR of stops, and that they are over. Without a stop it costs one question."""
        now = agent.clock.now()
        if self._looked_at is not None and self._looked_at <= now < self._looked_at + LOOK_EVERY:
            return
        stops = {one.employer_bin for one in agent.ledger.view.employer_stops()}
        before = agent.employers if self._stopped is None else self._stopped
        for employer_bin in stops:
            _tell(agent, employer_bin)
        unsaid = {one for one in before if one not in stops and not _tell(agent, one)}
        self._stopped, self._looked_at = stops | unsaid, now


def _tell(agent: Agent, employer_bin: str) -> bool:
    """Whether everything is said."""
    for _ in range(_MOST_TURNS):
        if tell_stop(employer_bin, ledger=agent.ledger, clock=agent.clock, limit=AT_ONCE) < AT_ONCE:
            return True
    return False
