"""Foreigners: the permit of their contract, its days, and who may employ whom by it.

Sources: response codes SCSE184, 185, 187, 192, 253, 256, 257, 266, 267, 270 and 272. The codes of the basis (1 labour
immigrant, 2 foreign labour) and of the term by a permit (7) are [assumed].

Who is a foreigner, only the register of persons knows for sure. A 0 in the seventh place of the IIN says so; any other
digit says nothing, because a foreigner with a residence permit may have an ordinary IIN. There the row's own fields
count as HR's word, and whether the register agrees stays undetermined. What either answer of the register would
refuse is an error all the same. A foreigner who is hired before the IIN is issued is marked with ``awaits_iin``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from usrec.domain.events.contracts import Conclusion, ContractBody, WorkTerms
from usrec.domain.identifiers import is_foreign_iin, is_organisation
from usrec.domain.rules.finding import Finding, error, undetermined, warning
from usrec.domain.source_event import Details, Extension

LABOUR_IMMIGRANT: Final = "1"
FOREIGN_LABOUR: Final = "2"
TERM_BY_PERMIT: Final = "7"

_NEEDED: Final = (
    ("permit_number", "SCSE184"),
    ("permit_issue_date", "SCSE185"),
    ("permit_begin_date", "SCSE266"),
    ("permit_end_date", "SCSE267"),
)
_CLAIMS: Final = (*(name for name, _ in _NEEDED), "foreigner_basis_code")
"""Fields by which a row says that the person is a foreigner; schooling alone says it of nobody."""
_PERMIT_TERM: Final = "permit_term_needs_foreigner"


def check_foreigner(details: Details, employer_bin: str, today: date) -> Iterator[Finding]:
    """Findings about the permit of a contract's employee, as of ``today`` in Kazakhstan."""
    if isinstance(details, Conclusion):
        yield from iin_given_or_awaited(details)
    if not isinstance(details, ContractBody):
        yield from _term_of_unknown_person(details)
    elif not details.employee_iin:
        yield from _days_and_basis(details, employer_bin, today)
    elif is_foreign_iin(details.employee_iin) or _claims(details):
        yield from _permit(details, employer_bin, today)
    else:
        yield from _citizen(details)


def _claims(details: ContractBody) -> bool:
    return any(getattr(details, name) is not None for name in _CLAIMS)


def _permit(details: ContractBody, employer_bin: str, today: date) -> Iterator[Finding]:
    if not is_foreign_iin(details.employee_iin):
        yield undetermined(
            "foreigner_fields_only_for_foreigner",
            next(name for name in _CLAIMS if getattr(details, name) is not None),
            "The row has fields of a foreigner and the IIN may be a citizen's: only the register of persons knows.",
            code="SCSE192",
        )
    yield from foreigner_field_present(details)
    yield from _days_and_basis(details, employer_bin, today)


def _days_and_basis(details: ContractBody, employer_bin: str, today: date) -> Iterator[Finding]:
    yield from foreigner_basis_fits_employer(details, employer_bin)
    yield from permit_issue_date_has_come(details, today)
    yield from permit_begin_date_has_come(details, today)
    yield from contract_begins_within_permit(details)


def iin_given_or_awaited(details: Conclusion) -> Iterator[Finding]:
    """Either the IIN stands in the row, or a mark that it is not issued yet; with the mark the event waits."""
    if details.awaits_iin != "true":
        return
    if details.employee_iin:
        message = "employee_iin is given and awaits_iin says that there is none; take out the one that is not true."
        yield error("iin_given_or_awaited", "awaits_iin", message)
    else:
        message = "The employee's IIN is awaited; nothing is sent before a later revision brings it, and the term runs."
        yield warning("iin_awaited", "employee_iin", message, code="SCSE011")


def foreigner_field_present(details: ContractBody) -> Iterator[Finding]:
    """A foreigner's contract names the permit, its day of issue, its first and its last day (184, 185, 266, 267)."""
    for name, code in _NEEDED:
        if getattr(details, name) is None:
            message = f"The contract is with a foreigner and {name} is missing; take it from the permit itself."
            yield error("foreigner_field_present", name, message, code=code)


def foreigner_basis_fits_employer(details: ContractBody, employer_bin: str) -> Iterator[Finding]:
    """A labour immigrant works for a person (256), foreign labour for an organisation (257)."""
    basis, organisation = details.foreigner_basis_code, is_organisation(employer_bin)
    if basis == LABOUR_IMMIGRANT and organisation:
        message = "By our reading a labour immigrant's permit is for work with a natural person; compare the permit."
        yield error("foreigner_basis_fits_employer", "foreigner_basis_code", message, code="SCSE256")
    elif basis == FOREIGN_LABOUR and not organisation:
        message = "By our reading a permit for foreign labour is for work with an organisation; compare the permit."
        yield error("foreigner_basis_fits_employer", "foreigner_basis_code", message, code="SCSE257")


def permit_issue_date_has_come(details: ContractBody, today: date) -> Iterator[Finding]:
    """A permit is not issued in the future (187)."""
    issued = details.permit_issue_date
    if issued is not None and issued > today:
        message = "permit_issue_date has not come yet; compare it with the permit."
        yield error("permit_issue_date_has_come", "permit_issue_date", message, code="SCSE187")


def permit_begin_date_has_come(details: ContractBody, today: date) -> Iterator[Finding]:
    """A contract by a permit that begins later waits for that day (270); its term runs meanwhile."""
    begins = details.permit_begin_date
    if begins is not None and begins > today:
        message = (
            f"The permit begins on {begins.isoformat()}; USREC takes the contract from that day on and the agent "
            "waits for it, but the term runs from the signing."
        )
        yield warning("permit_begin_date_has_come", "permit_begin_date", message, code="SCSE270")


def contract_begins_within_permit(details: ContractBody) -> Iterator[Finding]:
    """Work does not begin after the permit has ended (272)."""
    ends = details.permit_end_date
    if ends is not None and details.begin_date > ends:
        message = (
            "The contract begins after the permit has ended; if there is a newer permit, give its number and days."
        )
        yield error("contract_begins_within_permit", "permit_end_date", message, code="SCSE272")


def _citizen(details: ContractBody) -> Iterator[Finding]:
    """Nobody says that the person is a foreigner: neither the IIN nor the row."""
    if details.foreigner_education_code is not None:
        message = "A foreigner's education is given, and nothing else says that the person is a foreigner."
        yield error("foreigner_fields_only_for_foreigner", "foreigner_education_code", message, code="SCSE192")
    elif details.term_code == TERM_BY_PERMIT:
        message = "A term by a foreigner's permit is given, and neither the IIN nor the row names a foreigner."
        yield error(_PERMIT_TERM, "term_code", message, code="SCSE253")


def _term_of_unknown_person(details: Details) -> Iterator[Finding]:
    """An agreement or an extension does not name the person, so whether the term fits is not seen here."""
    if isinstance(details, WorkTerms | Extension) and details.term_code == TERM_BY_PERMIT:
        message = "A term by a permit is for foreigners only; this row does not name the employee."
        yield undetermined(_PERMIT_TERM, "term_code", message, code="SCSE253")
