"""A file of an official code list as rows of text: CSV in the encodings of this country, or XLSX.

Files come from outside. Their sizes are bounded before they are unpacked, and XML with a DTD is refused, so that
neither a zip bomb nor an entity does harm. Nothing is guessed silently: the encoding found is told.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Final

from usrec.adapters.workbook_parts import holds_dtd
from usrec.domain.errors import ValidationProblem

LARGEST_FILE: Final = 32 * 1024 * 1024
LARGEST_UNPACKED: Final = 256 * 1024 * 1024
MOST_PARTS: Final = 500
MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 64
ENCODINGS: Final = ("utf-8", "utf-8-sig", "cp1251", "kz1048")

_NOT_KAZAKH: Final = frozenset("ЂЃѓЉЊЌЋЏђљњќћџЎўҐ")
"""What a Kazakh letter of KZ-1048 becomes when it is read as CP1251."""
_KEPT: Final = "Nothing was imported"
_BROKEN_WORKBOOK: Final = (
    zipfile.BadZipFile,
    zlib.error,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What reading a damaged or foreign archive as a workbook ends with."""

Row = tuple[int, Sequence[str]]
"""Number of the line, as a person counts, and its cells."""


@dataclass(frozen=True, slots=True)
class FileRows:
    """What a file holds.

    Attributes:
        encoding: Of a CSV file; ``xlsx`` for a workbook.
        numbers: Lines in which a cell of a workbook is a number, where leading zeros may have been lost.
    """

    encoding: str
    rows: Sequence[Row]
    numbers: frozenset[int] = frozenset()


def unusable(file: Path, what: str, next_step: str) -> ValidationProblem:
    """The error for a file that cannot be taken."""
    return ValidationProblem(what, where=str(file), kept=_KEPT, next_step=next_step)


def read_file(file: Path) -> bytes:
    """The bytes of a file.

    Raises:
        ValidationProblem: It cannot be read, or is too large for a code list.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
    except OSError as problem:
        raise unusable(file, f"the file cannot be read ({problem.strerror})", "Name the official list") from None
    if len(content) > LARGEST_FILE:
        raise unusable(file, f"the file is larger than {LARGEST_FILE >> 20} MB", "Is it the official list?")
    return content


def read_rows(file: Path, content: bytes, encoding: str | None = None) -> FileRows:
    """The rows of a CSV or XLSX file, the heading first; empty lines are left out.

    Args:
        encoding: Declared by a person; found out when None.

    Raises:
        ValidationProblem: It is neither, is damaged, or is written in no known encoding.
    """
    packed = content.startswith(b"PK\x03\x04")
    found = _workbook(file, content) if packed else _csv(file, content, encoding)
    if not found.rows:
        raise unusable(file, "the file is empty", "Name the official list")
    return found


def _csv(file: Path, content: bytes, declared: str | None) -> FileRows:
    encoding = declared or _encoding(file, content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise unusable(file, f"line {line} is not {encoding}", "Leave --encoding away, or name the right one") from None
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=_delimiter(text), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as problem:
        raise unusable(file, f"line {reader.line_num} is no CSV ({problem})", "Save the list anew as CSV") from None
    return FileRows(encoding, _bounded(file, rows))


def _encoding(file: Path, content: bytes) -> str:
    """UTF-8 where it is valid; else CP1251, or KZ-1048 where that gives letters which no Kazakh or Russian text has."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
    if b"\x00" in content:
        raise unusable(file, "the file is no text in UTF-8, CP1251 or KZ-1048", "Save it as CSV in UTF-8, or as XLSX")
    as_russian = content.decode("cp1251", errors="replace")
    return "kz1048" if _NOT_KAZAKH & set(as_russian) or "\ufffd" in as_russian else "cp1251"


def _delimiter(text: str) -> str:
    heading = text.partition("\n")[0]
    return max(",;\t", key=heading.count)


def _workbook(file: Path, content: bytes) -> FileRows:
    """The first sheet of a workbook.

    The archive's own sizes can be trusted: Python reads no more of a part than it declares.
    """
    from openpyxl import load_workbook

    try:
        _require_harmless(file, content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        rows = list(_cells(file, sheet.iter_rows(values_only=True)))
    except ValidationProblem:
        raise
    except _BROKEN_WORKBOOK:
        raise unusable(file, "the file is no whole XLSX workbook", "Save the list anew as XLSX, or as CSV") from None
    numbers = frozenset(line for line, cells in rows if any(isinstance(cell, int | float) for cell in cells))
    texts = [(line, [_text(file, line, cell) for cell in cells]) for line, cells in rows]
    return FileRows("xlsx", _bounded(file, texts), numbers)


def _require_harmless(file: Path, content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
            raise unusable(file, "the workbook unpacks to far more than a code list", "Is it the official list?")
        for part in parts:
            with archive.open(part) as opened:
                if holds_dtd(opened):
                    raise unusable(file, "the workbook holds XML with a DTD", "Save it anew; Excel never writes one")


def _cells(file: Path, rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[int, Sequence[object]]]:
    for line, cells in enumerate(rows, 1):
        if line > MOST_ROWS:
            raise _too_long(file)
        if any(cell is not None and str(cell).strip() for cell in cells):
            yield line, cells


def _text(file: Path, line: int, cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return str(int(cell))
        case datetime() | date() | time():
            raise unusable(file, f"line {line} has a date where a code list has texts", "Format the column as text")
        case float():
            return str(int(cell)) if cell.is_integer() else str(cell)
        case _:
            return str(cell)


def _bounded(file: Path, rows: Sequence[Row]) -> Sequence[Row]:
    if len(rows) > MOST_ROWS or any(len(cells) > MOST_COLUMNS for _, cells in rows):
        raise _too_long(file)
    return rows


def _too_long(file: Path) -> ValidationProblem:
    what = f"the file has more than {MOST_ROWS} lines or {MOST_COLUMNS} columns"
    return unusable(file, what, "Is it the official list?")
