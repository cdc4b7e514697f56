"""From the mapping file to rules that can be applied; every fault names its place in the file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from usrec.adapters.sources.mapping.document import (
    ApprovedPart,
    ContractPart,
    Dates,
    LeavePart,
    MappingDocument,
    SecondmentPart,
    SlicesPart,
    TablePart,
    Value,
    Values,
    Written,
)
from usrec.adapters.sources.mapping.reviews import Reviews
from usrec.domain.errors import ConfigurationError, ValidationProblem
from usrec.domain.mapping.dates import DateRules, read_zone, require_format
from usrec.domain.mapping.expression import Expression, compile_expression
from usrec.domain.mapping.review import ApprovedCodes
from usrec.domain.mapping.staff_mapping import RowMapping, Secondment, Slices, StaffMapping, TableMapping
from usrec.domain.mapping.values import ApprovedMap, ValueRule, as_key
from usrec.domain.rules.approved_codes import EVENT_DAYS
from usrec.domain.rules.codes import CODE_FIELDS
from usrec.domain.rules.field_table import FIELDS, FieldRule
from usrec.domain.snapshot.staff import AGREEMENT_FIELDS
from usrec.domain.source_event import DEPARTMENT, Operation

_READS: Final = re.compile(r"\s*(?:--[^\n]*\n\s*)*(select|with)\b", re.IGNORECASE)
_PLAIN: Final = FieldRule("")
_DATE: Final = FieldRule("", kind="date")
_LARGEST: Final = 4 * 2**20
_NEXT: Final = "Mend the mapping file: docs/how-to/snapshot.md; nothing was read from HR's database"


def load_mapping(file: Path, *, collecting: bool = False) -> StaffMapping:
    """The rules of a mapping file.

    Args:
        collecting: Review files that it names need not be there yet.

    Raises:
        ConfigurationError: It cannot be read, or something in it cannot be used.
    """
    return read_mapping(_text(file), str(file), collecting=collecting)


def read_mapping(text: str, where: str, *, collecting: bool = False) -> StaffMapping:
    """The rules in the text of a mapping file; its review files lie beside it.

    Raises:
        ConfigurationError: Something in it cannot be used.
    """
    return _Reading(_document(text, where), where, collecting=collecting).whole()


def load_document(file: Path) -> MappingDocument:
    """A mapping file as it is written, after everything in it was looked at as :func:`load_mapping` does.

    Raises:
        ConfigurationError: It cannot be read, or something in it cannot be used.
    """
    document = _document(_text(file), str(file))
    _Reading(document, str(file)).whole()
    return document


def _document(text: str, where: str) -> MappingDocument:
    try:
        return MappingDocument.model_validate(_tuples(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as problem:
        raise _wrong(f"it is no TOML: {problem}", where) from None
    except ValidationError as problem:
        faults = problem.errors(include_input=False, include_url=False)
        raise _wrong("; ".join(f"{_place(one['loc'])}: {one['msg']}" for one in faults), where) from None


class _Reading:
    def __init__(self, document: MappingDocument, where: str, *, collecting: bool = False) -> None:
        self._document = document
        self._where = where
        self._codes = {name: self._folded(name, values) for name, values in document.codes.items()}
        self._reviews = Reviews(Path(where).parent, missing_ok=collecting)
        if len({part.file for part in document.approved.values()}) < len(document.approved):
            raise _wrong("two [approved.NAME] name one file", where)
        self._approved = {name: self._approved_map(name, part) for name, part in document.approved.items()}
        self._days = self._event_days(document)

    def whole(self) -> StaffMapping:
        document = self._document
        leave = document.leave
        return StaffMapping(
            self._contracts(document.contract),
            None if leave is None else self._leaves(leave),
            leave is not None and leave.gone == "deleted",
            self._dates(document.dates),
            frozenset(document.empty) | {""},
            tuple(self._table(name, part) for name, part in document.tables.items()),
        )

    def _table(self, name: str, part: TablePart) -> TableMapping:
        lacking = [one for one in part.key if one not in part.columns]
        if lacking:
            raise _wrong(f"[tables.{name}] key: {', '.join(lacking)} is none of its columns", self._where)
        return TableMapping(name, part.read, part.columns, part.key, part.filter, part.max_age)

    def _contracts(self, part: ContractPart) -> RowMapping:
        given = {
            Operation.CONCLUSION: part.conclusion,
            Operation.AMENDMENT: part.amendment,
            Operation.TERMINATION: part.termination,
            Operation.REINSTATEMENT: part.reinstatement,
        }
        fields = {operation: self._fields(operation, values, "contract") for operation, values in given.items()}
        return RowMapping(
            self._query(part.query, "contract"),
            self._rule(part.key, "[contract] key", _PLAIN),
            fields,
            self._rule(part.employer_bin, "[contract] employer_bin", _PLAIN),
            None if part.slices is None else self._slices(part.slices),
            part.entered_at,
            None if part.secondment is None else self._secondment(part.secondment, part.key),
            self._department(part.department, "contract"),
        )

    def _leaves(self, part: LeavePart) -> RowMapping:
        return RowMapping(
            self._query(part.query, "leave"),
            self._rule(part.key, "[leave] key", _PLAIN),
            {Operation.SOCIAL_LEAVE: self._fields(Operation.SOCIAL_LEAVE, part.social_leave, "leave")},
            self._rule(part.contract_key, "[leave] contract_key", _PLAIN),
            entered_at=part.entered_at,
            department=self._department(part.department, "leave"),
        )

    def _department(self, written: Written | None, table: str) -> ValueRule | None:
        return None if written is None else self._rule(written, f"[{table}] department", _PLAIN)

    def _slices(self, part: SlicesPart) -> Slices:
        place = "[contract] slices"
        return Slices(self._rule(part.begins, f"{place} begins", _DATE), self._rule(part.ends, f"{place} ends", _DATE))

    def _secondment(self, part: SecondmentPart, key: Written) -> Secondment:
        place = "[contract.secondment]"
        when = self._rule(part.when, f"{place} when", _PLAIN)
        return Secondment(when, self._rule(part.key or key, f"{place} key", _PLAIN))

    def _fields(self, operation: Operation, values: Values, table: str) -> Mapping[str, ValueRule]:
        known = {rule.name: rule for rule in FIELDS[operation] if rule.name != DEPARTMENT}
        if operation is Operation.AMENDMENT:
            known = {name: rule for name, rule in known.items() if name in AGREEMENT_FIELDS}
        found = {}
        for name, written in values.items():
            place = f"[{table}.{operation}] {name}"
            if name not in known:
                raise _wrong(f"{place}: there is no such field; there are: {', '.join(known)}", self._where)
            rule = self._rule(written, place, known[name], approvable=name in CODE_FIELDS)
            found[name] = rule if rule.approved is None else self._dated(rule, rule.approved, name, operation)
        return found

    def _dated(self, rule: ValueRule, approved: ApprovedMap, name: str, operation: Operation) -> ValueRule:
        """The rule with what was approved, for the day of its event."""
        try:
            codes = self._reviews.codes(approved.file, CODE_FIELDS[name].dictionary)
        except ValidationProblem as problem:
            raise _wrong(f"[approved.{approved.name}] {problem.where}: {problem.what}", self._where) from None
        names = [one.columns for one in (approved.name_ru, approved.name_kk) if one]
        return replace(
            rule,
            columns=rule.columns.union(*names),
            approved=replace(approved, codes=codes),
            dated_by=tuple(self._days.get(operation, ())),
        )

    def _approved_map(self, name: str, part: ApprovedPart) -> ApprovedMap:
        return ApprovedMap(
            name, part.file, ApprovedCodes(), self._name(name, part.name_ru), self._name(name, part.name_kk)
        )

    def _name(self, name: str, written: Written | None) -> ValueRule | None:
        return None if written is None else self._rule(written, f"[approved.{name}] names", _PLAIN)

    def _event_days(self, document: MappingDocument) -> Mapping[Operation, Sequence[ValueRule]]:
        """By operation what gives the event's day: terms of a contract hold from its last agreement on."""
        contract, leave = document.contract, document.leave
        begun = (contract.amendment, contract.conclusion)
        papers: Mapping[Operation, Sequence[Values]] = {
            Operation.CONCLUSION: begun,
            Operation.AMENDMENT: begun,
            Operation.TERMINATION: (contract.termination,),
            Operation.REINSTATEMENT: (contract.reinstatement,),
            Operation.SOCIAL_LEAVE: () if leave is None else (leave.social_leave,),
        }
        return {
            operation: [
                self._rule(paper[name], name, _DATE) for paper in values for name in EVENT_DAYS if name in paper
            ]
            for operation, values in papers.items()
        }

    def _rule(self, written: Written, place: str, field: FieldRule, *, approvable: bool = False) -> ValueRule:
        value = Value(column=written) if isinstance(written, str) else written
        codes = None if value.codes is None else self._codes.get(value.codes)
        if value.codes is not None and codes is None:
            raise _wrong(f"{place}: there is no [codes.{value.codes}]", self._where)
        approved = self._named_approved(value.approved, place, approvable=approvable)
        is_free_text = field.kind == "text" and field.pattern == _PLAIN.pattern
        reads, columns = self._reads(value, place)
        return ValueRule(reads, columns, codes, field.kind == "date", is_free_text, approved)

    def _reads(self, value: Value, place: str) -> tuple[Expression, frozenset[str]]:
        if value.constant is not None:
            constant = value.constant
            return lambda _: constant, frozenset()
        if value.expression is not None:
            return compile_expression(value.expression, f"{self._where} {place}")
        column = value.column or ""
        return lambda cells: cells[column], frozenset({column})

    def _named_approved(self, name: str | None, place: str, *, approvable: bool) -> ApprovedMap | None:
        if name is None:
            return None
        if not approvable:
            raise _wrong(f"{place}: it holds no code of an official list, so that none is approved", self._where)
        if name not in self._approved:
            raise _wrong(f"{place}: there is no [approved.{name}]", self._where)
        return self._approved[name]

    def _folded(self, name: str, values: Mapping[str, str]) -> Mapping[str, str]:
        folded = {as_key(value): code for value, code in values.items()}
        if len(folded) < len(values):
            raise _wrong(f"[codes.{name}] has values that differ only in case or blanks", self._where)
        return folded

    def _query(self, query: str, table: str) -> str:
        """A guest reads; what begins otherwise, or goes on after a semicolon, is not run."""
        whole = query.strip().removesuffix(";")
        if not _READS.match(whole) or ";" in whole:
            raise _wrong(f"[{table}] query: write one SELECT, without a semicolon in it", self._where)
        return whole

    def _dates(self, dates: Dates) -> DateRules:
        where = f"{self._where} [dates]"
        return DateRules(
            tuple(require_format(one, f"{where} formats") for one in dates.formats),
            frozenset(dates.empty) | frozenset(dates.endless),
            read_zone(dates.time_zone, f"{where} time_zone"),
            dates.year_offset,
        )


def _tuples(value: object) -> object:
    """Lists as the frozen model has them."""
    if isinstance(value, dict):
        return {name: _tuples(inner) for name, inner in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _place(steps: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in steps if step not in {"str", "Value"})


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST:
            raise _wrong(f"it is larger than {_LARGEST // 2**20} MiB", str(file))
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise _wrong(f"the mapping file cannot be read: {reason}", str(file)) from None


def _wrong(what: str, where: str) -> ConfigurationError:
    return ConfigurationError(what, where=where, next_step=_NEXT)
