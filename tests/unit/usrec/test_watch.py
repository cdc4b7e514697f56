"""When an open event deserves an alert: each threshold once, counted over holidays, and when HR is late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.ledger_values import a_submission
from support.line import WeekdayCalendar
from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.digest import DigestPolicy
from usrec.domain.kazakhstan_time import day_end_utc, day_start_utc
from usrec.domain.state import SETTLED, State
from usrec.domain.submission import Submission, SubmissionId
from usrec.domain.watch import GRACE, WatchPolicy, look, needs_watching, thresholds

FRIDAY = date(2026, 11, 20)
MONDAY_AFTER = date(2026, 11, 23)
CALENDAR = WeekdayCalendar()
POLICY = WatchPolicy(DigestPolicy(CALENDAR), CALENDAR, late_entry_days=3)
INDEPENDENCE = WeekdayCalendar(date(2026, 12, 16), date(2026, 12, 17))
LATER = timedelta(microseconds=1)


def due(day: date = FRIDAY, *, safe: date | None = None, **changes: Any) -> Submission:
    return a_submission(
        legal_date=day,
        due_utc=day_end_utc(day),
        safe_date=safe,
        safe_utc=None if safe is None else day_end_utc(safe),
        **changes,
    )


def raised(submission: Submission, now: datetime) -> list[tuple[Watched, Threshold]]:
    alerts, _ = look(submission, now, POLICY)
    return [(one.watched, one.threshold) for one in alerts]


def test_thresholds_stand_at_three_working_days_one_day_four_hours_and_the_bound() -> None:
    assert thresholds(FRIDAY, day_end_utc(FRIDAY), CALENDAR) == [
        (Threshold.WORKING_DAYS_3, datetime(2026, 11, 17, 19, tzinfo=UTC)),
        (Threshold.DAY_1, datetime(2026, 11, 19, 19, tzinfo=UTC)),
        (Threshold.HOURS_4, datetime(2026, 11, 20, 15, tzinfo=UTC)),
        (Threshold.MISSED, datetime(2026, 11, 20, 19, tzinfo=UTC)),
    ]


def test_three_working_days_are_counted_over_a_weekend() -> None:
    assert thresholds(MONDAY_AFTER, day_end_utc(MONDAY_AFTER), CALENDAR)[0] == (
        Threshold.WORKING_DAYS_3,
        day_start_utc(date(2026, 11, 19)),
    )


def test_three_working_days_are_counted_over_a_holiday() -> None:
    last = date(2026, 12, 18)
    assert thresholds(last, day_end_utc(last), INDEPENDENCE)[0] == (
        Threshold.WORKING_DAYS_3,
        day_start_utc(date(2026, 12, 14)),
    )


def test_last_day_that_is_not_worked_does_not_count() -> None:
    sunday = date(2026, 11, 22)
    assert thresholds(sunday, day_end_utc(sunday), CALENDAR)[0][1] == day_start_utc(date(2026, 11, 18))


@pytest.mark.parametrize(
    ("threshold", "at"),
    [
        (Threshold.WORKING_DAYS_3, day_start_utc(date(2026, 11, 18))),
        (Threshold.DAY_1, day_end_utc(FRIDAY) - timedelta(days=1)),
        (Threshold.HOURS_4, day_end_utc(FRIDAY) - timedelta(hours=4)),
        (Threshold.MISSED, day_end_utc(FRIDAY)),
    ],
)
def test_threshold_is_raised_from_its_very_instant_on(threshold: Threshold, at: datetime) -> None:
    assert (Watched.LEGAL, threshold) in raised(due(), at)
    assert (Watched.LEGAL, threshold) not in raised(due(), at - LATER)


def test_nothing_is_raised_long_before_and_the_next_look_is_at_the_first_threshold() -> None:
    alerts, again = look(due(), datetime(2026, 11, 16, tzinfo=UTC), POLICY)
    assert alerts == []
    assert again == day_start_utc(date(2026, 11, 18))


def test_next_look_is_at_the_threshold_that_follows() -> None:
    _, again = look(due(), day_start_utc(date(2026, 11, 18)), POLICY)
    assert again == day_end_utc(FRIDAY) - timedelta(days=1)


def test_after_the_bound_nobody_looks_again() -> None:
    alerts, again = look(due(), day_end_utc(FRIDAY), POLICY)
    assert [one.threshold for one in alerts] == [Threshold.MISSED]
    assert again is None


def test_look_after_an_outage_raises_only_how_things_stand() -> None:
    assert raised(due(), day_end_utc(FRIDAY) - timedelta(hours=1)) == [(Watched.LEGAL, Threshold.HOURS_4)]


def test_safe_and_legal_date_are_watched_apart() -> None:
    submission = due(safe=date(2026, 11, 18))
    now = day_end_utc(date(2026, 11, 18))
    assert raised(submission, now) == [
        (Watched.SAFE, Threshold.MISSED),
        (Watched.LEGAL, Threshold.WORKING_DAYS_3),
    ]
    assert look(submission, now, POLICY)[1] == day_end_utc(FRIDAY) - timedelta(days=1)


def test_alert_says_who_what_and_by_when() -> None:
    submission = due()
    now = day_end_utc(FRIDAY)
    (alert,), _ = look(submission, now, POLICY)
    assert alert == Alert(
        submission_id=submission.id,
        source=submission.source,
        event_id=submission.event_id,
        watched=Watched.LEGAL,
        threshold=Threshold.MISSED,
        operation=submission.operation,
        employer=submission.employer,
        last_day=FRIDAY,
        raised_at=now,
        tell_at=now,
    )


def test_date_that_both_readings_agree_on_is_told_once() -> None:
    assert raised(due(safe=FRIDAY), day_end_utc(FRIDAY)) == [(Watched.LEGAL, Threshold.MISSED)]


@pytest.mark.parametrize("state", State)
def test_only_what_is_settled_is_not_watched(state: State) -> None:
    assert needs_watching(due(state=state)) == (state not in SETTLED)


def test_what_is_settled_or_replaced_raises_nothing() -> None:
    for submission in (due(state=State.ACCEPTED), due(replaced_by=SubmissionId("s2"))):
        assert look(submission, day_end_utc(FRIDAY), POLICY) == ((), None)


def test_event_without_a_term_is_never_late() -> None:
    submission = a_submission(legal_date=None, due_utc=None, safe_date=None, safe_utc=None)
    assert look(submission, day_end_utc(FRIDAY), POLICY) == ([], None)


# -- HR is late

SIGNED = date(2026, 11, 16)
LATE_FROM = day_start_utc(date(2026, 11, 19))
LATE = (Watched.ENTRY, Threshold.LATE_ENTRY)


def signed(*, received: datetime, **changes: Any) -> Submission:
    """Signed on Monday, to be registered by Monday after."""
    return due(MONDAY_AFTER, trigger=SIGNED, received_at=received, **changes)


def test_event_that_hr_entered_days_after_its_signing_is_told_with_its_legal_date() -> None:
    entered = LATE_FROM + timedelta(hours=10)
    alerts, _ = look(signed(received=entered), entered + GRACE, POLICY)
    assert [(one.watched, one.threshold, one.last_day) for one in alerts][-1] == (*LATE, MONDAY_AFTER)


def test_agent_gets_an_hour_to_register_what_came_late() -> None:
    entered = LATE_FROM + timedelta(hours=10)
    submission = signed(received=entered)
    assert LATE not in raised(submission, entered + GRACE - LATER)
    assert look(submission, entered, POLICY)[1] == entered + GRACE


def test_event_that_was_entered_in_time_is_not_late() -> None:
    assert LATE not in raised(signed(received=LATE_FROM - LATER), day_end_utc(MONDAY_AFTER) - LATER)


def test_day_that_hr_tells_counts_and_not_the_day_on_which_the_agent_took_the_row() -> None:
    received = LATE_FROM + timedelta(days=1)
    submission = signed(received=received, entered_at=LATE_FROM - LATER)
    assert LATE not in raised(submission, received + GRACE)


def test_row_that_hr_must_mend_is_late_three_days_after_the_signing() -> None:
    submission = signed(received=day_start_utc(SIGNED), state=State.INVALID)
    assert look(submission, day_start_utc(SIGNED), POLICY)[1] == day_start_utc(date(2026, 11, 19))
    assert LATE not in raised(submission, LATE_FROM - LATER)
    assert LATE in raised(submission, LATE_FROM)


def test_administrator_says_after_how_many_days_an_entry_is_late() -> None:
    submission = signed(received=day_start_utc(SIGNED), state=State.INVALID)
    strict = WatchPolicy(POLICY.digests, CALENDAR, late_entry_days=1)
    assert look(submission, day_start_utc(SIGNED), strict)[1] == day_start_utc(date(2026, 11, 17))


def test_once_the_legal_date_is_missed_nothing_more_is_said_of_the_entry() -> None:
    submission = signed(received=LATE_FROM)
    assert raised(submission, day_end_utc(MONDAY_AFTER)) == [(Watched.LEGAL, Threshold.MISSED)]


@pytest.mark.parametrize("unknown", [{"trigger": None}, {"legal_date": None, "due_utc": None}])
def test_row_that_does_not_tell_when_it_was_signed_is_never_late(unknown: dict[str, Any]) -> None:
    submission = replace(signed(received=LATE_FROM, state=State.INVALID), **unknown)
    assert LATE not in raised(submission, LATE_FROM + GRACE)


@given(day=st.dates(date(2020, 9, 18), date(2060, 1, 1)), hours=st.lists(st.integers(0, 24 * 12), max_size=12))
def test_whoever_looks_whenever_each_threshold_is_named_in_its_order(day: date, hours: list[int]) -> None:
    submission = due(day)
    start = day_start_utc(day - timedelta(days=10))
    named = [raised(submission, start + timedelta(hours=hour)) for hour in sorted(hours)]
    order = list(Threshold)
    places = [order.index(threshold) for alerts in named for _, threshold in alerts]
    assert places == sorted(places)
    assert all(len(alerts) <= 1 for alerts in named)
