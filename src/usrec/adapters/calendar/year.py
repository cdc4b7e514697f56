"""One year of a working calendar for a person to compare with the official one: what differs from Monday to Friday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.domain.working_calendar import ONE_DAY, WorkingCalendar

_MOVED: Final = " (observed)"
_ESTIMATED: Final = " (estimated)"
_SUBSTITUTED: Final = "Day off (substituted from"


class Why(StrEnum):
    """What makes a day unlike its day of the week."""

    HOLIDAY = "holiday"
    MOVED = "moved"
    """A holiday on a day off, moved to the next working day."""
    TRANSFER = "transfer"
    """A weekend day worked, and a weekday off for it, by order."""
    ESTIMATE = "estimate"
    """Kurban Ait whose date was computed and not announced."""
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class UnusualDay:
    """A weekday off, a worked weekend day, or an estimated day.

    Attributes:
        name: Of the holiday, in the English of the ``holidays`` package; empty when it has none.
    """

    day: date
    worked: bool
    why: Why
    name: str


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """A year of a working calendar.

    Attributes:
        version: The data behind it, as it is kept with each deadline.
        checked: Whether the year was compared with the official calendar.
        months: Working days of each month, January first.
    """

    year: int
    version: str
    checked: bool
    months: tuple[int, ...]
    unusual: tuple[UnusualDay, ...]

    @property
    def working_days(self) -> int:
        """Working days of the year."""
        return sum(self.months)


def read_year(year: int, calendar: WorkingCalendar, official: KazakhstanCalendar) -> CalendarYear:
    """Read one year.

    Args:
        calendar: The one that deadlines are counted in.
        official: The one without the settings' days.
    """
    names = official.names(year)
    months = [0] * 12
    unusual = []
    day = date(year, 1, 1)
    while day.year == year:
        worked = calendar.is_working_day(day)
        months[day.month - 1] += worked
        if worked != (day.weekday() < 5) or worked != official.is_working_day(day) or official.is_estimated(day):
            unusual.append(_unusual(day, names.get(day, ""), official, worked=worked))
        day += ONE_DAY
    return CalendarYear(year, calendar.version, calendar.is_checked(year), tuple(months), tuple(unusual))


def _unusual(day: date, name: str, official: KazakhstanCalendar, *, worked: bool) -> UnusualDay:
    first = name.partition("; ")[0]
    bare = first.removesuffix(_MOVED).removesuffix(_ESTIMATED)
    if worked != official.is_working_day(day):
        return UnusualDay(day, worked, Why.SETTINGS, "" if first.startswith(_SUBSTITUTED) else bare)
    if official.is_estimated(day):
        return UnusualDay(day, worked, Why.ESTIMATE, bare)
    if worked or first.startswith(_SUBSTITUTED):
        return UnusualDay(day, worked, Why.TRANSFER, "")
    return UnusualDay(day, worked, Why.MOVED if first.endswith(_MOVED) else Why.HOLIDAY, bare)
