"""The file in which persons review codes for HR's values: CSV or an Excel workbook, read whole and written atomically.

Spreadsheets turn 01 into 1 and 03-001 into a date. In a workbook every cell is text; in CSV whatever holds a digit has
an apostrophe before it, which is taken off again. A cell that lost something nevertheless is refused, never mended.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Final

from kzeds.files import write_atomically
from usrec.adapters.sources.files.delimited import read_delimited
from usrec.adapters.sources.files.options import ReadingOptions
from usrec.adapters.sources.files.raw import RawFile, RawRow, Unusable
from usrec.adapters.sources.files.text_file import read_bytes
from usrec.adapters.sources.files.workbook import read_workbook
from usrec.adapters.sources.mapping.review_book import workbook_of
from usrec.domain.errors import ValidationProblem, unwritable
from usrec.domain.mapping.likeness import MOST
from usrec.domain.mapping.review import Review, ReviewRow, Seen, contradictions
from usrec.domain.spreadsheet import literal, meant

_SUGGESTIONS: Final = tuple(f"suggestion_{number}" for number in range(1, MOST + 1))
_NEEDED: Final = (
    *(
        "dictionary",
        "value",
        "code",
        "approved_by",
        "approved_on",
        "approved_code",
        "corrects",
        "valid_from",
        "valid_to",
    ),
)
COLUMNS: Final = (
    *("dictionary", "value", "hr_name_ru", "hr_name_kk", "rows", "employees", "choice", "code"),
    *(
        "official_ru",
        "official_kk",
        "approved_by",
        "approved_on",
        "approved_code",
        "corrects",
        "valid_from",
        "valid_to",
    ),
    *("note", *_SUGGESTIONS),
)
WORKBOOK: Final = ".xlsx"
_UNMARKED: Final = frozenset({"rows", "employees", "choice", "approved_on", "valid_from", "valid_to"})
"""Columns that hold no text; a spreadsheet may read them as it likes."""
_DOTTED: Final = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})")
_LOST: Final = re.compile(r"\?(?=[^\W\d_])|(?<=[^\W\d_])\?|^\?+$")
_KEPT: Final = "Nothing was changed"
_READABLE: Final = 0o644
"""Nothing personal stands in it, and the one who reviews is seldom the agent's user."""
_BOM: Final = b"\xef\xbb\xbf"


def read_review(file: Path) -> Review:
    """A review file.

    Raises:
        ValidationProblem: It cannot be read, a cell of it is damaged, or its lines contradict each other.
    """
    raw = _raw(file)
    _require_columns(file, raw.columns)
    has_all_letters = file.suffix.lower() == WORKBOOK or _is_utf8(read_bytes(file))
    rows, names = [], set()
    for one in raw.rows:
        cells = _Cells(file, one, marked=file.suffix.lower() != WORKBOOK)
        names.add(cells.text("dictionary"))
        rows.append(_row(cells))
        if not has_all_letters:
            _require_letters(cells, rows[-1].seen)
        if one.beyond:
            raise refused(file, f"line {one.number} has a cell without a heading", "Write remarks into the column note")
    if len(names) != 1:
        raise refused(file, "it names no dictionary" if not names else "it names more than one dictionary")
    for fault in contradictions(rows):
        told = "ends before it begins" if fault.what == "period" else "is approved for a day that another line has too"
        raise refused(file, f"line {fault.number} {told}", "Set valid_from and valid_to so that one line holds a day")
    return Review(names.pop(), rows)


def content_of(file: Path) -> bytes | None:
    """The bytes of a file; None where there is none."""
    return read_bytes(file) if file.exists() else None


def write_review(file: Path, review: Review, before: bytes | None) -> None:
    """Write a review file; a reader finds what was there before or all of the new.

    Args:
        before: What the file held when it was read; None where there was none.

    Raises:
        ValidationProblem: Somebody has changed it since, or its name says neither CSV nor workbook.
        ConfigurationError: It cannot be written.
    """
    _require_known(file)
    if content_of(file) != before:
        raise refused(file, "somebody has changed the file in the meantime", "Close it elsewhere, and try again")
    lines = [_cells(review.dictionary, row) for row in review.rows]
    content = workbook_of([COLUMNS, *_texts(lines)]) if file.suffix.lower() == WORKBOOK else _csv(lines)
    try:
        mode = file.stat().st_mode & 0o777 if file.exists() else _READABLE
        write_atomically(file, content)
        file.chmod(mode)
    except OSError as problem:
        raise unwritable("the review file", file, problem, kept="What was there before is unchanged") from None


def refused(file: Path, what: str, next_step: str = "See docs/how-to/mapping.md") -> ValidationProblem:
    """The error for a review file that cannot be used."""
    return ValidationProblem(what, where=str(file), kept=_KEPT, next_step=next_step)


def _raw(file: Path) -> RawFile:
    _require_known(file)
    if file.suffix.lower() == WORKBOOK:
        return read_workbook(file, is_rewritten=True)
    encoding = "utf-8" if read_bytes(file).startswith(_BOM) else ""
    return read_delimited(file, ReadingOptions(encoding), COLUMNS)


def _require_known(file: Path) -> None:
    if file.suffix.lower() not in {WORKBOOK, ".csv"}:
        raise refused(file, "a review file ends in .csv or .xlsx")


def _require_columns(file: Path, columns: Sequence[str]) -> None:
    missing = [name for name in _NEEDED if name not in columns]
    strange = [name for name in columns if name not in COLUMNS]
    if missing:
        raise refused(file, f"it lacks the columns {', '.join(missing)}", "Make it with usrec mapping collect")
    if strange:
        what = f"it has columns that would be lost: {', '.join(name or '(no name)' for name in strange)}"
        raise refused(file, what, "Write remarks into the column note")
    if len(set(columns)) < len(columns):
        raise refused(file, "it has a column twice", "Leave each column once")


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _require_letters(cells: _Cells, seen: Seen) -> None:
    """A spreadsheet that saves in an old encoding puts a question mark in the place of each Kazakh letter."""
    for name, text in zip(("value", "hr_name_ru", "hr_name_kk"), (seen.value, *seen.names), strict=True):
        if _LOST.search(text):
            why = "letters were lost in the encoding in which it was saved"
            raise refused(
                cells.file,
                f"line {cells.number}, {name}: {why}",
                "Take an older copy, and save it as CSV UTF-8 or .xlsx",
            )


class _Cells:
    """The cells of one line."""

    def __init__(self, file: Path, row: RawRow, *, marked: bool) -> None:
        self.file = file
        self._row = row
        self._marked = marked
        self.number = row.number

    def text(self, name: str) -> str:
        """A text; of a workbook never a number or date, whose zeros and signs may be lost."""
        cell = self._row.cells.get(name)
        if cell is None:
            return ""
        if not isinstance(cell, str) or isinstance(cell, Unusable):
            raise self.wrong(name, "the spreadsheet has made a number, a date or a formula of it")
        return meant(cell) if self._marked and name not in _UNMARKED else cell

    def loose(self, name: str) -> str:
        """What stands in a cell whose kind does not matter."""
        cell = self._row.cells.get(name)
        if cell is None:
            return ""
        if isinstance(cell, Unusable):
            raise self.wrong(name, "it holds a formula or its error, which would be lost")
        if isinstance(cell, float) and cell.is_integer():
            return str(int(cell))
        return meant(cell) if isinstance(cell, str) else str(cell)

    def number_of(self, name: str) -> int:
        found = self.loose(name)
        return int(found) if found.isdecimal() and len(found) < 10 else 0

    def day(self, name: str) -> date | None:
        """A day, in one of the spellings that can be read in one way only."""
        text = self.loose(name)
        dotted = _DOTTED.fullmatch(text)
        try:
            if dotted:
                return date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise self.wrong(name, "it is no date; write YYYY-MM-DD or DD.MM.YYYY") from None

    def wrong(self, name: str, why: str) -> ValidationProblem:
        step = "Format the column as text, write the cell anew, and save"
        return refused(self.file, f"line {self.number}, {name}: {why}", step)


def _row(cells: _Cells) -> ReviewRow:
    value = cells.text("value")
    if not value:
        raise cells.wrong("value", "it is empty")
    names = (cells.text("hr_name_ru"), cells.text("hr_name_kk"))
    return ReviewRow(
        Seen(value, names, cells.number_of("rows"), cells.number_of("employees")),
        code=cells.text("code"),
        official=(cells.text("official_ru"), cells.text("official_kk")),
        approved_by=cells.loose("approved_by"),
        approved_on=cells.day("approved_on"),
        valid_from=cells.day("valid_from"),
        valid_to=cells.day("valid_to"),
        choice=cells.loose("choice"),
        note=cells.loose("note"),
        suggestions=tuple(found for name in _SUGGESTIONS if (found := cells.text(name))),
        approved_code=cells.text("approved_code"),
        corrects=tuple(cells.text("corrects").split()),
        number=cells.number,
    )


def _cells(dictionary: str, row: ReviewRow) -> dict[str, str]:
    days = {"approved_on": row.approved_on, "valid_from": row.valid_from, "valid_to": row.valid_to}
    return {
        "dictionary": dictionary,
        "value": row.seen.value,
        "hr_name_ru": row.seen.names[0],
        "hr_name_kk": row.seen.names[1],
        "rows": str(row.seen.rows),
        "employees": str(row.seen.employees),
        "choice": row.choice,
        "code": row.code,
        "official_ru": row.official[0],
        "official_kk": row.official[1],
        "approved_by": row.approved_by,
        "approved_code": row.approved_code,
        "corrects": " ".join(row.corrects),
        **{name: "" if day is None else day.isoformat() for name, day in days.items()},
        "note": row.note,
        **dict(zip(_SUGGESTIONS, row.suggestions, strict=False)),
    }


def _csv(lines: Sequence[Mapping[str, str]]) -> bytes:
    """With semicolons and the mark of UTF-8, as Excel in Kazakhstan opens it by a double click."""
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(COLUMNS)
    for cells in lines:
        writer.writerow(cells.get(name, "") if name in _UNMARKED else literal(cells.get(name, "")) for name in COLUMNS)
    return _BOM + text.getvalue().encode()


def _texts(lines: Sequence[Mapping[str, str]]) -> Iterator[Sequence[str]]:
    for cells in lines:
        yield [cells.get(name, "") for name in COLUMNS]
