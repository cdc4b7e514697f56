"""The workbook in which persons review codes: every cell is text, no formula and no number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Final

_WIDTHS: Final[Mapping[str, int]] = {"value": 40, "code": 16, "official_ru": 40, "official_kk": 40}
_WIDTH: Final = 14
_SUGGESTION_WIDTH: Final = 60


def workbook_of(lines: Sequence[Sequence[str]]) -> bytes:
    """The bytes of a workbook of one sheet; the first line holds the headings.

    In every cell stands text, and in those that a person fills, by the format of their column: 01 stays 01.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "mapping"
    for at, texts in enumerate(lines, start=1):
        for column, text in enumerate(texts, start=1):
            if not text:
                continue
            cell = sheet.cell(at, column, text)
            cell.number_format = "@"
            cell.data_type = "s"
            if at == 1:
                cell.font = Font(bold=True)
    for column, name in enumerate(lines[0], start=1):
        shape = sheet.column_dimensions[get_column_letter(column)]
        shape.width = _SUGGESTION_WIDTH if name.startswith("suggestion_") else _WIDTHS.get(name, _WIDTH)
        shape.number_format = "@"
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions
    written = BytesIO()
    book.save(written)
    return written.getvalue()
