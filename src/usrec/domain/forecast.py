"""Which dates will be missed at the present rate, and when the queue will be empty.

The rate is what was seen: exchanges that ended with a decision, over the time in which something was waiting all along
(a queue that was empty shows no speed). Where that is not known, nothing is foretold: a guess would either wake people
for nothing or keep them calm for nothing. The order is that of sending, the earliest safe date first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import floor
from typing import Final

from usrec.domain.submission import SubmissionId

WINDOW: Final = timedelta(minutes=15)
"""So far back the rate is looked for."""
LONG_ENOUGH: Final = timedelta(minutes=5)
"""So long something must have waited, or been tried in vain, before that tells anything."""
MANY_ENOUGH: Final = 10
"""So many decisions tell a rate, however short their time."""
_MINUTE: Final = timedelta(minutes=1)


class RateBasis(StrEnum):
    """What a rate rests on, or why there is none."""

    MEASURED = "measured"
    """Decisions of the last minutes."""
    CAP = "rate_cap"
    """The limit of the settings: not faster than that."""
    PLAN = "plan"
    """What a replay intends."""
    EMPTY = "empty"
    """Nothing waits, so nothing is needed."""
    TOO_SHORT = "too_short"
    """Not known yet: what waits has not been waiting for long enough."""
    STALLED = "stalled"
    """Not known: exchanges of the last minutes brought no decision."""
    IDLE = "idle"
    """Not known: nothing is being sent."""


NOTHING_MOVES: Final = frozenset({RateBasis.STALLED, RateBasis.IDLE})


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast the queue gets shorter.

    Attributes:
        per_minute: Decisions; None where it is not known.
        decided: So many decisions were seen.
        over: In so much time.
    """

    per_minute: float | None
    basis: RateBasis
    decided: int = 0
    over: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class QueueGroup:
    """Submissions that the agent sends by itself, with the same dates.

    Attributes:
        priority: Exclusive bound of their safe date, or of an internal target, aware UTC.
        due_utc: Exclusive bound of their legal date, aware UTC; None where the law sets no term.
        last: The one of them that goes last.
    """

    priority: datetime
    due_utc: datetime | None
    number: int
    last: SubmissionId


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """What waits to be sent, and what became of the last exchanges.

    Attributes:
        groups: In the order of sending; without what waits for a date or for a person.
        dated: How many go out at a later time by themselves: a paper's date, the next day, a turn in a replay.
        dated_late: Those of them whose time comes after their legal date.
        since: From when on exchanges were looked at: a while ago, or since when something has waited all along.
        tried: Exchanges that ended since then.
        decided: Those of them that ended with a decision.
        in_vain_since: When the first exchange after the last decision ended; None where there is none.
    """

    groups: Sequence[QueueGroup]
    dated: int
    dated_late: int
    since: datetime
    tried: int
    decided: int
    in_vain_since: datetime | None

    @property
    def waiting(self) -> int:
        """How many go out as soon as they can."""
        return sum(group.number for group in self.groups)


@dataclass(frozen=True, slots=True)
class LateGroup:
    """Submissions with the same dates of which the last ``late`` will miss the legal one.

    Attributes:
        priority: As in :class:`QueueGroup`; so are ``due_utc`` and ``last``.
    """

    priority: datetime
    due_utc: datetime
    number: int
    late: int
    last: SubmissionId


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will become of the queue.

    Attributes:
        waiting: How many go out as soon as they can.
        dated: As in :class:`QueueLoad`; so is ``dated_late``.
        empty_at: When the last of those that wait is sent; None where the rate is not known.
        late: How many that are in time now will miss their legal date, ``dated_late`` among them; None likewise.
        late_safe: The same of the safe date, of events for which the law sets a term.
        misses: Those with a legal date, in the order of sending.
    """

    at: datetime
    rate: Rate
    waiting: int
    dated: int
    dated_late: int
    empty_at: datetime | None
    late: int | None
    late_safe: int | None
    misses: Sequence[LateGroup] = ()

    @property
    def nothing_moves(self) -> bool:
        """Whether something waits and nothing goes through, or nothing is sent at all."""
        return self.rate.basis in NOTHING_MOVES


def rate_of(load: QueueLoad, now: datetime, cap: int | None) -> Rate:
    """The rate by what was seen.

    Args:
        cap: Most messages per minute by the settings.
    """
    over = now - load.since
    if not load.waiting:
        return Rate(None, RateBasis.EMPTY)
    if load.in_vain_since is not None and now - load.in_vain_since >= LONG_ENOUGH:
        return Rate(None, RateBasis.STALLED, load.decided, over)
    if load.decided and over > timedelta(0) and (load.decided >= MANY_ENOUGH or over >= LONG_ENOUGH):
        return Rate(load.decided / (over / _MINUTE), RateBasis.MEASURED, load.decided, over)
    if not load.tried and over >= LONG_ENOUGH:
        return Rate(None, RateBasis.IDLE, 0, over)
    if cap is not None:
        return Rate(float(cap), RateBasis.CAP)
    return Rate(None, RateBasis.TOO_SHORT, load.decided, over)


def foretell(load: QueueLoad, rate: Rate, now: datetime) -> Forecast:
    """What becomes of ``load`` when it goes out at ``rate`` from ``now`` on, each in its turn."""
    standing = (load.waiting, load.dated, load.dated_late)
    if not load.waiting:
        return Forecast(now, rate, *standing, empty_at=now, late=load.dated_late, late_safe=load.dated_late)
    if rate.per_minute is None:
        return Forecast(now, rate, *standing, empty_at=None, late=None, late_safe=None)
    misses, late_safe, before = [], 0, 0
    for group in load.groups:
        if group.due_utc is not None:
            late = _late(group.due_utc, group.number, before, rate.per_minute, now)
            late_safe += _late(group.priority, group.number, before, rate.per_minute, now)
            if late:
                misses.append(LateGroup(group.priority, group.due_utc, group.number, late, group.last))
        before += group.number
    return Forecast(
        now,
        rate,
        *standing,
        empty_at=_after(now, before, rate.per_minute),
        late=load.dated_late + sum(group.late for group in misses),
        late_safe=load.dated_late + late_safe,
        misses=misses,
    )


def _late(bound: datetime, number: int, before: int, per_minute: float, now: datetime) -> int:
    """How many of ``number`` that follow ``before`` others come too late; what is too late already does not count."""
    if bound <= now:
        return 0
    in_time = floor((bound - now) / _MINUTE * per_minute) - before
    return max(0, number - max(0, in_time))


def _after(now: datetime, number: int, per_minute: float) -> datetime | None:
    """When so many are sent; None where that lies beyond what a calendar holds."""
    try:
        return now + _MINUTE * (number / per_minute)
    except OverflowError:
        return None
