"""The HR office of the made-up company: hires people, keeps their contracts and writes events about them."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from usrec.domain.kazakhstan_time import KAZAKHSTAN
from usrec.domain.source_event import Operation
from usrec.interfaces.demo.people import Crowd, Deck, make_bin, slip_of, staff_schedule
from usrec.interfaces.demo.records import Contract, Employee, Fate, OutboxRow, Paper, PendingEvent, Post

_DAY: Final = timedelta(days=1)
_REASONS: Final = ("01", "02", "05")
"""By agreement, by end of term, on the employee's initiative (public dictionary of grounds)."""

_CONSCRIPT_CODES: Final = ("1", "2", "3")
"""The dictionary of relations to military service is not public; any code passes the simulator [assumed]."""

_TERMS: Final = {
    "term_code": "1",
    "work_kind_code": "2",
    "work_place_address": "г. Астана, пр. Мәңгілік Ел, 1",
    "country_code": "398",
    "kato_code": "710000000",
}
"""Indefinite, main work, in Astana."""


@dataclass(frozen=True, slots=True)
class Version:
    """One revision of an event before it has an id."""

    event_type: str
    contract_key: str
    payload: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has an id; see :class:`PendingEvent` for the attributes."""

    story: str
    fate: Fate
    late: bool
    versions: tuple[Version, ...]


def drafted(story: str, fate: Fate, *versions: Version, late: bool = False) -> Draft:
    """An event of a story, with its revisions."""
    return Draft(story, fate, late, versions)


@dataclass(frozen=True, slots=True)
class Story:
    """A story and how many events it has."""

    size: int
    tell: Callable[[Office], list[Draft]]


class Office:
    """Everything that the stories are told with.

    Args:
        rng: The only source of chance.
        today: The day on which the demonstration runs, in Kazakhstan.
        is_working_day: The working calendar.
    """

    def __init__(self, rng: Random, today: date, is_working_day: Callable[[date], bool]) -> None:
        self.today = today
        self.employees: list[Employee] = []
        self.contracts: list[Contract] = []
        self.papers: list[Paper] = []
        self.unknown_persons: list[str] = []
        self.bin = make_bin(rng, today)
        self._rng = rng
        self._is_working_day = is_working_day
        self._crowd = Crowd(rng, today)
        self._posts = Deck(staff_schedule(), rng)
        self._reasons = Deck(_REASONS, rng)
        self._staff: list[Contract] = []
        self._former: list[Contract] = []
        self._agreements = 0
        self._contracts_of: Counter[str] = Counter()

    def working_day(self, back: int) -> date:
        """The ``back``-th working day before today, which itself is not counted."""
        day = self.today
        while back:
            day -= _DAY
            back -= self._is_working_day(day)
        return day

    def working_day_ahead(self, days: int) -> date:
        """The first working day at least ``days`` calendar days ahead."""
        day = self.today + timedelta(days=days)
        while not self._is_working_day(day):
            day += _DAY
        return day

    def some(self, first: int, last: int) -> int:
        """A number between the two, both included."""
        return self._rng.randint(first, last)

    def employ_earlier(self, number: int, *, former: bool = False) -> None:
        """Add people whose contracts were registered long ago; the contracts of former staff have ended since."""
        for _ in range(number):
            begin = self.today - timedelta(days=self.some(500, 1800))
            ended = begin + timedelta(days=self.some(120, 360)) if former else None
            contract = replace(self._contract(self._new_employee(), begin), registry_id=self._uuid(), ended_on=ended)
            self.contracts.append(contract)
            (self._former if former else self._staff).append(contract)
        self._rng.shuffle(self._staff)

    def has_staff(self) -> bool:
        """Whether there is a contract in force about which no event has been told yet."""
        return bool(self._staff)

    def staff_contract(self) -> Contract:
        """Such a contract; the next call gives another one."""
        return self._staff.pop()

    def former_contract(self) -> Contract:
        """A contract that ended long ago."""
        return self._former.pop()

    def hire(self, signed: date, *, employee: Employee | None = None, number: str | None = None) -> Contract:
        """A contract that is to be registered, with somebody new unless ``employee`` is given."""
        contract = self._contract(employee or self._new_employee(), signed)
        contract = replace(contract, number=number or contract.number)
        self.contracts.append(contract)
        return contract

    def hire_with_wrong_iin(self, signed: date) -> Contract:
        """A contract with somebody whose IIN HR has typed wrongly in its own card file as well."""
        employee = self._crowd.next_employee()
        employee = replace(employee, iin=slip_of(employee.iin))
        self.employees.append(employee)
        return self.hire(signed, employee=employee)

    def concluded(self, contract: Contract, entered_on: date | None = None, **changes: str) -> Version:
        """A conclusion signed by both on the date of the contract; ``changes`` replace fields of the payload."""
        payload = self.body(contract) | {"signed_on": contract.contract_date.isoformat()} | changes
        return self.told(Operation.CONCLUSION, contract, entered_on or contract.contract_date, **payload)

    def body(self, contract: Contract) -> dict[str, str]:
        """The data of a contract, as a conclusion has them and a correction repeats them."""
        return {
            "employee_iin": contract.employee.iin,
            "contract_number": contract.number,
            "contract_date": contract.contract_date.isoformat(),
            "begin_date": contract.begin_date.isoformat(),
            "conscript_code": self._rng.choice(_CONSCRIPT_CODES),
            **_named(contract.post),
            **_TERMS,
        }

    def amended(self, contract: Contract, agreed: date, entered_on: date | None = None, **changes: str) -> Version:
        """A transfer to another post, signed by both on the day of the agreement and in force from then on."""
        payload = self.agreement(self._agreement_number(), agreed) | {"signed_on": agreed.isoformat()} | changes
        return self.told(Operation.AMENDMENT, contract, entered_on or agreed, **payload)

    def agreement(self, number: str, agreed: date) -> dict[str, str]:
        """The data of an agreement on another post, in force from its own day on."""
        day = agreed.isoformat()
        return {"agreement_number": number, "agreement_date": day, "begin_date": day, **_named(self.another_post())}

    def another_post(self) -> Post:
        """A post of the staff schedule."""
        return self._posts.deal()

    def terminated(self, contract: Contract, last_day: date, entered_on: date | None = None) -> Version:
        """A termination on ``last_day``."""
        payload = {"termination_date": last_day.isoformat(), "reason_code": self._reasons.deal()}
        return self.told(Operation.TERMINATION, contract, entered_on or last_day, **payload)

    def told(self, operation: Operation, contract: Contract, on: date, /, **fields: str) -> Version:
        """Any event of a contract; the registry's id is given where the agent cannot know it."""
        known = {"employee_name": contract.employee.full_name} | _registered(contract)
        return self._version(operation, contract, known | fields, on)

    def registered_agreement(self, contract: Contract, agreed: date) -> Paper:
        """An agreement that was registered before the demonstration begins."""
        return self._registered_paper(contract, Operation.AMENDMENT, agreed, self._agreement_number())

    def registered_leave(self, contract: Contract, begins: date) -> Paper:
        """A leave that was registered before the demonstration begins."""
        return self._registered_paper(contract, Operation.SOCIAL_LEAVE, begins)

    def another_iin(self, employee: Employee) -> str:
        """The IIN that a person has got in place of the old one."""
        return self._crowd.another_iin(employee)

    def another_bin(self) -> str:
        """The BIN of another company."""
        return make_bin(self._rng, self.today)

    def unknown_contract_id(self) -> str:
        """A well-formed id that the registry does not hold."""
        return self._uuid()

    def publish(self, drafts: list[Draft]) -> tuple[PendingEvent, ...]:
        """Give each event its id, in the order in which HR entered them."""
        drafts = sorted(drafts, key=lambda draft: draft.versions[0].entered_at)
        return tuple(self._published(draft, f"HR-{number:06d}") for number, draft in enumerate(drafts, 1))

    def _published(self, draft: Draft, event_id: str) -> PendingEvent:
        rows = (
            OutboxRow(
                event_id=event_id,
                revision=revision,
                event_type=one.event_type,
                contract_key=one.contract_key,
                employer_bin=self.bin,
                payload=one.payload,
                entered_at=one.entered_at,
            )
            for revision, one in enumerate(draft.versions, 1)
        )
        return PendingEvent(event_id, draft.story, draft.fate, draft.late, tuple(rows))

    def _version(self, event_type: Operation, contract: Contract, payload: dict[str, str], entered_on: date) -> Version:
        """One revision, entered in office hours of a day before today."""
        hour = time(self.some(9, 17), self.some(0, 59), self.some(0, 59))
        entered_at = datetime.combine(entered_on, hour, tzinfo=KAZAKHSTAN).astimezone(UTC)
        return Version(event_type.value, contract.key, json.dumps(payload, ensure_ascii=False), entered_at)

    def _agreement_number(self) -> str:
        self._agreements += 1
        return f"ДС-{self._agreements}"

    def _registered_paper(
        self, contract: Contract, operation: Operation, day: date, number: str | None = None
    ) -> Paper:
        paper = Paper(self._uuid(), contract, operation, day, number)
        self.papers.append(paper)
        return paper

    def _new_employee(self) -> Employee:
        employee = self._crowd.next_employee()
        self.employees.append(employee)
        return employee

    def _contract(self, employee: Employee, signed: date) -> Contract:
        serial = len(self.contracts) + 1
        self._contracts_of[employee.personnel_no] += 1
        return Contract(
            key=f"TD-{employee.personnel_no}-{self._contracts_of[employee.personnel_no]}",
            employee=employee,
            post=self._posts.deal(),
            number=f"{serial}-ТД/{signed.year}",
            contract_date=signed,
            begin_date=signed,
        )

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))


def _named(post: Post) -> dict[str, str]:
    return {"position_code": post.code, "established_post": post.title}


def _registered(contract: Contract) -> dict[str, str]:
    """The registry's id, which the agent cannot know of contracts that it did not register itself."""
    return {} if contract.registry_id is None else {"contract_id": contract.registry_id}
