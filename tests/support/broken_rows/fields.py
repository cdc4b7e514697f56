"""One field of a row: not there, or not of its kind. A row for each field of each operation that has a code for it.

The codes are those that the agent's table of fields cites; the registry, which has no such table, has to answer them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from support.sound_rows import FOREIGN_IIN, BrokenRow, Changes
from usrec.domain.rules.field_table import FIELDS, FieldRule
from usrec.domain.source_event import Operation
from usrec_simulator.rules import Demand

_ILL_MADE: Final = "№?"
_WRONG_CHECK_DIGIT: Final = {"iin": ("iin_checksum", "900101300008"), "employer": ("employer_checksum", "200940000014")}
_FOREIGNER: Final = {
    "employee_iin": FOREIGN_IIN,
    "permit_number": "A-1",
    "permit_issue_date": "2025-11-01",
    "permit_begin_date": "2025-11-10",
    "permit_end_date": "2026-11-18",
}
_BESIDE: Final[Mapping[str, Changes]] = {
    "tariff_rate": {"working_hours_code": "3"},
    "harmful_conditions_code": {"working_conditions_code": "2"},
    "foreigner_basis_code": _FOREIGNER,
    "foreigner_education_code": _FOREIGNER,
}
"""What a field has to stand beside, so that it breaks no other rule."""

_NOT_ALONE: Final = frozenset({"employee_phone", "employer_phone"})
"""Phones are asked for where harmful work ends, with the marks of consent."""

_NOT_DEMANDED: Final = {
    (operation, name)
    for operation in (Operation.AMENDMENT, Operation.AMENDMENT_EDIT)
    for name in ("position_code", "established_post")
}
"""What the agent asks of an agreement, and the registry does not."""


def _rows(operation: Operation, rule: FieldRule) -> Iterator[BrokenRow]:
    book = {"demand": Demand.ORDER}
    if rule.required and rule.missing and (operation, rule.name) not in _NOT_DEMANDED:
        yield BrokenRow(rule.missing, "field_present", operation, {rule.name: ""}, book=book)
    if rule.kind in _WRONG_CHECK_DIGIT:
        name, number = _WRONG_CHECK_DIGIT[rule.kind]
        yield BrokenRow(rule.malformed, name, operation, {rule.name: number}, book=book)
    elif rule.malformed and rule.name not in _NOT_ALONE:
        changes = {**_BESIDE.get(rule.name, {}), rule.name: _ILL_MADE}
        yield BrokenRow(rule.malformed, rule.rule, operation, changes, book=book)


FIELD_ROWS: tuple[BrokenRow, ...] = tuple(
    row for operation, rules in FIELDS.items() for rule in rules for row in _rows(operation, rule)
)
EMPLOYER_ROWS: tuple[BrokenRow, ...] = (
    BrokenRow("SCSE009", "employer_present", Operation.CONCLUSION, employer_bin=""),
    BrokenRow("SCSE043", "employer_checksum", Operation.CONCLUSION, employer_bin="200940000014"),
)
