"""An additional agreement."""

from collections.abc import Iterator
from datetime import date

from usrec_simulator.contracts import Contract
from usrec_simulator.dictionaries import Dictionary
from usrec_simulator.rules.book import Case
from usrec_simulator.rules.foreigner import term_by_permit
from usrec_simulator.rules.forms import coded, contract_named, present
from usrec_simulator.rules.harmful import conditions, document, payment_marks
from usrec_simulator.rules.particulars import length, particulars, period


def amendment(case: Case) -> Iterator[str]:
    """All rules of an agreement that is entered for the first time."""
    contract = yield from contract_named(case)
    yield from fields(case)
    yield from content(case)
    record = case.record
    if contract and record.number and record.event_date:
        if _known(contract, record.number, record.event_date):
            yield "SCSE070"
        if contract.terminated:
            yield "SCSE092"
        yield from dates(case, contract)
    if contract:
        yield from payment_marks(case, contract, record.event_date, after=case.text("working_conditions_code"))


def fields(case: Case) -> Iterator[str]:
    """The fields that every agreement has, and at least one that it changes."""
    record = case.record
    yield from present([(record.number, "SCSE015"), (record.event_date, "SCSE023"), (record.begin_date, "SCSE024")])
    changed = record.details.values.keys() - {"agreement_id"}
    if record.position is None and record.post is None and not changed:
        yield "SCSE080"


def content(case: Case) -> Iterator[str]:
    """What the fields say."""
    yield from coded(case, case.record.position, Dictionary.POSITION, "SCSE007", "SCSE083")
    yield from particulars(case)
    yield from conditions(case)
    yield from document(case)


def dates(case: Case, contract: Contract) -> Iterator[str]:
    """Signed by today, not before the contract begins, not after its own effect; its term runs forward."""
    record = case.record
    if record.event_date and record.event_date > case.today:
        yield "SCSE062"
    if contract.begin_date and record.event_date and record.event_date < contract.begin_date:
        yield "SCSE063"
    if record.begin_date and record.event_date and record.event_date > record.begin_date:
        yield "SCSE064"
    yield from period(record.begin_date, case, ends_too_late="SCSE142", begins_after_end="SCSE065")
    yield from length(contract.begin_date, case)
    yield from term_by_permit(case, contract.employee)


def _known(contract: Contract, number: str, day: date) -> bool:
    return any((one.number, one.day) == (number, day) for one in contract.agreements)
