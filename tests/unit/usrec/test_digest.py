"""When an alert is told: at once, or with the digest of the next working day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.ledger_values import an_alert
from support.line import WeekdayCalendar
from usrec.domain.alert import GENTLE, URGENT, Alert, Threshold
from usrec.domain.digest import URGENT_BEFORE, DigestPolicy
from usrec.domain.kazakhstan_time import KAZAKHSTAN, day_end_utc
from usrec.domain.submission import SubmissionId

FRIDAY, SATURDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)
MONTH_LATER = date(2026, 12, 18)
DIGESTS = DigestPolicy(WeekdayCalendar())


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A time of Kazakhstan's clock, in UTC."""
    return datetime.combine(day, time(hour, minute), tzinfo=KAZAKHSTAN).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "digest"),
    [
        (at(FRIDAY, 0), at(FRIDAY, 9)),
        (at(FRIDAY, 9), at(FRIDAY, 9)),
        (at(FRIDAY, 9, 1), at(MONDAY, 9)),
        (at(SATURDAY, 12), at(MONDAY, 9)),
    ],
)
def test_digests_go_out_on_working_days_at_their_time(now: datetime, digest: datetime) -> None:
    assert DIGESTS.next(now) == digest


def test_employers_days_off_have_no_digest() -> None:
    assert DigestPolicy(WeekdayCalendar(MONDAY)).next(at(SATURDAY, 12)) == at(MONDAY + timedelta(days=1), 9)


def test_time_of_the_digest_is_the_administrators() -> None:
    assert DigestPolicy(WeekdayCalendar(), time(14, 30)).next(at(FRIDAY, 12)) == at(FRIDAY, 14, 30)


@pytest.mark.parametrize("threshold", Threshold)
def test_only_what_is_urgent_is_told_at_night(threshold: Threshold) -> None:
    night = at(FRIDAY, 3)
    told = DIGESTS.tell_at(threshold, MONTH_LATER, night)
    assert told == (night if threshold in URGENT else at(FRIDAY, 9))


@pytest.mark.parametrize(
    ("raised_at", "last_day", "at_once"),
    [
        (at(SATURDAY, 0), SATURDAY, True),
        (at(SATURDAY, 0), MONDAY, False),
        (at(FRIDAY, 0), FRIDAY, False),
        (at(FRIDAY, 9, 1), FRIDAY, True),
    ],
)
def test_what_cannot_wait_for_the_next_digest_is_told_at_once(
    raised_at: datetime, last_day: date, at_once: bool
) -> None:
    told = DIGESTS.tell_at(Threshold.DAY_1, last_day, raised_at)
    assert (told == raised_at) == at_once


def test_digest_at_the_very_moment_of_the_four_hours_is_in_time() -> None:
    evening = DigestPolicy(WeekdayCalendar(), time(20))
    too_late = DigestPolicy(WeekdayCalendar(), time(20, 1))
    raised_at = at(FRIDAY, 0)
    assert evening.tell_at(Threshold.DAY_1, FRIDAY, raised_at) == at(FRIDAY, 20)
    assert too_late.tell_at(Threshold.DAY_1, FRIDAY, raised_at) == raised_at


FRIDAY_NIGHT = at(FRIDAY, 3)


def waiting(last_day: date = MONTH_LATER, raised_at: datetime = FRIDAY_NIGHT) -> Alert:
    tell_at = DIGESTS.tell_at(Threshold.WORKING_DAYS_3, last_day, raised_at)
    name = SubmissionId("s1")
    return an_alert(name, threshold=Threshold.WORKING_DAYS_3, last_day=last_day, raised_at=raised_at, tell_at=tell_at)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (at(FRIDAY, 8, 59), False),
        (at(FRIDAY, 9), True),
        (at(FRIDAY, 17, 59), True),
        (at(FRIDAY, 18), False),
        (at(SATURDAY, 10), False),
        (at(MONDAY, 8), False),
        (at(MONDAY, 9), True),
    ],
)
def test_digest_that_could_not_go_out_waits_for_working_hours(now: datetime, due: bool) -> None:
    assert DIGESTS.is_due(waiting(), now) == due


def test_digest_that_could_not_go_out_does_not_wait_past_the_four_hours() -> None:
    alert = waiting(SATURDAY, at(FRIDAY, 3))
    assert alert.tell_at == at(FRIDAY, 9)
    assert DIGESTS.is_due(alert, at(FRIDAY, 22))


def test_alert_that_is_told_at_once_is_due_at_any_hour() -> None:
    alert = waiting(SATURDAY, at(FRIDAY, 22))
    assert alert.tell_at == alert.raised_at
    assert DIGESTS.is_due(alert, at(FRIDAY, 22))


@given(
    minutes=st.integers(0, 2 * 365 * 24 * 60),
    days=st.integers(0, 20),
    threshold=st.sampled_from(sorted(set(Threshold) - URGENT - GENTLE)),
    digest_at=st.times(),
    days_off=st.frozensets(st.dates(date(2026, 1, 1), date(2028, 1, 31)), max_size=30),
)
def test_nobody_is_told_too_late_and_nobody_is_woken_without_need(
    minutes: int, days: int, threshold: Threshold, digest_at: time, days_off: frozenset[date]
) -> None:
    """A digest comes on a working day, at its time, and before the last four hours; else it is told at once."""
    policy = DigestPolicy(WeekdayCalendar(*days_off), digest_at)
    raised_at = at(date(2026, 1, 1), 0) + timedelta(minutes=minutes)
    last_day = raised_at.astimezone(KAZAKHSTAN).date() + timedelta(days=days)
    told = policy.tell_at(threshold, last_day, raised_at)
    local = told.astimezone(KAZAKHSTAN)
    if told != raised_at:
        assert policy.calendar.is_working_day(local.date())
        assert local.timetz().replace(tzinfo=None) == digest_at
        assert raised_at < told <= day_end_utc(last_day) - URGENT_BEFORE
    elif local.timetz().replace(tzinfo=None) != digest_at:
        assert policy.next(raised_at) > day_end_utc(last_day) - URGENT_BEFORE
