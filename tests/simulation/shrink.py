"""Which kinds of fault a violation needs: the others are left out, one after another."""

from __future__ import annotations

from simulation.faults import Fault
from simulation.run import Result, simulate


def shrink(seed: int) -> tuple[list[Fault], Result]:
    """The kinds without which the seed breaks the same rule all the same, and its run without them, with its trace."""
    rule = _rule(simulate(seed).violation)
    without: list[Fault] = []
    for kind in Fault:
        if rule and _rule(simulate(seed, without=[*without, kind]).violation) == rule:
            without.append(kind)
    return without, simulate(seed, tracing=True, without=without)


def _rule(violation: str) -> str:
    """Which rule is broken; the rest of the text names events, which differ."""
    return violation.partition(":")[0]
