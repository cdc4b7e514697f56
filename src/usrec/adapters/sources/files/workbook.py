"""Excel workbooks (.xlsx), read only and cell by cell. Formulas are never computed, nor are their last results taken.

A workbook is a ZIP archive, so its size is limited unpacked too, before anything is unpacked; so is the number of its
parts. XML with a DTD is refused, since openpyxl's parser would put entities in (CWE-776). What was checked is what is
read: the file may be exchanged meanwhile.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile, ZipFile

from usrec.adapters.sources.files.options import LARGEST_UNPACKED
from usrec.adapters.sources.files.raw import FileUnreadable, RawFile, Unusable, is_comment, named_cells
from usrec.adapters.sources.files.text_file import read_bytes
from usrec.adapters.workbook_parts import holds_dtd

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

SHEET: Final = "events"
MOST_PARTS: Final = 2000
"""Of a workbook; one has some dozens."""

_ENTRY: Final = b"PK\x01\x02"
"""What each part's entry in the archive's directory begins with (APPNOTE.TXT 4.3.12)."""


def read_workbook(path: Path, *, is_rewritten: bool = False) -> RawFile:
    """The rows of the sheet ``events``, or of the only sheet.

    Args:
        is_rewritten: It will be written anew, so that any other sheet, hidden or not, would be lost.

    Raises:
        FileUnreadable: It is no such workbook, or is too large.
    """
    from openpyxl.utils.datetime import MAC_EPOCH

    content = read_bytes(path)
    _check_archive(content, path)
    with _broken_means_unreadable(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = _open(content)
        if is_rewritten and len(book.sheetnames) > 1:
            raise FileUnreadable(
                "the workbook has more than one sheet, and all but one would be lost",
                where=str(path),
                next_step="Move the others, hidden ones too, into a workbook of their own",
            )
        sheet = _sheet(book, path)
        sheet.reset_dimensions()
    rows = _numbered(sheet.iter_rows(), path)
    number, header = next(rows, (1, []))
    columns = _header(header)
    return RawFile(
        how=f"Excel, {sheet.title}",
        header_row=number,
        columns=columns,
        rows=(named_cells(at, columns, cells) for at, cells in rows),
        first_day=date(1904, 1, 1) if book.epoch == MAC_EPOCH else date(1899, 12, 30),
    )


def _check_archive(content: bytes, path: Path) -> None:
    if content.count(_ENTRY) > MOST_PARTS:
        raise _too_large(path)
    with _broken_means_unreadable(path), ZipFile(BytesIO(content)) as archive:
        parts = archive.infolist()
        if sum(one.file_size for one in parts) > LARGEST_UNPACKED:
            raise _too_large(path)
        for one in parts:
            with archive.open(one) as part:
                if holds_dtd(part):
                    raise FileUnreadable("a part of the workbook declares a document type", where=str(path))


def _too_large(path: Path) -> FileUnreadable:
    return FileUnreadable("the workbook is too large", where=str(path), next_step="Split it, or save it as CSV")


@contextmanager
def _broken_means_unreadable(path: Path) -> Iterator[None]:
    """A broken workbook is told by openpyxl in many kinds of errors."""
    try:
        yield
    except FileUnreadable:
        raise
    except OSError as problem:
        if isinstance(problem, BadZipFile) or problem.strerror is None:
            raise _no_workbook(path) from None
        raise FileUnreadable(f"the file cannot be read: {problem.strerror}", where=str(path)) from None
    except Exception:  # noqa: BLE001 -- see the docstring; the reason would show cells
        raise _no_workbook(path) from None


def _no_workbook(path: Path) -> FileUnreadable:
    return FileUnreadable(
        "this is no workbook that can be read, or it is locked by a password",
        where=str(path),
        next_step="Save it in Excel as .xlsx without a password, or as CSV UTF-8",
    )


def _open(content: bytes) -> Workbook:
    """Out of memory, so that a reader who stops half-way leaves no file open."""
    from openpyxl import load_workbook

    return load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)


def _sheet(book: Workbook, path: Path) -> Any:
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    named = [sheet for sheet in shown if sheet.title.strip().lower() == SHEET]
    if not named and len(shown) != 1:
        raise FileUnreadable(
            "the workbook has several sheets",
            where=str(path),
            next_step=f'Hide or delete those that are not meant, or call the one that is meant "{SHEET}"',
        )
    return (named or shown)[0]


def _numbered(rows: Iterable[Sequence[Any]], path: Path) -> Iterator[tuple[int, Sequence[object]]]:
    """Rows that hold something, as Excel numbers them."""
    with _broken_means_unreadable(path):
        for number, row in enumerate(rows, start=1):
            cells = [_value(cell) for cell in row]
            if any(cell not in {None, ""} for cell in cells) and not is_comment(str(cells[0] or "")):
                yield number, cells


def _value(cell: Any) -> object:
    """A cell's own value; a time at midnight is its day."""
    if cell.data_type == "f":
        return Unusable.FORMULA
    if cell.data_type == "e":
        return Unusable.FAULT
    value = cell.value
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date()
    return value.strip() if isinstance(value, str) else value


def _header(cells: Sequence[object]) -> tuple[str, ...]:
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)
