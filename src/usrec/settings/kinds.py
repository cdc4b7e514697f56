"""Kinds of values in the settings: what TOML and the environment give, read strictly and told in plain words."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator

from usrec.domain.identifiers import IdentifierError, parse_employer_id

_LONGEST: Final = timedelta(days=366)
_SECONDS: Final = "write a number of seconds, or text such as PT5M"
_HEXADECIMAL: Final = frozenset("0123456789abcdef")


def _code_field(name: str) -> str:
    from usrec.domain.rules.codes import CODE_FIELDS

    if name not in CODE_FIELDS:
        raise ValueError(f"no code of an official list stands in such a field; there are: {', '.join(CODE_FIELDS)}")
    return name


def _employer_id(text: str) -> str:
    try:
        return parse_employer_id(text).value
    except IdentifierError as problem:
        raise ValueError(problem.what) from None


def _serial_number(text: str) -> str:
    digits = text.lower().removeprefix("0x").replace(":", "").replace(" ", "").lstrip("0")
    if not digits or not set(digits) <= _HEXADECIMAL:
        raise ValueError("write the serial number in hexadecimal, as kzeds info shows it")
    return digits


def _seconds(value: object) -> object:
    if isinstance(value, str):
        value = float(value) if value.replace(".", "", 1).isdecimal() else value
    if isinstance(value, bool):
        raise ValueError(_SECONDS)  # noqa: TRY004 -- pydantic takes ValueError
    try:
        return timedelta(seconds=value) if isinstance(value, int | float) else value
    except (OverflowError, ValueError):
        raise ValueError(_SECONDS) from None


def _some_time(value: timedelta) -> timedelta:
    if not timedelta(0) < value <= _LONGEST:
        raise ValueError(f"it must be more than 0 s and at most {_LONGEST.days} days")
    return value


def _no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("write a whole number")  # noqa: TRY004 -- pydantic takes ValueError
    return value


def _no_number(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError('write a day as 2027-03-09, a time as "09:00"')  # noqa: TRY004 -- pydantic takes ValueError
    return value


def _no_zone(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("write the time without a zone")
    return value


Seconds = Annotated[timedelta, BeforeValidator(_seconds), AfterValidator(_some_time)]
"""A duration: a number of seconds, or ISO 8601 text such as ``PT5M``."""
Number = Annotated[int, BeforeValidator(_no_truth)]
"""A whole number."""
Day = Annotated[date, BeforeValidator(_no_number)]
"""A day."""
TimeOfDay = Annotated[time, BeforeValidator(_no_number), AfterValidator(_no_zone)]
"""A time of the day in Kazakhstan."""
EmployerNumber = Annotated[str, AfterValidator(_employer_id)]
"""A BIN or an IIN, without blanks around it."""
SerialNumber = Annotated[str, AfterValidator(_serial_number)]
"""Of a certificate, hexadecimal: with or without ``0x``, colons, blanks and leading zeros."""
ApprovedFiles = dict[Annotated[str, AfterValidator(_code_field)], Path]
"""By field with a code of an official list, the review file of HR's values for it."""
Language = Literal["kk", "ru", "en"]
"""A language of the screens and messages."""
