"""What sort of week a seed is: how rough, how many employers and agents, how slow the people are."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from simulation.faults import Fault
from simulation.world import World

_MASSES: Final = 0.25
_PAIRS: Final = 0.2
_HEADS: Final = 0.15
"""In so many weeks. Drawn apart from all else, so that other weeks stay what they were."""
_ELSEWHERE: Final = 0.8
"""How likely a transfer is one to another employer."""


@dataclass(frozen=True)
class Climate:
    """The odds of a seed; everything else that happens is drawn against them.

    Attributes:
        employers: How many send through the agents.
        agents: How many processes share the ledger.
        outage: The gateway is away from the start for so long.
        longest_outage: The longest of those that come later.
        late_entry: How likely HR enters an event days after its signing.
        desk: How likely people look at what is left for them when the agents have nothing to do.
        meddling: How likely a person interferes, at each step.
        longest_expiry: How long an employer can be without a valid key.
        first_wait: Before the second attempt, at the most.
        trouble: Towards the end one employer stays in trouble until all others are done.
        masses: HR commits changes of one kind and day together, and two of them are many.
        pairs: Somebody leaves one contract for another, at times at another employer: two events with one key.
        heads: The agents sign the heads of the journal's chain.
    """

    employers: int
    agents: int
    outage: timedelta
    longest_outage: timedelta
    late_entry: float
    desk: float
    meddling: float
    longest_expiry: timedelta
    first_wait: timedelta
    trouble: bool
    masses: bool
    pairs: bool
    heads: bool

    @classmethod
    def of(cls, world: World) -> Climate:
        """Draw one: an ordinary week, or one in which the legal dates come near."""
        tight = world.happens(0.45)
        employers = 1 + world.happens(0.4)
        apart = random.Random(f"climate {world.seed}")
        masses, pairs = apart.random() < _MASSES, apart.random() < _PAIRS
        employers = 2 if pairs and apart.random() < _ELSEWHERE else employers
        heads = apart.random() < _HEADS
        return cls(
            employers=employers,
            agents=2 + world.happens(0.3),
            outage=timedelta(days=world.pick((3, 4, 5, 6, 7, 8))) if world.strikes(Fault.OUTAGE, 0.3) else timedelta(0),
            longest_outage=timedelta(days=5 if tight else 3),
            late_entry=0.8 if tight else 0.15,
            desk=0.03 if tight else 0.15,
            meddling=0.01 if world.happens(0.3) else 0.001,
            longest_expiry=timedelta(hours=36 if world.happens(0.1) else 5),
            first_wait=timedelta(seconds=5 if world.happens(0.2) else 1800),
            trouble=employers > 1 and world.happens(0.6),
            masses=masses,
            pairs=pairs,
            heads=heads,
        )
