"""The people around the agents: the HR department that enters events, and the person at the desk who settles doubts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulation.agent import Office
from simulation.authority import WRONG_POST
from simulation.faults import Fault
from simulation.world import START
from support.sound_rows import BIN, IIN
from usrec.application import operate
from usrec.domain.errors import UnsafeRequest
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.source_event import EventId
from usrec.domain.state import State
from usrec.domain.submission import Submission, SubmissionId, WaitReason

PERSON: Final = operate.Actor("asel", "looked into the registry")
_ROW_STEP: Final = 10


@dataclass
class HrEvent:
    """What HR wants to have registered.

    Attributes:
        rank: Its place among the events of its contract.
        revision: The newest that HR entered; 0 before the first.
        wrong: The newest revision holds what the registry never takes.
    """

    event_id: str
    operation: str
    contract: str
    rank: int
    revision: int = 0
    wrong: bool = False
    withdrawn: bool = False
    rows: list[str] = field(default_factory=list)


@dataclass
class HrDepartment:
    """Enters, corrects and withdraws events by a plan that the seed makes.

    Attributes:
        plan: (when, what, event), the next one last.
    """

    office: Office
    events: list[HrEvent] = field(default_factory=list)
    plan: list[tuple[datetime, str, HrEvent]] = field(default_factory=list)
    _next_row: int = _ROW_STEP
    _last_contract: str = ""

    def make_plan(self) -> None:
        """Two or three contracts with what befalls them in a week."""
        world = self.office.world
        for number in range(2 + (world.chance.random() < 0.4)):
            at = START + world.between(timedelta(0), timedelta(days=2))
            kinds = ["conclusion", *["amendment"] * world.pick((0, 1, 1, 2)), *["termination"] * world.pick((0, 0, 1))]
            for rank, kind in enumerate(kinds):
                event = HrEvent(f"K{number}-{rank}-{kind}", kind, f"K{number}", rank)
                event.wrong = world.happens(0.08)
                self.events.append(event)
                self._plan(at, event)
                at += world.between(timedelta(seconds=1), timedelta(days=2))
        self.plan.sort(key=lambda one: (one[0], one[2].event_id), reverse=True)

    def _plan(self, at: datetime, event: HrEvent) -> None:
        world = self.office.world
        self.plan.append((at, "enter", event))
        if event.wrong or world.happens(0.2):
            self.plan.append((at + world.between(timedelta(seconds=10), timedelta(days=1)), "correct", event))
        if event.operation != "conclusion" and world.happens(0.1):
            self.plan.append((at + world.between(timedelta(seconds=10), timedelta(days=1)), "withdraw", event))

    def next_at(self) -> datetime | None:
        """When it does something next."""
        return self.plan[-1][0] if self.plan else None

    def act(self) -> bool:
        """Do what is due; whether something was."""
        done = False
        while self.plan and self.plan[-1][0] <= self.office.world.now:
            _, what, event = self.plan.pop()
            done = True
            if what == "enter" or event.revision:
                self._commit(what, event)
        return done

    def _commit(self, what: str, event: HrEvent) -> None:
        world = self.office.world
        if what == "enter":
            if event.wrong:
                world.count(Fault.WRONG_CONTENT)
        elif what == "correct":
            world.count(Fault.CORRECTED)
            event.wrong = False
        else:
            world.count(Fault.WITHDRAWN)
            event.withdrawn = True
        event.revision += 1
        world.tell(f"hr: {what} {event.event_id} r{event.revision}")
        event.rows.append(
            self.office.source.enter(
                event.event_id,
                event_type=event.operation,
                contract_key=event.contract,
                employer_bin=BIN,
                payload=json.dumps(self._payload(event), ensure_ascii=False),
                revision=event.revision,
                withdrawn=event.withdrawn,
                entered_at=world.now,
                row_id=self._row_id(event.contract),
            )
        )

    def _row_id(self, contract: str) -> int:
        """The next id, or one before it where the row before is of another contract: one contract is one clerk's."""
        self._next_row += _ROW_STEP
        other, self._last_contract = self._last_contract not in {"", contract}, contract
        late = other and self.office.world.strikes(Fault.LATE_ROW, 0.2)
        return self._next_row - _ROW_STEP - 5 if late else self._next_row

    def mend(self) -> bool:
        """Correct what the registry refused, by what HR's own rows tell; whether something was."""
        mended = False
        for event in self.events:
            note = self.office.source.status_of(event.rows[-1]) if event.rows else None
            if event.wrong and note is not None and note.state == State.REJECTED:
                self._commit("correct", event)
                mended = True
        return mended

    def _payload(self, event: HrEvent) -> Mapping[str, str]:
        today = kazakhstan_date(self.office.world.now).isoformat()
        post = WRONG_POST if event.wrong else f"Инженер {event.revision}"
        if event.operation == "termination":
            return {"termination_date": today, "reason_code": "05"}
        work = {"position_code": "2512-0-001", "established_post": post, "begin_date": today}
        if event.operation == "amendment":
            number = {"agreement_number": event.event_id, "agreement_date": today, "signed_on": today}
            return {**work, **number}
        return {
            **work,
            "employee_iin": IIN,
            "contract_number": event.contract,
            "contract_date": today,
            "signed_on": today,
            "conscript_code": "1",
            "term_code": "1",
            "work_place_address": "Астана",
            "country_code": "398",
            "kato_code": "710000000",
        }


@dataclass
class Desk:
    """A person who looks into the registry, and settles with what stands there."""

    office: Office
    hr: HrDepartment

    def work_off(self) -> bool:
        """Settle or try again what waits for a decision; whether something did."""
        waiting = [one for one in self._waiting() if not self._in_flight(one)]
        for submission in waiting:
            try:
                self._decide(submission)
            except UnsafeRequest as refusal:
                self.office.world.tell(f"desk: {submission.event_id} {refusal.what}")
        return bool(waiting)

    def _waiting(self) -> list[Submission]:
        found: list[Submission] = []
        with self.office.ledger.begin() as work:
            for event in self.hr.events:
                for one in work.submissions.of_event(self.office.source.name, EventId(event.event_id)):
                    entry = work.outbox.get(one.id)
                    if entry is not None and entry.wait_reason is WaitReason.NEEDS_DECISION:
                        found.append(one)
        return found

    def _in_flight(self, submission: Submission) -> bool:
        return any(one.letter.event_id == submission.event_id for one in self.office.network.in_flight)

    def _decide(self, submission: Submission) -> None:
        office = self.office
        registered = submission.record_id is not None and submission.record_id in office.network.authority.ids
        office.world.tell(f"desk: {submission.event_id} {submission.state} registered={registered}")
        if submission.state is State.INDETERMINATE:
            contract = submission.contract_id or (submission.record_id if registered else None)
            found = operate.Settlement(registered, contract, b"an extract")
            operate.settle(submission.id, found, PERSON, ledger=office.ledger, clock=_Now(office))
            if registered:
                return
        self._again(submission.id)

    def _again(self, which: SubmissionId) -> None:
        office = self.office
        operate.retry(
            which,
            PERSON,
            ledger=office.ledger,
            clock=_Now(office),
            entropy=office.entropy,
            employers=office.employers,
            calendar=office.calendar,
        )


@dataclass(frozen=True)
class _Now:
    """The clock on the wall."""

    office: Office

    def now(self) -> datetime:
        return self.office.world.now
