"""Extending a contract that ran out (point 13-1 of the Order).

Source: codes SCSE039, 068, 109-116, 120, 158. That two extensions are the most, and that "the same term" means the same
code, is how we read Labour Code article 30 and codes SCSE113 and 114.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from usrec_simulator.contracts import Contract
from usrec_simulator.dictionaries import Dictionary
from usrec_simulator.rules.book import Case
from usrec_simulator.rules.foreigner import term_by_permit
from usrec_simulator.rules.forms import coded, contract_named, present, years_before
from usrec_simulator.rules.particulars import FAR, INDEFINITE, YEAR_AT_LEAST

MOST: Final = 2


def extension(case: Case) -> Iterator[str]:
    """All rules of an extension."""
    contract = yield from contract_named(case)
    day = case.record.event_date
    if day is None:
        yield "SCSE109"
    elif day > case.today:
        yield "SCSE110"
    yield from present([(case.text("term_code"), "SCSE039")])
    yield from coded(case, case.text("term_code"), Dictionary.TERM, "SCSE038", "SCSE081")
    if contract is None:
        return
    if contract.terminated:
        yield "SCSE092"
    yield from _sequence(case, contract)
    yield from _new_term(case, contract)
    yield from term_by_permit(case, contract.employee)


def _sequence(case: Case, contract: Contract) -> Iterator[str]:
    """The extension starts where the term in force ends, after every earlier one."""
    day = case.record.event_date
    if contract.term and contract.term.code == INDEFINITE:
        yield "SCSE111"
    earlier = [one.day for one in contract.extensions if one.day]
    if day in earlier:
        yield "SCSE120"
    if day and any(day < one for one in earlier):
        yield "SCSE112"
    if day and contract.term and contract.term.end != day:
        yield "SCSE116"


def _new_term(case: Case, contract: Contract) -> Iterator[str]:
    """Indefinite, or once more the term that ran out, with an end that lies ahead."""
    code, end, day = case.text("term_code"), case.day("end_date"), case.record.event_date
    if len(contract.extensions) >= MOST and code != INDEFINITE:
        yield "SCSE113"
    if contract.term and code not in {INDEFINITE, contract.term.code}:
        yield "SCSE114"
    if end and day and end <= day:
        yield "SCSE158"
    if (code == INDEFINITE) is (end is not None):
        yield "SCSE115"
    if end and years_before(end, FAR) > case.today:
        yield "SCSE141"
    if code == YEAR_AT_LEAST and end and day and _is_under_a_year(day, end):
        yield "SCSE068"


def _is_under_a_year(day: date, end: date) -> bool:
    """Less than a year, counted from the day of the extension and from the day behind it (they differ in February)."""
    return all(years_before(end + shift, 1) < day + shift for shift in (timedelta(), timedelta(days=1)))
