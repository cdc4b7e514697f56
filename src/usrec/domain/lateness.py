"""How long events took from the signing by both to their registration, stage by stage, in working days.

A day counts when it is worked and lies after the first and not after the second: an event that goes on the day on
which it came has taken none. Where a stage's first or last moment is not known, the event is left out of that stage.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from math import ceil
from statistics import median
from typing import Final

from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.source_event import EmployerName
from usrec.domain.working_calendar import ONE_DAY, Calendars, WorkingCalendar


class Stage(StrEnum):
    """A part of an event's way."""

    HR_ENTRY = "hr_entry"
    """From the signing by both (or what else begins the term) to HR's entry."""
    INTAKE = "intake"
    """From HR's entry to the agent's taking it."""
    ACKNOWLEDGEMENT = "acknowledgement"
    """From the taking to USREC's acknowledgement."""
    WHOLE = "whole"
    """From the signing by both to USREC's acknowledgement."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The way of one registered event; times are aware UTC.

    Attributes:
        trigger: Day from which its term runs.
        entered_at: When HR entered it; None where HR's row does not tell.
        department: HR's; None where it is not asked for, or HR's row does not tell.
    """

    employer: EmployerName
    employer_bin: str
    trigger: date | None
    entered_at: datetime | None
    received_at: datetime
    acknowledged_at: datetime
    legal_date: date | None
    department: str | None = None

    @property
    def is_late(self) -> bool:
        """Whether it was registered after its legal date."""
        return self.legal_date is not None and kazakhstan_date(self.acknowledged_at) > self.legal_date


@dataclass(frozen=True, slots=True)
class StageFigures:
    """How a stage went.

    Attributes:
        events: How many are known well enough to be counted.
        median: Working days; None without an event.
        percentile_95: So many working days or fewer took 95 of 100; likewise.
    """

    stage: Stage
    events: int
    median: float | None
    percentile_95: int | None


@dataclass(frozen=True, slots=True)
class Lateness:
    """How the events of one employer, or of one of its departments, went.

    Attributes:
        registered: How many were registered; ``late``: after their legal date.
    """

    employer: EmployerName
    registered: int
    late: int
    stages: Sequence[StageFigures]
    department: str | None = None


_Ends = Callable[[Passage], tuple[date | None, date | None]]


def _entered(one: Passage) -> date | None:
    return None if one.entered_at is None else kazakhstan_date(one.entered_at)


_STAGES: Final[Mapping[Stage, _Ends]] = {
    Stage.HR_ENTRY: lambda one: (one.trigger, _entered(one)),
    Stage.INTAKE: lambda one: (_entered(one), kazakhstan_date(one.received_at)),
    Stage.ACKNOWLEDGEMENT: lambda one: (kazakhstan_date(one.received_at), kazakhstan_date(one.acknowledged_at)),
    Stage.WHOLE: lambda one: (one.trigger, kazakhstan_date(one.acknowledged_at)),
}


def measure_lateness(passages: Iterable[Passage], calendars: Calendars) -> Sequence[Lateness]:
    """Figures by employer, department and stage, each employer's in its own calendar.

    In the order of the names; an unknown department is the last.
    """
    groups: dict[tuple[EmployerName, str | None], list[Passage]] = {}
    by_bin: dict[str, list[Passage]] = {}
    for one in passages:
        groups.setdefault((one.employer, one.department), []).append(one)
        by_bin.setdefault(one.employer_bin, []).append(one)
    days = {number: _WorkingDays(some, calendars.of(number)) for number, some in by_bin.items()}
    return [
        Lateness(employer, len(some), sum(one.is_late for one in some), _stages(some, days), department)
        for (employer, department), some in sorted(groups.items(), key=lambda group: _place(*group[0]))
    ]


def _place(employer: EmployerName, department: str | None) -> tuple[str, bool, str]:
    return employer, department is None, department or ""


def _stages(passages: Sequence[Passage], days: Mapping[str, _WorkingDays]) -> Sequence[StageFigures]:
    return [_figures(stage, passages, days) for stage in Stage]


def _figures(stage: Stage, passages: Sequence[Passage], days: Mapping[str, _WorkingDays]) -> StageFigures:
    ends = [(days[one.employer_bin], *_STAGES[stage](one)) for one in passages]
    taken = sorted(own.between(begin, end) for own, begin, end in ends if begin is not None and end is not None)
    if not taken:
        return StageFigures(stage, 0, None, None)
    return StageFigures(stage, len(taken), float(median(taken)), taken[ceil(0.95 * len(taken)) - 1])


class _WorkingDays:
    """The working days of the years in question, gone through once."""

    def __init__(self, passages: Iterable[Passage], calendar: WorkingCalendar) -> None:
        ends = [day for one in passages for pair in _STAGES.values() for day in pair(one) if day is not None]
        day, last = min(ends, default=date.max), max(ends, default=date.min)
        self._days: list[date] = []
        while day < last:
            day += ONE_DAY
            if calendar.is_working_day(day):
                self._days.append(day)

    def between(self, begin: date, end: date) -> int:
        """Working days after ``begin`` until ``end``; 0 where the end lies before the beginning."""
        return max(0, bisect_right(self._days, end) - bisect_right(self._days, begin))
