"""Working hours left before a deadline at midnight."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from support.line import WeekdayCalendar
from usrec.domain.kazakhstan_time import KAZAKHSTAN
from usrec.domain.working_time import WorkingTime

HOURS_4 = timedelta(hours=4)
FRIDAY, SATURDAY, MONDAY, TUESDAY = 20, 21, 23, 24


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=KAZAKHSTAN)


@pytest.mark.parametrize(
    ("now", "reached"),
    [
        (at(FRIDAY, 9), at(FRIDAY, 13)),
        (at(FRIDAY, 7), at(FRIDAY, 13)),
        (at(FRIDAY, 13, 59), at(FRIDAY, 17, 59)),
        (at(FRIDAY, 14), at(MONDAY, 9)),
        (at(FRIDAY, 17), at(MONDAY, 12)),
        (at(FRIDAY, 23), at(MONDAY, 13)),
        (at(SATURDAY, 12), at(MONDAY, 13)),
    ],
)
def test_four_working_hours_reach_over_night_and_weekend(now: datetime, reached: datetime) -> None:
    assert WorkingTime(WeekdayCalendar()).reach(now, HOURS_4) == reached


def test_deadline_at_midnight_comes_near_when_the_last_four_hours_of_work_begin() -> None:
    hours, midnight = WorkingTime(WeekdayCalendar()), at(SATURDAY, 0)
    assert hours.reach(at(FRIDAY, 13, 59), HOURS_4) < midnight <= hours.reach(at(FRIDAY, 14), HOURS_4)


def test_days_off_of_the_employer_and_its_opening_hour_count() -> None:
    hours = WorkingTime(WeekdayCalendar(date(2026, 11, MONDAY)), time(8))
    assert hours.reach(at(FRIDAY, 16), HOURS_4) == at(TUESDAY, 11)
    assert hours.reach(at(FRIDAY, 8), timedelta(hours=20)) == at(24 + 1, 10)
