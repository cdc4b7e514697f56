"""Cells of a CSV file that a spreadsheet would take for a formula (OWASP: CSV injection): marked, and read again."""

from __future__ import annotations

from typing import Final

_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
_MARK: Final = "'"


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"{_MARK}{cell}" if cell.startswith(_SIGNS) else cell


def unmarked(cell: str) -> str:
    """The cell that :func:`harmless` was given."""
    return cell.removeprefix(_MARK) if cell.startswith(tuple(_MARK + sign for sign in _SIGNS)) else cell


def literal(cell: str) -> str:
    """A cell that a spreadsheet leaves as it is: no formula, no date, and no number that loses its zeros."""
    return f"{_MARK}{cell}" if cell.startswith((*_SIGNS, _MARK)) or any(sign.isdigit() for sign in cell) else cell


def meant(cell: str) -> str:
    """The cell that :func:`literal` was given, or that a person wrote without a mark."""
    return cell.removeprefix(_MARK)
