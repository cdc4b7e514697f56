"""Whether this machine's clock can be relied on: what others say of the time, and how far each is believed.

A signature with a wrong date, a term counted by a wrong day and an answer taken for a replay all begin with a clock
that is hours off. So nothing is signed or sent then. But whoever can put a date into an answer must not be able to
stop an employer for ever either. Hence the rule, which :func:`judge` is:

- What a witness said is carried on by a counter that nobody can set. A clock that is set, rightly or wrongly, shows
  at once and without a further question; so does its mending.
- The gateway's signed answer to this very exchange weighs two. An unsigned word weighs one: the Date header of the
  gateway (RFC 9110 section 6.6.1), which any server on the way can write, and the time of a database on another
  machine. The gateway is one witness, however often it speaks: its signed word outweighs its header, never adds to it.
- This process' own clock at an earlier moment never speaks for itself. It adds to what others say against it, and
  where nobody else can say anything, a jump is held against it.
- The clock itself has one vote. Those against it that agree with one another are counted against it and those who
  speak for it. Outvoted, it is *wrong*: nothing goes until it is right, or they change their minds.
- As many against it as for it: it is *unproven*. Nothing goes for :data:`PATIENCE`, then one submission does, whose
  signed answer decides; and so on, each time after the same while. So a wild header alone costs an hour at most.
- Fewer against it than for it: they are told in the log and hold nothing up, except the gateway's signed word. While
  that differs, no answer would be believed, so it is *unproven* at best.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

PATIENCE: Final = timedelta(hours=1)
"""So long nothing goes on one unsigned word alone; then one submission finds out."""
STALE: Final = timedelta(hours=24)
"""So long a word is remembered; counters of machines drift by seconds a day."""
LEAST: Final = timedelta(seconds=5)
"""What a header without fractions and a slow line make anyway: nobody is held to less."""


_YEARS: Final = range(2000, 3000)


class Witness(StrEnum):
    """Who tells a time."""

    ANSWER = "answer"
    """The gateway, in a signed answer that belongs to its exchange."""
    GATEWAY = "gateway"
    """The gateway, or a server before it, in the head of an HTTP answer."""
    LEDGER = "ledger"
    """The database server of the ledger, on another machine."""
    SOURCE = "source"
    """The database server of an HR system, on another machine."""
    ITSELF = "itself"
    """This process, earlier."""


def is_possible(told: datetime) -> bool:
    """Whether a server that says so may mean the time; the rest is a broken header, and no word for or against."""
    return told.year in _YEARS


class ClockState(StrEnum):
    """How far the clock is to be relied on."""

    RIGHT = "right"
    """Nobody who counts says otherwise."""
    UNPROVEN = "unproven"
    """One says otherwise, and nobody can decide it."""
    WRONG = "wrong"
    """It is outvoted."""


@dataclass(frozen=True, slots=True)
class HeardTime:
    """What a witness said.

    Attributes:
        time: Aware UTC.
        heard_at: When, by the counter.
    """

    time: datetime
    heard_at: timedelta

    def at(self, steady: timedelta) -> datetime:
        """What the witness would say at a moment of the counter."""
        return self.time + (steady - self.heard_at)


@dataclass(frozen=True, slots=True)
class ClockVerdict:
    """What the witnesses make of the clock.

    Attributes:
        ahead: How far it is ahead by those who contradict it, negative when it is behind; zero when nobody does.
        against: Who contradicts it, by more than the tolerance.
        agreeing: Who agrees with it.
    """

    state: ClockState
    ahead: timedelta = timedelta(0)
    against: Collection[Witness] = ()
    agreeing: Collection[Witness] = ()

    @property
    def is_right(self) -> bool:
        """Whether everything may go."""
        return self.state is ClockState.RIGHT


RELIED_ON: Final = ClockVerdict(ClockState.RIGHT)
"""Nobody has said anything against it."""


def judge(
    testimonies: Mapping[Witness, HeardTime], now: datetime, steady: timedelta, tolerance: timedelta
) -> ClockVerdict:
    """Apply the rule of this module.

    Args:
        now: What the clock says, aware UTC.
        steady: What the counter says at the same moment.
        tolerance: How far clocks may differ.
    """
    fresh = {who: said for who, said in testimonies.items() if steady - said.heard_at <= STALE}
    ahead = {who: now - said.at(steady) for who, said in fresh.items()}
    limit = max(tolerance, LEAST)
    against = {who: by for who, by in ahead.items() if abs(by) > limit}
    agreeing = {who for who in ahead if who not in against and who is not Witness.ITSELF}
    if not against:
        return ClockVerdict(ClockState.RIGHT, agreeing=frozenset(agreeing))
    speaks = _speaker(against)
    weight = _weight({who for who, by in against.items() if abs(by - against[speaks]) <= limit}, alone=not agreeing)
    supported = _weight(agreeing, alone=False)
    state = _state(weight, 1 + supported, signed=Witness.ANSWER in against)
    return ClockVerdict(state, against[speaks], frozenset(against), frozenset(agreeing))


def _speaker(against: Mapping[Witness, timedelta]) -> Witness:
    """Whose word of those that contradict is told: the signed one's first, the process' own last."""
    return min(against, key=list(Witness).index)


def _weight(witnesses: Collection[Witness], *, alone: bool) -> int:
    """How much these weigh together.

    Args:
        alone: Nobody speaks for the other side, so that the process' own earlier time counts too.
    """
    gateway = 2 if Witness.ANSWER in witnesses else int(Witness.GATEWAY in witnesses)
    others = sum(who in witnesses for who in (Witness.LEDGER, Witness.SOURCE))
    return gateway + others + int(alone and Witness.ITSELF in witnesses)


def _state(against: int, supporting: int, *, signed: bool) -> ClockState:
    """What comes of the votes.

    Args:
        signed: The gateway's signed word is among those against.
    """
    if against > supporting:
        return ClockState.WRONG
    return ClockState.UNPROVEN if against == supporting or signed else ClockState.RIGHT
