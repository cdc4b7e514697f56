"""Files of events as HR would export them, for readers and lint."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook

from support.line import WeekdayCalendar
from usrec.adapters.sources.files.options import ReadingOptions, Sentinel
from usrec.adapters.sources.files.reading import EventFile, read_event_file
from usrec.adapters.sources.files.template import example_row
from usrec.application.lint import lint
from usrec.domain.rules.finding import Finding
from usrec.domain.rules.late import LATE_RULES
from usrec.domain.source_event import Operation, SourceName

NOW: Final = datetime(2026, 12, 31, 9, tzinfo=UTC)


def event(operation: Operation = Operation.CONCLUSION, /, **changes: Any) -> dict[str, Any]:
    """A good row of this kind, with changes; a value of None leaves the column out."""
    row = {**example_row(operation), **changes}
    return {name: value for name, value in row.items() if value is not None}


def csv_text(rows: Sequence[Mapping[str, Any]], delimiter: str = ";") -> str:
    """The rows as CSV, with every column that one of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def csv_file(folder: Path, *rows: Mapping[str, Any], encoding: str = "utf-8", delimiter: str = ";") -> Path:
    """A CSV file of the rows."""
    file = folder / "events.csv"
    file.write_bytes(csv_text(rows, delimiter).encode(encoding))
    return file


def workbook(folder: Path, *rows: Mapping[str, Any]) -> Path:
    """An Excel file of the rows, each value as Python's kind of it."""
    book = Workbook()
    sheet = book.worksheets[0]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    sheet.append(columns)
    for row in rows:
        sheet.append([row.get(name) for name in columns])
    file = folder / "events.xlsx"
    book.save(file)
    return file


def read(file: Path, **options: Any) -> EventFile:
    """What the reader says; ``sentinels`` by text such as ``{"9999-12-31": "none"}``."""
    declared = {day: Sentinel(meaning) for day, meaning in options.pop("sentinels", {}).items()}
    return read_event_file(file, SourceName("file"), ReadingOptions(sentinels=declared, **options))


def linted(file: Path, **options: Any) -> list[tuple[int, Finding]]:
    """Each finding with its row, those of the header included; that the rows' terms are over by now is left out."""
    found = read(file, **options)
    rows = [(one.row, one.findings) for one in found.rows]
    said = lint(rows, employers=None, calendar=WeekdayCalendar(), now=NOW)
    late = {rule for rule, _, _ in LATE_RULES.values()}
    told = [
        (row.number, one) for row, ones in zip(found.rows, said, strict=True) for one in ones if one.rule not in late
    ]
    return [*((found.header_row, one) for one in found.findings), *told]


def rules(file: Path, **options: Any) -> list[tuple[int, str, str]]:
    """(row, rule, field) of each finding."""
    return [(row, one.rule, one.field) for row, one in linted(file, **options)]
