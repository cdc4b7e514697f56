"""A step for many at once, and for each by itself where the ledger refuses it for all: one holds no other up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from usrec.domain.errors import LeaseLost, TheirsToWaitFor, UsrecError

One = TypeVar("One")
Result = TypeVar("Result")


def together(
    group: Sequence[One], step: Callable[[Sequence[One]], Sequence[Result]], lost: Callable[[One, LeaseLost], Result]
) -> list[Result]:
    """What ``step`` makes of a group, in one transaction where that can be.

    Args:
        lost: What to make of one that somebody else has taken over, so that nothing of it was written.

    Raises:
        TheirsToWaitFor: The ledger is away; nothing of the group was written, or of what is left of it.
        UsrecError: The ledger refuses one even by itself; the others were done.
    """
    if not group:
        return []
    try:
        return list(step(group))
    except TheirsToWaitFor:
        raise
    except UsrecError as problem:
        if len(group) > 1:
            return _each(group, step, lost)
        if isinstance(problem, LeaseLost):
            return [lost(group[0], problem)]
        raise


def _each(
    group: Sequence[One], step: Callable[[Sequence[One]], Sequence[Result]], lost: Callable[[One, LeaseLost], Result]
) -> list[Result]:
    results: list[Result] = []
    refused: list[UsrecError] = []
    for one in group:
        try:
            results += together([one], step, lost)
        except TheirsToWaitFor:
            raise
        except UsrecError as problem:
            refused.append(problem)
    if refused:
        raise refused[0]
    return results
