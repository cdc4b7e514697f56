"""Calendar dates as staffing systems keep them: without a zone, in many spellings, and with days that mean none.

A calendar date never passes through UTC: midnight in Astana is the day before in Greenwich. Only a cell with a time
zone of its own names an instant, and only that is looked at in the declared zone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Final

from usrec.domain.errors import ConfigurationError
from usrec.domain.kazakhstan_time import KAZAKHSTAN

UNREAD: Final = "unread: "
"""Before a text that should be a date and is none; the rules refuse it and name the field."""

_NOWADAYS: Final = datetime(2026, 1, 1)  # noqa: DTZ001 -- a wall clock's time
_ISO: Final = "YYYY-MM-DD"
_PARTS: Final = {"YYYY": r"(?P<year>\d{4})", "MM": r"(?P<month>\d{1,2})", "DD": r"(?P<day>\d{1,2})"}
_TIME: Final = r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?"
_MIDNIGHT: Final = re.compile(r"[T ]00:00(:00(\.0+)?)?$")
_ISO_DAY: Final = re.compile(r"(\d{4})(-\d{2}-\d{2}" + _TIME + ")")
_OFFSET: Final = re.compile(r"([+-])(\d{2}):(\d{2})")
_ZONED: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)")


@dataclass(frozen=True, slots=True)
class DateRules:
    """What is declared about dates.

    Attributes:
        formats: Spellings of text, such as ``DD.MM.YYYY``; a time behind them does not count.
        no_date: Spellings and days (as ``YYYY-MM-DD``) that mean that there is no date, or no end.
        zone: Where the calendar is kept; for cells with a zone of their own.
        year_offset: So many years too late are all dates of the database, and all texts that are whole dates.
    """

    formats: Sequence[str] = (_ISO,)
    no_date: frozenset[str] = frozenset()
    zone: tzinfo = KAZAKHSTAN
    year_offset: int = 0

    @property
    def offset(self) -> timedelta:
        """The zone's offset as it is now: sessions of databases are kept in it."""
        return self.zone.utcoffset(_NOWADAYS) or timedelta(0)

    def instant(self, cell: object) -> object:
        """A cell of a column of instants that the driver gave as the clock of such a session showed it."""
        if isinstance(cell, datetime) and cell.tzinfo is None:
            return cell.replace(tzinfo=timezone(self.offset))
        return cell

    def text_of(self, cell: date) -> str:
        """A cell that the driver gave as a date or time: ``YYYY-MM-DD``, with the time where there is one."""
        if isinstance(cell, datetime):
            wall = self._wall(cell)
            day = self._moved(wall.date())
            at = wall.time().replace(tzinfo=None)
            return day if at == time.min else f"{day}T{at.isoformat()}"
        return self._moved(cell)

    def moved_text(self, text: str) -> str:
        """A cell of text; one that is a whole ISO date is as many years too late as a date of this database."""
        found = _ISO_DAY.fullmatch(text) if self.year_offset else None
        if found is None or int(found[1]) <= self.year_offset or text[:10] in self.no_date:
            return text
        return f"{int(found[1]) - self.year_offset:04}{found[2]}"

    def day(self, text: str) -> str:
        """The calendar date in a text as ``YYYY-MM-DD``; empty where it means none, marked where it is none."""
        if not text or _MIDNIGHT.sub("", text) in self.no_date:
            return ""
        if _ZONED.fullmatch(text):
            return self._of_instant(text)
        day = self._read(text)
        if day is None:
            return f"{UNREAD}{text}"
        return "" if day in self.no_date else day

    def _wall(self, moment: datetime) -> datetime:
        """What the clock of the declared zone shows; a moment at the very end of time as it is written."""
        try:
            return moment if moment.tzinfo is None else moment.astimezone(self.zone)
        except OverflowError:
            return moment

    def _of_instant(self, text: str) -> str:
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            return f"{UNREAD}{text}"
        if instant.date().isoformat() in self.no_date:
            return ""
        day = self._wall(instant).date().isoformat()
        return "" if day in self.no_date else day

    def _read(self, text: str) -> str | None:
        """An ISO date was moved with its cell (:meth:`moved_text`); one in another spelling is moved here."""
        for pattern in (_ISO, *self.formats):
            found = re.fullmatch(_expression(pattern) + _TIME, text)
            if found:
                try:
                    day = date(int(found["year"]), int(found["month"]), int(found["day"]))
                except ValueError:
                    continue
                return day.isoformat() if pattern == _ISO else self._moved(day)
        return None

    def _moved(self, day: date) -> str:
        """29 February has its like in a year that lies a multiple of 400 away, and that is asked for.

        A declared day that means none is written as it is, and not moved.
        """
        if day.isoformat() in self.no_date:
            return day.isoformat()
        year = day.year - self.year_offset if day.year > self.year_offset else day.year
        return f"{year:04}-{day.month:02}-{day.day:02}"


def require_format(text: str, where: str) -> str:
    """``text``, which spells a date with YYYY, MM and DD.

    Raises:
        ConfigurationError: It does not.
    """
    if any(text.count(part) != 1 for part in _PARTS):
        raise ConfigurationError(
            f"{text!r} spells no date", where=where, next_step="Write YYYY, MM and DD once each, as in DD.MM.YYYY"
        )
    return text


def read_zone(text: str, where: str) -> tzinfo:
    """``Kazakhstan`` or an offset such as ``+05:00``.

    Raises:
        ConfigurationError: It is neither.
    """
    if text == "Kazakhstan":
        return KAZAKHSTAN
    found = _OFFSET.fullmatch(text)
    if found is None:
        raise ConfigurationError(f"{text!r} is no time zone", where=where, next_step="Write Kazakhstan, or +05:00")
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(offset if found[1] == "+" else -offset)


def _expression(pattern: str) -> str:
    escaped = re.escape(pattern)
    for part, expression in _PARTS.items():
        escaped = escaped.replace(part, expression)
    return escaped
