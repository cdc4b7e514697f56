"""Harmful work: conditions, the item of the lists, the document that proves it, and the marks at its end.

Source: codes SCSE160-174, 176, 178-181, 183 and 258. The dictionary of working conditions is not public; that 1 means
normal and 2 harmful is [assumed], and so is every division that rests on it.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from usrec_simulator.contracts import Change, Contract
from usrec_simulator.dictionaries import Dictionary
from usrec_simulator.rules.book import Case
from usrec_simulator.rules.forms import RECORD_ID, coded, years_before

NORMAL: Final = "1"
HARMFUL: Final = "2"
FORMATS: Final = frozenset({"pdf", "jpg", "jpeg", "png"})
PENSION_LIST_FROM: Final = date(2014, 1, 1)
MARKS_FROM: Final = date(2024, 1, 1)
PENSION_AGE: Final = 55

_MARKS: Final = ("employee_consent", "employer_consent")
_PHONES: Final = ("employee_phone", "employer_phone")
_DOCUMENT: Final = (
    "supporting_document_id",
    "supporting_document",
    "supporting_document_format",
    "supporting_document_name",
)


def conditions(case: Case) -> Iterator[str]:
    """Working conditions and the item of the lists go together."""
    code, item = case.text("working_conditions_code"), case.text("harmful_conditions_code")
    yield from coded(case, code, Dictionary.CONDITIONS, "SCSE160", "SCSE161")
    if item is not None and code in {None, NORMAL}:
        yield "SCSE162"
    if item is None and code == HARMFUL:
        yield "SCSE183"
    if item is None and code not in {None, NORMAL}:
        yield "SCSE176"
    yield from coded(case, item, Dictionary.HARMFUL, "SCSE163", "SCSE164")
    begin = case.record.begin_date
    if item is not None and begin is not None and item.startswith("L3") is (begin < PENSION_LIST_FROM):
        yield "SCSE165"


def document(case: Case) -> Iterator[str]:
    """The supporting document is whole, of a known format, under an id of its own, and only beside an item."""
    if not case.record.details.has(_DOCUMENT):
        return
    if case.text("harmful_conditions_code") is None:
        yield "SCSE167"
    document_id = case.text("supporting_document_id")
    if document_id is None:
        yield "SCSE168"
    elif RECORD_ID.fullmatch(document_id) is None:
        yield "SCSE170"
    elif case.registry.document_id_used(document_id):
        yield "SCSE169"
    yield from _file(case)


def _file(case: Case) -> Iterator[str]:
    if case.text("supporting_document") is None:
        yield "SCSE171"
    kind = case.text("supporting_document_format")
    if kind is None:
        yield "SCSE172"
    elif kind not in FORMATS:
        yield "SCSE173"
    if case.text("supporting_document_name") is None:
        yield "SCSE174"


def payment_marks(
    case: Case, contract: Contract, day: date | None, *, after: str | None, corrected: Change | None = None
) -> Iterator[str]:
    """The marks of the special social payment: when harmful work ends, at 55 and more, from 2024 on.

    Args:
        case: The message.
        contract: The contract that it changes or ends.
        day: The day of the event.
        after: The working conditions from then on, None when the contract ends or they stay.
        corrected: The agreement that the message corrects: what counts is what stood before that.
    """
    before = contract.conditions_before(corrected) if corrected else contract.conditions
    leaves = before not in {None, NORMAL} and (case.record.reason is not None or after == NORMAL)
    old_enough = _reaches_pension_age(contract.employee, day)
    if case.record.details.has((*_MARKS, *_PHONES)):
        yield from _marks_in_place(case, day, before, old_enough=old_enough)
        if not leaves:
            yield "SCSE258"
    if leaves and old_enough and day and day >= MARKS_FROM and not _all_given(case):
        yield "SCSE181"


def _marks_in_place(case: Case, day: date | None, before: str | None, *, old_enough: bool) -> Iterator[str]:
    if not case.record.details.has(_MARKS):
        return
    if day and day < MARKS_FROM:
        yield "SCSE178"
    if before in {None, NORMAL}:
        yield "SCSE180"
    if not old_enough:
        yield "SCSE179"


def _all_given(case: Case) -> bool:
    return all(case.text(name) is not None for name in (*_MARKS, *_PHONES))


def _reaches_pension_age(employee: str | None, day: date | None) -> bool:
    born = born_on(employee) if employee else None
    return born is not None and day is not None and born <= years_before(day, PENSION_AGE)


def born_on(iin: str) -> date | None:
    """Read the day of birth of an IIN; None where it names none."""
    century = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}.get(iin[6:7])
    try:
        return date(century + int(iin[:2]), int(iin[2:4]), int(iin[4:6])) if century else None
    except ValueError:
        return None
