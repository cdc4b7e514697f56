"""HR's own list, CSV or Excel, of which only one column's different values are wanted."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from usrec.adapters.sources.files.delimited import read_delimited
from usrec.adapters.sources.files.options import ReadingOptions
from usrec.adapters.sources.files.raw import RawFile, Unusable
from usrec.adapters.sources.files.workbook import read_workbook
from usrec.adapters.sources.mapping.review_file import WORKBOOK, refused
from usrec.domain.mapping.dates import DateRules
from usrec.domain.mapping.review import Seen, counted
from usrec.domain.mapping.values import text_of


@dataclass(frozen=True, slots=True)
class ListColumns:
    """Headings of the list; empty where it has no such column.

    Attributes:
        person: Tells persons apart; is only counted.
    """

    value: str
    name_ru: str = ""
    name_kk: str = ""
    person: str = ""

    @property
    def given(self) -> Sequence[str]:
        """Those that the list has."""
        return [one for one in (self.value, self.name_ru, self.name_kk, self.person) if one]


def seen_in_list(file: Path, columns: ListColumns, encoding: str = "") -> Sequence[Seen]:
    """The different values of a column, with how many persons have each.

    Raises:
        ValidationProblem: The file cannot be read, or lacks a column.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return counted(_values(_raw(file, columns, encoding), file, columns))


def _raw(file: Path, columns: ListColumns, encoding: str) -> RawFile:
    if file.suffix.lower() == WORKBOOK:
        return read_workbook(file)
    return read_delimited(file, ReadingOptions(encoding), columns.given)


def _values(raw: RawFile, file: Path, columns: ListColumns) -> Iterator[tuple[str, tuple[str, str], str]]:
    missing = [one for one in columns.given if one not in raw.columns]
    if missing:
        raise refused(file, f"it has no column {', '.join(missing)}; it has: {', '.join(raw.columns)}", "Name its own")
    for row in raw.rows:
        unusable = [one for one in columns.given if isinstance(row.cells.get(one), Unusable)]
        if unusable:
            what = f"line {row.number}, {unusable[0]}: it holds a formula or its error, and no value"
            raise refused(file, what, "Copy the column, and paste it as values")
        if text := _text(row.cells, columns.value):
            names = (_text(row.cells, columns.name_ru), _text(row.cells, columns.name_kk))
            yield text, names, _text(row.cells, columns.person)


def _text(cells: Mapping[str, object], name: str) -> str:
    return text_of(cells.get(name), DateRules()) if name else ""
