"""What comes out of a file before anything is known about its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import zip_longest

from usrec.domain.errors import ValidationProblem


class FileUnreadable(ValidationProblem):
    """A file of events that cannot be read as a whole; nothing of it was taken."""


class Unusable(StrEnum):
    """A cell of a workbook that holds no value of its own."""

    FORMULA = "formula"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stands in the file.

    Attributes:
        number: As a spreadsheet or an editor counts, from 1.
        cells: By column; text, a number, a truth value, a date, ``None`` or :class:`Unusable`.
        beyond: Whether something stands in a column without a name.
    """

    number: int
    cells: Mapping[str, object]
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file's columns and rows; ``how`` tells in a few words how it was read, such as its encoding."""

    how: str
    header_row: int
    columns: tuple[str, ...]
    rows: Iterator[RawRow]
    recognised: str = ""
    first_day: date = date(1899, 12, 30)


COMMENT = "#"
"""What stands, alone or with a blank behind it, before a row that is not read; ``#45`` may be somebody's key."""


def is_comment(first_cell: str) -> bool:
    """Whether a row with this first cell is a comment."""
    text = first_cell.strip()
    return text == COMMENT or text.startswith(f"{COMMENT} ")


def named_cells(number: int, columns: Sequence[str], cells: Sequence[object]) -> RawRow:
    """A row of cells under the columns of the header."""
    nameless = [cell for name, cell in zip_longest(columns, cells, fillvalue="") if not name]
    return RawRow(
        number, dict(zip(columns, cells, strict=False)), beyond=any(cell not in {None, ""} for cell in nameless)
    )
