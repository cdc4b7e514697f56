"""What a late or missing entry may cost: the fine of the Code on Administrative Offences, art. 98, as a range per case.

Source: Law 257-VIII of 9 January 2026, in force since 12 March 2026, told by KPMG (March 2026) and EY (January 2026).
A fine is a number of monthly calculation indices (MCI):

==========================  ========  ========
who                         part 1-1  part 2-1
==========================  ========  ========
official                    30        60
small business, non-profit  60        80
medium business             80        100
large business              150       200
==========================  ========  ========

Part 1-1: data not entered or entered late; incomplete; false or incorrect. Part 2-1: the same again within a year. Only
lateness shows in the ledger, so nothing else is told here. No figure stands where law or facts give none: a breach that
began before that day, a natural person who is no entrepreneur, the MCI of a year that is not known. Cases are never
summed up: whether several late events are one offence or several is not for a program to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from usrec.domain.kazakhstan_time import day_start_utc, kazakhstan_date

IN_FORCE: Final = date(2026, 3, 12)
"""First day of parts 1-1 and 2-1; the law is not retroactive."""
MCI: Final[Mapping[int, int]] = {2025: 3932, 2026: 4325}
"""Tenge by year. That of 2027 was not found."""


class Category(StrEnum):
    """What the employer is to art. 98."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    NON_PROFIT = "non-profit"
    NATURAL_PERSON = "natural-person"
    """One who employs and is no entrepreneur; the sanction does not name such."""


class Part(StrEnum):
    """A part of art. 98."""

    FIRST = "1-1"
    REPEATED = "2-1"


class Standing(StrEnum):
    """What a late event is to the law."""

    LATE = "late"
    """Entered after its legal date."""
    OPEN = "open"
    """Its legal date is over and it is not entered."""
    CONTINUING = "continuing"
    """It became late before art. 98 knew it and was still not entered then; how that counts is unsettled."""
    BEFORE = "before"
    """It was late, and entered, before art. 98 knew it; not punishable under part 1-1."""


class Assumption(StrEnum):
    """What a range rests on."""

    MCI_YEAR = "mci_year"
    """The MCI of the year counts in which the case is opened: any year from the breach until now."""
    LEGAL_DATE = "legal_date"
    """The term ended on the legal date."""
    ENTERED_WHEN_RECORDED = "entered_when_recorded"
    """The data were entered when the agent recorded it."""
    TRIED_SEVERAL_TIMES = "tried_several_times"
    """It was tried more than once; an earlier try may be the one that was entered."""
    CATEGORY_UNKNOWN = "category_unknown"
    """The employer's category was not given: the range covers all of them."""
    NO_EARLIER_FINE = "no_earlier_fine"
    """No fine of the year before was given, so this is a first breach."""
    REPEATED_UNSETTLED = "repeated_unsettled"
    """A fine of the year before was given: the range covers parts 1-1 and 2-1."""
    MCI_UNKNOWN = "mci_unknown"
    """The MCI of a year that may count is not known, so there is no sum in tenge."""


_OFFICIAL: Final[Mapping[Part, int]] = {Part.FIRST: 30, Part.REPEATED: 60}
_EMPLOYER: Final[Mapping[Category, Mapping[Part, int]]] = {
    Category.SMALL: {Part.FIRST: 60, Part.REPEATED: 80},
    Category.NON_PROFIT: {Part.FIRST: 60, Part.REPEATED: 80},
    Category.MEDIUM: {Part.FIRST: 80, Part.REPEATED: 100},
    Category.LARGE: {Part.FIRST: 150, Part.REPEATED: 200},
}


@dataclass(frozen=True, slots=True)
class Breach:
    """An event that was not entered in time, as the ledger knows it.

    Attributes:
        due_utc: First instant that is too late, aware UTC.
        entered_at: When its entry was recorded, aware UTC; None while it is not entered.
        tries: How often it was tried to send it.
    """

    due_utc: datetime
    entered_at: datetime | None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What only the employer knows.

    Attributes:
        category: None when it was not told.
        fined_on: Day on which a fine under part 1-1 was imposed; None when none was told.
        mci: Tenge by year.
    """

    category: Category | None = None
    fined_on: date | None = None
    mci: Mapping[int, int] = field(default_factory=lambda: MCI)


@dataclass(frozen=True, slots=True)
class Fine:
    """One fine, from the mildest reading to the hardest.

    Attributes:
        indices: Least and most MCI.
        tenge: Least and most tenge, None while the MCI of a year that may count is not known.
    """

    indices: tuple[int, int]
    tenge: tuple[Decimal, Decimal] | None


@dataclass(frozen=True, slots=True)
class Liability:
    """What one late event may cost; not legal advice.

    Attributes:
        official: None where there is no figure.
        employer: None where there is no figure.
        parts: Parts of art. 98 that may apply, none without a figure.
        mci_years: Years whose MCI may count, none without a figure.
    """

    standing: Standing
    official: Fine | None
    employer: Fine | None
    parts: tuple[Part, ...]
    mci_years: tuple[int, ...]
    assumptions: tuple[Assumption, ...]


def assess(breach: Breach, told: Circumstances, now: datetime) -> Liability | None:
    """What an event may cost by what is known at ``now`` (aware UTC); None when it was in time, or still is."""
    end = breach.entered_at or now
    if end < breach.due_utc:
        return None
    standing = _standing(breach)
    if standing in {Standing.CONTINUING, Standing.BEFORE}:
        return Liability(standing, None, None, (), (), tuple(_readings(breach)))
    begun = kazakhstan_date(breach.due_utc)
    repeated = told.fined_on is not None and told.fined_on < begun <= _a_year_after(told.fined_on)
    parts = (Part.FIRST, Part.REPEATED) if repeated else (Part.FIRST,)
    years = tuple(range(begun.year, kazakhstan_date(now).year + 1))
    return _priced(breach, standing, told, parts, years)


def _standing(breach: Breach) -> Standing:
    begins = day_start_utc(IN_FORCE)
    if breach.due_utc < begins:
        over = breach.entered_at is not None and breach.entered_at < begins
        return Standing.BEFORE if over else Standing.CONTINUING
    return Standing.OPEN if breach.entered_at is None else Standing.LATE


def _priced(
    breach: Breach, standing: Standing, told: Circumstances, parts: tuple[Part, ...], years: tuple[int, ...]
) -> Liability:
    if told.category is Category.NATURAL_PERSON:
        return Liability(standing, None, None, (), (), tuple(_readings(breach)))
    sanctions = list(_EMPLOYER.values()) if told.category is None else [_EMPLOYER[told.category]]
    return Liability(
        standing=standing,
        official=_fine([_OFFICIAL[part] for part in parts], years, told.mci),
        employer=_fine([one[part] for one in sanctions for part in parts], years, told.mci),
        parts=parts,
        mci_years=years,
        assumptions=(*_readings(breach), *_guesses(told, parts, years)),
    )


def _fine(indices: list[int], years: tuple[int, ...], mci: Mapping[int, int]) -> Fine:
    least, most = min(indices), max(indices)
    if not set(years) <= set(mci):
        return Fine((least, most), None)
    prices = [mci[year] for year in years]
    return Fine((least, most), (Decimal(least * min(prices)), Decimal(most * max(prices))))


def _readings(breach: Breach) -> list[Assumption]:
    entered = breach.entered_at is not None
    several = entered and breach.tries > 1
    return [
        Assumption.LEGAL_DATE,
        *([Assumption.ENTERED_WHEN_RECORDED] if entered else []),
        *([Assumption.TRIED_SEVERAL_TIMES] if several else []),
    ]


def _guesses(told: Circumstances, parts: tuple[Part, ...], years: tuple[int, ...]) -> list[Assumption]:
    unknown = not set(years) <= set(told.mci)
    return [
        Assumption.REPEATED_UNSETTLED if Part.REPEATED in parts else Assumption.NO_EARLIER_FINE,
        *([Assumption.CATEGORY_UNKNOWN] if told.category is None else []),
        Assumption.MCI_YEAR,
        *([Assumption.MCI_UNKNOWN] if unknown else []),
    ]


def _a_year_after(day: date) -> date:
    """The same day of the next year; 28 February for 29 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)
