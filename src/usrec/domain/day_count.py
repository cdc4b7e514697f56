"""How a term was counted, day by day, so that anybody can count along with a calendar on the wall.

Source: the primary reading of :mod:`usrec.domain.deadline`: the trigger day is not counted, working days are those of
the official calendar, and a last day that is not worked moves to the next working day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from usrec.domain.deadline import ORDER_353_IN_FORCE, Unit
from usrec.domain.working_calendar import ONE_DAY, WorkingCalendar

_TERM: Final = re.compile(r"(\d+) (working day|calendar day|year)s?\b")
_UNITS: Final = {"working day": Unit.WORKING_DAYS, "calendar day": Unit.CALENDAR_DAYS, "year": Unit.YEARS}


class DayKind(StrEnum):
    """What a day is to the term."""

    TRIGGER = "trigger"
    """The day on which it happened; the term begins the day after."""
    COUNTED = "counted"
    DAY_OFF = "day_off"
    """Not worked, so a term in working days passes over it."""
    MOVED = "moved"
    """Behind the last day of the term, which is not worked: the end moves on to the next working day."""


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day of the counting.

    Attributes:
        number: Which day of the term it is, from 1; None for a day that is not counted.
        worked: Whether the official calendar has it as a working day.
    """

    day: date
    kind: DayKind
    number: int | None
    worked: bool


def count_days(term: str, trigger: date, calendar: WorkingCalendar) -> Sequence[CountedDay]:
    """Every day from the trigger to the last day; of a term in years only its first and its last days.

    Args:
        term: In the words of :class:`usrec.domain.deadline.Term`; empty where the law sets none, and then nothing is
            counted.
        trigger: The day from which it runs; a term in years runs from the entry into force of the Order.
    """
    found = _TERM.match(term)
    if found is None:
        return []
    amount, unit = int(found[1]), _UNITS[found[2]]
    start = ORDER_353_IN_FORCE if unit is Unit.YEARS else trigger
    first = CountedDay(start, DayKind.TRIGGER, None, calendar.is_working_day(start))
    match unit:
        case Unit.WORKING_DAYS:
            days = [first, *_working_days(amount, start, calendar)]
        case Unit.CALENDAR_DAYS:
            days = [first, *(_counted(start, number, calendar) for number in range(1, amount + 1))]
        case Unit.YEARS:
            last = start.replace(year=start.year + amount)
            days = [first, _counted(start, (last - start).days, calendar)]
    return [*days, *_moved(days[-1].day, calendar)]


def _working_days(amount: int, start: date, calendar: WorkingCalendar) -> Iterator[CountedDay]:
    day, number = start, 0
    while number < amount:
        day += ONE_DAY
        worked = calendar.is_working_day(day)
        number += worked
        yield CountedDay(day, DayKind.COUNTED if worked else DayKind.DAY_OFF, number if worked else None, worked)


def _counted(start: date, number: int, calendar: WorkingCalendar) -> CountedDay:
    day = start + timedelta(days=number)
    return CountedDay(day, DayKind.COUNTED, number, calendar.is_working_day(day))


def _moved(last: date, calendar: WorkingCalendar) -> Iterator[CountedDay]:
    """The days behind a last day that is not worked, up to the next working day."""
    while not calendar.is_working_day(last):
        last += ONE_DAY
        yield CountedDay(last, DayKind.MOVED, None, calendar.is_working_day(last))
