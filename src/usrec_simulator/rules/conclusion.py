"""A new contract, and one from before the registry existed (a legacy contract)."""

from collections.abc import Iterator
from typing import Final

from usrec_simulator.dictionaries import Dictionary
from usrec_simulator.rules.book import Case, Demand
from usrec_simulator.rules.foreigner import foreigner
from usrec_simulator.rules.forms import coded, is_organisation, person, present, years_before
from usrec_simulator.rules.harmful import conditions, document
from usrec_simulator.rules.particulars import CHILD_CARE, FAR, length, particulars, period

LONGEST_CAREER: Final = 70
OF_PERSONS: Final = "2"
"""Code of the kind of employer that is a natural person [assumed]; every other kind has a BIN."""


def conclusion(case: Case) -> Iterator[str]:
    """All rules of a contract that is entered for the first time."""
    yield from person(case)
    yield from fields(case)
    yield from content(case)
    yield from dates(case)
    record = case.record
    if record.employer and record.number and case.registry.number_used(record.employer, record.number):
        yield "SCSE014"


def fields(case: Case) -> Iterator[str]:
    """The fields that every contract has; under `--demand order` also those that came after 2018."""
    record = case.record
    yield from present(
        [
            (record.number, "SCSE003"),
            (record.event_date, "SCSE004"),
            (record.begin_date, "SCSE005"),
            (record.position, "SCSE006"),
        ]
    )
    yield from coded(case, record.position, Dictionary.POSITION, "SCSE007", "SCSE083")
    yield from present([(record.post, "SCSE029")])
    if case.book.demand is Demand.ORDER:
        wanted = (("conscript_code", "SCSE021"), ("term_code", "SCSE039"), ("work_place_address", "SCSE055"))
        yield from present([(case.text(name), code) for name, code in wanted])


def content(case: Case) -> Iterator[str]:
    """What the fields say of person, employer, term, place and work."""
    yield from coded(case, case.text("conscript_code"), Dictionary.CONSCRIPT, "SCSE040")
    if case.text("term_code") == CHILD_CARE:
        yield "SCSE151"
    yield from particulars(case)
    yield from employer_type(case)
    yield from conditions(case)
    yield from document(case)
    yield from foreigner(case)


def employer_type(case: Case) -> Iterator[str]:
    """The kind of employer is known, and fits a BIN or an IIN."""
    code = case.text("employer_type_code")
    yield from coded(case, code, Dictionary.EMPLOYER_TYPE, "SCSE254")
    if code is not None and (code == OF_PERSONS) is is_organisation(case.record.employer or ""):
        yield "SCSE255"


def dates(case: Case) -> Iterator[str]:
    """A contract is not signed in the future, does not begin in another century and runs forward."""
    record, today = case.record, case.today
    if record.event_date and record.event_date > today:
        yield "SCSE059"
    if record.begin_date and record.begin_date < years_before(today, LONGEST_CAREER):
        yield "SCSE139"
    if record.begin_date and years_before(record.begin_date, FAR) > today:
        yield "SCSE140"
    yield from period(record.begin_date, case, ends_too_late="SCSE141", begins_after_end="SCSE061")
    yield from length(record.begin_date, case)
