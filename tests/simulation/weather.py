"""What befalls the gateway, HR's database, the employers and the machines, and when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulation.agent import AgentProcess
from simulation.faults import Fault
from simulation.office import Office

LEASE: Final = timedelta(minutes=5)
KEY_LIFE: Final = timedelta(days=400)
_HOW_LIKELY: Final = 0.034
"""Something happens at a step."""
_KINDS: Final = ("outage", "hr", "employer", "employer", "pause", "pause", "clock", "clock")
_MOMENT: Final = timedelta(minutes=1)


@dataclass
class Weather:
    """What is going on.

    Attributes:
        agents: The processes, dead ones included.
        until: When it ends: HR's database is back, a key is renewed, an employer is let in, a clock is right again.
    """

    office: Office
    agents: list[AgentProcess]
    until: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def strike(self) -> None:
        """Now and then something happens."""
        world = self.office.world
        if not world.happens(_HOW_LIKELY):
            return
        match world.pick(_KINDS):
            case "outage":
                self._outage()
            case "hr":
                self._hr_away()
            case "employer":
                self._trouble_an_employer(world.pick(list(self.office.employers)))
            case what:
                self._trouble_an_agent(what, int(world.chance.random() * len(self.agents)))

    def _outage(self) -> None:
        world = self.office.world
        if world.befalls(Fault.OUTAGE):
            longest = self.office.climate.longest_outage if world.happens(0.3) else timedelta(hours=3)
            self.office.network.out_until = world.now + world.between(5 * _MOMENT, longest)

    def _hr_away(self) -> None:
        world = self.office.world
        if ("hr", "") not in self.until and world.befalls(Fault.HR_AWAY):
            self.office.source.online = False
            self.until["hr", ""] = world.now + world.between(_MOMENT, timedelta(hours=8))

    def _trouble_an_employer(self, bin_: str) -> None:
        world, longest = self.office.world, self.office.climate.longest_expiry
        if world.happens(0.3):
            if ("barred", bin_) not in self.until and world.befalls(Fault.EMPLOYER_REFUSED):
                self.office.network.authority.barred.add(bin_)
                self.until["barred", bin_] = world.now + world.between(_MOMENT, longest)
        elif ("key", bin_) not in self.until and world.befalls(Fault.KEY_EXPIRED):
            self.office.signer._valid_until[bin_] = world.now + world.between(timedelta(0), 5 * _MOMENT)
            self.until["key", bin_] = world.now + world.between(6 * _MOMENT, longest)

    def _trouble_an_agent(self, what: str, place: int) -> None:
        world, agent = self.office.world, self.agents[place]
        if agent.dead:
            return
        if what == "pause":
            if world.befalls(Fault.PAUSE):
                agent.paused_until = world.now + world.between(LEASE, 6 * LEASE)
        elif ("clock", str(place)) not in self.until:
            ahead = world.happens(0.5)
            if world.befalls(Fault.CLOCK_AHEAD if ahead else Fault.CLOCK_BACK):
                agent.skew = world.between(_MOMENT, timedelta(hours=5)) * (1 if ahead else -1)
                self.until["clock", str(place)] = world.now + world.between(_MOMENT, timedelta(hours=12))

    def clear_up(self, *, at_once: bool = False) -> Sequence[str]:
        """End what is over, or everything ``at_once``; what ended."""
        ended = [what for what, at in self.until.items() if at_once or at <= self.office.world.now]
        for what in ended:
            del self.until[what]
            self._over(*what)
        return [what for what, _ in ended]

    def _over(self, what: str, which: str) -> None:
        match what:
            case "hr":
                self.office.source.online = True
            case "key":
                self.office.signer._valid_until[which] = self.office.world.now + KEY_LIFE
            case "barred":
                self.office.network.authority.barred.discard(which)
            case _:
                self.agents[int(which)].skew = timedelta(0)
        self.office.world.tell(f"over: {what} {which}")
