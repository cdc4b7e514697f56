"""One key after another: which of them signs, and what is wrong with how they follow one another.

Sources: a certificate of the NCA is valid from its first to its last moment, both included (RFC 5280, 4.1.2.5); the
NCA renews from afar only with a key that is still valid, so that a late owner has to go there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from usrec.domain.kazakhstan_time import day_start_utc, kazakhstan_date

STAGES: Final = (30, 14, 7, 3, 1)
"""Days before its end at which a last key is told of, ever more urgently."""

SETTLED: Final = timedelta(days=14)
"""So long after its successor began a key is kept at hand without a word."""

FAR_OFF: Final = timedelta(days=90)
"""A first day that lies farther ahead is rather a slip of the pen."""

_TICK: Final = timedelta(seconds=1)
"""A certificate that begins in the second after another one's last leaves no gap."""


class RenewalProblem(StrEnum):
    """What is wrong with the keys of one employer."""

    NO_SUCCESSOR = "no_successor"
    GAP = "gap"
    EXPIRED_KEPT = "expired_kept"
    SUPERSEDED_KEPT = "superseded_kept"
    NEVER_USED = "never_used"
    FAR_OFF = "far_off"


@dataclass(frozen=True, slots=True)
class ChainKey:
    """One of an employer's keys, which stand in the order in which they are to be used.

    Attributes:
        place: Where it is, as the settings name it.
        not_before: First moment of its certificate, aware UTC.
        not_after: Last moment of its certificate, aware UTC.
        use_from: First day, in Kazakhstan, on which it is to sign; None for as soon as it is valid.
    """

    place: str
    not_before: datetime
    not_after: datetime
    use_from: date | None = None

    @property
    def starts(self) -> datetime:
        """The first moment at which it signs, were its certificate not to end before."""
        return self.not_before if self.use_from is None else max(self.not_before, day_start_utc(self.use_from))

    def signs_at(self, at: datetime) -> bool:
        """Whether it has begun and is valid."""
        return self.starts <= at <= self.not_after


@dataclass(frozen=True, slots=True)
class RenewalFinding:
    """A warning.

    Attributes:
        place: The key that it concerns.
        day: The date that it turns on, in Kazakhstan: a certificate's end, a successor's first day.
        days: Whole days until then, 0 on the day itself and afterwards.
        stage: The stage of NO_SUCCESSOR, in days; 0 for all others.
    """

    problem: RenewalProblem
    place: str
    day: date
    days: int = 0
    stage: int = 0


def key_in_use(chain: Sequence[ChainKey], at: datetime) -> ChainKey | None:
    """The newest key that signs at a moment; the one before it as long as the newer ones cannot."""
    return next((key for key in reversed(chain) if key.signs_at(at)), None)


def last_key(chain: Sequence[ChainKey]) -> ChainKey | None:
    """The key that is valid longest, the newest of several: its end is the end of signing.

    One whose first day lies after its own end never signs, and hides no other's end.
    """
    signing = [key for key in chain if key.starts <= key.not_after] or chain
    return max(reversed(signing), key=lambda key: key.not_after, default=None)


def examine_renewal(chain: Sequence[ChainKey], at: datetime) -> Sequence[RenewalFinding]:
    """What is wrong at a moment; all of it are warnings.

    Args:
        chain: Keys in the order in which they are to be used.
    """
    return [*_forgotten(chain, at), *_gaps(chain, at), *_idle(chain, at), *_end(chain, at)]


def _forgotten(chain: Sequence[ChainKey], at: datetime) -> Iterator[RenewalFinding]:
    """Keys that nothing is signed with any more; the one that is valid longest is the employer's key itself."""
    last = last_key(chain)
    for place, key in enumerate(chain):
        if key.not_after < at and key != last:
            yield _finding(RenewalProblem.EXPIRED_KEPT, key, key.not_after, at)
        if key.not_after < at:
            continue
        later = [one.starts for one in chain[place + 1 :] if one.signs_at(at)]
        if later and min(later) + SETTLED <= at:
            yield _finding(RenewalProblem.SUPERSEDED_KEPT, key, min(later), at)


def _gaps(chain: Sequence[ChainKey], at: datetime) -> Iterator[RenewalFinding]:
    """Days to come on which no key signs although another follows."""
    usable = [key for key in chain if key.starts <= key.not_after]
    begun = [key.not_after for key in usable if key.starts <= at]
    covered = max(*begun, at, at) if begun else None
    for key in sorted((one for one in usable if one.starts > at), key=lambda one: one.starts):
        if covered is not None and key.starts > covered + _TICK:
            yield _finding(RenewalProblem.GAP, key, key.starts, at)
        covered = max(covered or key.not_after, key.not_after)


def never_used(chain: Sequence[ChainKey], at: datetime) -> Collection[str]:
    """Places of keys that will never sign: they end before their first day, or a newer one begins before."""
    overtaken = {one.place for one, later in pairwise(chain) if later.starts <= one.starts and one.starts > at}
    return {key.place for key in chain if key.starts > key.not_after >= at or key.place in overtaken}


def _idle(chain: Sequence[ChainKey], at: datetime) -> Iterator[RenewalFinding]:
    """Keys that will never sign, or not for a long time."""
    never = never_used(chain, at)
    for key in chain:
        if key.place in never:
            yield _finding(RenewalProblem.NEVER_USED, key, key.starts, at)
        elif key.starts > at + FAR_OFF:
            yield _finding(RenewalProblem.FAR_OFF, key, key.starts, at)


def _end(chain: Sequence[ChainKey], at: datetime) -> Iterator[RenewalFinding]:
    """The end of the last key: nothing follows it."""
    last = last_key(chain)
    if last is None or last.not_after < at:
        return
    left = last.not_after - at
    stages = [stage for stage in STAGES if left <= timedelta(days=stage)]
    if stages:
        yield _finding(RenewalProblem.NO_SUCCESSOR, last, last.not_after, at, stage=min(stages))


def _finding(
    problem: RenewalProblem, key: ChainKey, moment: datetime, at: datetime, *, stage: int = 0
) -> RenewalFinding:
    days = max(0, (moment - at).days)
    return RenewalFinding(problem, key.place, kazakhstan_date(moment), days, stage)
