"""When an open submission deserves an alert: before its safe date, before its legal date, and when one is missed.

Safe and legal dates are watched at three working days, one day and four hours before their bound, and at the bound. A
look that finds several thresholds behind it raises only the last one of each date: an alert says how things stand,
not how they stood.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.kazakhstan_time import day_start_utc
from usrec.domain.state import SETTLED
from usrec.domain.submission import Submission
from usrec.domain.working_calendar import ONE_DAY, WorkingCalendar

WORKING_DAYS_LEFT = 3


def needs_watching(submission: Submission) -> bool:
    """Whether its term still runs: neither registered, nor taken back, nor replaced by another revision."""
    return submission.state not in SETTLED and submission.replaced_by is None


def thresholds(last_day: date, bound: datetime, calendar: WorkingCalendar) -> Sequence[tuple[Threshold, datetime]]:
    """The instants, aware UTC and in order, at which the thresholds of one date are crossed.

    Args:
        last_day: The date.
        bound: Its exclusive bound: 24:00 in Kazakhstan, aware UTC.
        calendar: In which the working days are counted.
    """
    moments = [
        (Threshold.WORKING_DAYS_3, day_start_utc(_working_days_left(last_day, calendar))),
        (Threshold.DAY_1, bound - timedelta(days=1)),
        (Threshold.HOURS_4, bound - timedelta(hours=4)),
        (Threshold.MISSED, bound),
    ]
    return sorted(moments, key=lambda one: one[1])


def _working_days_left(last_day: date, calendar: WorkingCalendar) -> date:
    """The day on which, itself included, three working days are left."""
    day, left = last_day, 0
    while True:
        left += calendar.is_working_day(day)
        if left == WORKING_DAYS_LEFT:
            return day
        day -= ONE_DAY


def look(submission: Submission, now: datetime, calendar: WorkingCalendar) -> tuple[Sequence[Alert], datetime | None]:
    """The alerts that are due at ``now`` and when to look again, None when never."""
    if not needs_watching(submission):
        return (), None
    alerts, later = [], []
    for watched, last_day, bound in _dates(submission):
        moments = thresholds(last_day, bound, calendar)
        crossed = [threshold for threshold, at in moments if at <= now]
        later += [at for _, at in moments if at > now]
        if crossed:
            alerts.append(
                Alert(
                    submission_id=submission.id,
                    watched=watched,
                    threshold=crossed[-1],
                    operation=submission.operation,
                    employer=submission.employer,
                    last_day=last_day,
                    raised_at=now,
                )
            )
    return alerts, min(later, default=None)


def _dates(submission: Submission) -> Sequence[tuple[Watched, date, datetime]]:
    dates = []
    if submission.safe_date is not None and submission.safe_utc is not None:
        dates.append((Watched.SAFE, submission.safe_date, submission.safe_utc))
    if submission.legal_date is not None and submission.due_utc is not None:
        dates.append((Watched.LEGAL, submission.legal_date, submission.due_utc))
    return dates
