"""When the audits of a running agent are due, of whom one is missing, and whose findings are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from usrec.domain.drift import AuditSight, Drift
from usrec.domain.kazakhstan_time import KAZAKHSTAN, kazakhstan_date
from usrec.domain.working_calendar import ONE_DAY, WorkingCalendar

GRACE: Final = timedelta(hours=2)
"""An audit that is not there so long after its time is told: several attempts have failed by then."""
_LONGEST_REST: Final = 31
"""Days between two audits, at most."""


@dataclass(frozen=True, slots=True)
class AuditTimetable:
    """On which days they are taken.

    Attributes:
        at: When, in Kazakhstan's time.
    """

    at: time
    calendar: WorkingCalendar
    working_days_only: bool = True

    def due_on(self, day: date) -> datetime | None:
        """When that of a day is due; None on a day without one."""
        if self.working_days_only and not self.calendar.is_working_day(day):
            return None
        return datetime.combine(day, self.at, KAZAKHSTAN)

    def last_due(self, now: datetime) -> datetime | None:
        """When the last one was due that is to be there at ``now``; None after a long rest."""
        today = kazakhstan_date(now)
        dues = (self.due_on(today - number * ONE_DAY) for number in range(_LONGEST_REST))
        return next((due for due in dues if due is not None and due + GRACE <= now), None)

    def missing(self, employers: Iterable[str], taken: Iterable[AuditSight], now: datetime) -> Mapping[str, datetime]:
        """Employers of whom none was taken since the last one was due, and when that was."""
        due = self.last_due(now)
        if due is None:
            return {}
        there = {one.employer for one in taken if one.taken_at >= due}
        return {employer: due for employer in employers if employer not in there}


@dataclass(frozen=True, slots=True)
class DriftScope:
    """What an agent looks after: nothing is told of employers and sources that its settings do not name any more.

    Attributes:
        timetable: Of its audits; None where it takes none.
    """

    employers: Collection[str]
    sources: Collection[str]
    timetable: AuditTimetable | None = None

    def within(self, known: Drift, now: datetime) -> Drift:
        """What of ``known`` is its own, with the audits that are missing."""
        audits = [one for one in known.audits if one.employer in self.employers]
        puzzles = {source: number for source, number in known.puzzles.items() if source in self.sources}
        missing = {} if self.timetable is None else self.timetable.missing(self.employers, audits, now)
        return Drift(audits, puzzles, missing)
