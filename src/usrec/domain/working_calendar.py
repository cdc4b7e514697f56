"""Which days are working days: the words that deadlines are counted in, and an operator's corrections to them.

Source: the five-day week with the transfers of rest days that the Government or the Minister orders (Labour Code
art. 84, 85 p.3). The official days come from an adapter; a transfer that is ordered after its release is added in
the settings.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from usrec.domain.errors import ConfigurationError

ONE_DAY: Final = timedelta(days=1)


class WorkingCalendar(ABC):
    """Working days of the official five-day week."""

    __slots__ = ()

    @property
    @abstractmethod
    def version(self) -> str:
        """Names the data behind the answers; it is kept with every deadline counted from them."""

    @abstractmethod
    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is worked, transferred weekends included."""

    def add_working_days(self, start: date, n: int) -> date:
        """The ``n``-th working day after ``start``, which itself is not counted; ``start`` for 0.

        Raises:
            ValueError: ``n`` is negative.
        """
        if n < 0:
            raise ValueError("working days are counted forward only")
        day = start
        while n:
            day += ONE_DAY
            n -= self.is_working_day(day)
        return day

    def roll_forward(self, day: date) -> date:
        """``day`` when it is a working day, else the next working day."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day


@dataclass(frozen=True, slots=True)
class CalendarOverrides(WorkingCalendar):
    """A calendar with single days changed by the settings.

    Attributes:
        calendar: The calendar that answers for all other days.
        working_days: Days that are worked whatever it says.
        days_off: Days that are not.

    Raises:
        ConfigurationError: A day stands in both lists.
    """

    calendar: WorkingCalendar
    working_days: frozenset[date] = frozenset()
    days_off: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        both = sorted(self.working_days & self.days_off)
        if both:
            raise ConfigurationError(
                f"the calendar lists {both[0].isoformat()} both as a working day and as a day off",
                next_step="Remove it from one of the two lists",
            )

    @property
    def version(self) -> str:
        """The inner version, with a short hash of the changed days when there are any."""
        changes = [f"+{day.isoformat()}" for day in sorted(self.working_days)]
        changes += [f"-{day.isoformat()}" for day in sorted(self.days_off)]
        if not changes:
            return self.calendar.version
        return f"{self.calendar.version}+{sha256(' '.join(changes).encode()).hexdigest()[:8]}"

    def is_working_day(self, day: date) -> bool:
        """The settings' answer where they have one, else the inner calendar's."""
        if day in self.working_days:
            return True
        return day not in self.days_off and self.calendar.is_working_day(day)
