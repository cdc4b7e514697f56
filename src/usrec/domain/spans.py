"""Runs of whole numbers as one canonical text: ``1-200,203``.

The journal's chain names the numbers of the lines it holds so. Canonical means: the same numbers have one text only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

Span: TypeAlias = tuple[int, int]
"""First and last number of a run, both in it."""

_WRITTEN: Final = re.compile(r"(?a:[1-9]\d{0,18})(?:-(?a:[1-9]\d{0,18}))?")


def spans_of(numbers: Iterable[int]) -> tuple[Span, ...]:
    """The runs of ascending, different numbers."""
    spans: list[Span] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return tuple(spans)


def write_spans(spans: Iterable[Span]) -> str:
    """Their canonical text, empty for none."""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


@lru_cache(maxsize=256)
def read_spans(text: str) -> tuple[Span, ...]:
    """The runs of a canonical text.

    Raises:
        ValueError: It is not canonical: not ascending, touching, or not numbers from 1 on.
    """
    spans = tuple(_read(part) for part in text.split(",")) if text else ()
    ends = [0, *(end for span in spans for end in span)]
    ascending = all(spans[place][1] + 1 < spans[place + 1][0] for place in range(len(spans) - 1))
    if not ascending or any(first > last for first, last in spans) or min(ends[1:], default=1) < 1:
        raise ValueError("not a canonical list of numbers")
    if write_spans(spans) != text:
        raise ValueError("not a canonical list of numbers")
    return spans


def _read(part: str) -> Span:
    if not _WRITTEN.fullmatch(part):
        raise ValueError("not a canonical list of numbers")
    first, _, last = part.partition("-")
    return int(first), int(last or first)


def numbers_in(spans: Iterable[Span]) -> Iterator[int]:
    """All numbers, in the order of the runs."""
    return (number for first, last in spans for number in range(first, last + 1))


def count(spans: Iterable[Span]) -> int:
    """How many numbers they hold."""
    return sum(last - first + 1 for first, last in spans)


def holes(after: int, numbers: Sequence[int]) -> tuple[Span, ...]:
    """What is missing between ``after`` and the last of ascending ``numbers``; those up to ``after`` do not count."""
    missing: list[Span] = []
    for number in numbers:
        if number > after + 1:
            missing.append((after + 1, number - 1))
        after = max(after, number)
    return tuple(missing)


def without(spans: Iterable[Span], numbers: Iterable[int]) -> tuple[Span, ...]:
    """``spans`` less some ascending numbers."""
    left: list[Span] = []
    taken = list(numbers)
    for first, last in spans:
        start = first
        for number in (one for one in taken if first <= one <= last):
            if start < number:
                left.append((start, number - 1))
            start = number + 1
        if start <= last:
            left.append((start, last))
    return tuple(left)


def holds(spans: Iterable[Span], number: int) -> bool:
    """Whether ``number`` is in one of them."""
    return any(first <= number <= last for first, last in spans)
