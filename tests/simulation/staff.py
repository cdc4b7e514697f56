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
from support.sound_rows import IIN
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
        if what == "correct":
            happens = world.befalls(Fault.CORRECTED) or event.wrong
            event.wrong = False
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
        return mended

    def _payload(self, event: HrEvent) -> Mapping[str, str]:
        today = (event.signed_on or kazakhstan_date(self.office.world.now)).isoformat()
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
            "contract_date": _CONTRACT_DATE,
            "begin_date": _CONTRACT_DATE,
            "signed_on": today,
            "conscript_code": "1",
            "term_code": "1",
            "work_place_address": "Астана",
            "country_code": "398",
            "kato_code": "710000000",
        }
