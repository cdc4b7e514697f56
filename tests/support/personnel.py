"""People who do not exist, and what HR writes about their contracts; dates are relative to the day of the test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from usrec.domain.identifiers import check_digit
from usrec.domain.kazakhstan_time import kazakhstan_date

Payload = dict[str, str]


def a_day(back: int) -> date:
    """The day so many days before today in Kazakhstan."""
    return kazakhstan_date(datetime.now(UTC)) - timedelta(days=back)


@dataclass(frozen=True)
class Person:
    """Somebody on the books; equal numbers give equal people."""

    number: int

    @property
    def key(self) -> str:
        """HR's own key of the contract."""
        return f"K-{self.number}"

    @property
    def iin(self) -> str:
        serial = self.number
        while (digit := check_digit(f"9001013{serial:04d}")) is None:
            serial += 5000
        return f"9001013{serial:04d}{digit}"

    @property
    def name(self) -> str:
        return f"Сынақбаева Өмірхан-{self.number} Ғалымқызы"

    @property
    def contract_number(self) -> str:
        return f"ТД-{self.number}"


def conclusion_of(person: Person, *, signed: date | None = None, **changes: str | None) -> Payload:
    """A conclusion signed two days ago; a field that is changed to None is left out."""
    day = (signed or a_day(2)).isoformat()
    payload = {
        "employee_name": person.name,
        "employee_iin": person.iin,
        "contract_number": person.contract_number,
        "contract_date": day,
        "signed_on": day,
        "begin_date": day,
        "position_code": "2512-0-001",
        "established_post": "Инженер",
        "conscript_code": "1",
        "term_code": "1",
        "work_place_address": "Астана, Мәңгілік Ел көшесі, 1",
    }
    return _changed(payload, changes)


def amendment_of(person: Person, **changes: str | None) -> Payload:
    """A transfer, agreed yesterday."""
    day = a_day(1).isoformat()
    payload = {
        "employee_name": person.name,
        "agreement_number": f"ДС-{person.number}",
        "agreement_date": day,
        "signed_on": day,
        "begin_date": day,
        "position_code": "2512-0-002",
        "established_post": "Аға инженер",
    }
    return _changed(payload, changes)


def termination_of(person: Person, **changes: str | None) -> Payload:
    """A termination, effective yesterday."""
    payload = {"employee_name": person.name, "termination_date": a_day(1).isoformat(), "reason_code": "05"}
    return _changed(payload, changes)


def _changed(payload: Payload, changes: dict[str, str | None]) -> Payload:
    return {name: value for name, value in (payload | changes).items() if value is not None}
