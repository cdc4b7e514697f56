"""Who looks at many changes that are held: lets them go, takes them back, or one first; dies over it at times."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from simulation.faults import Fault
from simulation.office import Office
from simulation.world import CrashedError
from usrec.application import operate
from usrec.application.acting import Actor
from usrec.application.masses import carry_out, decide_mass
from usrec.domain.mass import MassDecision
from usrec.domain.submission import SubmissionId

WRONG_EXPORT: Final = "a wrong export"
"""Why something is taken back with its batch."""
_LONGEST_WAIT: Final = timedelta(hours=3)
_FIRST: Final = Actor("asel", "one first, to see the answer")


@dataclass
class MassDesk:
    """A person with the list of batches before her."""

    office: Office
    _comes: dict[str, datetime] = field(default_factory=dict)

    def undecided(self) -> Sequence[str]:
        """The batches that wait for her."""
        if not self.office.climate.masses:
            return ()
        found = [name for (name,) in self._rows("SELECT name FROM mass_batches WHERE decision IS NULL ORDER BY 1")]
        return [name for name in found if self._has_seen(name)]

    def _has_seen(self, name: str) -> bool:
        """Whether she has come to look; that takes her hours at times."""
        world = self.office.world
        at = self._comes.setdefault(name, world.now + world.between(timedelta(0), _LONGEST_WAIT))
        return at <= world.now or not world.stormy

    def look(self, name: str) -> None:
        """Let one of it go first, or decide about the whole of it.

        Raises:
            UnsafeRequest: The agent does not let her.
        """
        world = self.office.world
        held = self._rows(
            "SELECT id, event_id FROM mass_members JOIN outbox USING (submission_id) JOIN submissions"
            " ON id = submission_id WHERE batch = ? AND wait_reason = 'mass_held' ORDER BY 1",
            name,
        )
        if held and world.strikes(Fault.PERSON_LETS_ONE_GO, 0.4):
            self._let_one_go([which for which, _ in held], [event for _, event in held])
            return
        wrong = self._is_one(name) and world.strikes(Fault.PERSON_TAKES_BACK, 0.5)
        world.tell(f"desk: {name} {'taken back' if wrong else 'let go'}")
        self._decide(name, MassDecision.CANCELLED if wrong else MassDecision.RELEASED)

    def _let_one_go(self, held: Sequence[str], events: Sequence[str]) -> None:
        """And at times have HR correct another one."""
        office = self.office
        first = office.world.pick(range(len(held)))
        operate.release(SubmissionId(held[first]), _FIRST, ledger=office.ledger, clock=office)
        if len(held) > 1 and office.world.happens(0.5):
            office.asked.add(events[first - 1])

    def _is_one(self, name: str) -> bool:
        """Whether HR has committed all of it as one; of anything else what follows in its contract would go first."""
        of_batch = "SELECT event_id FROM mass_members JOIN submissions ON id = submission_id WHERE batch = ?"
        return {event for (event,) in self._rows(of_batch, name)} <= self.office.together

    def _decide(self, name: str, decision: MassDecision) -> None:
        office = self.office
        by = (_FIRST.name, WRONG_EXPORT if decision is MassDecision.CANCELLED else "looked through")
        if not office.world.strikes(Fault.DECISION_LEFT, 0.5):
            decide_mass(name, decision, by, ledger=office.ledger, clock=office)
            return
        killed: Any = _Killed(office.ledger, 1)
        later: Any = _Killed(office.ledger, office.world.pick((0, 1, 2)))
        try:
            decide_mass(name, decision, by, ledger=killed, clock=office)
        except CrashedError:
            office.world.tell("desk: the decision is on record")
        try:
            carry_out(name, ledger=later, clock=office, portion=1)
        except CrashedError:
            office.world.tell("desk: and half done")

    def _rows(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        found: list[tuple[str, ...]] = self.office.ledger.connection.driver.execute(statement, values).fetchall()
        return found


@dataclass
class _Killed:
    """The ledger of a console that is killed after so many transactions."""

    ledger: Any
    left: int

    def begin(self) -> AbstractContextManager[Any]:
        """A transaction of its own.

        Raises:
            CrashedError: It is gone.
        """
        if not self.left:
            raise CrashedError
        self.left -= 1
        unit: AbstractContextManager[Any] = self.ledger.begin()
        return unit
