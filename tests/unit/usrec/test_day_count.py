"""The day-by-day counting ends on the legal date that the deadline has."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usrec.adapters.calendar.kazakhstan import KazakhstanCalendar
from usrec.domain.day_count import DayKind, count_days
from usrec.domain.deadline import ORDER_353_IN_FORCE, DeadlineEvent, compute_deadline

CALENDAR = KazakhstanCalendar()
DAYS = st.dates(ORDER_353_IN_FORCE, date(2027, 12, 31))


@given(st.sampled_from(list(DeadlineEvent)), DAYS, st.sampled_from([1, 2000, 2001]))
def test_counting_ends_on_the_legal_date(event: DeadlineEvent, trigger: date, headcount: int) -> None:
    deadline = compute_deadline(event, trigger, calendar=CALENDAR, headcount=headcount)
    days = count_days(deadline.term or "", trigger, CALENDAR)
    assert (days[-1].day if days else None) == deadline.legal_date
    assert all(one.worked == CALENDAR.is_working_day(one.day) for one in days)


@given(st.sampled_from(["5 working days", "15 calendar days", "3 working days"]), DAYS)
def test_no_day_is_left_out_and_each_is_numbered_once(term: str, trigger: date) -> None:
    days = count_days(term, trigger, CALENDAR)
    assert [one.day for one in days] == [trigger + timedelta(days=place) for place in range(len(days))]
    assert [one.number for one in days if one.number] == list(range(1, int(term.split(maxsplit=1)[0]) + 1))
    assert days[0].kind is DayKind.TRIGGER


def test_holidays_are_passed_over_and_a_last_day_off_moves_on() -> None:
    over_new_year = count_days("5 working days", date(2025, 12, 30), CALENDAR)
    assert [one.day.day for one in over_new_year if one.kind is DayKind.DAY_OFF]
    moved = count_days("15 calendar days", date(2026, 10, 30), CALENDAR)
    kinds = [(one.day.isoformat(), one.kind.value) for one in moved[-3:]]
    assert kinds == [("2026-11-14", "counted"), ("2026-11-15", "moved"), ("2026-11-16", "moved")]


@pytest.mark.parametrize("term", ["", "no term"])
def test_nothing_is_counted_where_the_law_sets_no_term(term: str) -> None:
    assert count_days(term, date(2026, 11, 16), CALENDAR) == []
