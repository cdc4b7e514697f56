"""CSV: cells between semicolons, commas or tabs. Rows that begin with ``#`` and a blank are comments."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Final

from usrec.adapters.sources.files.options import ReadingOptions
from usrec.adapters.sources.files.raw import FileUnreadable, RawFile, is_comment, named_cells
from usrec.adapters.sources.files.text_file import decode, read_bytes

_DELIMITERS: Final = (";", ",", "\t")


def read_delimited(path: Path, options: ReadingOptions, known: Collection[str]) -> RawFile:
    """The rows of a CSV file.

    Args:
        known: Names of columns, by which the delimiter is recognised.

    Raises:
        FileUnreadable: It is no such file, or leaves doubt about its encoding.
    """
    text, encoding = decode(read_bytes(path), options.encoding, str(path))
    delimiter = _delimiter(text, known)
    rows = _numbered(text, delimiter, str(path))
    number, header = next(rows, (1, []))
    recognised = "" if options.encoding or encoding == "utf-8" else encoding
    return RawFile(
        how=f"CSV, {encoding}, {delimiter!r}",
        header_row=number,
        columns=tuple(header),
        rows=(named_cells(at, header, cells) for at, cells in rows),
        recognised=recognised,
    )


def _delimiter(text: str, known: Collection[str]) -> str:
    """What cuts the header into most known columns."""
    lines = (line for line in text.splitlines() if line.strip() and not is_comment(line.lstrip(' "')))
    header = next(lines, "")
    return max(_DELIMITERS, key=lambda one: len({cell.strip(' "') for cell in header.split(one)} & set(known)))


def _numbered(text: str, delimiter: str, where: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Rows that hold something, with the line that each begins in."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as problem:
            raise FileUnreadable(
                f"the row that begins in line {number} is no CSV: {problem}",
                where=where,
                next_step="Look for a quotation mark that is not closed or not doubled",
            ) from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells) and not is_comment(cells[0]):
            yield number, [cell.strip() for cell in cells]
