"""An export of the registry, or HR's own list of contracts: rows whose columns are these, or are said to be them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from usrec.adapters.sources.files.cells import Column, read_cell
from usrec.adapters.sources.files.options import MOST_ROWS, ReadingOptions
from usrec.adapters.sources.files.raw import FileUnreadable, RawFile
from usrec.domain.identifiers import IdentifierError, parse_iin
from usrec.domain.onboarding import HrContract, KnownAgreement, KnownContract
from usrec.domain.source_event import ContractKey
from usrec.domain.spreadsheet import unmarked

_KINDS: Final = {
    "employee_iin": "iin",
    "employer_bin": "employer",
    "contract_date": "date",
    "entered_on": "date",
    "agreement_date": "date",
    "agreement_entered_on": "date",
}
_IDENTITY: Final = ("employee_iin", "contract_number", "contract_date")
_NEEDED: Final = ("contract_id", *_IDENTITY)
_OF_ROSTER: Final = ("contract_key", *_IDENTITY)
_AGREEMENT: Final = ("agreement_number", "agreement_date", "agreement_entered_on")
COLUMNS: Final = (*_NEEDED, "entered_on", "agreement_id", *_AGREEMENT, "employer_bin", "contract_key")
_ID: Final = re.compile(r"[A-Za-z0-9-]{1,45}")


@dataclass(frozen=True, slots=True)
class Unusable:
    """A row that says nothing certain; ``column`` is where."""

    row: int
    column: str


class _BadCell(Exception):  # noqa: N818 -- it never leaves this module
    """What a row needs is not there, or cannot be read."""


def read_export(
    path: Path, options: ReadingOptions, renamed: Mapping[str, str], employer_bin: str
) -> tuple[Sequence[KnownContract], Sequence[Unusable]]:
    """Rows of an export, one for each contract or agreement, and those that cannot be used.

    Args:
        renamed: Columns as the file calls them, by their names here.

    Raises:
        FileUnreadable: It cannot be read as a whole, or lacks a column.
    """
    good, bad = [], []
    for number, cells in _rows(path, options, renamed, _NEEDED):
        try:
            good.append(_contract(number, _Cells(cells), employer_bin))
        except _BadCell as problem:
            bad.append(Unusable(number, str(problem)))
    return good, bad


def read_roster(
    path: Path, options: ReadingOptions, renamed: Mapping[str, str]
) -> tuple[Sequence[HrContract], Sequence[Unusable]]:
    """HR's own list of contracts with its keys; raises as :func:`read_export` does."""
    good, bad = [], []
    for number, cells in _rows(path, options, renamed, _OF_ROSTER):
        row = _Cells(cells)
        try:
            iin, day = row.iin(), row.day("contract_date")
            good.append(HrContract(ContractKey(row.text("contract_key")), iin, row.text("contract_number"), str(day)))
        except _BadCell as problem:
            bad.append(Unusable(number, str(problem)))
    return good, bad


_Read = Mapping[str, str | None]


class _Cells:
    """The cells of one row; None where one cannot be read."""

    def __init__(self, cells: _Read) -> None:
        self._cells = cells

    def text(self, name: str) -> str:
        found = self._cells.get(name)
        if not found:
            raise _BadCell(name)
        return found

    def or_none(self, name: str) -> str | None:
        if name in self._cells and self._cells[name] is None:
            raise _BadCell(name)
        return self._cells.get(name) or None

    def registry_id(self, name: str) -> str:
        found = self.text(name)
        if not _ID.fullmatch(found):
            raise _BadCell(name)
        return found

    def iin(self) -> str:
        try:
            return parse_iin(self.text("employee_iin")).value
        except IdentifierError:
            raise _BadCell("employee_iin") from None

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            raise _BadCell(name) from None

    def day_or_none(self, name: str) -> date | None:
        return None if self.or_none(name) is None else self.day(name)


def _contract(number: int, row: _Cells, employer_bin: str) -> KnownContract:
    if row.or_none("employer_bin") not in {None, employer_bin}:
        raise _BadCell("employer_bin")
    key = row.or_none("contract_key")
    return KnownContract(
        contract_id=row.registry_id("contract_id"),
        employee_iin=row.iin(),
        number=row.text("contract_number"),
        day=row.day("contract_date"),
        entered=row.day_or_none("entered_on"),
        agreements=tuple(_agreements(row)),
        stated_key=None if key is None else ContractKey(key),
        rows=(number,),
    )


def _agreements(row: _Cells) -> Iterator[KnownAgreement]:
    if row.or_none("agreement_id") is None:
        return
    days = row.day_or_none("agreement_date"), row.day_or_none("agreement_entered_on")
    yield KnownAgreement(row.registry_id("agreement_id"), row.or_none("agreement_number") or "", *days)


def _rows(
    path: Path, options: ReadingOptions, renamed: Mapping[str, str], needed: Sequence[str]
) -> Iterator[tuple[int, _Read]]:
    raw = _open(path, options, renamed)
    names = {renamed.get(name, name): name for name in COLUMNS}
    here = [one for one in raw.columns if one in names]
    doubled = next((one for one in here if here.count(one) > 1), None)
    if doubled is not None:
        raise FileUnreadable(f"the column {doubled} stands there twice", where=str(path))
    missing = [name for name in needed if renamed.get(name, name) not in here]
    if missing:
        raise FileUnreadable(
            f"there is no column {', '.join(missing)}",
            where=str(path),
            next_step="Say how the file calls it: --column NAME=HEADER",
        )
    columns = [(one, Column(names[one], _KINDS.get(names[one], "text"))) for one in here]
    for count, row in enumerate(raw.rows):
        if count == MOST_ROWS:
            raise FileUnreadable(f"the file has more than {MOST_ROWS} rows", where=str(path), next_step="Split it")
        yield row.number, {wanted.name: _text(row.cells.get(one), wanted, options, raw) for one, wanted in columns}


def _text(cell: object, column: Column, options: ReadingOptions, raw: RawFile) -> str | None:
    """A cell; empty where nothing stands there, None where it cannot be read."""
    value, found = read_cell(cell, column, options, raw.first_day)
    return None if found is not None else unmarked(str(value or "").strip())


def _open(path: Path, options: ReadingOptions, renamed: Mapping[str, str]) -> RawFile:
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            from usrec.adapters.sources.files.delimited import read_delimited

            return read_delimited(path, options, [renamed.get(name, name) for name in COLUMNS])
        case ".xlsx":
            from usrec.adapters.sources.files.workbook import read_workbook

            return read_workbook(path)
        case _:
            raise FileUnreadable(
                "the name of the file does not tell what it is",
                where=str(path),
                next_step="It must end in .csv, .tsv, .txt or .xlsx",
            )
