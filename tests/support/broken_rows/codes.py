"""Codes that a dictionary does not have, or has as a heading only.

Agent and registry are given the same made-up dictionary, in which the good value of a sound row is no entry.
"""

from __future__ import annotations

from collections.abc import Mapping

from support.code_lists import HeldBook, an_edition, an_entry
from support.sound_rows import FOREIGN_IIN, BrokenRow, Changes
from usrec.domain.rules.codes import CodeCheck
from usrec.domain.source_event import Operation
from usrec_simulator.dictionaries import Dictionaries, Dictionary, Standing

_NOTHING: Changes = {}
_HARMFUL: Changes = {"working_conditions_code": "2", "harmful_conditions_code": "L3.6.56"}
_FOREIGNER: Changes = {
    "employee_iin": FOREIGN_IIN,
    "permit_number": "РИРС-7",
    "permit_issue_date": "2025-10-01",
    "permit_begin_date": "2025-10-05",
    "permit_end_date": "2026-11-30",
    "foreigner_basis_code": "2",
    "foreigner_education_code": "3",
}


def _absent(code: str, dictionary: Dictionary, operation: Operation, changes: Changes = _NOTHING) -> BrokenRow:
    """The row's value is not in the dictionary."""
    return _broken(code, "code_in_dictionary", dictionary, operation, changes, {"other": Standing.KNOWN})


def _heading(
    code: str, dictionary: Dictionary, operation: Operation, value: str, changes: Changes = _NOTHING
) -> BrokenRow:
    """The row's value has another entry below it."""
    known = {value: Standing.HEADING, "below": Standing.KNOWN}
    return _broken(code, "code_is_lowest_level", dictionary, operation, changes, known)


def _broken(
    code: str, rule: str, dictionary: Dictionary, operation: Operation, changes: Changes, known: Mapping[str, Standing]
) -> BrokenRow:
    top = next(iter(known))
    held = an_edition(*(an_entry(one, parent="" if one == top else top) for one in known))
    book = {"dictionaries": Dictionaries({dictionary: known})}
    codes = CodeCheck(HeldBook({dictionary.value: held}))
    return BrokenRow(code, rule, operation, changes, book=book, codes=codes)


_HIRED, _CHANGED = Operation.CONCLUSION, Operation.AMENDMENT

CODES: tuple[BrokenRow, ...] = (
    _absent("SCSE007", Dictionary.POSITION, _HIRED),
    _heading("SCSE083", Dictionary.POSITION, _CHANGED, "2512-0-001"),
    _absent("SCSE022", Dictionary.REASON, Operation.TERMINATION),
    _heading("SCSE084", Dictionary.REASON, Operation.TERMINATION, "05"),
    _absent("SCSE027", Dictionary.COMPETENCE, _CHANGED, {"personal_quality_code": "B.l.1"}),
    _heading("SCSE028", Dictionary.COMPETENCE, _CHANGED, "B.l.1", {"personal_quality_code": "B.l.1"}),
    _absent("SCSE030", Dictionary.COMPETENCE, _HIRED, {"professional_skill_code": "4.38"}),
    _heading("SCSE031", Dictionary.COMPETENCE, _HIRED, "4.38", {"professional_skill_code": "4.38"}),
    _absent("SCSE038", Dictionary.TERM, _HIRED),
    _absent("SCSE038", Dictionary.TERM, Operation.EXTENSION),
    _heading("SCSE081", Dictionary.TERM, _HIRED, "2"),
    _absent("SCSE040", Dictionary.CONSCRIPT, _HIRED),
    _absent("SCSE069", Dictionary.STAFF_POST, _CHANGED, {"established_post_code": "17"}),
    _heading("SCSE082", Dictionary.STAFF_POST, _CHANGED, "17", {"established_post_code": "17"}),
    _absent("SCSE073", Dictionary.KATO, _HIRED),
    _absent("SCSE075", Dictionary.WORKING_HOURS, _HIRED, {"working_hours_code": "1"}),
    _heading("SCSE085", Dictionary.WORKING_HOURS, _HIRED, "1", {"working_hours_code": "1"}),
    _absent("SCSE100", Dictionary.DECIDING_BODY, Operation.REINSTATEMENT),
    _absent("SCSE148", Dictionary.COURT, Operation.REINSTATEMENT),
    _absent("SCSE104", Dictionary.WORK_KIND, _HIRED, {"work_kind_code": "2"}),
    _absent("SCSE107", Dictionary.COUNTRY, _HIRED),
    _absent("SCSE136", Dictionary.LEAVE, Operation.SOCIAL_LEAVE),
    _absent("SCSE150", Dictionary.REMOTE_WORK, _HIRED, {"remote_work_code": "3"}),
    _absent("SCSE160", Dictionary.CONDITIONS, _HIRED, {"working_conditions_code": "1"}),
    _heading("SCSE161", Dictionary.CONDITIONS, _HIRED, "1", {"working_conditions_code": "1"}),
    _absent("SCSE163", Dictionary.HARMFUL, _HIRED, _HARMFUL),
    _heading("SCSE164", Dictionary.HARMFUL, _HIRED, "L3.6.56", _HARMFUL),
    _absent("SCSE188", Dictionary.BASIS, _HIRED, _FOREIGNER),
    _heading("SCSE189", Dictionary.BASIS, _HIRED, "2", _FOREIGNER),
    _absent("SCSE190", Dictionary.EDUCATION, _HIRED, _FOREIGNER),
    _heading("SCSE191", Dictionary.EDUCATION, _HIRED, "3", _FOREIGNER),
    _absent("SCSE254", Dictionary.EMPLOYER_TYPE, _HIRED, {"employer_type_code": "1"}),
)
