"""An agent's sign of life: what each agent says of itself in the ledger, and what its silence means.

An agent is a process, so that one that is started again is another agent. Where a new one started after the last sign
of a silent one, it stands in its place and nobody misses the old one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

BEAT_EVERY: Final = timedelta(seconds=15)
"""How often an agent gives a sign of life."""

FORGOTTEN_AFTER: Final = timedelta(days=7)
"""An agent that has been silent for so long is struck off the list."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What an agent said of itself last.

    Attributes:
        owner: Its name in leases, host and process.
        host: The machine's name.
        version: Of the program.
        started_at: When it started, aware UTC.
        beat_at: When it said this, aware UTC by its own clock.
        workers: How many submissions it sends at the same time.
        draining: It ends by itself when nothing is left to do.
        gone_at: When it took its leave, None while it runs or when it died.
        halted: Why it signs and sends nothing, a word of ``ClockState``; empty while it does.
        clock_ahead: Seconds that its clock is ahead by those who contradict it, while that halts it.
    """

    owner: str
    host: str
    version: str
    started_at: datetime
    beat_at: datetime
    workers: int
    draining: bool
    gone_at: datetime | None = None
    halted: str = ""
    clock_ahead: int | None = None

    @property
    def last_sign(self) -> datetime:
        """Its farewell, or else its last beat."""
        return max(self.beat_at, self.gone_at or self.beat_at)


def newest_sign(agents: Sequence[Heartbeat]) -> datetime | None:
    """When any agent gave a sign of life last, None when there never was an agent."""
    return max((agent.last_sign for agent in agents), default=None)


def missing(agents: Sequence[Heartbeat], silence: timedelta) -> Sequence[Heartbeat]:
    """Agents that fell silent without a farewell while others went on, and in whose place none has started.

    They are compared with the newest sign of all, not with a clock, so that one agent alone is never missing: when it
    is silent, all are.
    """
    newest = newest_sign(agents)
    if newest is None:
        return []
    newest_start = max(agent.started_at for agent in agents)
    return [
        agent
        for agent in agents
        if agent.gone_at is None and newest - agent.beat_at > silence and newest_start <= agent.beat_at
    ]


def halted(agents: Sequence[Heartbeat], silence: timedelta) -> Sequence[Heartbeat]:
    """Agents that run and send nothing, because the clocks of their machines cannot be relied on."""
    newest = newest_sign(agents)
    if newest is None:
        return []
    return [one for one in agents if one.halted and one.gone_at is None and newest - one.beat_at <= silence]
