"""Counting in working days, and the settings' corrections of the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.domain.deadline import DeadlineEvent, compute_deadline
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


class Doubtful(MondayToFriday):
    """A week whose Mondays of November are off by an estimate only."""

    def is_working_day(self, day: date) -> bool:
        return super().is_working_day(day) and not self._is_estimated(day)

    def may_be_worked(self, day: date) -> bool:
        return super().is_working_day(day)

    def is_checked(self, year: int) -> bool:
        return year < 2026

    def _is_estimated(self, day: date) -> bool:
        return day.weekday() == 0 and day.month == 11


EVENTS = st.sampled_from([event for event in DeadlineEvent if event is not DeadlineEvent.LEGACY])
INNER = st.sampled_from([WEEK, Doubtful()])


@given(event=EVENTS, trigger=DAYS, inner=INNER, working=DAY_SETS, off=DAY_SETS)
def test_no_override_makes_the_safe_date_later(
    event: DeadlineEvent, trigger: date, inner: WorkingCalendar, working: frozenset[date], off: frozenset[date]
) -> None:
    """Whatever the settings say of single days, alerts and priority keep the stricter of both calendars."""
    changed = CalendarOverrides(inner, working - off, off - working)
    with_days = compute_deadline(event, trigger, calendar=changed)
    official = compute_deadline(event, trigger, calendar=inner)
    if official.safe_date is None or official.legal_date is None:
        assert with_days.safe_date is None
        return
    assert with_days.safe_date is not None
    assert with_days.legal_date is not None
    assert with_days.safe_date <= min(official.safe_date, official.legal_date, with_days.legal_date)


@given(event=EVENTS, trigger=DAYS, working=DAY_SETS)
def test_extra_working_days_make_neither_date_later(
    event: DeadlineEvent, trigger: date, working: frozenset[date]
) -> None:
    with_days = compute_deadline(event, trigger, calendar=CalendarOverrides(WEEK, working))
    official = compute_deadline(event, trigger, calendar=WEEK)
    if official.legal_date is not None and official.safe_date is not None:
        assert with_days.legal_date is not None
        assert with_days.safe_date is not None
        assert with_days.legal_date <= official.legal_date
        assert with_days.safe_date <= official.safe_date


def test_a_transferred_day_off_moves_the_legal_date_and_not_the_safe_one() -> None:
    off = CalendarOverrides(WEEK, days_off=frozenset({MONDAY}))
    with_day = compute_deadline(DeadlineEvent.TERMINATION, FRIDAY, calendar=off)
    official = compute_deadline(DeadlineEvent.TERMINATION, FRIDAY, calendar=WEEK)
    assert (official.legal_date, official.safe_date) == (date(2026, 11, 25), date(2026, 11, 24))
    assert (with_day.legal_date, with_day.safe_date) == (date(2026, 11, 26), date(2026, 11, 24))


def test_a_day_off_by_an_estimate_is_worked_for_the_strictest_reader() -> None:
    found = compute_deadline(DeadlineEvent.TERMINATION, FRIDAY, calendar=Doubtful())
    assert (found.legal_date, found.safe_date) == (date(2026, 11, 26), date(2026, 11, 24))


def test_a_year_that_a_person_checked_holds_no_estimate() -> None:
    checked = CalendarOverrides(Doubtful(), checked_years=frozenset({2026}))
    assert checked.is_checked(2026)
    assert not checked.is_checked(2027)
    assert checked.is_checked(2025)
    found = compute_deadline(DeadlineEvent.TERMINATION, FRIDAY, calendar=checked)
    assert (found.legal_date, found.safe_date) == (date(2026, 11, 26), date(2026, 11, 25))


def test_a_checked_year_changes_the_version() -> None:
    assert CalendarOverrides(WEEK, checked_years=frozenset({2027})).version != WEEK.version


def test_the_strictest_reading_keeps_the_version_of_what_it_reads() -> None:
    assert WEEK.strictest.version == "weekdays"
    assert CalendarOverrides(WEEK, days_off=frozenset({MONDAY})).strictest.is_working_day(MONDAY)
