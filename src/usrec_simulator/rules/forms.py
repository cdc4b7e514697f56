"""Rules that many operations share: presence, form, dictionaries, who the parties are."""

import re
from collections.abc import Generator, Iterable, Iterator
from datetime import date
from typing import Final

from usrec_simulator.contracts import Contract
from usrec_simulator.dictionaries import Dictionary, Standing
from usrec_simulator.rules.book import Case

RECORD_ID: Final = re.compile(r"[A-Za-z0-9-]{32,45}")


def valid_iin(number: str) -> bool:
    """Check the two-pass checksum that IIN and BIN share; twelve zeros fulfil it and are nobody's number."""
    if not re.fullmatch(r"\d{12}", number, re.ASCII) or not number.strip("0"):
        return False
    digits = [int(digit) for digit in number]
    for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        check = sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11
        if check < 10:
            return check == digits[11]
    return False


def is_organisation(number: str) -> bool:
    """Tell a BIN from an IIN: the fifth digit of a BIN is 4, 5 or 6, that of an IIN the tens of a day, 0 to 3."""
    return number[4:5] in {"4", "5", "6"}


def years_before(day: date, years: int) -> date:
    """Return the same day so many years earlier; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def record_id(case: Case) -> Iterator[str]:
    """The client's own id: its form, and that nothing has it yet."""
    if case.record.record_id is None or RECORD_ID.fullmatch(case.record.record_id) is None:
        yield "SCSE087"
    elif case.registry.record_id_used(case.record.record_id):
        yield "SCSE086"


def employer(case: Case) -> Iterator[str]:
    """The employer is named by a number that can exist."""
    if "employerData" in case.record.lacks:
        yield "SCSE008"
    if case.record.employer is None:
        yield "SCSE009"
    elif not valid_iin(case.record.employer):
        yield "SCSE043"


def person(case: Case) -> Iterator[str]:
    """The employee is named by a number that can exist, and is a person of the register."""
    if "employeeData" in case.record.lacks:
        yield "SCSE010"
    if case.record.employee is None:
        yield "SCSE011"
    elif not valid_iin(case.record.employee):
        yield "SCSE045"
    elif case.record.employee in case.book.unknown_persons:
        yield "SCSE012"


def coded(
    case: Case, value: str | None, dictionary: Dictionary, unknown: str, heading: str | None = None
) -> Iterator[str]:
    """A code is one of its dictionary, and where the dictionary has levels, one of the lowest."""
    if value is None:
        return
    match case.book.dictionaries.standing(dictionary, value):
        case Standing.UNKNOWN:
            yield unknown
        case Standing.HEADING if heading is not None:
            yield heading
        case _:
            pass


def present(wanted: Iterable[tuple[object, str]]) -> Iterator[str]:
    """Every value is there; each with the code of its absence."""
    yield from (code for value, code in wanted if value is None)


def contract_known(case: Case) -> Iterator[str]:
    """The contract is named, and is one of the registry; whose it is, is not asked here."""
    if case.record.contract_id is None:
        yield "SCSE026"
    elif case.registry.contract(case.record.contract_id) is None:
        yield "SCSE025"


def contract_named(case: Case) -> Generator[str, None, Contract | None]:
    """Rules of every message that names a contract; returns that contract when there is one."""
    if case.record.contract_id is None:
        yield "SCSE026"
        return None
    contract = case.registry.contract(case.record.contract_id)
    if contract is None:
        yield "SCSE025"
    elif case.record.employer != contract.employer:
        yield "SCSE097"
    return contract
