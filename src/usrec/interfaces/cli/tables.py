"""How the commands write to a person: tables, times and texts that came from outside.

rich is loaded only to draw a table on a terminal. What HR typed (keys, event ids) may hold anything, so every text is
cleaned first: no control characters reach the terminal and no identification numbers reach the eye.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import zip_longest

import typer

from usrec.domain.submission import SubmissionId
from usrec.interfaces.time_words import local_time, span

__all__ = ["SHORT_ID", "clean", "local_time", "print_table", "say", "shown_id", "span"]

SHORT_ID = 13
"""Characters of an id on a terminal: enough to be unique, and taken wherever an id is."""


def clean(text: str) -> str:
    """``text`` for a terminal: printable, and without identification numbers."""
    from usrec.interfaces.masking import mask

    return "".join(sign if sign.isprintable() else "?" for sign in mask(text))


def say(text: str) -> None:
    """One cleaned line on standard output."""
    typer.echo(clean(text))


def shown_id(submission_id: SubmissionId | None) -> str:
    """An id as a table shows it: short on a terminal, whole for other programs."""
    if submission_id is None:
        return ""
    return submission_id[:SHORT_ID] if sys.stdout.isatty() else submission_id


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table on a terminal; elsewhere write aligned plain text."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(headings, cleaned)
    else:
        _write([headings, *cleaned])


def _draw(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _write(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip_longest(*lines, fillvalue="")]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())
