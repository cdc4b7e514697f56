"""The operator: settles doubts by what stands in the registry, tries again, and interferes at bad moments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulation.authority import BARRED, NOT_TODAY
from simulation.faults import Fault
from simulation.mass_desk import MassDesk
from simulation.office import Office
from simulation.ports import letter_of
from usrec.application import operate
from usrec.application.acting import Actor
from usrec.application.retry import retry
from usrec.application.settle import Settlement, settle
from usrec.application.stop_employer import release_employer, stop_employer
from usrec.domain.errors import UnsafeRequest
from usrec.domain.source_event import Operation
from usrec.domain.state import State
from usrec.domain.submission import Submission, SubmissionId

PERSON: Final = Actor("asel", "looked into the registry")
_CHECKED_OUT_FOR: Final = timedelta(hours=6)
_LONGEST_STOP: Final = timedelta(hours=20)
_MEDDLING: Final = (
    *(Fault.PERSON_HOLDS, Fault.PERSON_HURRIES, Fault.PERSON_STOPS),
    *(Fault.PERSON_CHECKS_OUT, Fault.PERSON_CHECKS_OUT, Fault.PERSON_CHECKS_OUT),
)
"""What is drawn from; much of the portal's work is refused."""
_BY_HAND: Final = frozenset({Operation.CONCLUSION, Operation.AMENDMENT})


@dataclass
class Desk:
    """A person with the registry's portal open beside the agent's console.

    Attributes:
        plan: (when, what, of which submission or employer): what this person has begun and will end.
        keeps: Employers that stay stopped whatever the plan says.
    """

    office: Office
    plan: list[tuple[datetime, str, str]] = field(default_factory=list)
    keeps: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._masses = MassDesk(self.office)

    def next_at(self) -> datetime | None:
        """When this person does something next."""
        return min((at for at, _, _ in self.plan), default=None)

    def act(self) -> bool:
        """End what is due; whether something was."""
        due = sorted(one for one in self.plan if one[0] <= self.office.world.now)
        for one in due:
            self.plan.remove(one)
            getattr(self, f"_{one[1]}")(one[2])
        return bool(due)

    def end_everything(self) -> None:
        """Whatever this person has begun ends at once."""
        self.plan = [(self.office.world.now, what, whom) for _, what, whom in self.plan]

    def work_off(self) -> bool:
        """Settle or try again what waits for a decision; whether something was done."""
        done = [self._tries(self._decide, one) for one in self._awaiting() if not self._in_flight(one)]
        released = [self._tries(self._let_go, bin_) for bin_ in self._stopped() if self._may_go(bin_)]
        revived = [self._tries(self._again, which) for which in self._refused_for_a_time()]
        looked = [self._tries(self._masses.look, name) for name in self._masses.undecided()]
        return any(done) or any(released) or any(revived) or any(looked)

    def take_back_half(self) -> None:
        """Take back half of a transfer that waits: somebody finds that it is none."""
        waiting = (
            "SELECT id FROM outbox JOIN submissions ON id = submission_id WHERE event_id = ? AND state = 'pending'"
        )
        for (which,) in self._rows(waiting, self.office.leaves):
            if self._tries(self._take_back, which):
                self.office.world.befalls(Fault.PERSON_CANCELS)

    def meddle(self) -> None:
        """Hold, hurry, enter by hand or stop something at random."""
        world = self.office.world
        fault = world.pick(_MEDDLING)
        on_its_way = self._rows("SELECT submission_id FROM outbox ORDER BY submission_id")
        if on_its_way and fault not in world.without:
            self._tries(self._meddling[fault], SubmissionId(world.pick(on_its_way)[0]))

    @property
    def _meddling(self) -> Mapping[Fault, Callable[[SubmissionId], None]]:
        return {
            Fault.PERSON_HOLDS: self._hold,
            Fault.PERSON_HURRIES: self._hurry,
            Fault.PERSON_CHECKS_OUT: self._check_out,
            Fault.PERSON_STOPS: self._stop,
        }

    def _hold(self, which: SubmissionId) -> None:
        operate.hold(which, PERSON, ledger=self.office.ledger, clock=self.office)
        self._begun(Fault.PERSON_HOLDS, "release", which, timedelta(days=1))

    def _release(self, which: str) -> None:
        self._tries(self._give_free, SubmissionId(which))

    def _give_free(self, which: SubmissionId) -> None:
        operate.release(which, PERSON, ledger=self.office.ledger, clock=self.office)

    def _hurry(self, which: SubmissionId) -> None:
        self._again(which)
        self.office.world.befalls(Fault.PERSON_HURRIES)

    def _check_out(self, which: SubmissionId) -> None:
        office = self.office
        submission = self._get(which)
        if submission.operation in _BY_HAND:
            operate.check_out(which, "asel", PERSON, ledger=office.ledger, clock=office, duration=_CHECKED_OUT_FOR)
            office.by_hand.add(submission.event_id)
            self._begun(Fault.PERSON_CHECKS_OUT, "enter", which, _CHECKED_OUT_FOR * 1.5)

    def _enter(self, which: str) -> None:
        """Enter it in the portal, if the portal takes it, and say so."""
        submission = self._get(SubmissionId(which))
        self.office.by_hand.discard(submission.event_id)
        letter = letter_of(submission, f"portal-{which}")
        taken = submission.state is State.PENDING and self.office.network.authority.enter(letter)
        self.office.world.tell(f"desk: {submission.event_id} in the portal: {'taken' if taken else 'not taken'}")
        if not taken:
            self._tries(self._give_free, submission.id)
        elif not self._tries(self._settle, submission.id):
            self._tries(self._settle_late, submission.id)

    def _settle_late(self, which: SubmissionId) -> None:
        """What the refusal says: the check-out had ended, so it is checked out again first."""
        operate.check_out(
            which, "asel", PERSON, ledger=self.office.ledger, clock=self.office, duration=_CHECKED_OUT_FOR
        )
        self._settle(which)

    def _stop(self, which: SubmissionId) -> None:
        self.stop(self._get(which).employer_bin)

    def stop(self, bin_: str) -> None:
        """Stop an employer for a while."""
        office = self.office
        stop_employer(bin_, office.employers[bin_], by="asel", reason="doubts", ledger=office.ledger, clock=office)
        self._begun(Fault.PERSON_STOPS, "end_stop", bin_, _LONGEST_STOP)

    def stop_for_good(self, bin_: str) -> bool:
        """Stop an employer until further notice; false when it was stopped already."""
        self.keeps.add(bin_)
        self.plan = [one for one in self.plan if one[1:] != ("end_stop", bin_)]
        done = self._tries(self.stop, bin_)
        self.plan = [one for one in self.plan if one[1:] != ("end_stop", bin_)]
        return done

    def _end_stop(self, bin_: str) -> None:
        if self._may_go(bin_):
            self._tries(self._let_go, bin_)

    def _let_go(self, bin_: str) -> None:
        office = self.office
        release_employer(bin_, office.employers[bin_], by="asel", reason="mended", ledger=office.ledger, clock=office)

    def _may_go(self, bin_: str) -> bool:
        """Whether nothing speaks against letting a stopped employer go on."""
        meant = any(what == "end_stop" and whom == bin_ for _, what, whom in self.plan)
        return not meant and bin_ not in self.keeps and bin_ not in self.office.network.authority.barred

    def _begun(self, fault: Fault, ends: str, whom: str, longest: timedelta) -> None:
        world = self.office.world
        world.befalls(fault)
        self.plan.append((world.now + world.between(timedelta(minutes=1), longest), ends, whom))

    def _tries(self, act: object, whom: str) -> bool:
        """Whether the agent let this person do it."""
        assert callable(act)
        try:
            act(whom)
        except UnsafeRequest as refusal:
            self.office.world.tell(f"desk: {refusal.what}")
            return False
        return True

    def _awaiting(self) -> Sequence[SubmissionId]:
        waiting = "SELECT submission_id FROM outbox WHERE wait_reason IN ('needs_decision', 'to_confirm') ORDER BY 1"
        return [SubmissionId(which) for (which,) in self._rows(waiting)]

    def _take_back(self, which: str) -> None:
        operate.cancel(SubmissionId(which), PERSON, ledger=self.office.ledger, clock=self.office)

    def _refused_for_a_time(self) -> Sequence[SubmissionId]:
        """What was refused for a cause that is over."""
        barred = self.office.network.authority.barred
        refused = self._rows(
            "SELECT id, employer_bin, code FROM submissions WHERE state = 'rejected' AND replaced_by IS NULL ORDER BY 1"
        )
        return [
            SubmissionId(which) for which, bin_, code in refused if code in {BARRED, NOT_TODAY} and bin_ not in barred
        ]

    def _stopped(self) -> Sequence[str]:
        return [bin_ for (bin_,) in self._rows("SELECT employer_bin FROM employer_stops ORDER BY 1")]

    def _rows(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        found: list[tuple[str, ...]] = self.office.ledger.connection.driver.execute(statement, values).fetchall()
        return found

    def _get(self, which: SubmissionId) -> Submission:
        with self.office.ledger.begin() as work:
            found = work.submissions.get(which)
        assert found is not None
        return found

    def _in_flight(self, which: SubmissionId) -> bool:
        event_id = self._get(which).event_id
        return any(one.letter.event_id == event_id for one in self.office.network.in_flight)

    def _decide(self, which: SubmissionId) -> None:
        submission = self._get(which)
        registered = self.office.network.authority.events[submission.event_id] > 0
        self.office.world.tell(f"desk: {submission.event_id} {submission.state} registered={registered}")
        if submission.state is not State.INDETERMINATE:
            self._again(which)
            return
        self._settle(which)
        if not registered:
            self._tries(self._again, which)

    def _settle(self, which: SubmissionId) -> None:
        """Say what stands in the registry."""
        office, submission = self.office, self._get(which)
        entered = [one for one in office.network.authority.letters if one.event_id == submission.event_id]
        concluded = entered[-1].record_id if entered and submission.operation is Operation.CONCLUSION else None
        found = Settlement(bool(entered), submission.contract_id or concluded, b"an extract")
        settle(which, found, PERSON, ledger=office.ledger, clock=office)

    def _again(self, which: SubmissionId) -> None:
        office = self.office
        retry(
            which,
            PERSON,
            ledger=office.ledger,
            clock=office,
            entropy=office.entropy,
            employers=office.employers,
            calendar=office.calendar,
            preflight=office.preflight,
        )
