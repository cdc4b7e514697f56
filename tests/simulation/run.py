"""One seed from its start to its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from simulation.agent import AgentProcess, Office
from simulation.authority import Authority
from simulation.faults import Fault
from simulation.invariants import SETTLED, Invariants
from simulation.network import Network
from simulation.prepared import PreparedConnection, PreparedLedger
from simulation.staff import Desk, HrDepartment
from simulation.world import START, ViolationError, World
from support.line import WeekdayCalendar, empty
from support.sound_rows import BIN
from usrec.adapters.inmemory.clock import SeededEntropy
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.inmemory.source import InMemorySource
from usrec.adapters.persistence import create_ledger_engine
from usrec.application.deliver import DeliveryPolicy
from usrec.domain.digest import DigestPolicy
from usrec.domain.retry import RetryPolicy
from usrec.domain.source_event import EmployerName, SourceName
from usrec.domain.watch import WatchPolicy

_STORM: Final = timedelta(days=2)
"""The weather is rough for at least so long, and as long as anything is open."""
_LONGEST_STORM: Final = 600
_LONGEST_CALM: Final = 4000
_LEASE: Final = timedelta(minutes=5)
_KEY_LIFE: Final = timedelta(days=400)
_SECOND: Final = timedelta(seconds=1)


@dataclass
class Result:
    """What became of a seed.

    Attributes:
        violation: What does not hold, empty when all does.
        digest: Of everything that happened: the same seed has the same one everywhere.
    """

    seed: int
    steps: int
    faults: Counter[Fault]
    checks: Counter[str]
    digest: str
    violation: str = ""
    trace: Sequence[str] = ()


@dataclass
class Simulation:
    """The agents, the people, the weather, and what must hold."""

    world: World
    office: Office
    hr: HrDepartment
    desk: Desk
    agents: list[AgentProcess]
    invariants: Invariants
    restart_at: dict[str, datetime] = field(default_factory=dict)
    until: dict[str, datetime] = field(default_factory=dict)
    """When HR's database is back, when the key is renewed, when a clock is right again."""

    def play(self) -> None:
        """The storm, then the calm in which everything has to come right.

        Raises:
            ViolationError: An invariant does not hold.
        """
        while self.world.steps < _LONGEST_STORM and not (self._is_over() and self.world.now > START + _STORM):
            self._weather()
            self._step()
            if self.world.happens(0.01):
                self.desk.work_off()
        self._calm_down()
        for _ in range(_LONGEST_CALM):
            if self._is_over():
                break
            self._step()
        self.world.holds(SETTLED, self._is_over(), self.invariants.unsettled)
        self.invariants.look_at_the_end()

    @property
    def network(self) -> Network:
        return self.office.network

    def _is_over(self) -> bool:
        at_rest = not self.hr.plan and not self.network.in_flight and all(one.idle for one in self.agents)
        taken = not self.office.source.fetch(1) if self.office.source.online else False
        return at_rest and taken and self.invariants.is_settled() and not self.hr.mend()

    def _step(self) -> None:
        self.world.steps += 1
        self._bring_back()
        moved = self.hr.act()
        moved |= self.network.arrivals()
        ready = [one for one in self.agents if one.can_run() and (moved or not one.idle)]
        if ready:
            agent = self.world.pick(ready)
            agent.turn()
            if agent.dead:
                self._buried(agent)
        elif self.world.stormy or not self._people_work():
            self._wait()
        self.invariants.look()

    def _people_work(self) -> bool:
        """Once everything is quiet, people look at what is left for them; whether they did something."""
        mended, decided = self.hr.mend(), self.desk.work_off()
        for agent in self.agents:
            agent.idle = agent.idle and not (mended or decided)
        return mended or decided

    def _buried(self, agent: AgentProcess) -> None:
        self.restart_at[agent.name] = self.world.now + self.world.between(_SECOND, timedelta(hours=2))

    def _bring_back(self) -> None:
        """Restart what died, end what is over."""
        now = self.world.now
        for place, agent in enumerate(self.agents):
            if agent.dead and self.restart_at[agent.name] <= now:
                again = AgentProcess(self.office, f"{agent.name.partition('.')[0]}.{self.world.steps}")
                again.skew = agent.skew
                self.agents[place] = again
        for what in [one for one, at in self.until.items() if at <= now]:
            del self.until[what]
            self._over(what)

    def _over(self, what: str) -> None:
        if what == "hr":
            self.office.source.online = True
        elif what == "key":
            self.office.signer._valid_until[BIN] = self.world.now + _KEY_LIFE
        else:
            self.agents[int(what)].skew = timedelta(0)
        self.world.tell(f"over: {what}")

    def _wait(self) -> None:
        """Nobody has anything to do: go on to the next moment at which somebody may."""
        moments = [self.hr.next_at(), self.network.next_arrival(), *self.restart_at_of_dead(), *self.until.values()]
        moments += [one.paused_until for one in self.agents if not one.dead]
        moments += [one.waits_for.readable_at for one in self.agents if one.waits_for is not None]
        moments += [
            datetime.fromisoformat(text) - one.skew for text in self.invariants.next_moments() for one in self.agents
        ]
        later = [one for one in moments if one is not None and one > self.world.now]
        self.world.now = min([*later, self.world.now + timedelta(days=1)]) + self.world.between(timedelta(0), _SECOND)
        for agent in self.agents:
            agent.idle = agent.idle and self.world.happens(0.5)

    def restart_at_of_dead(self) -> list[datetime]:
        return [self.restart_at[one.name] for one in self.agents if one.dead]

    def _weather(self) -> None:
        world = self.world
        if world.strikes(Fault.OUTAGE, 0.004):
            longest = timedelta(days=3) if world.happens(0.3) else timedelta(hours=3)
            self.network.out_until = world.now + world.between(timedelta(minutes=5), longest)
        if "hr" not in self.until and world.strikes(Fault.HR_AWAY, 0.004):
            self.office.source.online = False
            self.until["hr"] = world.now + world.between(timedelta(minutes=1), timedelta(hours=8))
        if "key" not in self.until and world.strikes(Fault.KEY_EXPIRED, 0.004):
            self.office.signer._valid_until[BIN] = world.now + world.between(timedelta(0), timedelta(minutes=5))
            self.until["key"] = world.now + world.between(timedelta(minutes=6), timedelta(days=1))
        place = int(world.chance.random() * len(self.agents))
        self._befall(self.agents[place], str(place))

    def _befall(self, agent: AgentProcess, place: str) -> None:
        world = self.world
        if agent.dead:
            return
        if world.strikes(Fault.PAUSE, 0.01):
            agent.paused_until = world.now + world.between(_LEASE, 6 * _LEASE)
        if place not in self.until and world.strikes(Fault.CLOCK_AHEAD, 0.004):
            agent.skew = world.between(timedelta(minutes=1), timedelta(hours=5))
            self.until[place] = world.now + world.between(timedelta(minutes=1), timedelta(hours=12))
        if place not in self.until and world.strikes(Fault.CLOCK_BACK, 0.004):
            agent.skew = -world.between(timedelta(minutes=1), timedelta(hours=5))
            self.until[place] = world.now + world.between(timedelta(minutes=1), timedelta(hours=12))

    def _calm_down(self) -> None:
        world = self.world
        world.stormy = False
        world.tell("calm, but for an outage that goes on")
        for what in list(self.until):
            del self.until[what]
            self._over(what)
        for agent in self.agents:
            agent.paused_until = world.now
            agent.idle = False
        for name in self.restart_at:
            self.restart_at[name] = world.now


@cache
def _connection() -> PreparedConnection:
    """One for all seeds: its compiled statements are dear, emptying the tables is not."""
    return PreparedConnection(create_ledger_engine("sqlite://"))


def ledger_for_a_seed() -> PreparedLedger:
    """An empty ledger with the shipped schema."""
    connection = _connection()
    empty(connection.engine)
    return PreparedLedger(connection)


def build(seed: int, *, tracing: bool = False) -> Simulation:
    """Everything that a seed needs, at its start."""
    world = World(seed, tracing)
    calendar = WeekdayCalendar()
    office = Office(
        world=world,
        ledger=ledger_for_a_seed(),
        source=InMemorySource(SourceName("hr")),
        network=Network(world, Authority(), START),
        signer=InMemorySigner({BIN: START + _KEY_LIFE}),
        entropy=SeededEntropy(seed),
        calendar=calendar,
        employers={BIN: EmployerName("alatau")},
        policy=DeliveryPolicy(RetryPolicy(cap=timedelta(hours=12)), lease=_LEASE, clock_tolerance=timedelta(minutes=3)),
        watch=WatchPolicy(DigestPolicy(calendar)),
    )
    if world.strikes(Fault.OUTAGE, 0.15):
        office.network.out_until = START + world.between(timedelta(days=6), timedelta(days=12))
    hr = HrDepartment(office)
    hr.make_plan()
    agents = [AgentProcess(office, f"agent{number}") for number in range(2 + (world.chance.random() < 0.3))]
    return Simulation(world, office, hr, Desk(office, hr), agents, Invariants(office, hr))


def simulate(seed: int, *, tracing: bool = False) -> Result:
    """Play one seed; a violation is part of the result."""
    simulation = build(seed, tracing=tracing)
    world = simulation.world
    violation = ""
    try:
        simulation.play()
    except ViolationError as found:
        violation = str(found)
    except Exception as error:  # noqa: BLE001 -- an agent must never stop with anything that it does not know
        violation = f"no unexpected error in an agent: {type(error).__name__}: {error}"
    finally:
        for agent in simulation.agents:
            if not agent.dead:
                agent.kill()
    return Result(seed, world.steps, world.faults, world.checks, world.digest.hexdigest(), violation, world.trace)
