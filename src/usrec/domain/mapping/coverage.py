"""How well a mapping fits the rows of a staff: what is there, what no map knows, what was lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from usrec.domain.mapping.dates import UNREAD, DateRules
from usrec.domain.mapping.staff_mapping import Row, RowMapping
from usrec.domain.mapping.values import PERSONS_NUMBER, UNMAPPED, ValueRule, cells_of, is_broken
from usrec.domain.snapshot.staff import fold
from usrec.domain.source_event import Operation

PERSONAL: Final = frozenset(
    {
        "employee_iin",
        "employee_phone",
        "employer_phone",
        "permit_number",
        "work_place_address",
        "supporting_document",
        "supporting_document_name",
        "mistake_comment",
    }
)
"""Fields that may tell of a person; what is shown of a staff leaves them out."""


@dataclass(frozen=True, slots=True)
class FieldCoverage:
    """One field over all rows.

    Attributes:
        given: Rows that give a value.
        unmapped: HR's values that no map knows, without persons' numbers, with the number of their rows.
        unread: Rows whose text is no date.
        broken: Rows that lost letters.
    """

    operation: Operation
    name: str
    given: int
    unmapped: Mapping[str, int] = field(default_factory=dict)
    unread: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """One query.

    Attributes:
        without_key: Rows without a key.
        ambiguous: Keys of more than one row, as every collation compares them; of slices that is no fault.
        without_owner: Rows without the employer's BIN, or without the key of the contract.
    """

    rows: int
    without_key: int
    ambiguous: int
    without_owner: int
    fields: Sequence[FieldCoverage]

    @property
    def has_faults(self) -> bool:
        """Whether something has to be mended before the staff can be relied on."""
        wrong = any(one.unmapped or one.unread or one.broken for one in self.fields)
        return wrong or not self.rows or bool(self.without_key or self.ambiguous or self.without_owner)


def cover(rules: RowMapping, rows: Sequence[Row], dates: DateRules, empty: frozenset[str]) -> Coverage:
    """How ``rules`` fit ``rows``."""
    cells = [cells_of(row, dates, empty) for row in rows]
    keys = [rules.key.value(one, dates) for one in cells]
    counted = Counter(fold(key) for key in keys if key)
    twice = 0 if rules.slices else sum(number > 1 for number in counted.values())
    ownerless = sum(not rules.owner.value(one, dates) for one in cells)
    return Coverage(len(rows), sum(not key for key in keys), twice, ownerless, list(_fields(rules, cells, dates)))


def _fields(rules: RowMapping, cells: Sequence[Mapping[str, str]], dates: DateRules) -> Iterator[FieldCoverage]:
    for operation, fields in rules.fields.items():
        for name, rule in fields.items():
            yield _field(operation, name, rule, cells, dates)


def _field(
    operation: Operation, name: str, rule: ValueRule, cells: Sequence[Mapping[str, str]], dates: DateRules
) -> FieldCoverage:
    given = unread = broken = 0
    unmapped: Counter[str] = Counter()
    for one in cells:
        value = rule.value(one, dates)
        text = rule.reads(one) if rule.is_mapped else ""
        is_unmapped = value.startswith(UNMAPPED) or (bool(text) and not value)
        unmapped.update([without_persons(text)] if is_unmapped else [])
        unread += value.startswith(UNREAD)
        broken += is_broken(value)
        given += bool(value) and not is_unmapped and not value.startswith(UNREAD)
    return FieldCoverage(operation, name, given, unmapped, unread, broken)


def masked(name: str, value: str) -> str:
    """A value for the eyes of whoever checks a mapping: of personal data its first sign alone, no IIN anywhere."""
    return f"{value[:1]}***" if name in PERSONAL and value else without_persons(value)


def without_persons(text: str) -> str:
    """A key or a value of HR's without what may be an IIN in it."""
    return PERSONS_NUMBER.sub(lambda found: f"{found[0][:1]}***", text)
