"""Social leaves: maternity (type 1) and unpaid child care (type 2).

Source: codes SCSE121-137, 143, 144, 147. That both end days count towards the 184 days is [assumed].
"""

from collections.abc import Generator, Iterator
from datetime import timedelta
from typing import Final

from usrec_simulator.contracts import Contract, Leave
from usrec_simulator.dictionaries import Dictionary
from usrec_simulator.rules.book import Case
from usrec_simulator.rules.forms import coded, contract_known, contract_named, person, present, years_before
from usrec_simulator.rules.particulars import FAR

MATERNITY: Final = "1"
LONGEST_MATERNITY: Final = timedelta(days=184)


def social_leave(case: Case) -> Iterator[str]:
    """All rules of a leave that is entered for the first time."""
    contract = yield from contract_named(case)
    if contract and contract.terminated:
        yield "SCSE092"
    yield from _content(case)
    if contract:
        yield from _beside(case, contract, but=None)


def social_leave_edit(case: Case) -> Iterator[str]:
    """A corrected leave meets the rules of a new one, itself not counted."""
    found = yield from _leave(case)
    if found and found[0].employer != case.record.employer:
        yield "SCSE097"
    if found and found[0].terminated:
        yield "SCSE092"
    yield from _content(case)
    if found:
        yield from _beside(case, found[0], but=found[1])


def social_leave_delete(case: Case) -> Iterator[str]:
    """A leave is deleted by naming its person."""
    found = yield from _leave(case)
    if found is None:
        return
    yield from person(case)
    if case.record.employee != found[0].employee:
        yield "SCSE132"
    if case.record.employer != found[0].employer:
        yield "SCSE097"
    if found[0].terminated:
        yield "SCSE092"


def _leave(case: Case) -> Generator[str, None, tuple[Contract, Leave] | None]:
    yield from contract_known(case)
    leave_id = case.text("leave_id")
    if leave_id is None:
        yield "SCSE134"
        return None
    found = case.registry.leave(leave_id)
    if found is None or found[0].contract_id != case.record.contract_id:
        yield "SCSE137"
        return None
    return found


def _content(case: Case) -> Iterator[str]:
    kind, ends = case.text("leave_type_code"), case.day("not_worked_to")
    yield from present([(kind, "SCSE135"), (case.record.event_date, "SCSE123"), (ends, "SCSE124")])
    yield from coded(case, kind, Dictionary.LEAVE, "SCSE136")
    if kind == MATERNITY:
        yield from _maternity(case)
    elif case.record.details.has(("first_working_day", "timesheet_number")):
        yield "SCSE144"
    yield from _days(case)


def _maternity(case: Case) -> Iterator[str]:
    """Maternity also says when the person works again, and under which number in the timesheet."""
    back = case.day("first_working_day")
    yield from present([(case.text("timesheet_number"), "SCSE122"), (back, "SCSE129")])
    begins, ends = case.record.event_date, case.day("not_worked_to")
    if ends and back and ends > back:
        yield "SCSE130"
    if back and years_before(back, FAR) > case.today:
        yield "SCSE131"
    if begins and ends and ends - begins + timedelta(days=1) > LONGEST_MATERNITY:
        yield "SCSE143"


def _days(case: Case) -> Iterator[str]:
    begins, ends = case.record.event_date, case.day("not_worked_to")
    if begins and begins > case.today:
        yield "SCSE126"
    if begins and ends and begins > ends:
        yield "SCSE127"
    if ends and ends < years_before(case.today, FAR):
        yield "SCSE128"


def _beside(case: Case, contract: Contract, *, but: Leave | None) -> Iterator[str]:
    """The leave lies within the contract and begins on a day of its own."""
    begins = case.record.event_date
    if begins and contract.begin_date and begins < contract.begin_date:
        yield "SCSE147"
    if begins and any(leave.begins == begins for leave in contract.leaves if leave != but):
        yield "SCSE121"
