"""A transfer of an employee between two employers where USREC takes no ``transfer``: two events that belong together.

Code 157 lets a contract pass only to a successor, a spin-off or within a branch network. Otherwise the contract ends at
one BIN and another is concluded at the other: two keys, two terms (Order 353 p.12 and p.7), one ``pair_key``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from usrec.domain.deadline import DeadlineError, DeadlineEvent, compute_deadline
from usrec.domain.kazakhstan_time import day_start_utc, kazakhstan_date
from usrec.domain.source_event import Conclusion, ContractKey, Details, EmployerName, Operation, Termination
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId
from usrec.domain.working_calendar import Calendars, WorkingCalendar

HALVES: Final = (Operation.TERMINATION, Operation.CONCLUSION)
WORKING_DAYS_LEFT: Final = 3
GRACE: Final = timedelta(hours=1)
"""HR writes both rows one after the other; so long nobody is told."""
_TERMS: Final = {
    Operation.TERMINATION: DeadlineEvent.TERMINATION,
    Operation.CONCLUSION: DeadlineEvent.CONCLUSION,
}


class Contradiction(StrEnum):
    """How two halves cannot belong together."""

    SAME_EMPLOYER = "same_employer"
    """Both name the same BIN: that is no transfer to another employer."""
    OTHER_PERSON = "other_person"
    """They name two IINs."""
    BEGINS_BEFORE_END = "begins_before_end"
    """The new contract begins before the old one ends."""
    MORE_THAN_TWO = "more_than_two"
    """More events than one of a kind have this pair_key."""


@dataclass(frozen=True, slots=True)
class PairHalf:
    """One half, as the ledger knows it.

    Attributes:
        day: The day of the termination, or the first day of the new contract.
        elsewhere: HR says that the other half is not this agent's matter.
        employee_iin: Never shown; None where the agent does not know whose contract it is.
    """

    pair_key: str
    submission_id: SubmissionId
    operation: Operation
    employer: EmployerName | None
    employer_bin: str
    contract_key: ContractKey
    state: State
    day: date
    legal_date: date | None
    safe_date: date | None
    received_at: datetime
    elsewhere: bool = False
    employee_iin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """All that has one ``pair_key``, first taken first."""

    key: str
    halves: Sequence[PairHalf]

    @property
    def missing(self) -> Operation | None:
        """The half that is not there; None when both are, or HR said that it is elsewhere."""
        there = {half.operation for half in self.halves}
        if len(there) != 1 or any(half.elsewhere for half in self.halves):
            return None
        return next(half for half in HALVES if half not in there)

    @property
    def contradictions(self) -> Sequence[Contradiction]:
        """How the halves cannot belong together."""
        return list(self._contradictions())

    @property
    def is_sound(self) -> bool:
        """Nothing is missing and nothing contradicts."""
        return self.missing is None and not self.contradictions

    def _contradictions(self) -> Iterator[Contradiction]:
        ends = [half for half in self.halves if half.operation is Operation.TERMINATION]
        begins = [half for half in self.halves if half.operation is Operation.CONCLUSION]
        if len(ends) > 1 or len(begins) > 1:
            yield Contradiction.MORE_THAN_TWO
        elif ends and begins:
            yield from contradictions_of(ends[0], begins[0])

    def remind_from(self, calendars: Calendars, missing_after: timedelta) -> datetime | None:
        """From when on somebody is reminded, aware UTC; None when there is nothing to remind of.

        A contradiction is told at once. A missing half after ``missing_after``, counted from the day of the half that
        is there or from its arrival, whichever is later, and in any case when at most three working days are left of
        the term that the missing one probably has: it is counted from the day of the half that is there. Whose the
        missing one is, is not known, so the calendar counts in which that comes first.
        """
        arrived = max(half.received_at for half in self.halves)
        if self.contradictions:
            return arrived
        missing = self.missing
        if missing is None:
            return None
        first = self.halves[0]
        waited = day_start_utc(max(first.day, kazakhstan_date(first.received_at)) + missing_after)
        ends = (_near_the_end(missing, first.day, calendar) for calendar in calendars.each)
        near = min((end for end in ends if end is not None), default=None)
        return max(arrived + GRACE, min(waited, near or waited))


def contradictions_of(ends: PairHalf, begins: PairHalf) -> Iterator[Contradiction]:
    """How one termination and one conclusion cannot belong together."""
    if ends.employer_bin == begins.employer_bin:
        yield Contradiction.SAME_EMPLOYER
    if ends.employee_iin and begins.employee_iin and ends.employee_iin != begins.employee_iin:
        yield Contradiction.OTHER_PERSON
    if begins.day < ends.day:
        yield Contradiction.BEGINS_BEFORE_END


def pair_key_of(details: Details | None) -> str | None:
    """What links an event to its other half."""
    return details.pair_key if isinstance(details, Conclusion | Termination) else None


def expected_by(missing: Operation, day: date, calendar: WorkingCalendar) -> date | None:
    """The safe date that a missing half has, if it happened on the day of the half that is there."""
    try:
        return compute_deadline(_TERMS[missing], day, calendar=calendar).safe_date
    except DeadlineError:
        return None


def _near_the_end(missing: Operation, day: date, calendar: WorkingCalendar) -> datetime | None:
    last = expected_by(missing, day, calendar)
    return None if last is None else day_start_utc(calendar.day_with_left(last, WORKING_DAYS_LEFT))
