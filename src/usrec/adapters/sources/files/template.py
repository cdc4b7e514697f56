"""A file of events to begin with: every column there is, and an example row for each kind of event.

Columns and examples come from the rules, so that a new kind of event appears here by itself. The examples name an
employer that nobody is, so an agent refuses them if somebody forgets to take them out.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO, StringIO
from typing import Final

from usrec.adapters.sources.files.columns import FIELD_COLUMNS, ROW_COLUMNS
from usrec.adapters.sources.files.json_lines import JSON_COMMENT
from usrec.adapters.sources.files.raw import COMMENT
from usrec.adapters.sources.files.workbook import SHEET
from usrec.domain.rules.completeness import is_demanded
from usrec.domain.rules.field_table import FIELDS, FieldRule
from usrec.domain.source_event import Operation

TEMPLATE_COLUMNS: Final = (*ROW_COLUMNS, *FIELD_COLUMNS)
NOBODY: Final = "200940000013"
_DAY: Final = "2026-11-23"
_EXAMPLES: Final[Mapping[str, str]] = {
    "employee_iin": "900101300007",
    "contract_number": "ТД-45",
    "agreement_number": "ДС-45/1",
    "position_code": "2511-2-001",
    "established_post": "Аналитик",
    "reason_code": "05",
    "contract_id": "6f9d2c1e-0a41-4b7e-9c55-2d1f0e7a8b90",
    "agreement_id": "0b7d2c1e-0a41-4b7e-9c55-2d1f0e7a8b91",
    "leave_id": "1c7d2c1e-0a41-4b7e-9c55-2d1f0e7a8b92",
    "term_code": "1",
    "work_place_address": "Астана, улица Абая, 1",
    "leave_type_code": "1",
    "order_number": "5-в",
    "deciding_body_code": "1",
    "court_code": "12",
    "timesheet_number": "0045",
    "new_employee_iin": "850515400012",
    "new_employer_bin": "150340000027",
}
_OLD: Final = {
    "contract_number": "ТД-7",
    "contract_date": "2019-03-04",
    "signed_on": "2019-03-04",
    "begin_date": "2019-03-04",
}
"""Of a legacy contract, which the Order found already there."""
_SHAPES: Final = ("01", "1", "1.00", "text", "123456", "123456789", "0123456789abcdef0123456789abcdef")
_WIDTH: Final = 18
_USUAL: Final = frozenset(
    {"contract_id", "order_number", "deciding_body_code", "court_code", "first_working_day", "timesheet_number"}
)
"""Columns that an ordinary row fills in although not every row must."""

_AGREEMENTS: Final = frozenset({Operation.AMENDMENT, Operation.AMENDMENT_EDIT})
_OF_AGREEMENTS: Final = frozenset({"position_code", "established_post"})


def example_row(operation: Operation) -> Mapping[str, str]:
    """A row of made-up values in every column that an ordinary event of this kind has; the others stay empty."""
    row = {
        "event_id": f"EXAMPLE-{operation}",
        "event_type": operation.value,
        "contract_key": f"EXAMPLE-{operation}",
        "employer_bin": NOBODY,
        "revision": "1",
    }
    usual = _USUAL | _OF_AGREEMENTS if operation in _AGREEMENTS else _USUAL
    made = {
        rule.name: _example(rule)
        for rule in FIELDS[operation]
        if rule.required or rule.name in usual or is_demanded(operation, rule.name)
    }
    if operation is Operation.LEGACY_CONTRACT:
        made |= {name: day for name, day in _OLD.items() if name in made}
    return row | made


def _example(rule: FieldRule) -> str:
    """A known example, else any text of the right shape."""
    if rule.kind == "date":
        return _EXAMPLES.get(rule.name, _DAY)
    known = [_EXAMPLES[rule.name]] if rule.name in _EXAMPLES else []
    return next(text for text in (*known, *_SHAPES) if rule.pattern.fullmatch(text))


def csv_template(comments: Sequence[str]) -> bytes:
    """CSV with semicolons in UTF-8 with its mark, as Excel in Kazakhstan opens it by a double click."""
    text = StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([f"{COMMENT} {line}"] for line in comments)
    writer.writerow(TEMPLATE_COLUMNS)
    writer.writerows(_cells(example_row(operation)) for operation in FIELDS)
    return text.getvalue().encode("utf-8-sig")


def json_lines_template(comments: Sequence[str]) -> bytes:
    """JSON lines; comments are objects of their own."""
    rows: list[Mapping[str, str]] = [{JSON_COMMENT: line} for line in comments]
    rows += [example_row(operation) for operation in FIELDS]
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


def workbook_template(comments: Sequence[str], explained: Mapping[str, str], sheet: str) -> bytes:
    """A workbook: the events with every cell formatted as text, and a sheet that explains the columns.

    Args:
        explained: What each column means.
        sheet: Name of the second sheet.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    events = book.worksheets[0]
    events.title = SHEET
    for row, cells in enumerate(_sheet_rows(), start=1):
        for column, cell in enumerate(cells, start=1):
            place = events.cell(row, column, cell or None)
            place.number_format = "@"
            place.font = Font(bold=row == 1)
    for letter in map(get_column_letter, range(1, len(TEMPLATE_COLUMNS) + 1)):
        events.column_dimensions[letter].width = _WIDTH
        events.column_dimensions[letter].number_format = "@"
    events.freeze_panes = "A2"
    told = book.create_sheet(sheet)
    for line in comments:
        told.append([line])
    for pair in explained.items():
        told.append(pair)
    told.column_dimensions["A"].width = _WIDTH * 2
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _sheet_rows() -> Iterator[Sequence[str]]:
    yield TEMPLATE_COLUMNS
    for operation in FIELDS:
        yield _cells(example_row(operation))


def _cells(row: Mapping[str, str]) -> Sequence[str]:
    return [row.get(name, "") for name in TEMPLATE_COLUMNS]
