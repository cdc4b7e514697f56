"""Many keys in a bounded number of parameters: older SQLite builds take 999 in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Final, TypeVar

First = TypeVar("First", bound=str)
Key = TypeVar("Key", bound=str)

AT_ONCE: Final = 800


def in_portions(keys: Collection[Key]) -> Iterator[list[Key]]:
    """Keys in order, so many that one statement takes them."""
    left = iter(sorted(keys))
    while some := list(islice(left, AT_ONCE)):
        yield some


def in_portions_of_each(pairs: Collection[tuple[First, Key]]) -> Iterator[tuple[First, list[Key]]]:
    """The second parts of pairs, such as contracts of employers or events of sources, by their first parts."""
    for first, same in groupby(sorted(pairs), key=itemgetter(0)):
        while some := [second for _, second in islice(same, AT_ONCE)]:
            yield first, some
