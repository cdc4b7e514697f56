"""What the registry checks in a verified record, and with which code it refuses.

Source: the public response dictionary (which condition has which code) and the order of the real service as far as it
shows: id of the record first, then fields in the order of the message, then what is already registered. One code per
answer, so the first failing rule wins. Rules of inactive codes (013, 016, 017, 019, 020, ...) are left out.
"""

import re
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Protocol

from usrec_simulator.business import BusinessRecord, Operation, Profile
from usrec_simulator.deadlines import late_code

RECORD_ID: Final = re.compile(r"[A-Za-z0-9-]{32,45}")
POSITION: Final = re.compile(r"\d{6}|\d{4}-\d-\d{3}", re.ASCII)
REASON: Final = re.compile(r"\d{2}(-\d{3})?", re.ASCII)


class DeadlinePolicy(StrEnum):
    """Whether a late entry is refused or only noted; which of the two the real service does is not public."""

    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Contract:
    """A registered contract as later messages meet it."""

    contract_id: str
    employer: str
    number: str
    begin_date: date | None
    terminated: bool


class RegistryView(Protocol):
    """What the rules may ask the registry."""

    def record_id_used(self, record_id: str) -> bool:
        """Tell whether a record with this id exists."""

    def contract(self, contract_id: str) -> Contract | None:
        """Return a registered contract."""

    def number_used(self, employer: str, number: str) -> bool:
        """Tell whether the employer has a contract with this number."""

    def agreement_exists(self, contract_id: str, number: str, event_date: date) -> bool:
        """Tell whether the contract has an agreement of this number and date."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The choices that make two simulated registries differ."""

    profile: Profile = Profile.CURRENT
    deadlines: DeadlinePolicy = DeadlinePolicy.WARN
    unknown_persons: Collection[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The code that refuses, or None; and codes that were only noted."""

    code: str | None
    warnings: tuple[str, ...] = ()


def judge(record: BusinessRecord, registry: RegistryView, book: RuleBook, today: date) -> Verdict:
    """Judge one record against the rules and what is registered."""
    code = next(_failures(record, registry, book, today), None)
    if code is not None or record.event_date is None:
        return Verdict(code)
    late = late_code(record.operation, record.event_date, today)
    if late is None:
        return Verdict(None)
    return Verdict(late) if book.deadlines is DeadlinePolicy.REFUSE else Verdict(None, (late,))


def valid_iin(number: str) -> bool:
    """Check the two-pass checksum that IIN and BIN share."""
    if not re.fullmatch(r"\d{12}", number, re.ASCII):
        return False
    digits = [int(digit) for digit in number]
    for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        check = sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11
        if check < 10:
            return check == digits[11]
    return False


def _failures(record: BusinessRecord, registry: RegistryView, book: RuleBook, today: date) -> Iterator[str]:
    if book.profile is Profile.CURRENT:
        yield from _record_id(record, registry)
    if record.employer is None:
        yield "SCSE009"
    elif not valid_iin(record.employer):
        yield "SCSE043"
    match record.operation:
        case Operation.CONCLUSION:
            yield from _conclusion(record, registry, book, today)
        case Operation.AMENDMENT:
            yield from _amendment(record, registry, today)
        case Operation.TERMINATION:
            yield from _termination(record, registry, today)


def _record_id(record: BusinessRecord, registry: RegistryView) -> Iterator[str]:
    if record.record_id is None or RECORD_ID.fullmatch(record.record_id) is None:
        yield "SCSE087"
    elif registry.record_id_used(record.record_id):
        yield "SCSE086"


def _conclusion(record: BusinessRecord, registry: RegistryView, book: RuleBook, today: date) -> Iterator[str]:
    yield from _person(record, book)
    if record.number is None:
        yield "SCSE003"
    if record.event_date is None:
        yield "SCSE004"
    if record.begin_date is None:
        yield "SCSE005"
    if record.position is None:
        yield "SCSE006"
    yield from _position_form(record)
    if record.post is None:
        yield "SCSE029"
    if record.event_date and record.event_date > today:
        yield "SCSE059"
    if record.employer and record.number and registry.number_used(record.employer, record.number):
        yield "SCSE014"


def _person(record: BusinessRecord, book: RuleBook) -> Iterator[str]:
    if record.employee is None:
        yield "SCSE011"
    elif not valid_iin(record.employee):
        yield "SCSE045"
    elif record.employee in book.unknown_persons:
        yield "SCSE012"


def _position_form(record: BusinessRecord) -> Iterator[str]:
    if record.position is not None and POSITION.fullmatch(record.position) is None:
        yield "SCSE007"


def _contract_of(record: BusinessRecord, registry: RegistryView) -> Generator[str, None, Contract | None]:
    """Rules of every message that names a contract; returns that contract when there is one."""
    if record.contract_id is None:
        yield "SCSE026"
        return None
    contract = registry.contract(record.contract_id)
    if contract is None:
        yield "SCSE025"
    elif record.employer != contract.employer:
        yield "SCSE097"
    return contract


def _amendment(record: BusinessRecord, registry: RegistryView, today: date) -> Iterator[str]:
    contract = yield from _contract_of(record, registry)
    if record.number is None:
        yield "SCSE015"
    if record.event_date is None:
        yield "SCSE023"
    if record.begin_date is None:
        yield "SCSE024"
    if record.position is None and record.post is None:
        yield "SCSE080"
    yield from _position_form(record)
    if contract and record.number and record.event_date:
        if registry.agreement_exists(contract.contract_id, record.number, record.event_date):
            yield "SCSE070"
        yield from _amendment_dates(record.event_date, record.begin_date, contract, today)


def _amendment_dates(signed: date, begins: date | None, contract: Contract, today: date) -> Iterator[str]:
    if contract.terminated:
        yield "SCSE092"
    if signed > today:
        yield "SCSE062"
    if contract.begin_date and signed < contract.begin_date:
        yield "SCSE063"
    if begins and signed > begins:
        yield "SCSE064"


def _termination(record: BusinessRecord, registry: RegistryView, today: date) -> Iterator[str]:
    contract = yield from _contract_of(record, registry)
    if record.event_date is None:
        yield "SCSE018"
    if record.reason is None or REASON.fullmatch(record.reason) is None:
        yield "SCSE022"
    if contract and contract.terminated:
        yield "SCSE092"
    if record.event_date and record.event_date > today:
        yield "SCSE066"
    if contract and contract.begin_date and record.event_date and record.event_date < contract.begin_date:
        yield "SCSE067"
