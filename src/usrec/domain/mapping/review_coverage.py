"""How much of what HR has is covered by approved codes on a day, what is missing, and what will not hold for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from usrec.domain.dictionary import Edition
from usrec.domain.mapping.review import Review, ReviewRow, Seen, unusable
from usrec.domain.mapping.values import as_key

EditionOn = Callable[[date], Edition | None]
COVERED: Final = "covered"


@dataclass(frozen=True, slots=True)
class Standing:
    """One value.

    Attributes:
        why: ``covered``, or what is missing: ``no_code``, ``not_approved``, ``not_valid`` (approved for other days),
            ``unknown``, ``inactive``, ``heading`` (the code, in the official list).
        until: Last day on which it is covered, where one is known and near.
    """

    seen: Seen
    why: str
    code: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class ReviewCoverage:
    """A whole review on a day.

    Attributes:
        is_listed: The official list is imported for that day; else codes were not looked up.
        standings: Of the values that HR has now, in the file's order.
    """

    dictionary: str
    is_listed: bool
    standings: Sequence[Standing]

    @property
    def missing(self) -> Sequence[Standing]:
        """What is not covered, most persons first."""
        return sorted((one for one in self.standings if one.why != COVERED), key=lambda one: -one.seen.employees)

    @property
    def ending(self) -> Sequence[Standing]:
        """What is covered and will soon not be, the nearest first."""
        return sorted((one for one in self.standings if one.until is not None), key=lambda one: one.until or date.max)

    @property
    def employees(self) -> tuple[int, int]:
        """Covered, and all. A person with two values counts for each."""
        return _share((one, one.seen.employees) for one in self.standings)

    @property
    def values(self) -> tuple[int, int]:
        """Covered, and all."""
        return _share((one, 1) for one in self.standings)


def percent(share: tuple[int, int]) -> int | None:
    """Rounded down, so that only all is 100; None of nothing."""
    covered, every = share
    return 100 * covered // every if every else None


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    year, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + year, month + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))


def cover_review(review: Review, edition_on: EditionOn, day: date, ahead: date) -> ReviewCoverage:
    """How values stand on ``day``, and whether they do until ``ahead``."""
    grouped: dict[str, list[ReviewRow]] = {}
    for row in review.rows:
        if row.seen.rows:
            grouped.setdefault(as_key(row.seen.value), []).append(row)
    editions = _editions(edition_on, day, ahead)
    return ReviewCoverage(
        review.dictionary,
        editions[day] is not None,
        [_standing(review.dictionary, rows, editions, day, ahead) for rows in grouped.values()],
    )


Editions = Mapping[date, Edition | None]
"""What holds on the first day, and from each later day on which another list begins to hold."""


def _editions(edition_on: EditionOn, day: date, ahead: date) -> Editions:
    found, last = {day: edition_on(day)}, edition_on(day)
    for number in range(1, (ahead - day).days + 1):
        later = day + timedelta(days=number)
        now = edition_on(later)
        if now is not last:
            found[later] = last = now
    return found


def _standing(dictionary: str, rows: Sequence[ReviewRow], editions: Editions, day: date, ahead: date) -> Standing:
    seen = rows[0].seen
    chosen = _in_force(rows, day)
    if chosen is None:
        return Standing(seen, _why_not(rows))
    edition = editions[day]
    wrong = "" if edition is None else unusable(chosen.approved_code, dictionary, edition)
    if wrong:
        return Standing(seen, wrong, chosen.approved_code)
    return Standing(seen, COVERED, chosen.approved_code, _until(dictionary, rows, editions, day, ahead))


def _in_force(rows: Sequence[ReviewRow], day: date) -> ReviewRow | None:
    return next((one for one in rows if one.is_approved and one.holds_on(day.isoformat())), None)


def _why_not(rows: Sequence[ReviewRow]) -> str:
    if any(one.is_approved for one in rows):
        return "not_valid"
    return "not_approved" if any(one.code for one in rows) else "no_code"


def _until(dictionary: str, rows: Sequence[ReviewRow], editions: Editions, day: date, ahead: date) -> date | None:
    """The day before the first one on which the value is not covered any more; None when it is until ``ahead``."""
    ends = {one.valid_to + timedelta(days=1) for one in rows if one.valid_to}
    turns = sorted(one for one in ends | set(editions) if day < one <= ahead)
    for turn in turns:
        chosen = _in_force(rows, turn)
        edition = editions[max(one for one in editions if one <= turn)]
        if chosen is None or (edition is not None and unusable(chosen.approved_code, dictionary, edition)):
            return turn - timedelta(days=1)
    return None


def _share(weights: Iterator[tuple[Standing, int]]) -> tuple[int, int]:
    listed = list(weights)
    return sum(weight for one, weight in listed if one.why == COVERED), sum(weight for _, weight in listed)
