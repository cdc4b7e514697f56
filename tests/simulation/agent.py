"""One simulated process of the agent: a greenlet that repeats the real steps of the real application.

Its ports are the places where it can be interrupted or die. After its death whatever its unwinding code still calls
has no effect, as in a process that is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Final

from greenlet import getcurrent, greenlet

from simulation.faults import Fault
from simulation.network import Exchange
from simulation.office import Office
from simulation.ports import Steps
from simulation.world import CrashedError
from usrec.domain.errors import LeaseLost, LedgerUnavailable, SourceUnavailable

_CRASH: Final = 0.004
"""How likely a crash is at a call of a port."""
_CRASH_WHILE_SENDING: Final = 0.04
_LEDGER_AWAY: Final = 0.02
"""How likely the ledger goes away at a commit; half of these are committed all the same."""
_AWAY: Final = (timedelta(seconds=5), timedelta(minutes=10))
"""How long at most."""
_SWITCH: Final = 0.25
"""How likely another one has its turn at a call of a port outside a transaction."""


class AgentProcess:
    """A process. `turn` lets it run until it is interrupted, has nothing to do, or is dead.

    Attributes:
        skew: How far its clock is off.
        paused_until: It gets no turn before, as after SIGSTOP.
        cut_off_until: It does not reach the ledger before.
        waits_for: The exchange whose answer it reads.
        links: It is linking the journal.
        idle: It found nothing to do at its last round.
    """

    def __init__(self, office: Office, name: str) -> None:
        self.office = office
        self.name = name
        self.skew = timedelta(0)
        self.paused_until = office.world.now
        self.cut_off_until = office.world.now
        self.waits_for: Exchange | None = None
        self.links = False
        self.idle = False
        self.dead = False
        self._in_transaction = False
        self._steps = Steps(self)
        self._work = _Mortal(office.ledger.work, self)
        self._transaction = _Transaction(self)
        self._greenlet = greenlet(self._live)

    def now(self) -> datetime:
        """What its clock says."""
        return self.office.world.now + self.skew

    def steady(self) -> timedelta:
        """How long the machine has been running: nobody can set that."""
        return self.office.steady()

    def can_run(self) -> bool:
        """Whether a turn would get it anywhere."""
        waits = self.waits_for is not None and self.office.world.now < self.waits_for.readable_at
        return not self.dead and not waits and self.paused_until <= self.office.world.now

    def has_answers(self) -> bool:
        """Whether it can record answers that came while it was cut off from the ledger."""
        return self._steps.interrupted.answers > 0 and self.cut_off_until <= self.office.world.now

    def turn(self) -> None:
        """Let it run until its next interruption."""
        self._greenlet.switch()

    def port(self, name: str) -> None:
        """It calls a port: here it may die, or be interrupted.

        Raises:
            CrashedError: It dies here, or has died before.
        """
        world = self.office.world
        if self.dead or world.happens(_CRASH_WHILE_SENDING if self.waits_for else _CRASH):
            self.may_die(name)
        if not self._in_transaction and world.chance.random() < _SWITCH:
            self.interrupted()

    def interrupted(self) -> None:
        """Give the turn away.

        Raises:
            CrashedError: It was killed meanwhile.
        """
        parent = getcurrent().parent
        if parent is not None:
            parent.switch()
        if self.dead:
            raise CrashedError

    def kill(self) -> None:
        """SIGKILL from outside, wherever it is."""
        self.dead = True
        if self._greenlet:
            self._greenlet.throw(CrashedError)

    def may_die(self, where: str) -> None:
        """It dies here, unless this kind of death is left out.

        Raises:
            CrashedError: It does, or has died before.
        """
        in_transaction = Fault.CRASH_WHILE_LINKING if self.links else Fault.CRASH_IN_TRANSACTION
        kind = in_transaction if self._in_transaction else Fault.CRASH
        if not self.dead:
            if not self.office.world.befalls(Fault.CRASH_WHILE_SENDING if self.waits_for else kind):
                return
            self.office.world.tell(f"{self.name} dies at {where}")
            self.dead = True
        raise CrashedError

    def transaction(self) -> AbstractContextManager[Any]:
        """A unit of work of the real ledger, at whose every call the process may die."""
        return self._transaction

    def start(self) -> Any:
        """A transaction begins.

        Raises:
            LedgerUnavailable: It is cut off from the ledger.
        """
        self.port("begin")
        if self.office.world.now < self.cut_off_until:
            raise LedgerUnavailable("the ledger is away")
        self._in_transaction = True
        self.office.ledger.start()
        return self._work

    def commit(self, commit: Callable[[], None]) -> None:
        """A transaction is committed.

        Raises:
            LedgerUnavailable: The ledger goes away in that moment; whether it has committed nobody is told.
        """
        world = self.office.world
        goes_away = world.strikes(Fault.LEDGER_AWAY, _LEDGER_AWAY)
        if not goes_away or world.happens(0.5):
            commit()
        if goes_away:
            self.cut_off_until = world.now + world.between(timedelta(0), world.pick(_AWAY))
            raise LedgerUnavailable("the ledger went away")

    def end(self, *, well: bool) -> None:
        """It ends; ``well`` unless an exception ended it."""
        self._in_transaction = False
        self.office.ledger.end()
        if well:
            self.port("after the transaction")

    def _live(self) -> None:
        try:
            while True:
                self.idle = False
                done = [self._round(step) for step in self._steps.due()]
                self.idle = not any(done)
                self.interrupted()
        except CrashedError:
            self.waits_for = None

    def _round(self, step: Callable[[], int]) -> bool:
        try:
            return bool(step())
        except (LeaseLost, SourceUnavailable, LedgerUnavailable) as obstacle:
            self.office.world.tell(f"{self.name}: {type(obstacle).__name__}")
            return isinstance(obstacle, LeaseLost)


class _Transaction:
    """What ``ledger.begin()`` gives a process; it has one at a time."""

    def __init__(self, agent: AgentProcess) -> None:
        self._agent = agent

    def __enter__(self) -> Any:
        return self._agent.start()

    def __exit__(self, kind: object, *_: object) -> None:
        self._agent.end(well=kind is None)


class _Mortal:
    """Whatever stands behind it, in a process that may die at each call."""

    def __init__(self, behind: Any, agent: AgentProcess) -> None:
        self._behind = behind
        self._agent = agent

    def __getattr__(self, name: str) -> Any:
        """Asked once for each name: what it finds, it keeps."""
        found = getattr(self._behind, name)
        mortal = self._calling(name, found) if callable(found) else _Mortal(found, self._agent)
        setattr(self, name, mortal)
        return mortal

    def _calling(self, name: str, found: Callable[..., Any]) -> Callable[..., Any]:
        agent, chance = self._agent, self._agent.office.world.chance.random
        world = agent.office.world

        def call(*args: Any, **kwargs: Any) -> Any:
            if agent.dead or (world.stormy and chance() < _CRASH):
                agent.may_die(name)
            if name == "commit":
                agent.commit(found)
                return agent.port("after commit")
            return found(*args, **kwargs)

        return call
