"""The circuit breaker: while the gateway cannot be reached, one submission at a time finds out whether it can be again.

Without it an outage costs every waiting submission an attempt of its own, and each waits longer and longer. With it
the most urgent one is tried every ``pause`` on behalf of all, and the first that reaches somebody lets all others go
at once. It therefore never holds a deadline: the one that is tried is the one with the earliest, and ``pause`` is no
longer than the longest wait between attempts would be without a breaker.

Only what reached *nobody* counts: nothing was sent, or a server on the way answered with an HTTP error and no signed
word. A doubt counts as reached: the request may have been taken, and what may be registered in time is never held back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from usrec.domain.outcome import Doubt, NothingSent, SubmissionOutcome, Unknown, was_held_back


class BreakerState(StrEnum):
    """Where a breaker stands."""

    CLOSED = "closed"
    """All goes through."""
    OPEN = "open"
    """Nothing goes through until the pause is over."""
    PROBING = "probing"
    """One is on its way, the others wait for what becomes of it."""


class Passage(StrEnum):
    """What may be sent now."""

    ALL = "all"
    ONE = "one"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a breaker opens and how often it tries.

    Attributes:
        failures: So many exchanges in a row that reached nobody open it, at least 1.
        pause: Between two tries while it is open.
    """

    failures: int = 5
    pause: timedelta = timedelta(seconds=30)


def reached_nobody(outcome: SubmissionOutcome) -> bool:
    """Whether an exchange says that the gateway is away."""
    match outcome:
        case NothingSent():
            return True
        case Unknown():
            return outcome.doubt is Doubt.HTTP_ERROR
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Breaker:
    """One breaker at one moment; every change gives a new one.

    Attributes:
        in_vain: Exchanges in a row that reached nobody.
        opened_at: Since when it is open, aware UTC; None while it is closed.
        paused_at: Since when the next try is waited with, aware UTC.
    """

    in_vain: int = 0
    opened_at: datetime | None = None
    paused_at: datetime | None = None
    probing: bool = False

    @property
    def state(self) -> BreakerState:
        """Where it stands."""
        if self.opened_at is None:
            return BreakerState.CLOSED
        return BreakerState.PROBING if self.probing else BreakerState.OPEN

    def passage(self, now: datetime, policy: BreakerPolicy) -> Passage:
        """What may be sent at ``now``. A clock that was turned back does not make the pause longer."""
        if self.paused_at is None:
            return Passage.ALL
        if self.probing or self.paused_at <= now < self.paused_at + policy.pause:
            return Passage.NONE
        return Passage.ONE

    def begin_probe(self) -> Breaker:
        """The one that may go is on its way."""
        return replace(self, probing=True)

    def end_probe(self) -> Breaker:
        """It is over, whatever became of it."""
        return replace(self, probing=False)

    def after(self, outcome: SubmissionOutcome, now: datetime, policy: BreakerPolicy) -> Breaker:
        """What an exchange that ended at ``now`` makes of it, whether it was a probe or began before it opened."""
        if was_held_back(outcome):
            return self
        if not reached_nobody(outcome):
            return Breaker()
        counted = replace(self, in_vain=self.in_vain + 1)
        if self.opened_at is None and counted.in_vain >= policy.failures:
            return replace(counted, opened_at=now, paused_at=now)
        return replace(counted, paused_at=now) if self.probing else counted


def longest_open(breakers: Collection[Breaker]) -> Breaker:
    """The one that opened first; a closed one where none is open."""
    opened = [(one.opened_at, place, one) for place, one in enumerate(breakers) if one.opened_at is not None]
    return min(opened)[2] if opened else Breaker()
