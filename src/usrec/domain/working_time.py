"""Hours in which somebody can act: a deadline at midnight is near when the last hours of the working day have begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from usrec.domain.digest import WORKING_HOURS
from usrec.domain.kazakhstan_time import KAZAKHSTAN, kazakhstan_date
from usrec.domain.working_calendar import ONE_DAY, WorkingCalendar


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """The working hours of an employer.

    Attributes:
        calendar: Tells the working days.
        opens: Kazakhstan's time at which one begins.
    """

    calendar: WorkingCalendar
    opens: time = time(9)

    def reach(self, now: datetime, hours: timedelta) -> datetime:
        """The last instant that at most ``hours`` of working time separate from ``now``, both aware UTC.

        At 14:00 on a Friday four hours reach to Monday's opening: what ends on Friday at 24:00 is four hours away.
        """
        day, left = kazakhstan_date(now), hours
        while True:
            start, end = self._hours_of(day)
            start = max(start, now)
            if end - start > left:
                return start + left
            left -= max(end - start, timedelta(0))
            day += ONE_DAY

    def _hours_of(self, day: date) -> tuple[datetime, datetime]:
        """When work begins and ends; both the same on a day off."""
        start = datetime.combine(day, self.opens, tzinfo=KAZAKHSTAN).astimezone(UTC)
        return start, start + WORKING_HOURS if self.calendar.is_working_day(day) else start
