"""Counting in working days, and the settings' corrections of the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.domain.errors import ConfigurationError
from usrec.domain.working_calendar import CalendarOverrides, WorkingCalendar

FRIDAY = date(2026, 11, 20)
SATURDAY = date(2026, 11, 21)
MONDAY = date(2026, 11, 23)

DAYS = st.dates(date(2020, 9, 18), date(2040, 12, 31))
DAY_SETS = st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=40)


class MondayToFriday(WorkingCalendar):
    """A week without holidays."""

    @property
    def version(self) -> str:
        return "weekdays"

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < 5


WEEK = MondayToFriday()


@given(start=DAYS, n=st.integers(1, 60))
def test_adding_working_days_counts_each_working_day_after_the_start(start: date, n: int) -> None:
    end = WEEK.add_working_days(start, n)
    walked = [start + timedelta(days=offset) for offset in range(1, (end - start).days + 1)]
    assert sum(WEEK.is_working_day(day) for day in walked) == n
    assert WEEK.is_working_day(end)


@given(start=DAYS)
def test_adding_no_working_days_stays(start: date) -> None:
    assert WEEK.add_working_days(start, 0) == start


def test_adding_negative_working_days_is_refused() -> None:
    with pytest.raises(ValueError, match="forward only"):
        WEEK.add_working_days(FRIDAY, -1)


@given(day=DAYS)
def test_rolling_forward_finds_the_nearest_working_day_not_before(day: date) -> None:
    rolled = WEEK.roll_forward(day)
    assert rolled >= day
    assert WEEK.is_working_day(rolled)
    assert not any(WEEK.is_working_day(day + timedelta(days=offset)) for offset in range((rolled - day).days))


def test_overrides_add_a_working_weekend_and_a_day_off() -> None:
    changed = CalendarOverrides(WEEK, working_days=frozenset({SATURDAY}), days_off=frozenset({MONDAY}))
    assert changed.is_working_day(SATURDAY)
    assert not changed.is_working_day(MONDAY)
    assert changed.add_working_days(FRIDAY, 2) == date(2026, 11, 24)
    assert changed.roll_forward(MONDAY) == date(2026, 11, 24)


def test_overrides_change_the_version_and_only_their_content_does() -> None:
    one = CalendarOverrides(WEEK, days_off=frozenset({MONDAY}))
    same = CalendarOverrides(WEEK, days_off=frozenset({MONDAY}))
    opposite = CalendarOverrides(WEEK, working_days=frozenset({MONDAY}))
    assert one.version == same.version
    assert len({WEEK.version, one.version, opposite.version}) == 3
    assert one.version.startswith("weekdays+")
    assert len(one.version) == len("weekdays+") + 8


def test_empty_overrides_keep_the_version() -> None:
    assert CalendarOverrides(WEEK).version == "weekdays"


def test_a_day_in_both_lists_is_a_configuration_error_that_names_it() -> None:
    with pytest.raises(ConfigurationError, match="2026-11-21"):
        CalendarOverrides(WEEK, working_days=frozenset({SATURDAY}), days_off=frozenset({SATURDAY}))


@given(days_off=DAY_SETS, day=DAYS)
def test_overrides_answer_for_their_own_days_only(days_off: frozenset[date], day: date) -> None:
    changed = CalendarOverrides(WEEK, days_off=days_off)
    assert changed.is_working_day(day) == (day not in days_off and WEEK.is_working_day(day))


@given(working=DAY_SETS, start=DAYS, n=st.integers(0, 40))
def test_extra_working_days_never_postpone(working: frozenset[date], start: date, n: int) -> None:
    changed = CalendarOverrides(WEEK, working_days=working)
    assert changed.add_working_days(start, n) <= WEEK.add_working_days(start, n)
