"""HR's values and the official codes that persons approved for them, each for its time.

A value may have several codes one after another: an older contract keeps the code of its day when the classifier
changes. Only what a person approved counts; everything else leaves an event incomplete.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from usrec.domain.dictionary import Edition
from usrec.domain.mapping.likeness import NameIndex, Suggestion
from usrec.domain.mapping.values import PERSONS_NUMBER, as_key
from usrec.domain.rules.codes import may_be_heading

LONGEST: Final = 500
_FIRST: Final = "0000-00-00"
_LAST: Final = "9999-99-99"
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f\ufffd\ufffe\uffff\ud800-\udfff]|_x[0-9A-Fa-f]{4}_")
"""What a spreadsheet does not hold, or reads as something else."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One value of HR's as it was collected.

    Attributes:
        names: HR's names for it, Russian and Kazakh; empty where there are none.
        rows: Rows with it.
        employees: Different persons in those rows; rows where persons are not known.
    """

    value: str
    names: tuple[str, str] = ("", "")
    rows: int = 0
    employees: int = 0


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A line of the review file: a value, and what was decided for a time.

    Attributes:
        number: Of the line in the file, for messages; 0 for a new one.
        choice: Number of the suggestion that a person takes, until the code stands there.
        official: Names of the code in the official list, Russian and Kazakh.
        approved_by: Who approved; empty until somebody has.
        approved_code: What was approved; it counts until another code is approved in its place.
        corrects: Codes that were approved for the same time before, and were wrong.
        valid_from: First day of events for which it holds; None: of all before.
        valid_to: Last day; None: no end is known.
    """

    seen: Seen
    code: str = ""
    official: tuple[str, str] = ("", "")
    approved_by: str = ""
    approved_on: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    choice: str = ""
    note: str = ""
    suggestions: tuple[str, ...] = ()
    approved_code: str = ""
    corrects: tuple[str, ...] = ()
    number: int = field(default=0, compare=False)

    @property
    def is_approved(self) -> bool:
        """Whether it counts: which code, by whom, and when."""
        return bool(self.code and self.approved_code and self.approved_by and self.approved_on)

    @property
    def is_changed(self) -> bool:
        """Whether somebody has written another code over the one that was approved."""
        return bool(self.code and self.approved_code and self.code != self.approved_code)

    def holds_on(self, day: str) -> bool:
        """Whether it is for events of a day, as ``YYYY-MM-DD``; of an unknown day only what always holds."""
        if not _DAY.fullmatch(day):
            return self.valid_from is None and self.valid_to is None
        return self._first <= day <= self._last

    def overlaps(self, other: ReviewRow) -> bool:
        """Whether both hold on some day."""
        return self._first <= other._last and other._first <= self._last

    @property
    def _first(self) -> str:
        return _FIRST if self.valid_from is None else self.valid_from.isoformat()

    @property
    def _last(self) -> str:
        return _LAST if self.valid_to is None else self.valid_to.isoformat()


@dataclass(frozen=True, slots=True)
class Review:
    """A whole file.

    Attributes:
        dictionary: Name of the official list.
    """

    dictionary: str
    rows: Sequence[ReviewRow] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line cannot be used.

    Attributes:
        what: ``period``, ``twice``, ``choice``, ``changed``, ``unknown``, ``inactive`` or ``heading``.
    """

    number: int
    what: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class ApprovedCodes:
    """What was approved, by the value as maps compare it."""

    by_value: Mapping[str, Sequence[ReviewRow]] = field(default_factory=dict)

    @staticmethod
    def of(review: Review) -> ApprovedCodes:
        """The approved lines of a review."""
        found: dict[str, list[ReviewRow]] = {}
        for row in review.rows:
            if row.is_approved:
                found.setdefault(as_key(row.seen.value), []).append(row)
        return ApprovedCodes(found)

    def code(self, value: str, day: str) -> str | None:
        """The code of a value for an event of a day (``YYYY-MM-DD``, empty where it is not known)."""
        return next((one.approved_code for one in self._lines(value, day)), None)

    def formerly(self, value: str, day: str) -> frozenset[str]:
        """The wrong codes that were approved for the value and the day before."""
        return next((frozenset(one.corrects) for one in self._lines(value, day)), frozenset())

    def _lines(self, value: str, day: str) -> Iterator[ReviewRow]:
        return (one for one in self.by_value.get(as_key(value), ()) if one.holds_on(day))


def is_fit(value: str) -> bool:
    """Whether a value may stand in a file for review: a spreadsheet can hold it, and it is no person's number."""
    return len(value) <= LONGEST and not _UNFIT.search(value) and not PERSONS_NUMBER.search(value)


def contradictions(rows: Sequence[ReviewRow]) -> Iterator[Fault]:
    """Lines that end before they begin, and approved ones of one value that hold on one day."""
    before: dict[str, list[ReviewRow]] = {}
    for row in rows:
        if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
            yield Fault(row.number, "period", row.code)
        elif row.is_approved:
            others = before.setdefault(as_key(row.seen.value), [])
            if any(row.overlaps(one) for one in others):
                yield Fault(row.number, "twice", row.code)
            others.append(row)


def merged(review: Review, collected: Iterable[Seen]) -> Review:
    """The review with what is seen now: everything decided stays, new values come behind, counts are of now."""
    now = {as_key(one.value): one for one in collected}
    kept = [replace(row, seen=_renewed(row.seen, now.get(as_key(row.seen.value)))) for row in review.rows]
    known = {as_key(row.seen.value) for row in review.rows}
    new = [one for key, one in now.items() if key not in known]
    new.sort(key=lambda one: (-one.employees, -one.rows, one.value))
    return Review(review.dictionary, (*kept, *map(ReviewRow, new)))


def _renewed(old: Seen, now: Seen | None) -> Seen:
    """The value keeps its spelling, which a person has looked at; a name that is not told any more stays too."""
    if now is None:
        return replace(old, rows=0, employees=0)
    names = (now.names[0] or old.names[0], now.names[1] or old.names[1])
    return replace(now, value=old.value, names=names)


def counted(values: Iterable[tuple[str, tuple[str, str], str]]) -> Sequence[Seen]:
    """The different values of many rows.

    Args:
        values: Of each row the value, HR's names for it, and the person, who is only counted.
    """
    rows, persons = Counter[str](), dict[str, set[str]]()
    first: dict[str, Seen] = {}
    for value, names, person in values:
        key = as_key(value)
        rows[key] += 1
        persons.setdefault(key, set()).add(person or f"row {rows.total()}")
        known = first.setdefault(key, Seen(value, names))
        if not any(known.names) and any(names):
            first[key] = Seen(known.value, names)
    return [replace(one, rows=rows[key], employees=len(persons[key])) for key, one in first.items()]


def suggested(row: ReviewRow, index: NameIndex, edition: Edition) -> Sequence[Suggestion]:
    """What an undecided line may mean."""
    same = edition.entries.get(row.seen.value)
    if same is not None and same.code in index.codes:
        return [Suggestion(same, 100)]
    return index.suggest(names_of(row, edition))


def names_of(row: ReviewRow, edition: Edition) -> Sequence[str]:
    """The names by which a line's code is looked for; those of a code out of use where HR holds such a one."""
    known = [name for name in row.seen.names if name]
    old = edition.entries.get(row.seen.value)
    if not known and old is not None:
        known = [old.name_ru, old.name_kk]
    return known or [row.seen.value]


def unusable(code: str, dictionary: str, edition: Edition) -> str:
    """Why a code of a list cannot be used: ``unknown``, ``inactive`` or ``heading``; empty where it can."""
    found = edition.entries.get(code)
    if found is None:
        return "unknown"
    if not found.active:
        return "inactive"
    return "heading" if code in edition.headings and not may_be_heading(dictionary) else ""
