"""Time, chance and whose turn it is: everything that a seed decides is decided here."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from simulation.faults import Fault

START: Final = datetime(2026, 11, 16, 4, tzinfo=UTC)
"""A Monday, nine o'clock in Kazakhstan."""

T = TypeVar("T")


class CrashedError(BaseException):
    """The process is gone: nothing catches it, and whatever it still calls on its way out has no effect."""


class ViolationError(AssertionError):
    """An invariant does not hold.

    Attributes:
        invariant: Its name.
    """

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant


@dataclass
class World:
    """The state that all share.

    Attributes:
        stormy: Whether faults still happen; the end of every run is calm.
        steps: How many turns were given.
        faults: How often each kind happened.
        checks: How often each invariant was looked at.
        without: Kinds of fault that do not happen, to find out which ones a violation needs.
        trace: What happened, one line each; kept only when asked for. Its digest is always kept.
    """

    seed: int
    tracing: bool = False
    now: datetime = START
    without: Collection[Fault] = ()
    stormy: bool = True
    steps: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.digest = hashlib.sha256()

    def happens(self, probability: float) -> bool:
        """Whether something with this probability happens; never in calm weather."""
        return self.stormy and self.chance.random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of several, each as likely."""
        return choices[int(self.chance.random() * len(choices))]

    def between(self, shortest: timedelta, longest: timedelta) -> timedelta:
        """A time span."""
        return shortest + (longest - shortest) * self.chance.random()

    def strikes(self, fault: Fault, probability: float) -> bool:
        """Whether a fault happens; it is counted when it does."""
        return self.happens(probability) and self.befalls(fault)

    def befalls(self, fault: Fault) -> bool:
        """A fault happens, and is counted, unless it is left out."""
        if fault in self.without:
            return False
        self.faults[fault] += 1
        self.tell(f"fault: {fault}")
        return True

    def tell(self, line: str) -> None:
        """Write into the trace."""
        text = f"{self.steps:4} {self.now:%d %H:%M:%S} {line}"
        self.digest.update(text.encode())
        if self.tracing:
            self.trace.append(text)

    def holds(self, invariant: str, condition: bool, what: Callable[[], str]) -> None:
        """Check an invariant.

        Raises:
            ViolationError: It does not hold.
        """
        self.checks[invariant] += 1
        if not condition:
            raise ViolationError(invariant, what())
