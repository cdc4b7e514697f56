"""Foreigners: the permit, its days, and who may employ whom by it.

Source: codes SCSE184-192, 253, 256, 257, 266-272. Who is a foreigner, the real service learns from the register of
persons; here a fault script names them, and an IIN with 0 in the seventh place belongs to one. The codes of the basis
(1 labour immigrant, 2 foreign labour) are [assumed], as is that a short permit means a labour immigrant's.
"""

from collections.abc import Iterator
from typing import Final

from usrec_simulator.dictionaries import Dictionary
from usrec_simulator.rules.book import Case
from usrec_simulator.rules.forms import coded, is_organisation, present, years_before
from usrec_simulator.rules.particulars import FOREIGN_PERMIT

LABOUR_IMMIGRANT: Final = "1"
FOREIGN_LABOUR: Final = "2"
LONG_AGO: Final = 10
"""Years after which a date of a permit is "far earlier" than today [assumed]."""

_FIELDS: Final = (
    "permit_number",
    "permit_issue_date",
    "permit_begin_date",
    "permit_end_date",
    "foreigner_basis_code",
    "foreigner_education_code",
)


def is_foreign(case: Case, employee: str | None) -> bool:
    """Tell whether the register of persons has a foreigner under this IIN."""
    return employee is not None and (employee[6:7] == "0" or employee in case.book.foreign_persons)


def foreigner(case: Case) -> Iterator[str]:
    """The fields of a permit: all of them for a foreigner, none for a citizen."""
    given = case.record.details.has(_FIELDS)
    if not is_foreign(case, case.record.employee):
        if given:
            yield "SCSE192"
        yield from term_by_permit(case, case.record.employee)
        return
    yield from present(
        [
            (case.text("permit_number"), "SCSE184"),
            (case.text("permit_issue_date"), "SCSE185"),
            (case.text("permit_begin_date"), "SCSE266"),
            (case.text("permit_end_date"), "SCSE267"),
        ]
    )
    yield from _basis(case)
    yield from _days(case)


def term_by_permit(case: Case, employee: str | None) -> Iterator[str]:
    """A term by a permit is for foreigners only."""
    if case.text("term_code") == FOREIGN_PERMIT and not is_foreign(case, employee):
        yield "SCSE253"


def _basis(case: Case) -> Iterator[str]:
    basis = case.text("foreigner_basis_code")
    yield from coded(case, basis, Dictionary.BASIS, "SCSE188", "SCSE189")
    yield from coded(case, case.text("foreigner_education_code"), Dictionary.EDUCATION, "SCSE190", "SCSE191")
    organisation = is_organisation(case.record.employer or "")
    if basis == LABOUR_IMMIGRANT and organisation:
        yield "SCSE256"
    if basis == FOREIGN_LABOUR and not organisation:
        yield "SCSE257"


def _days(case: Case) -> Iterator[str]:
    issued, begins, ends = (case.day(f"permit_{name}_date") for name in ("issue", "begin", "end"))
    old = years_before(case.today, LONG_AGO)
    yield from (
        code for day, code in ((issued, "SCSE186"), (begins, "SCSE268"), (ends, "SCSE269")) if day and day < old
    )
    if issued and issued > case.today:
        yield "SCSE187"
    if begins and begins > case.today:
        yield "SCSE270"
    if ends and case.record.begin_date and case.record.begin_date > ends:
        yield "SCSE272"
