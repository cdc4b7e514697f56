"""From a cell to the text that the rules read: dates normalised, numbers kept as text, nothing guessed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from usrec.adapters.sources.files.options import SENTINELS, ReadingOptions, Sentinel
from usrec.adapters.sources.files.raw import Unusable
from usrec.domain.identifiers import IdentifierError, parse_employer_id, parse_iin
from usrec.domain.rules.finding import Finding, error

_MIDNIGHT: Final = re.compile(r"[T ]0?0:00(:00)?(\.0+)?$")
_ISO: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_DOTTED: Final = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})")
_PACKED: Final = re.compile(r"(\d{4})(\d\d)(\d\d)")
_SERIAL: Final = re.compile(r"[2-9]\d{4}(\.0+)?")
_EXPONENT: Final = re.compile(r"[+-]?\d+([.,]\d+)?[eE][+-]?\d+")
_SHORTENED: Final = re.compile(r"\d{9,11}")


@dataclass(frozen=True, slots=True)
class Column:
    """What a cell's column wants.

    Attributes:
        kind: ``date``, ``iin``, ``employer``, or anything else for text.
        missing: Response code for an absent value; for a date also for a wrong one.
        malformed: Response code for a wrong number.
    """

    name: str
    kind: str = "text"
    missing: str = ""
    malformed: str = ""


Read = tuple[object, Finding | None]
"""The value, None where there is none, and what is wrong with it."""


def read_cell(cell: object, column: Column, options: ReadingOptions, first_day: date) -> Read:
    """A cell of a file, as the event's field holds it.

    Args:
        first_day: The day that Excel counts as 0 in this file.
    """
    if cell is None or cell == "":
        return None, None
    if isinstance(cell, bool):
        return str(cell).lower(), None
    if isinstance(cell, Unusable | float):
        return _unusual(cell, column)
    if isinstance(cell, date):
        return _from_workbook(cell, column, options)
    if isinstance(cell, int):
        cell = str(cell)
    if not isinstance(cell, str):
        return cell, None
    text = cell if cell.isascii() else unicodedata.normalize("NFC", cell)
    match column.kind:
        case "date":
            return _date(text.strip(), column, options, first_day)
        case "iin" | "employer":
            return _number(text.strip(), column, options)
        case _:
            return text, None


def _unusual(cell: Unusable | float, column: Column) -> Read:
    name = column.name
    match cell:
        case Unusable.FORMULA:
            return None, error("cell_is_value", name, f"{name} holds a formula; put its value there.")
        case Unusable.FAULT:
            return None, error("cell_is_value", name, f"{name} holds an error of the spreadsheet.")
        case _ if cell.is_integer() and abs(cell) < 10**15:
            return str(int(cell)), None
        case _:
            return None, error("number_is_whole", name, f"{name} holds a number that is not whole.")


def _from_workbook(day: date, column: Column, options: ReadingOptions) -> Read:
    name = column.name
    if name == "entered_at":
        return day.isoformat(), None
    if column.kind == "date" and isinstance(day, datetime):
        return day.isoformat(), error("date_has_no_time", name, f"{name} holds a time of day beside the date.")
    if column.kind == "date":
        return _day(day.isoformat(), column, options)
    return None, error("cell_became_date", name, f"The spreadsheet has turned {name} into a date; format it as text.")


def _date(text: str, column: Column, options: ReadingOptions, first_day: date) -> Read:
    bare = _MIDNIGHT.sub("", text)
    if found := _ISO.fullmatch(bare):
        return _day(bare, column, options)
    if found := _DOTTED.fullmatch(bare):
        return _day(f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}", column, options)
    packed = _PACKED.fullmatch(bare)
    if packed and (same := "-".join(packed.groups())) in SENTINELS | set(options.sentinels):
        return _day(same, column, options)
    if _SERIAL.fullmatch(text):
        return _serial(text, column, options, first_day)
    return text, error(
        "date_form",
        column.name,
        f"{column.name} must be YYYY-MM-DD or DD.MM.YYYY; other spellings can be read in more than one way.",
        code=column.missing,
    )


def _serial(text: str, column: Column, options: ReadingOptions, first_day: date) -> Read:
    if options.excel_dates:
        return (first_day + timedelta(days=int(float(text)))).isoformat(), None
    name = column.name
    told = f"{name} looks like Excel's count of days; format the cell as a date, or declare it with --excel-dates."
    return text, error("date_serial", name, told, code=column.missing)


def _day(iso: str, column: Column, options: ReadingOptions) -> Read:
    """A day, unless it is one that HR systems write for none. Whether it exists is judged by the rules."""
    meaning = options.sentinels.get(iso)
    if meaning is Sentinel.NONE:
        return None, None
    if meaning is None and iso in SENTINELS:
        told = (
            f"{column.name} holds {iso}, which often stands for no date. Declare what it means: "
            "--sentinel DAY=none or --sentinel DAY=date."
        )
        return iso, error("date_sentinel", column.name, told, code=column.missing)
    return iso, None


def _number(text: str, column: Column, options: ReadingOptions) -> Read:
    name = column.name
    if _EXPONENT.fullmatch(text):
        told = f"The spreadsheet has shortened {name} to a power of ten; its digits are lost. Export it as text."
        return text, error("number_digits_lost", name, told, code=column.malformed)
    if not _SHORTENED.fullmatch(text):
        return text, None
    if not options.pad_numbers:
        told = f"{name} has {len(text)} digits where 12 are needed; leading zeros may be lost. Check it, or --pad-iin."
        return text, error("number_zeros_lost", name, told, code=column.malformed)
    if (padded := _padded(text, column)) is not None:
        return padded, None
    told = f"{name} has {len(text)} digits, and with leading zeros its check digit is wrong."
    return text, error("number_not_padded", name, told, code=column.malformed)


def _padded(text: str, column: Column) -> str | None:
    padded = text.zfill(12)
    try:
        return (parse_iin if column.kind == "iin" else parse_employer_id)(padded).value
    except IdentifierError:
        return None
