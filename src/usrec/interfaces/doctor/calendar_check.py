"""The working calendar and the time zone.

Source: the official calendar of a year is published in the autumn before it (see ``usrec calendar``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from usrec.domain.kazakhstan_time import KAZAKHSTAN, kazakhstan_date
from usrec.domain.working_calendar import WorkingCalendar
from usrec.interfaces.doctor.finding import Kind, Line, Verdict
from usrec.interfaces.doctor.installation import Installation
from usrec.interfaces.i18n import N_

NEXT_YEAR_MATTERS: Final = 11
"""From this month on terms reach into the next year."""

CHECKED: Final = Kind(
    "calendar", "checked", Verdict.OK, N_("The working calendar {version} covers {year} and {next_year}")
)
NEXT_YEAR_OPEN: Final = Kind(
    "calendar",
    "next_year_open",
    Verdict.OK,
    N_("The working calendar {version} covers {year}; that of {next_year} is published in autumn"),
)
NEXT_YEAR: Final = Kind(
    "calendar",
    "next_year",
    Verdict.WARN,
    N_("The working calendar {version} was not compared with the official one of {next_year}"),
    N_("Compare usrec calendar {next_year} with it, put what differs into [calendar], and the year into checked_years"),
)
THIS_YEAR: Final = Kind(
    "calendar",
    "this_year",
    Verdict.WARN,
    N_("The working calendar {version} was not compared with the official one of {year}"),
    N_("Compare usrec calendar {year} with it, put what differs into [calendar], and the year into checked_years"),
)

ZONE_AGREES: Final = Kind(
    "time_zone", "agrees", Verdict.OK, N_("Kazakhstan's time is built in, and this machine's time zone data agree")
)
ZONE_OLD: Final = Kind(
    "time_zone",
    "old",
    Verdict.WARN,
    N_("This machine's time zone data put Almaty {hours} h away from UTC+5, its time since 1 March 2024"),
    N_("Update the package tzdata: the agent counts rightly all the same, other programs on this machine do not"),
)
ZONE_ABSENT: Final = Kind(
    "time_zone", "absent", Verdict.OK, N_("Kazakhstan's time is built in; this machine has no time zone data")
)


def examine_calendar(installation: Installation) -> Iterator[Line]:
    """Whether this year and the next were compared with the official calendar, for each calendar by itself."""
    from usrec.preflight import build_calendars

    calendars, employers = build_calendars(installation.settings), installation.settings.values.employer
    today = kazakhstan_date(installation.clock.now())
    yield from _years(calendars.common, today, "")
    for name, employer in employers.items():
        if employer.calendar is not None:
            yield from _years(calendars.of(employer.bin), today, name)


def _years(calendar: WorkingCalendar, today: date, about: str) -> Iterator[Line]:
    told = {"version": calendar.version, "year": str(today.year), "next_year": str(today.year + 1)}
    knows_this, knows_next = calendar.is_checked(today.year), calendar.is_checked(today.year + 1)
    if not knows_this:
        yield THIS_YEAR.line(about=about, **told)
    if not knows_next and today.month >= NEXT_YEAR_MATTERS:
        yield NEXT_YEAR.line(about=about, **told)
    elif knows_this:
        yield (CHECKED if knows_next else NEXT_YEAR_OPEN).line(about=about, **told)


def examine_time_zone(installation: Installation) -> Iterator[Line]:
    """Whether other programs on this machine agree with the rule that is built in."""
    now = installation.clock.now()
    try:
        theirs = _offset(now, ZoneInfo("Asia/Almaty"))
    except (ZoneInfoNotFoundError, OSError):
        yield ZONE_ABSENT.line()
        return
    apart = theirs - (KAZAKHSTAN.utcoffset(now.astimezone(KAZAKHSTAN)) or timedelta(0))
    yield ZONE_OLD.line(hours=f"{apart / timedelta(hours=1):+g}") if apart else ZONE_AGREES.line()


def _offset(now: datetime, zone: ZoneInfo) -> timedelta:
    return now.astimezone(zone).utcoffset() or timedelta(0)
