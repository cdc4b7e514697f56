"""A step for many at once, and for each by itself where the ledger refuses it for all: one holds no other up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from usrec.domain.errors import TheirsToWaitFor, UsrecError

One = TypeVar("One")
Result = TypeVar("Result")


def together(
    group: Sequence[One], step: Callable[[Sequence[One]], Sequence[Result]], apart: Callable[[One, UsrecError], Result]
) -> list[Result]:
    """What ``step`` makes of a group, in one transaction where that can be.

    Args:
        apart: What to make of one that the ledger refuses even by itself, because somebody else has taken it over or
            for another reason, so that nothing of it was written. It may raise that reason.

    Raises:
        TheirsToWaitFor: The ledger is away; nothing of the group was written, or of what is left of it.
        UsrecError: What ``apart`` raised first; the others were done.
    """
    if not group:
        return []
    try:
        return list(step(group))
    except TheirsToWaitFor:
        raise
    except UsrecError as problem:
        if len(group) > 1:
            return _each(group, step, apart)
        return [apart(group[0], problem)]


def _each(
    group: Sequence[One], step: Callable[[Sequence[One]], Sequence[Result]], apart: Callable[[One, UsrecError], Result]
) -> list[Result]:
    results: list[Result] = []
    refused: list[UsrecError] = []
    for one in group:
        try:
            results += together([one], step, apart)
        except TheirsToWaitFor:
            raise
        except UsrecError as problem:
            refused.append(problem)
    if refused:
        raise refused[0]
    return results
