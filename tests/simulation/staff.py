"""The HR department: it enters, corrects and withdraws events, late at times, and mends what the registry refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from simulation.authority import WRONG_CODE, WRONG_POST
from simulation.faults import Fault
from simulation.office import Office
from simulation.world import START
from support.sound_rows import IIN, OTHER_IIN
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.revision import ENTERED_BY_HAND
from usrec.domain.state import State

_ROW_STEP: Final = 10
_CONTRACT_DATE: Final = "2026-10-20"
"""Before everything else that is signed."""
_LATEST_ENTRY: Final[Mapping[str, Sequence[int]]] = {
    "conclusion": (3, 4, 5, 6),
    "amendment": (9, 11, 13, 14),
    "termination": (1, 2, 3),
}
"""How many days after its signing HR enters what it enters late: the legal date is near then."""


@dataclass
class HrEvent:
    """What HR wants to have registered.

    Attributes:
        signed_days_ago: When HR enters it first, it was signed so many days before.
        rank: Its place among the events of its contract.
        revision: The newest that HR entered; 0 before the first.
        wrong: The newest revision holds what the registry never takes.
        given_up: A person has taken it back, and HR leaves it at that.
        transfer: What its rows say as a half of a transfer; ``right``: what they say once HR has corrected it.
    """

    event_id: str
    operation: str
    contract: str
    employer_bin: str
    rank: int
    signed_days_ago: int = 0
    revision: int = 0
    wrong: bool = False
    withdrawn: bool = False
    given_up: bool = False
    transfer: Mapping[str, str] = field(default_factory=dict)
    right: Mapping[str, str] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    signed_on: date | None = None


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
        world, employers = self.office.world, list(self.office.employers)
        for number in range(2 + (world.chance.random() < 0.4)):
            at = START + world.between(timedelta(0), timedelta(days=2))
            employer = employers[number % len(employers)]
            kinds = ["conclusion", *["amendment"] * world.pick((0, 1, 1, 2)), *["termination"] * world.pick((0, 0, 1))]
            for rank, kind in enumerate(kinds):
                event = HrEvent(f"K{number}-{rank}-{kind}", kind, f"K{number}", employer, rank)
                event.wrong = world.happens(0.08)
                if world.happens(self.office.climate.late_entry):
                    event.signed_days_ago = world.pick(_LATEST_ENTRY[kind])
                self.events.append(event)
                self._plan(at, event)
                at += world.between(timedelta(seconds=1), timedelta(days=2))
        if self.office.climate.masses:
            self._end_together()
        if self.office.climate.pairs:
            self._transfer()
        self.plan.sort(key=lambda one: (one[0], one[2].event_id), reverse=True)

    def _transfer(self) -> None:
        """Whoever leaves the first contract comes by the second: in any order, and at times the two do not fit."""
        world, ends = self.office.world, [one for one in self.events if one.contract == "K0"][-1]
        begins, *others = [one for one in self.events if one.operation == "conclusion" and one.contract != "K0"]
        if ends.event_id in self.office.together and ends.operation != "termination":
            return
        if ends.operation == "conclusion":
            ends = HrEvent("", "termination", "K0", ends.employer_bin, ends.rank + 1)
            self.events.append(ends)
            self._plan(max(at for at, _, _ in self.plan), ends)
        if ends.operation != "termination":
            ends.signed_days_ago = min(ends.signed_days_ago, 2)
        ends.operation, ends.event_id = "termination", f"K0-{ends.rank}-termination"
        at = next(at for at, what, event in self.plan if event is ends and what == "enter")
        ends.right = begins.right = {"pair_key": "transfer-1"}
        if not self.office.together:
            begins.right = {**begins.right, "begin_date": (kazakhstan_date(at) + timedelta(days=1)).isoformat()}
            self._nothing_follows(begins)
        ends.transfer, begins.transfer = ends.right, begins.right
        if world.pick((True, True, False)) and world.befalls(Fault.TRANSFER_WRONG):
            self._does_not_fit(ends, begins, others[-1] if others else None)
        else:
            self.office.leaves = ends.event_id

    def _nothing_follows(self, begins: HrEvent) -> None:
        """In a contract that has only begun by then nothing can be changed before."""
        self.events = [one for one in self.events if one.contract != begins.contract or one is begins]
        self.plan = [one for one in self.plan if one[2] in self.events]

    def _does_not_fit(self, ends: HrEvent, begins: HrEvent, other: HrEvent | None) -> None:
        """One of the ways in which HR gets it wrong; it corrects half of them."""
        world = self.office.world
        late = world.now + world.between(timedelta(days=1), timedelta(days=5))
        match world.pick(("key", "elsewhere", "person", "day", "third")):
            case "key":
                begins.transfer = {**begins.right, "pair_key": "transfer-l"}
            case "elsewhere":
                ends.transfer = ends.right = {**ends.right, "pair_elsewhere": "true"}
                begins.transfer = begins.right = {}
            case "person":
                begins.transfer = {**begins.right, "employee_iin": OTHER_IIN}
            case "third" if other is not None:
                other.transfer = other.right = {"pair_key": "transfer-1"}
            case _:
                begins.transfer = {**begins.right, "begin_date": _CONTRACT_DATE}
        if world.pick((True, False)):
            self.plan.append((late, "correct", begins))

    def _end_together(self) -> None:
        """Each contract's last event is of one kind, employer and day, and HR commits all of them at one time."""
        world, employer = self.office.world, next(iter(self.office.employers))
        kind, days = world.pick(("amendment", "termination")), world.pick((0, 0, 1, 2))
        for contract in sorted({one.contract for one in self.events}):
            last = [one for one in self.events if one.contract == contract][-1]
            if last.operation == "conclusion":
                last = HrEvent("", kind, contract, employer, last.rank + 1)
                self.events.append(last)
                self._plan(max(at for at, _, _ in self.plan), last)
            last.operation, last.signed_days_ago = kind, days
            last.event_id = f"{contract}-{last.rank}-{kind}"
            self.office.together.add(last.event_id)
        for event in self.events:
            event.employer_bin = employer
        entered = {event.event_id: at for at, what, event in self.plan if what == "enter"}
        together = max(entered[one] for one in self.office.together)
        apart = world.pick((timedelta(seconds=10), timedelta(hours=3), timedelta(hours=6)))
        later = {
            one: together - entered[one] + world.between(timedelta(0), apart) for one in sorted(self.office.together)
        }
        self.plan = [(at + later.get(event.event_id, timedelta(0)), what, event) for at, what, event in self.plan]

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
        done = self._asked()
        while self.plan and self.plan[-1][0] <= self.office.world.now:
            _, what, event = self.plan.pop()
            done = True
            if what == "enter" or (event.revision and not event.given_up):
                self._commit(what, event)
        return done

    def _asked(self) -> bool:
        """Correct what somebody has just called about."""
        asked = [one for one in self.events if one.event_id in self.office.asked and one.revision]
        self.office.asked.clear()
        for event in asked:
            self._commit("correct", event)
        return bool(asked)

    def awaits_others(self) -> bool:
        """Whether some of those that belong together are committed, and others are not yet."""
        left = {event.event_id for _, what, event in self.plan if what == "enter"} & self.office.together
        return 0 < len(left) < len(self.office.together)

    def commit_the_others(self) -> None:
        """Those that belong together are all committed now."""
        now, together = self.office.world.now, self.office.together
        self.plan = [
            (now if what == "enter" and event.event_id in together else at, what, event)
            for at, what, event in self.plan
        ]
        self.plan.sort(key=lambda one: (one[0], one[2].event_id), reverse=True)

    def _commit(self, what: str, event: HrEvent) -> None:
        world = self.office.world
        if not self._befalls(what, event):
            return
        event.revision += 1
        world.tell(f"hr: {what} {event.event_id} r{event.revision}")
        event.rows.append(
            self.office.source.enter(
                event.event_id,
                event_type=event.operation,
                contract_key=event.contract,
                employer_bin=event.employer_bin,
                payload=json.dumps(self._payload(event), ensure_ascii=False),
                revision=event.revision,
                withdrawn=event.withdrawn,
                entered_at=world.now,
                row_id=self._row_id(event.contract),
            )
        )

    def _befalls(self, what: str, event: HrEvent) -> bool:
        """Whether HR does it; corrections and withdrawals are faults, and can be left out."""
        world = self.office.world
        if what == "enter":
            late = event.signed_days_ago and world.befalls(Fault.ENTERED_LATE)
            event.signed_on = kazakhstan_date(world.now) - timedelta(days=event.signed_days_ago if late else 0)
            event.wrong = event.wrong and world.befalls(Fault.WRONG_CONTENT)
            return True
        if what == "again":
            return True
        if what == "correct":
            happens = world.befalls(Fault.CORRECTED) or event.wrong
            event.wrong = False
            event.transfer = event.right
            return happens
        event.withdrawn = world.befalls(Fault.WITHDRAWN)
        return event.withdrawn

    def _row_id(self, contract: str) -> int:
        """The next id, or one before it where the row before is of another contract: one contract is one clerk's."""
        self._next_row += _ROW_STEP
        other, self._last_contract = self._last_contract not in {"", contract}, contract
        late = other and self.office.world.strikes(Fault.LATE_ROW, 0.2)
        return self._next_row - _ROW_STEP - 5 if late else self._next_row

    def mend(self) -> bool:
        """Follow what HR's own rows tell: mend what was refused, enter again what had to wait; whether HR did."""
        mended = False
        for event in self.events:
            note = self.office.source.status_of(event.rows[-1]) if event.rows else None
            if note is None or event.event_id in self.office.by_hand:
                continue
            refused = event.wrong and (note.state, note.code) == (State.REJECTED, WRONG_CODE)
            waited = note.state == State.INVALID and ENTERED_BY_HAND.rule in note.findings
            if refused or waited:
                self._commit("correct", event)
                mended = True
            elif note.state == State.CANCELLED and self._is_wanted(event):
                self._taken_back(event)
                mended = True
        return mended

    def _is_wanted(self, event: HrEvent) -> bool:
        may_come_again = event.event_id in {*self.office.together, self.office.leaves}
        return may_come_again and not (event.withdrawn or event.given_up)

    def _taken_back(self, event: HrEvent) -> None:
        """Somebody has taken it back: HR wants it all the same, or does not."""
        event.given_up = self.office.world.pick((True, True, False))
        if not event.given_up:
            self._commit("again", event)

    def _payload(self, event: HrEvent) -> Mapping[str, str]:
        today = (event.signed_on or kazakhstan_date(self.office.world.now)).isoformat()
        post = WRONG_POST if event.wrong else f"Инженер {event.revision}"
        if event.operation == "termination":
            return {"termination_date": today, "reason_code": "05", **event.transfer}
        work = {"position_code": "2512-0-001", "established_post": post, "begin_date": today}
        if event.operation == "amendment":
            number = {"agreement_number": event.event_id, "agreement_date": today, "signed_on": today}
            return {**work, **number}
        return {
            **work,
            "employee_iin": IIN,
            "contract_number": event.contract,
            "contract_date": _CONTRACT_DATE,
            "begin_date": _CONTRACT_DATE,
            "signed_on": today,
            "conscript_code": "1",
            "term_code": "1",
            "work_place_address": "Астана",
            "country_code": "398",
            "kato_code": "710000000",
            **event.transfer,
        }
