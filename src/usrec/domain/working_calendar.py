"""Which days are working days: the words that deadlines are counted in, and an operator's corrections to them.

Source: the five-day week with the transfers of rest days that the Government or the Minister orders (Labour Code
art. 84, 85 p.3). The official days come from an adapter; a transfer that is ordered after its release is added in
the settings. A day off that rests on the settings or on an estimate alone may turn out to be worked: the strictest
reading counts it, so that no correction can make the safe date of a term later.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Final, Protocol

from usrec.domain.errors import ConfigurationError

ONE_DAY: Final = timedelta(days=1)


class Calendars(Protocol):
    """In which calendar whose terms are counted. It answers for no day itself: whoever counts says for whom."""

    @property
    def common(self) -> WorkingCalendar:
        """That of the agent as a whole, and of every employer who has none of its own."""

    @property
    def each(self) -> Sequence[WorkingCalendar]:
        """All of them, the common one first."""

    def of(self, employer_bin: str) -> WorkingCalendar:
        """That of one employer."""


class WorkingCalendar(ABC):
    """Working days of the official five-day week. One of them alone is everybody's."""

    __slots__ = ()

    @property
    def common(self) -> WorkingCalendar:
        """Itself."""
        return self

    @property
    def each(self) -> Sequence[WorkingCalendar]:
        """Itself."""
        return (self,)

    def of(self, employer_bin: str) -> WorkingCalendar:
        """Itself, whoever is asked for."""
        del employer_bin
        return self

    @property
    @abstractmethod
    def version(self) -> str:
        """Names the data behind the answers; it is kept with every deadline counted from them."""

    @abstractmethod
    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is worked, transferred weekends included."""

    def may_be_worked(self, day: date) -> bool:
        """Whether the strictest reader counts ``day`` as worked; true for every working day."""
        return self.is_working_day(day)

    def is_checked(self, year: int) -> bool:
        """Whether the days of ``year`` were compared with its official calendar, not only computed from the law."""
        del year
        return True

    @property
    def strictest(self) -> WorkingCalendar:
        """The calendar in which no term ends later than in this one: every doubtful day is worked."""
        return StrictestReading(self)

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

    def day_with_left(self, last_day: date, n: int) -> date:
        """The day on which, itself included, ``n`` working days (1 or more) are left until ``last_day``."""
        day, left = last_day, 0
        while True:
            left += self.is_working_day(day)
            if left == n:
                return day
            day -= ONE_DAY

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
        days_off: Days that are not. The strictest reading does not believe them.
        checked_years: Years that a person compared with the official calendar: nothing in them is an estimate.

    Raises:
        ConfigurationError: A day stands in both lists.
    """

    calendar: WorkingCalendar
    working_days: frozenset[date] = frozenset()
    days_off: frozenset[date] = frozenset()
    checked_years: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        both = sorted(self.working_days & self.days_off)
        if both:
            raise ConfigurationError(
                f"the calendar lists {both[0].isoformat()} both as a working day and as a day off",
                next_step="Remove it from one of the two lists",
            )

    @property
    def version(self) -> str:
        """The inner version, with a short hash of the settings' days and years when there are any."""
        changes = [f"+{day.isoformat()}" for day in sorted(self.working_days)]
        changes += [f"-{day.isoformat()}" for day in sorted(self.days_off)]
        changes += [f"={year}" for year in sorted(self.checked_years)]
        if not changes:
            return self.calendar.version
        return f"{self.calendar.version}+{sha256(' '.join(changes).encode()).hexdigest()[:8]}"

    def is_working_day(self, day: date) -> bool:
        """The settings' answer where they have one, else the inner calendar's."""
        if day in self.working_days:
            return True
        return day not in self.days_off and self.calendar.is_working_day(day)

    def may_be_worked(self, day: date) -> bool:
        """Worked by the settings or by the inner calendar; a day off of the settings alone is not believed."""
        if day in self.working_days:
            return True
        if day.year in self.checked_years:
            return self.calendar.is_working_day(day)
        return self.calendar.may_be_worked(day)

    def is_checked(self, year: int) -> bool:
        """Checked by a person, or already in the inner calendar."""
        return year in self.checked_years or self.calendar.is_checked(year)


@dataclass(frozen=True, slots=True)
class StrictestReading(WorkingCalendar):
    """A calendar in which every day that may be worked is."""

    calendar: WorkingCalendar

    @property
    def version(self) -> str:
        """That of the calendar that is read."""
        return self.calendar.version

    def is_working_day(self, day: date) -> bool:
        """Whether the strictest reader counts ``day``."""
        return self.calendar.may_be_worked(day)


@dataclass(frozen=True, slots=True)
class EmployerCalendars:
    """The common calendar, and those of employers who have one of their own.

    Attributes:
        own: By BIN.
    """

    common: WorkingCalendar
    own: Mapping[str, WorkingCalendar]

    @property
    def each(self) -> Sequence[WorkingCalendar]:
        """The common one, then the employers'."""
        return (self.common, *self.own.values())

    def of(self, employer_bin: str) -> WorkingCalendar:
        """The employer's own, else the common one."""
        return self.own.get(employer_bin, self.common)
