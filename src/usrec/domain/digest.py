"""When an alert is told: at once, or with the digest of the next working day.

What is not urgent is told once a day, in working hours. It does not wait when its urgent moment, four hours before its
date ends, would come before the digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from usrec.domain.alert import GENTLE, URGENT, Alert, Threshold
from usrec.domain.kazakhstan_time import KAZAKHSTAN, day_end_utc, kazakhstan_date
from usrec.domain.working_calendar import ONE_DAY, WorkingCalendar

URGENT_BEFORE: Final = timedelta(hours=4)
"""So long before the end of its date the last alert before it is raised."""
WORKING_HOURS: Final = timedelta(hours=9)
"""So long after its time a digest may still go out; one that is later waits for the next."""


@dataclass(frozen=True, slots=True)
class DigestPolicy:
    """When digests go out.

    Attributes:
        calendar: The common one: a digest is of all employers.
        digest_at: Kazakhstan's time.
    """

    calendar: WorkingCalendar
    digest_at: time = time(9)

    def next(self, instant: datetime) -> datetime:
        """The first digest at or after ``instant``, both aware UTC."""
        day = kazakhstan_date(instant)
        while not self.calendar.is_working_day(day) or self._on(day) < instant:
            day += ONE_DAY
        return self._on(day)

    def last(self, instant: datetime) -> datetime:
        """The last digest at or before ``instant``, both aware UTC."""
        day = kazakhstan_date(instant)
        while not self.calendar.is_working_day(day) or self._on(day) > instant:
            day -= ONE_DAY
        return self._on(day)

    def tell_at(self, threshold: Threshold, last_day: date, raised_at: datetime) -> datetime:
        """From when on an alert is told: ``raised_at``, or the time of the next digest; aware UTC."""
        if threshold in URGENT or (threshold not in GENTLE and self._comes_too_late(last_day, raised_at)):
            return raised_at
        return self.next(raised_at)

    def soon(self, instant: datetime) -> datetime:
        """``instant`` itself in working hours, else the next digest."""
        return instant if self._in_working_hours(instant) else self.next(instant)

    def is_due(self, alert: Alert, now: datetime) -> bool:
        """Whether an alert is to be told now; a digest that could not go out at its time waits for working hours."""
        if alert.tell_at > now:
            return False
        at_once = alert.tell_at == alert.raised_at
        return at_once or self._in_working_hours(now) or self._is_last_call(alert, now)

    def _is_last_call(self, alert: Alert, now: datetime) -> bool:
        """Whether the next digest would come too late; a reminder has its turn again the next day."""
        return alert.threshold not in GENTLE and self._comes_too_late(alert.last_day, now)

    def _comes_too_late(self, last_day: date, now: datetime) -> bool:
        return self.next(now) > day_end_utc(last_day) - URGENT_BEFORE

    def _in_working_hours(self, now: datetime) -> bool:
        day = kazakhstan_date(now)
        return self.calendar.is_working_day(day) and self._on(day) <= now < self._on(day) + WORKING_HOURS

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self.digest_at, tzinfo=KAZAKHSTAN).astimezone(UTC)
