"""The simulator's clock: one place that asks the operating system for the time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

Clock = Callable[[], datetime]

KAZAKHSTAN = timezone(timedelta(hours=5))
"""One zone since 2024-03-01 (decree of 19 January 2024); the registry stamps and judges by it."""


def system_clock() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 the simulator's only clock; everything else takes it as an argument


def shifted(by: timedelta) -> Clock:
    """Return a clock that goes ahead of the system's, or behind it."""
    return lambda: system_clock() + by


def local_date(instant: datetime) -> date:
    """Return the calendar date in Kazakhstan at an instant."""
    return instant.astimezone(KAZAKHSTAN).date()
