"""Which fields each kind of event has, and what each of them must be.

Sources: the mandatory fields of the response codes (SCSE003-006, 011, 015, 018, 021-024, 029, 098-103, 109, 123, 124,
134, 135, 154), the codes of fields whose value is in no dictionary, and Order 353 p.7, p.8, p.9, p.10, p.12 and p.13-1
for the day from which a term runs. Whether a code is in a dictionary is not asked here: only what it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from usrec.domain.change import Change
from usrec.domain.document import FILE_NAME
from usrec.domain.source_event import DEPARTMENT, Operation


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What one field must be.

    Attributes:
        missing: Response code for an absent value; for a date also for a malformed one.
        kind: ``text``, ``date``, ``iin`` or ``employer`` (a BIN, or an entrepreneur's IIN).
        pattern: What a text must match entirely; ``malformed`` is the response code when it does not.
        rule: Name of the rule that a text breaks by its pattern.
        unless: Mark in whose presence the field is not given yet.
        is_label: It is never sent; one that does not fit is left out with a warning.
    """

    name: str
    missing: str = ""
    point: str = ""
    kind: str = "text"
    pattern: re.Pattern[str] = field(default=re.compile(r"(?s).+"))
    malformed: str = ""
    expected: str = "text"
    required: bool = True
    longest: int = 255
    rule: str = "field_format"
    unless: str = ""
    is_label: bool = False


LONGEST_DEPARTMENT: Final = 200
POSITION: Final = re.compile(
    r"[0-9]{6}|[0-9]{4}-[0-9]-[0-9]{3}|[0-9]{4}-[0-9]|[0-9]{4}-[0-9]{3}|[0-9]-[0-9]{2}-[0-9]{3}|[YХ][0-9]{4}(-[0-9])?"
)
"""Forms of single entries that the official classifier has in use; some groups have no entry below them. Its X is
Cyrillic."""
REASON: Final = re.compile(r"[0-9]{2}(-[0-9]{3})*")
CODE: Final = re.compile(r"[0-9A-Za-z-]{1,20}")
DOTTED_CODE: Final = re.compile(r"[0-9A-Za-z.-]{1,32}")
EDUCATION: Final = re.compile(r"[0-9A-Za-zА-Яа-я-]{1,20}")
"""The official list of education writes the same letters now in Latin, now in Cyrillic."""
REGISTRY_ID: Final = re.compile(r"[A-Za-z0-9-]{1,45}")
KATO: Final = re.compile(r"[0-9]{9}")
COUNTRY: Final = re.compile(r"[0-9]{3}")
RATE: Final = re.compile(r"1(\.0{1,4})?|0\.(?!0+$)[0-9]{1,4}")
MARK: Final = re.compile(r"true|false")
PHONE: Final = re.compile(r"\+?[0-9]{10,15}")
_CHANGE: Final = "|".join(Change)
CHANGES: Final = re.compile(rf"({_CHANGE})([\s,;]+({_CHANGE}))*")


def _date(name: str, missing: str, point: str = "", *, required: bool = True) -> FieldRule:
    return FieldRule(name, missing, point, kind="date", expected="a date YYYY-MM-DD", required=required)


def _code(name: str, unknown: str, missing: str = "", *, pattern: re.Pattern[str] = CODE) -> FieldRule:
    """A code of a dictionary; optional unless a response code demands it."""
    return FieldRule(name, missing, pattern=pattern, malformed=unknown, expected="a code", required=bool(missing))


def _mark(name: str) -> FieldRule:
    return FieldRule(name, pattern=MARK, expected="true or false", required=False)


def _phone(name: str) -> FieldRule:
    return FieldRule(
        name, pattern=PHONE, malformed="SCSE181", expected="a phone number, 10 to 15 digits", required=False
    )


def _registry_id(name: str, missing: str, unknown: str, what: str) -> FieldRule:
    return FieldRule(name, missing, pattern=REGISTRY_ID, malformed=unknown, expected=what, required=bool(missing))


_POST: Final = (
    FieldRule(
        "position_code",
        "SCSE006",
        pattern=POSITION,
        malformed="SCSE007",
        expected="a code of the classifier of occupations, NNNN-N-NNN or six digits",
    ),
    FieldRule("established_post", "SCSE029"),
)
_CONTRACT_ID_GIVEN: Final = _registry_id(
    "contract_id", "", "SCSE025", "the registry's id of the contract: letters, digits and hyphens"
)
_AGREEMENT_ID: Final = _registry_id(
    "agreement_id", "SCSE051", "SCSE044", "the registry's id of the agreement: letters, digits and hyphens"
)
_DELETED_AGREEMENT_ID: Final = replace(_AGREEMENT_ID, malformed="SCSE052")
_LEAVE_ID: Final = _registry_id(
    "leave_id", "SCSE134", "SCSE137", "the registry's id of the leave: letters, digits and hyphens"
)
_IIN: Final = FieldRule("employee_iin", "SCSE011", kind="iin", malformed="SCSE045", expected="an IIN")
_IIN_OR_MARK: Final = replace(_IIN, unless="awaits_iin")
_NEW_BIN: Final = FieldRule(
    "new_employer_bin", "SCSE009", kind="employer", malformed="SCSE043", expected="a BIN or an IIN"
)
_ENTERED_ON: Final = _date("entered_on", "", required=False)

_WORK_TERMS: Final = (
    _code("term_code", "SCSE038"),
    _date("end_date", "", required=False),
    _code("auto_extension_term_code", "SCSE038"),
    _code("established_post_code", "SCSE069", pattern=DOTTED_CODE),
    _code("work_kind_code", "SCSE104"),
    FieldRule("work_place_address", required=False),
    FieldRule("kato_code", pattern=KATO, malformed="SCSE073", expected="nine digits of KATO", required=False),
    FieldRule(
        "country_code",
        pattern=COUNTRY,
        malformed="SCSE107",
        expected="a country's number of three digits",
        required=False,
    ),
    _code("remote_work_code", "SCSE150"),
    _code("working_hours_code", "SCSE075"),
    FieldRule(
        "tariff_rate",
        pattern=RATE,
        malformed="SCSE078",
        expected="a decimal above 0 and at most 1, such as 0.5",
        required=False,
        rule="tariff_rate_in_range",
    ),
    _code("professional_skill_code", "SCSE030", pattern=DOTTED_CODE),
    _code("personal_quality_code", "SCSE027", pattern=DOTTED_CODE),
    _code("working_conditions_code", "SCSE160", pattern=DOTTED_CODE),
    _code("harmful_conditions_code", "SCSE163", pattern=DOTTED_CODE),
    FieldRule(
        "supporting_document",
        pattern=FILE_NAME,
        expected="the name of a file in the folder of documents",
        required=False,
        longest=200,
    ),
    FieldRule("supporting_document_name", required=False),
)
_FOREIGNER: Final = (
    _code("employer_type_code", "SCSE254"),
    _code("foreigner_basis_code", "SCSE188"),
    _code("foreigner_education_code", "SCSE190", pattern=EDUCATION),
    FieldRule("permit_number", longest=100, required=False),
    _date("permit_issue_date", "", required=False),
    _date("permit_begin_date", "", required=False),
    _date("permit_end_date", "", required=False),
)
_CONTRACT: Final = (
    _IIN,
    FieldRule("contract_number", "SCSE003", longest=100),
    _date("contract_date", "SCSE004"),
    _date("begin_date", "SCSE005"),
    *_POST,
    FieldRule("conscript_code", "SCSE021", pattern=CODE, malformed="SCSE040", expected="a code", required=False),
    *_WORK_TERMS,
    *_FOREIGNER,
)
_CONSENT: Final = (
    _mark("employee_consent"),
    _mark("employer_consent"),
    _phone("employee_phone"),
    _phone("employer_phone"),
)
_AGREEMENT: Final = (
    FieldRule("agreement_number", "SCSE015", longest=100),
    _date("agreement_date", "SCSE023"),
    _date("begin_date", "SCSE024"),
    *(replace(rule, required=False) for rule in _POST),
    _CONTRACT_ID_GIVEN,
    *_WORK_TERMS,
    *_CONSENT,
)
_CHANGES: Final = FieldRule("changes", pattern=CHANGES, expected=f"words of: {', '.join(Change)}", required=False)
_PAIR: Final = (FieldRule("pair_key", required=False, longest=100), _mark("pair_elsewhere"))
_DEPARTMENT: Final = FieldRule(DEPARTMENT, required=False, longest=LONGEST_DEPARTMENT, is_label=True)
_LEAVE: Final = (
    _code("leave_type_code", "SCSE136", "SCSE135"),
    _date("not_worked_from", "SCSE123"),
    _date("not_worked_to", "SCSE124"),
    _date("first_working_day", "SCSE129", required=False),
    FieldRule("timesheet_number", "SCSE122", longest=100, required=False),
    _CONTRACT_ID_GIVEN,
)

PROVISIONAL_FROM: Final = "provisional_from"
"""Field of any payload: the strictest day from which the term may run, while the row lacks the day itself."""

_OWN: Final[Mapping[Operation, tuple[FieldRule, ...]]] = {
    Operation.CONCLUSION: (
        _IIN_OR_MARK,
        _mark("awaits_iin"),
        *_CONTRACT[1:3],
        _date("signed_on", "", "Order 353 p.7"),
        *_CONTRACT[3:],
        *_PAIR,
    ),
    Operation.AMENDMENT: (*_AGREEMENT[:2], _date("signed_on", "", "Order 353 p.8"), *_AGREEMENT[2:], _CHANGES),
    Operation.TERMINATION: (
        _date("termination_date", "SCSE018", "Order 353 p.12"),
        FieldRule(
            "reason_code", "SCSE022", pattern=REASON, malformed="SCSE022", expected="a code such as 01 or 03-002"
        ),
        _CONTRACT_ID_GIVEN,
        _mark("digitalisation"),
        *_CONSENT,
        *_PAIR,
    ),
    Operation.CONTRACT_EDIT: (_ENTERED_ON, _CONTRACT_ID_GIVEN, *_CONTRACT),
    Operation.CONTRACT_DELETE: (_IIN, _ENTERED_ON, _CONTRACT_ID_GIVEN),
    Operation.AMENDMENT_EDIT: (_AGREEMENT_ID, _ENTERED_ON, *_AGREEMENT),
    Operation.AMENDMENT_DELETE: (_IIN, _DELETED_AGREEMENT_ID, _ENTERED_ON, _CONTRACT_ID_GIVEN),
    Operation.REINSTATEMENT: (
        _date("reinstatement_date", "SCSE099", "Order 353 p.10"),
        _date("termination_date", "SCSE096"),
        FieldRule("order_number", "SCSE098", longest=100, required=False),
        _code("deciding_body_code", "SCSE100"),
        _code("court_code", "SCSE148"),
        FieldRule("mistake_comment", required=False),
        _CONTRACT_ID_GIVEN,
    ),
    Operation.EXTENSION: (
        _date("extension_date", "SCSE109", "Order 353 p.13-1"),
        _code("term_code", "SCSE038", "SCSE039"),
        _date("end_date", "", required=False),
        _CONTRACT_ID_GIVEN,
    ),
    Operation.SOCIAL_LEAVE: _LEAVE,
    Operation.SOCIAL_LEAVE_EDIT: (_LEAVE_ID, *_LEAVE),
    Operation.SOCIAL_LEAVE_DELETE: (_IIN, _LEAVE_ID, _CONTRACT_ID_GIVEN),
    Operation.LEGACY_CONTRACT: _CONTRACT,
    Operation.IIN_CHANGE: (
        _IIN,
        FieldRule("new_employee_iin", "SCSE011", kind="iin", malformed="SCSE045", expected="an IIN"),
        _CONTRACT_ID_GIVEN,
    ),
    Operation.BIN_CHANGE: (_NEW_BIN, _CONTRACT_ID_GIVEN),
    Operation.TRANSFER: (_date("reorganisation_date", "SCSE154"), _NEW_BIN, _CONTRACT_ID_GIVEN),
}
FIELDS: Final[Mapping[Operation, tuple[FieldRule, ...]]] = {
    operation: (*rules, _DEPARTMENT) for operation, rules in _OWN.items()
}
