"""What the mapping file declares about a staff, applied to the rows of its queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from usrec.domain.errors import SnapshotRefused
from usrec.domain.kept_key import kept_key
from usrec.domain.mapping.dates import DateRules
from usrec.domain.mapping.values import UNMAPPED, ValueRule, cells_of, instant_of
from usrec.domain.rules.approved_codes import EVENT_DAYS
from usrec.domain.rules.field_table import LONGEST_DEPARTMENT
from usrec.domain.snapshot.staff import FoldedKey, LeaveRow, StaffRow, fold
from usrec.domain.snapshot.story import Facts
from usrec.domain.source_event import Operation

Fields = Mapping[str, ValueRule]
Row = Mapping[str, object]
"""Cells of a row by column, as the driver gave them."""
Known = Mapping[str, str] | None
_LAST: Final = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Slices:
    """Rows of one contract that hold one after another."""

    begins: ValueRule
    ends: ValueRule


@dataclass(frozen=True, slots=True)
class Secondment:
    """Which rows show that somebody works for another employer for a time, and whose contract goes on meanwhile.

    Attributes:
        when: Gives something in such a row, and nothing in any other.
        key: HR's key of the contract that goes on.
    """

    when: ValueRule
    key: ValueRule


@dataclass(frozen=True, slots=True)
class RowMapping:
    """What one query gives.

    Attributes:
        fields: By operation, the fields of its event.
        slices: None where a contract has one row.
        entered_at: Column with the time of the last entry; empty without one.
        secondment: None where the file says nothing about it.
        department: Likewise.
    """

    query: str
    key: ValueRule
    fields: Mapping[Operation, Fields]
    owner: ValueRule
    slices: Slices | None = None
    entered_at: str = ""
    secondment: Secondment | None = None
    department: ValueRule | None = None

    @property
    def columns(self) -> Sequence[str]:
        """Every column that it reads."""
        rules = [self.key, self.owner, *(rule for fields in self.fields.values() for rule in fields.values())]
        rules += [self.slices.begins, self.slices.ends] if self.slices else []
        rules += [self.secondment.when, self.secondment.key] if self.secondment else []
        rules += [self.department] if self.department else []
        named = {column for rule in rules for column in rule.columns}
        return sorted(named | ({self.entered_at} if self.entered_at else set()))

    @property
    def columns_of_words(self) -> Sequence[str]:
        """Those from which a field takes words, or a map its values; numbers, codes and days are none."""
        rules = [rule for fields in self.fields.values() for rule in fields.values()]
        wordy = [rule for rule in rules if rule.is_mapped or (rule.is_free_text and not rule.is_date)]
        wordy += [self.department] if self.department else []
        return sorted({column for rule in wordy for column in rule.columns})


@dataclass(frozen=True, slots=True)
class TableMapping:
    """A table that is fetched whole, from a service or a file, where HR's database itself cannot be asked.

    Attributes:
        name: As the queries call it.
        read: What the service or the folder calls it.
        columns: What of it is read; a list of further rows stands in its column as JSON.
        key: Columns that tell its rows apart, in their order.
        filter: What the service is asked to leave out, in its own language; empty for nothing.
        max_age: In hours; an older file is not taken for the staff.
    """

    name: str
    read: str
    columns: Sequence[str]
    key: Sequence[str] = ()
    filter: str = ""
    max_age: int = 48


@dataclass(frozen=True, slots=True)
class StaffMapping:
    """The whole file.

    Attributes:
        contracts: ``owner`` is the employer's BIN.
        leaves: ``owner`` is the key of the contract; None where leaves are not asked for.
        leaves_are_complete: A leave whose row is gone was deleted.
        empty: Texts that mean that there is no value.
        tables: What the queries ask, where they do not ask HR's database.
    """

    contracts: RowMapping
    leaves: RowMapping | None = None
    leaves_are_complete: bool = False
    dates: DateRules = field(default_factory=DateRules)
    empty: frozenset[str] = frozenset()
    tables: Sequence[TableMapping] = ()

    def contract_rows(self, rows: Sequence[Row], today: date, where: str) -> list[StaffRow]:
        """The staff on ``today``.

        Raises:
            SnapshotRefused: Two slices of one contract hold on one day.
        """
        chosen = self._chosen(rows, today, where)
        return [self.contract_row(row, cells) for row, cells in chosen if not self._is_seconded(cells)]

    def seconded(self, rows: Sequence[Row], today: date, where: str) -> frozenset[FoldedKey] | None:
        """The contracts that go on while a row says that somebody is seconded; None without a rule for it.

        Raises:
            SnapshotRefused: As ``contract_rows`` does.
        """
        rule = self.contracts.secondment
        if rule is None:
            return None
        marked = (cells for _, cells in self._chosen(rows, today, where) if self._is_seconded(cells))
        return frozenset(fold(kept_key(rule.key.value(cells, self.dates))) for cells in marked)

    def _chosen(self, rows: Sequence[Row], today: date, where: str) -> Iterator[tuple[Row, dict[str, str]]]:
        mapped = [(row, cells_of(row, self.dates, self.empty)) for row in rows]
        return _in_force(mapped, self.contracts, self.dates, today, where)

    def _is_seconded(self, cells: Mapping[str, str]) -> bool:
        rule = self.contracts.secondment
        return rule is not None and bool(rule.when.value(cells, self.dates))

    def contract_row(self, row: Row, cells: Mapping[str, str]) -> StaffRow:
        """One contract."""
        rules = self.contracts
        values = {operation: self._values(fields, cells) for operation, fields in rules.fields.items()}
        return StaffRow(
            kept_key(rules.key.value(cells, self.dates)),
            kept_key(rules.owner.value(cells, self.dates)),
            values.get(Operation.CONCLUSION, {}),
            values.get(Operation.AMENDMENT, {}),
            values.get(Operation.TERMINATION, {}),
            values.get(Operation.REINSTATEMENT, {}),
            self._entered(rules, row, cells),
            self._formerly(cells, *rules.fields.values()),
            self._department(rules, cells),
        )

    def leave_rows(self, rows: Sequence[Row]) -> list[LeaveRow]:
        """The leaves; none where they are not asked for."""
        return [] if self.leaves is None else [self._leave(self.leaves, row) for row in rows]

    def learned(self, facts: Facts) -> Facts:
        """What is remembered, with the codes of values that no map knew when they were seen."""
        fields = self.contracts.fields
        leaves = {} if self.leaves is None else self.leaves.fields
        day, ended = _day_of(facts.agreement, facts.contract), _day_of(facts.ending)
        return replace(
            facts,
            contract=_learned(facts.contract, fields.get(Operation.CONCLUSION, {}), day),
            ending=_learned(facts.ending, fields.get(Operation.TERMINATION, {}), ended),
            leave=_learned(facts.leave, leaves.get(Operation.SOCIAL_LEAVE, {}), _day_of(facts.leave)),
        )

    def _leave(self, rules: RowMapping, row: Row) -> LeaveRow:
        cells = cells_of(row, self.dates, self.empty)
        return LeaveRow(
            kept_key(rules.key.value(cells, self.dates)),
            kept_key(rules.owner.value(cells, self.dates)),
            self._values(rules.fields[Operation.SOCIAL_LEAVE], cells),
            self._entered(rules, row, cells),
            self._formerly(cells, rules.fields[Operation.SOCIAL_LEAVE]),
            self._department(rules, cells),
        )

    def _department(self, rules: RowMapping, cells: Mapping[str, str]) -> str:
        """Cut to what an event takes: nothing is held up for it."""
        rule = rules.department
        return "" if rule is None else rule.value(cells, self.dates)[:LONGEST_DEPARTMENT].strip()

    def _values(self, fields: Fields, cells: Mapping[str, str]) -> dict[str, str]:
        found = {name: rule.value(cells, self.dates) for name, rule in fields.items()}
        return {name: value for name, value in found.items() if value}

    def _formerly(self, cells: Mapping[str, str], *every: Fields) -> Mapping[str, frozenset[str]]:
        found = {name: rule.formerly(cells, self.dates) for fields in every for name, rule in fields.items()}
        return {name: codes for name, codes in found.items() if codes}

    def _entered(self, rules: RowMapping, row: Row, cells: Mapping[str, str]) -> datetime | None:
        name = rules.entered_at
        return instant_of(row[name], cells[name], self.dates) if name else None


def _day_of(*papers: Known) -> str:
    """The event's day by what is remembered, found as a row's own is."""
    return next((found for paper in papers for name in EVENT_DAYS if (found := (paper or {}).get(name))), "")


def _learned(known: Known, fields: Fields, day: str) -> Known:
    if known is None or not any(value.startswith(UNMAPPED) for value in known.values()):
        return known
    return {name: fields[name].learned(value, day) if name in fields else value for name, value in known.items()}


def _in_force(
    mapped: Sequence[tuple[Row, dict[str, str]]], rules: RowMapping, dates: DateRules, today: date, where: str
) -> Iterator[tuple[Row, dict[str, str]]]:
    """Of each contract the slice that holds today; else the last that ended, else the first that is to come."""
    if rules.slices is None:
        yield from mapped
        return
    day, by_key = today.isoformat(), dict[FoldedKey, list[tuple[str, str, Row, dict[str, str]]]]()
    for row, cells in mapped:
        begins = rules.slices.begins.value(cells, dates)
        ends = rules.slices.ends.value(cells, dates) or _LAST
        by_key.setdefault(fold(rules.key.value(cells, dates)), []).append((begins, ends, row, cells))
    overlapping = 0
    for slices in by_key.values():
        now = [one for one in slices if one[0] <= day <= one[1]]
        overlapping += len(now) > 1
        past = [one for one in slices if one[1] < day]
        chosen = now[0] if now else max(past, key=lambda one: one[1]) if past else min(slices, key=lambda one: one[0])
        yield chosen[2], chosen[3]
    if overlapping:
        raise SnapshotRefused(
            f"{overlapping} contracts have more than one slice that holds today",
            where=where,
            kept="The last snapshot stands; nothing was derived and no event is lost",
            next_step="Let the query return each slice once, or correct slices in the mapping file",
        )
