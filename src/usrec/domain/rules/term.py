"""The term of a contract: its kind, its last day, and that both fit.

Sources: response codes SCSE054, 057, 061, 065, 068, 141, 142, 146, 151 and the dictionary D_CONTRACT_DATE (1
indefinite, 2 a year or more, 3 of a small business, 8 to the end of a child-care leave). How long a change of term
lasts is counted from the contract's first day, which its own row does not say.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from usrec.domain.events.changes import AgreementBody, Extension
from usrec.domain.events.contracts import ContractBody, WorkTerms
from usrec.domain.rules.finding import Finding, error
from usrec.domain.rules.spans import is_far_ahead, years_before
from usrec.domain.source_event import Details

INDEFINITE: Final = "1"
YEAR_AT_LEAST: Final = "2"
CHILD_CARE: Final = "8"
WITH_END: Final = frozenset({YEAR_AT_LEAST, "3"})
"""Kinds of term that always have a last day; work, substitution, season and leave may lack one."""

_DAY: Final = timedelta(days=1)


def check_term(details: Details, today: date) -> Iterator[Finding]:
    """Findings about the term of one event."""
    if isinstance(details, WorkTerms):
        yield from end_date_by_term(details)
        yield from auto_extension_names_term(details)
    if isinstance(details, ContractBody):
        yield from contract_term(details)
    if isinstance(details, AgreementBody) and details.end_date and details.begin_date > details.end_date:
        message = "The agreement begins after the last day of the contract that it names."
        yield error("amendment_begin_not_after_end", "end_date", message, code="SCSE065")
    if isinstance(details, WorkTerms | Extension):
        yield from end_date_too_late(details, today)


def end_date_by_term(details: WorkTerms) -> Iterator[Finding]:
    """A term with an end has its last day, an indefinite one has none (054, 057)."""
    if details.term_code in WITH_END and details.end_date is None:
        message = f"The term {details.term_code} ends on a day, and end_date is empty."
        yield error("end_date_required_by_term", "end_date", message, code="SCSE054")
    if details.term_code == INDEFINITE and details.end_date is not None:
        message = "The term is indefinite and end_date names a last day; the paper says which of the two is right."
        yield error("end_date_forbidden_by_term", "end_date", message, code="SCSE057")


def auto_extension_names_term(details: WorkTerms) -> Iterator[Finding]:
    """What goes on by itself has a term of its own and one for which it goes on (146).

    Assumed: the wire has no element for the automatic period but its term, so what can lack is the term it follows.
    """
    if details.auto_extension_term_code is not None and details.term_code is None:
        message = "An automatic extension is entered without the term that it extends: term_code is empty."
        yield error("auto_extension_names_term", "term_code", message, code="SCSE146")


def contract_term(details: ContractBody) -> Iterator[Finding]:
    """A contract runs forward, lasts as long as its term says, and is none for a child-care leave (061, 068, 151)."""
    begin, end = details.begin_date, details.end_date
    if end and begin > end:
        message = "The contract begins after its last day."
        yield error("begin_not_after_end", "end_date", message, code="SCSE061")
    elif details.term_code == YEAR_AT_LEAST and end and _is_shorter_than_a_year(begin, end):
        message = "The term is a year or more, and the days from begin_date to end_date are fewer."
        yield error("term_matches_period", "term_code", message, code="SCSE068")
    if details.term_code == CHILD_CARE:
        message = "The term to the end of a child-care leave is for an agreement, not for a contract."
        yield error("child_care_term_only_in_amendment", "term_code", message, code="SCSE151")


def end_date_too_late(details: WorkTerms | Extension, today: date) -> Iterator[Finding]:
    """A last day lies at most 50 years ahead (141, in an agreement 142)."""
    if details.end_date and is_far_ahead(details.end_date, today):
        code = "SCSE142" if isinstance(details, AgreementBody) else "SCSE141"
        yield error("end_date_too_late", "end_date", "end_date is over 50 years ahead.", code=code)


def _is_shorter_than_a_year(begin: date, end: date) -> bool:
    return end < date.max and years_before(end + _DAY, 1) < begin
