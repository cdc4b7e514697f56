"""What comes out of a file before anything is known about its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

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
        beyond: Whether something stands behind the last column.
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
"""What begins a row that is not read."""
