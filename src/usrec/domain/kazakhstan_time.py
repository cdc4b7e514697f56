"""Kazakhstan's clock as a rule, because a statutory day must end at the same instant on every machine.

Sources: the Government's change of 19 January 2024 to its decree 1749 of 23 November 2000 (one zone, UTC+5, for the
whole country from 1 March 2024 00:00) and the IANA zone Asia/Almaty (UTC+6 before, without summer time since
31 October 2004). The western regions were at UTC+5 all along; the registry's clock stands in Astana. The hour before
midnight of 29 February 2024 came twice.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final

_OLD: Final = timedelta(hours=6)
_NEW: Final = timedelta(hours=5)
_CHANGE: Final = datetime(2024, 2, 29, 18, tzinfo=UTC)
_OLD_WALL_ENDS: Final = _CHANGE + _OLD
_NEW_WALL_BEGINS: Final = _CHANGE + _NEW
_FIRST_DAY: Final = date.min + timedelta(days=1)


class KazakhstanTime(tzinfo):
    """UTC+6 until the change of 2024, UTC+5 after it; ``fold=1`` names the second of the two equal hours."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """Offset of a wall-clock time."""
        if dt is None:
            return None
        wall = dt.replace(tzinfo=UTC)
        repeated = dt.fold == 1 and wall >= _NEW_WALL_BEGINS
        return _OLD if wall < _OLD_WALL_ENDS and not repeated else _NEW

    def dst(self, dt: datetime | None) -> timedelta | None:
        """Never summer time."""
        return None if dt is None else timedelta(0)

    def tzname(self, dt: datetime | None) -> str | None:
        """The offset in words."""
        return None if dt is None else f"UTC+{5 if self.utcoffset(dt) == _NEW else 6}"

    def fromutc(self, dt: datetime) -> datetime:
        """Wall-clock time of an instant, which arrives as UTC figures marked with this zone."""
        instant = dt.replace(tzinfo=UTC)
        if instant < _CHANGE:
            return dt + _OLD
        wall = dt + _NEW
        return wall.replace(fold=1) if instant < _CHANGE + (_OLD - _NEW) else wall

    def __repr__(self) -> str:
        return "KAZAKHSTAN"


KAZAKHSTAN: Final = KazakhstanTime()


@lru_cache(maxsize=4096)
def day_start_utc(day: date) -> datetime:
    """The instant at which ``day`` begins in Kazakhstan, aware UTC.

    1 January of the year 1, the empty date of some HR systems, begins before Python's first instant; it is taken
    for the day after.
    """
    return datetime.combine(max(day, _FIRST_DAY), time.min, tzinfo=KAZAKHSTAN).astimezone(UTC)


def day_end_utc(day: date) -> datetime:
    """The first instant after ``day`` in Kazakhstan (its 24:00), aware UTC."""
    return day_start_utc(day + timedelta(days=1))


def kazakhstan_date(instant: datetime) -> date:
    """The date in Kazakhstan at an aware instant."""
    return instant.astimezone(KAZAKHSTAN).date()
