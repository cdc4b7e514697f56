"""From the mapping file to rules that can be applied; every fault names its place in the file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from usrec.adapters.sources.mapping.document import (
    ContractPart,
    Dates,
    LeavePart,
    MappingDocument,
    SecondmentPart,
    SlicesPart,
    Value,
    Values,
    Written,
)
from usrec.domain.errors import ConfigurationError
from usrec.domain.mapping.dates import DateRules, read_zone, require_format
from usrec.domain.mapping.expression import compile_expression
from usrec.domain.mapping.staff_mapping import RowMapping, Secondment, Slices, StaffMapping
from usrec.domain.mapping.values import ValueRule, as_key
from usrec.domain.rules.field_table import FIELDS, FieldRule
from usrec.domain.snapshot.staff import AGREEMENT_FIELDS
from usrec.domain.source_event import Operation

_READS: Final = re.compile(r"\s*(?:--[^\n]*\n\s*)*(select|with)\b", re.IGNORECASE)
_PLAIN: Final = FieldRule("")
_DATE: Final = FieldRule("", kind="date")
_LARGEST: Final = 4 * 2**20
_NEXT: Final = "Mend the mapping file: docs/how-to/snapshot.md; nothing was read from HR's database"


def load_mapping(file: Path) -> StaffMapping:
    """The rules of a mapping file.

    Raises:
        ConfigurationError: It cannot be read, or something in it cannot be used.
    """
    return read_mapping(_text(file), str(file))


def read_mapping(text: str, where: str) -> StaffMapping:
    """The rules in the text of a mapping file.

    Raises:
        ConfigurationError: Something in it cannot be used.
    """
    return _Reading(_document(text, where), where).whole()


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
    def __init__(self, document: MappingDocument, where: str) -> None:
        self._document = document
        self._where = where
        self._codes = {name: self._folded(name, values) for name, values in document.codes.items()}

    def whole(self) -> StaffMapping:
        document = self._document
        leave = document.leave
        return StaffMapping(
            self._contracts(document.contract),
            None if leave is None else self._leaves(leave),
            leave is not None and leave.gone == "deleted",
            self._dates(document.dates),
            frozenset(document.empty) | {""},
        )

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
        )

    def _leaves(self, part: LeavePart) -> RowMapping:
        return RowMapping(
            self._query(part.query, "leave"),
            self._rule(part.key, "[leave] key", _PLAIN),
            {Operation.SOCIAL_LEAVE: self._fields(Operation.SOCIAL_LEAVE, part.social_leave, "leave")},
            self._rule(part.contract_key, "[leave] contract_key", _PLAIN),
            entered_at=part.entered_at,
        )

    def _slices(self, part: SlicesPart) -> Slices:
        place = "[contract] slices"
        return Slices(self._rule(part.begins, f"{place} begins", _DATE), self._rule(part.ends, f"{place} ends", _DATE))

    def _secondment(self, part: SecondmentPart, key: Written) -> Secondment:
        place = "[contract.secondment]"
        when = self._rule(part.when, f"{place} when", _PLAIN)
        return Secondment(when, self._rule(part.key or key, f"{place} key", _PLAIN))

    def _fields(self, operation: Operation, values: Values, table: str) -> Mapping[str, ValueRule]:
        known = {rule.name: rule for rule in FIELDS[operation]}
        if operation is Operation.AMENDMENT:
            known = {name: rule for name, rule in known.items() if name in AGREEMENT_FIELDS}
        found = {}
        for name, written in values.items():
            place = f"[{table}.{operation}] {name}"
            if name not in known:
                raise _wrong(f"{place}: there is no such field; there are: {', '.join(known)}", self._where)
            found[name] = self._rule(written, place, known[name])
        return found

    def _rule(self, written: Written, place: str, field: FieldRule) -> ValueRule:
        value = Value(column=written) if isinstance(written, str) else written
        codes = None if value.codes is None else self._codes.get(value.codes)
        if value.codes is not None and codes is None:
            raise _wrong(f"{place}: there is no [codes.{value.codes}]", self._where)
        is_free_text = field.kind == "text" and field.pattern == _PLAIN.pattern
        if value.constant is not None:
            constant = value.constant
            return ValueRule(lambda _: constant, frozenset(), codes, field.kind == "date", is_free_text)
        if value.expression is not None:
            reads, columns = compile_expression(value.expression, f"{self._where} {place}")
            return ValueRule(reads, columns, codes, field.kind == "date", is_free_text)
        column = value.column or ""
        return ValueRule(lambda cells: cells[column], frozenset({column}), codes, field.kind == "date", is_free_text)

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
