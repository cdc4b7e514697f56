"""One seed from its start to its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from simulation.agent import AgentProcess
from simulation.authority import BARRED, NOT_TODAY, Authority
from simulation.climate import Climate
from simulation.desk import Desk
from simulation.faults import Fault
from simulation.invariants import NEIGHBOUR, SETTLED, Invariants
from simulation.network import Network
from simulation.office import EMPLOYERS, Office
from simulation.prepared import PreparedConnection, PreparedLedger
from simulation.staff import HrDepartment
from simulation.weather import KEY_LIFE, LEASE, Weather
from simulation.world import START, ViolationError, World
from support.line import WeekdayCalendar, empty
from usrec.adapters.inmemory.clock import SeededEntropy
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.adapters.inmemory.source import InMemorySource
from usrec.adapters.persistence import create_ledger_engine
from usrec.application.delivery import DeliveryPolicy
from usrec.domain.digest import DigestPolicy
from usrec.domain.intake import IntakePolicy
from usrec.domain.mass import MassPolicy
from usrec.domain.policies import EXISTS_ALREADY, Policies
from usrec.domain.response_code import Policy
from usrec.domain.retry import RetryPolicy
from usrec.domain.rules.preflight import BY_DEFAULT, Preflight
from usrec.domain.source_event import SourceName
from usrec.domain.watch import WatchPolicy

_STORM: Final = timedelta(days=2)
"""The weather is rough for at least so long, and as long as anything is open."""
_LONGEST_STORM: Final = 450
_LONGEST_CALM: Final = 12_000
_QUIET_DAYS: Final = timedelta(days=5)
_SECOND: Final = timedelta(seconds=1)
_NO_POLL: Final = 0.8
"""How likely nobody looks for work at a moment at which the ledger has none."""
_POLICIES: Final = Policies(
    chosen={
        BARRED: Policy.STOP_EVERYTHING,
        NOT_TODAY: Policy.RETRY,
        **dict.fromkeys(EXISTS_ALREADY, Policy.CONFIRM_THEN_ACCEPT),
    }
)

_IN_HAND: Final = (
    "SELECT event_id, lease_owner FROM outbox JOIN submissions ON id = submission_id"
    " WHERE status = 'claimed' AND state = 'pending'"
)
_TWO_ARE_MANY: Final = IntakePolicy(masses=MassPolicy(amendments=1, terminations=1))


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
    weather: Weather
    agents: list[AgentProcess]
    invariants: Invariants
    restart_at: dict[str, datetime] = field(default_factory=dict)

    def play(self) -> None:
        """The storm, then the calm in which everything has to come right.

        Raises:
            ViolationError: An invariant does not hold.
        """
        world, climate = self.world, self.office.climate
        while world.steps < _LONGEST_STORM and (world.now <= START + _STORM or not self._is_over()):
            self.weather.strike()
            self._step()
            if world.happens(climate.meddling):
                self.desk.meddle()
            if self.office.leaves and Fault.PERSON_CANCELS not in world.without and world.happens(0.05):
                self.desk.take_back_half()
        if climate.trouble:
            self._one_in_trouble()
        self._calm_down()
        self._come_right()
        world.holds(SETTLED, self._is_over(), self._left)
        if climate.pairs:
            self._days_go_by()
        self.invariants.look_at_the_end()

    def _one_in_trouble(self) -> None:
        """One employer stays stopped until all others are done."""
        kept = self.world.pick(list(self.office.employers))
        self._calm_down()
        if not self.desk.stop_for_good(kept):
            self.world.tell("it is stopped already")
        self._come_right(kept)
        self.world.holds(NEIGHBOUR, self._is_over(kept), lambda: self._left(kept))
        self.desk.keeps.clear()

    def _days_go_by(self) -> None:
        """Nothing happens any more, but for what somebody is reminded of on each working day."""
        begin = self.world.now
        while self.world.now < begin + _QUIET_DAYS:
            self._step()
        self._come_right()
        self.invariants.look_at_transfers(begin)

    def _come_right(self, but: str = "") -> None:
        for _ in range(_LONGEST_CALM):
            if self._is_over(but):
                return
            self._step()

    @property
    def network(self) -> Network:
        return self.office.network

    def _is_over(self, but: str = "") -> bool:
        """Whether nothing goes on any more, leaving out what one employer has in its queue."""
        return next(self._going_on(but), None) is None

    def _going_on(self, but: str = "") -> Iterator[str]:
        """What is not over yet."""
        if self.hr.plan or self.desk.plan:
            yield "people have plans"
        if self.network.in_flight:
            yield "something is in flight"
        if not all(one.idle for one in self.agents):
            yield "an agent is at work"
        if not self.office.source.online or self.office.source.fetch(1):
            yield "HR has rows that nobody has taken"
        yield from self.invariants.unsettled(but)
        if self.hr.mend() or self.desk.work_off():
            self._wake(self.agents)
            yield "people have just done something"

    def _left(self, but: str = "") -> str:
        return "; ".join(self._going_on(but))

    def _step(self) -> None:
        self.world.steps += 1
        self._bring_back()
        self.network.arrivals()
        if self.office.together and self.world.stormy and self.hr.awaits_others():
            self._strike_in_hand()
        moved = self.hr.act() | self.desk.act()
        ready = [one for one in self.agents if one.can_run() and (moved or not one.idle)]
        if ready:
            agent = self.world.pick(ready)
            agent.turn()
            if agent.dead:
                self._buried(agent)
        elif (self.world.stormy and not self.world.happens(self.office.climate.desk)) or not self._people_work():
            self._wait()
        self.invariants.look()

    def _strike_in_hand(self) -> None:
        """HR commits the others while an agent has the first in hand; the agent may die over it."""
        found = self.office.ledger.connection.driver.execute(_IN_HAND).fetchall()
        owners = {owner for event, owner in found if event in self.office.together}
        if not owners or not self.world.happens(0.5):
            return
        self.hr.commit_the_others()
        for agent in self.agents:
            if agent.name in owners and not agent.dead and self.world.strikes(Fault.CRASH, 0.5):
                self.world.tell(f"{agent.name} dies with one of many in hand")
                agent.kill()
                self._buried(agent)

    def _people_work(self) -> bool:
        """People look at what is left for them; whether they did something."""
        mended, decided = self.hr.mend(), self.desk.work_off()
        if mended or decided:
            self._wake(self.agents)
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
        if "hr" in self.weather.clear_up():
            self._wake(self.agents)

    def _wait(self) -> None:
        """Nobody has anything to do: go on to the next moment at which somebody may."""
        world = self.world
        moments = [self.hr.next_at(), self.desk.next_at(), self.network.next_arrival(), *self.restart_at_of_dead()]
        moments += [*self.weather.until.values(), *(one.paused_until for one in self.agents if not one.dead)]
        moments += [one.cut_off_until for one in self.agents if not one.dead]
        moments += [one.waits_for.readable_at for one in self.agents if one.waits_for is not None]
        due = [datetime.fromisoformat(text) for text in self.invariants.next_moments()]
        moments += [at - one.skew for at in due for one in self.agents]
        later = [one for one in moments if one is not None and one > world.now]
        world.now = min([*later, world.now + timedelta(days=1)]) + world.between(timedelta(0), _SECOND)
        awake = [one for one in self.agents if one.can_run()]
        eager = [one for one in awake if one.has_answers() or any(at <= one.now() for at in due)]
        if eager or not world.happens(_NO_POLL):
            self._wake(eager or awake)

    def _wake(self, agents: Sequence[AgentProcess]) -> None:
        if agents:
            self.world.pick(agents).idle = False

    def restart_at_of_dead(self) -> list[datetime]:
        return [self.restart_at[one.name] for one in self.agents if one.dead]

    def _calm_down(self) -> None:
        world = self.world
        world.stormy = False
        world.tell("calm, but for an outage that goes on")
        self.weather.clear_up(at_once=True)
        self.desk.end_everything()
        for agent in self.agents:
            agent.paused_until = agent.cut_off_until = world.now
            agent.idle = False
        for name in self.restart_at:
            self.restart_at[name] = world.now


@cache
def ledger_file() -> PreparedConnection:
    """One for all seeds: its compiled statements are dear, emptying the tables is not."""
    return PreparedConnection(create_ledger_engine("sqlite://"))


def ledger_for_a_seed() -> PreparedLedger:
    """An empty ledger with the shipped schema."""
    connection = ledger_file()
    empty(connection.engine)
    return PreparedLedger(connection)


def build(seed: int, *, tracing: bool = False, without: Collection[Fault] = ()) -> Simulation:
    """Everything that a seed needs, at its start."""
    world = World(seed, tracing, without=without)
    climate = Climate.of(world)
    employers = dict(list(EMPLOYERS.items())[: climate.employers])
    calendar = WeekdayCalendar()
    office = Office(
        world=world,
        climate=climate,
        ledger=ledger_for_a_seed(),
        source=InMemorySource(SourceName("hr")),
        network=Network(
            world, Authority(), START + climate.outage if climate.outage and world.befalls(Fault.OUTAGE) else START
        ),
        signer=InMemorySigner(dict.fromkeys(employers, START + KEY_LIFE)),
        entropy=SeededEntropy(seed),
        calendar=calendar,
        employers=employers,
        policy=DeliveryPolicy(
            RetryPolicy(base=climate.first_wait, cap=timedelta(hours=12)),
            lease=LEASE,
            clock_tolerance=timedelta(minutes=3),
            policies=_POLICIES,
        ),
        watch=WatchPolicy(DigestPolicy(calendar), calendar),
        preflight=Preflight(intake=_TWO_ARE_MANY) if climate.masses else BY_DEFAULT,
    )
    hr = HrDepartment(office)
    hr.make_plan()
    agents = [AgentProcess(office, f"agent{number}") for number in range(climate.agents)]
    return Simulation(world, office, hr, Desk(office), Weather(office, agents), agents, Invariants(office, hr))


def simulate(seed: int, *, tracing: bool = False, without: Collection[Fault] = ()) -> Result:
    """Play one seed; a violation is part of the result.

    Args:
        without: Kinds of fault that are left out. The seed is another run then.
    """
    simulation = build(seed, tracing=tracing, without=without)
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
