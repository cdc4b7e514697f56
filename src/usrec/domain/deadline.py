"""By when an event must be in USREC: the terms of Order 353 of 3 September 2020 by edition, and how they are counted.

======================  ===========  =======================  =========================  ==================
event                   point        runs from                edition 1                  editions 2, 3
======================  ===========  =======================  =========================  ==================
conclusion              7            signing by both parties  5 working days             same
legacy                  7 para 2     18 September 2020        1 year; 2 years over 2000  same, run out
amendment               8            signing of the change    15 calendar days           same
correction              9(1)         first entry of the data  30 calendar days           30 working days
deletion                9(2)         first entry of the data  30 calendar days           30 working days
reinstatement           10           reinstatement            10 working days            same
termination             12           termination              3 working days             same
extension               13-1         extension                none                       15 working days
info. request answer    19           receipt by the body      5 working days             same
social leave            6            -                        none                       none
======================  ===========  =======================  =========================  ==================

The primary reading (Labour Code art. 13 and Civil Code art. 172-177 by analogy) does not count the trigger day, counts
working days of the official calendar, rolls a calendar-day term to the next working day and ends at 24:00 in
Kazakhstan. The Order itself says none of this, so a second, safe date is the earliest of all readings: trigger day
counted or not, rolled or not, days off that the official calendar does not confirm worked or not, and the term that
the registry's response code SCSE090 names (30 calendar days) beside the Order's own. Alerts and priority follow the
safe date; a breach is judged by the legal one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import Final

from usrec.domain.errors import ValidationProblem
from usrec.domain.kazakhstan_time import day_end_utc, day_start_utc
from usrec.domain.working_calendar import ONE_DAY, WorkingCalendar

ORDER_353_IN_FORCE: Final = date(2020, 9, 18)
ORDER_442_IN_FORCE: Final = date(2021, 12, 11)
"""Edition 2. Assumed: Order 442 of 25 November 2021 took effect ten days after its first publication, in December
2021; the exact day was not found, and 16 days after its signing are taken."""
ORDER_278_IN_FORCE: Final = date(2024, 8, 11)
"""Edition 3. Assumed in the same way for Order 278 of 26 July 2024 (in force in August 2024); it changed no term."""
LATEST_TRIGGER: Final = date(2099, 12, 31)
"""A later year is a typing error; Kurban Ait is computed up to 2100."""
AFTER_MIDNIGHT: Final = timedelta(minutes=15)
"""What waits for a day is sent so long after its beginning: the registry's clock and this machine's may differ."""
ONE_YEAR_HEADCOUNT: Final = 2000
"""Order 353 p.7 para 2: "up to 2000" people one year, "over 2000" two. Another reading gives exactly 2000 two years;
one year is the stricter as well, so both dates take it."""


class DeadlineEvent(StrEnum):
    """What started a term."""

    CONCLUSION = "conclusion"
    AMENDMENT = "amendment"
    TERMINATION = "termination"
    CORRECTION = "correction"
    DELETION = "deletion"
    REINSTATEMENT = "reinstatement"
    EXTENSION = "extension"
    LEGACY = "legacy"
    INFORMATION_REQUEST_ANSWER = "information_request_answer"
    SOCIAL_LEAVE = "social_leave"


class Edition(StrEnum):
    """Edition of the Rules that Order 353 approved."""

    FIRST = "1"
    SECOND = "2"
    THIRD = "3"


class Unit(StrEnum):
    """What a term is counted in."""

    WORKING_DAYS = "working days"
    CALENDAR_DAYS = "calendar days"
    YEARS = "years"


class DeadlineError(ValidationProblem):
    """No term can be counted from what was given."""


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time as the Rules word it, such as ``5 working days``."""

    amount: int
    unit: Unit
    condition: str = ""

    def __str__(self) -> str:
        unit = self.unit.removesuffix("s") if self.amount == 1 else self.unit.value
        return f"{self.amount} {unit}, {self.condition}" if self.condition else f"{self.amount} {unit}"


@dataclass(frozen=True, slots=True)
class Clause:
    """What one edition of the Rules says of an event.

    Attributes:
        point: Where it says so; None when that edition is silent.
        term: None when it sets no term.
        stricter: A shorter term that the registry's response codes announce.
    """

    point: str | None
    term: Term | None
    stricter: Term | None = None


_CALENDAR_30 = Term(30, Unit.CALENDAR_DAYS)
_WORKING_30 = Term(30, Unit.WORKING_DAYS)

_SAME_IN_ALL: Final[Mapping[DeadlineEvent, Clause]] = {
    DeadlineEvent.CONCLUSION: Clause("p.7", Term(5, Unit.WORKING_DAYS)),
    DeadlineEvent.AMENDMENT: Clause("p.8", Term(15, Unit.CALENDAR_DAYS)),
    DeadlineEvent.REINSTATEMENT: Clause("p.10", Term(10, Unit.WORKING_DAYS)),
    DeadlineEvent.TERMINATION: Clause("p.12", Term(3, Unit.WORKING_DAYS)),
    DeadlineEvent.INFORMATION_REQUEST_ANSWER: Clause("p.19", Term(5, Unit.WORKING_DAYS)),
}
_FIRST_EDITION: Final[Mapping[DeadlineEvent, Clause]] = {
    DeadlineEvent.CORRECTION: Clause("p.9(1) first edition", _CALENDAR_30),
    DeadlineEvent.DELETION: Clause("p.9(2) first edition", _CALENDAR_30),
    DeadlineEvent.EXTENSION: Clause(None, None),
    DeadlineEvent.SOCIAL_LEAVE: Clause(None, None),
}
_LATER_EDITIONS: Final[Mapping[DeadlineEvent, Clause]] = {
    DeadlineEvent.CORRECTION: Clause("p.9(1)", _WORKING_30, stricter=_CALENDAR_30),
    DeadlineEvent.DELETION: Clause("p.9(2)", _WORKING_30, stricter=_CALENDAR_30),
    DeadlineEvent.EXTENSION: Clause("p.13-1", Term(15, Unit.WORKING_DAYS)),
    DeadlineEvent.SOCIAL_LEAVE: Clause("p.6", None),
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """When an event must be in USREC, and by which clause.

    Attributes:
        event: What happened.
        trigger: The day that the caller gave. A legacy term runs from the entry into force, whatever that day.
        edition: Edition of the Rules in force on the trigger day.
        point: Point of the Rules, None when that edition is silent.
        term: The term in words, None when the law sets none.
        legal_date: Last day by the primary reading, None without a term.
        safe_date: Last day by the strictest reading, never after ``legal_date``; None without a term.
        calendar_version: The working calendar that the days were counted in.
    """

    event: DeadlineEvent
    trigger: date
    edition: Edition
    point: str | None
    term: str | None
    legal_date: date | None
    safe_date: date | None
    calendar_version: str

    @property
    def deadline_utc(self) -> datetime | None:
        """First instant that is too late: 24:00 of ``legal_date`` in Kazakhstan, aware UTC."""
        return None if self.legal_date is None else day_end_utc(self.legal_date)

    @property
    def safe_utc(self) -> datetime | None:
        """First instant after ``safe_date`` in Kazakhstan, aware UTC; it drives priority and alerts."""
        return None if self.safe_date is None else day_end_utc(self.safe_date)

    def is_on_time(self, submitted_at_utc: datetime) -> bool:
        """Whether an aware instant keeps the legal date; always true without a term."""
        return self.deadline_utc is None or submitted_at_utc < self.deadline_utc


def compute_deadline(
    event: DeadlineEvent, trigger: date, *, calendar: WorkingCalendar, headcount: int | None = None
) -> Deadline:
    """Count an event's term.

    Args:
        event: What happened.
        trigger: The day that the term runs from, by the table of this module.
        calendar: Working days to count in.
        headcount: People employed; needed for legacy contracts only.

    Raises:
        DeadlineError: The trigger lies before the Order or absurdly late, or a legacy contract lacks its headcount.
    """
    return _counted(event, trigger, calendar, headcount)


@lru_cache(maxsize=1024)
def _counted(event: DeadlineEvent, trigger: date, calendar: WorkingCalendar, headcount: int | None) -> Deadline:
    """The same term for everybody: of a day's many events it is counted once."""
    legacy = event is DeadlineEvent.LEGACY
    edition = edition_on(max(trigger, ORDER_353_IN_FORCE) if legacy else trigger)
    clause = _legacy_clause(headcount) if legacy else _clause(event, edition)
    start = ORDER_353_IN_FORCE if legacy else trigger
    return Deadline(
        event=event,
        trigger=trigger,
        edition=edition,
        point=clause.point,
        term=None if clause.term is None else str(clause.term),
        legal_date=_legal_date(clause, start, calendar),
        safe_date=_safe_date(clause, start, calendar.strictest),
        calendar_version=calendar.version,
    )


def edition_on(day: date) -> Edition:
    """The edition of the Rules in force on ``day``.

    Raises:
        DeadlineError: ``day`` lies before the Order or after :data:`LATEST_TRIGGER`.
    """
    if day < ORDER_353_IN_FORCE:
        raise DeadlineError(
            f"{day.isoformat()} lies before 2020-09-18, when Order 353 took effect; no term runs from it",
            next_step="Check the date; a contract signed earlier and still in force is a legacy contract",
        )
    if day > LATEST_TRIGGER:
        raise DeadlineError(f"the year of {day.isoformat()} cannot be right", next_step="Check the date")
    if day < ORDER_442_IN_FORCE:
        return Edition.FIRST
    return Edition.SECOND if day < ORDER_278_IN_FORCE else Edition.THIRD


def not_before(*dates: date) -> datetime:
    """The earliest instant, aware UTC, at which none of these paper dates lies in Kazakhstan's future.

    USREC refuses future dates (SCSE059, 062, 066, 094, 110, 126, 156, 270), so what HR enters ahead waits until then.

    Raises:
        ValueError: No date was given.
    """
    return day_start_utc(max(dates))


def deadline_report(deadline: Deadline) -> dict[str, object]:
    """The deadline in the words of ``usrec deadline``: ISO text, None where the law sets no term."""
    bound = deadline.deadline_utc
    return {
        "event": deadline.event.value,
        "trigger": deadline.trigger.isoformat(),
        "edition": deadline.edition.value,
        "point": deadline.point,
        "term": deadline.term,
        "legal_date": None if deadline.legal_date is None else deadline.legal_date.isoformat(),
        "safe_date": None if deadline.safe_date is None else deadline.safe_date.isoformat(),
        "deadline_utc": None if bound is None else bound.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _clause(event: DeadlineEvent, edition: Edition) -> Clause:
    by_edition = _FIRST_EDITION if edition is Edition.FIRST else _LATER_EDITIONS
    return _SAME_IN_ALL.get(event) or by_edition[event]


def _legacy_clause(headcount: int | None) -> Clause:
    if headcount is None or headcount < 1:
        raise DeadlineError(
            "the term of a legacy contract depends on how many people the employer has",
            next_step="Give their number with --headcount (1 or more)",
        )
    if headcount <= ONE_YEAR_HEADCOUNT:
        return Clause("p.7 para 2", Term(1, Unit.YEARS, f"headcount up to {ONE_YEAR_HEADCOUNT}"))
    return Clause("p.7 para 2", Term(2, Unit.YEARS, f"headcount over {ONE_YEAR_HEADCOUNT}"))


def _legal_date(clause: Clause, start: date, calendar: WorkingCalendar) -> date | None:
    if clause.term is None:
        return None
    return _last_day(clause.term, start, calendar, counted=False, rolled=True)


def _safe_date(clause: Clause, start: date, calendar: WorkingCalendar) -> date | None:
    """The earliest of all readings in the strictest calendar, so it is never after the legal date."""
    terms = [term for term in (clause.term, clause.stricter) if term is not None]
    readings = product(terms, (False, True), (False, True))
    return min(
        (_last_day(term, start, calendar, counted=counted, rolled=rolled) for term, counted, rolled in readings),
        default=None,
    )


def _last_day(term: Term, start: date, calendar: WorkingCalendar, *, counted: bool, rolled: bool) -> date:
    """The last day of a term by one reading.

    Args:
        counted: The trigger day is day one of the term (only a working day can be day one of working days).
        rolled: A last day that is not worked moves to the next working day.
    """
    eve = start - ONE_DAY if counted else start
    match term.unit:
        case Unit.WORKING_DAYS:
            last = calendar.add_working_days(eve, term.amount)
        case Unit.CALENDAR_DAYS:
            last = eve + timedelta(days=term.amount)
        case Unit.YEARS:
            last = start.replace(year=start.year + term.amount) - (start - eve)
    return calendar.roll_forward(last) if rolled else last
