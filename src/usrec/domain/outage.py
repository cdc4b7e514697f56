"""When nobody at the gateway could be reached: what the agent's own exchanges prove of it, and nothing more.

An outage begins with the first exchange that reached nobody or came back as an error of a server on the way, and ends
with the next exchange that reached somebody, whatever the answer. Exchanges of all submissions count, in the order in
which they ended. Objective obstacles, technical failures of the system among them, mitigate an offence under art. 98 of
the Code on Administrative Offences; they do not excuse it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from usrec.domain.outcome import Doubt
from usrec.domain.verdict import REASON_HELD_BACK, Ending


class Reach(StrEnum):
    """How far an exchange came."""

    REACHED = "reached"
    """Somebody who speaks for the gateway answered."""
    FAILED = "failed"
    """Nobody was reached, or only a server on the way that had no answer."""
    UNCLEAR = "unclear"
    """It says nothing of the gateway: the agent itself died, or held it back."""


_FAILED: Final = frozenset({Doubt.TIMEOUT, Doubt.CONNECTION_LOST, Doubt.HTTP_ERROR, Doubt.NOT_SOAP})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt that has ended.

    Attributes:
        opened_at: Before the first byte left, aware UTC; ``closed_at``: when its end was recorded.
        reason: Why it ended so, in the journal's word; empty where the journal has none.
    """

    opened_at: datetime
    closed_at: datetime
    ending: Ending
    reason: str

    @property
    def reach(self) -> Reach:
        """How far it came."""
        match self.ending:
            case Ending.NOTHING_SENT:
                return Reach.UNCLEAR if self.reason == REASON_HELD_BACK else Reach.FAILED
            case Ending.UNKNOWN if not self.reason:
                return Reach.UNCLEAR
            case Ending.UNKNOWN:
                return Reach.FAILED if self.reason in _FAILED else Reach.REACHED
            case _:
                return Reach.REACHED


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which no exchange reached anybody.

    Attributes:
        began: The first failed exchange began, but not before the last one that reached somebody had ended; aware UTC.
        ended: The first exchange that reached somebody again was over; None when none has been since.
        failures: How many exchanges failed, by the journal's word for why.
    """

    began: datetime
    ended: datetime | None
    failures: Mapping[str, int] = field(hash=False)

    def touches(self, since: datetime, until: datetime) -> bool:
        """Whether any of it lies between two moments."""
        return self.began <= until and (self.ended is None or self.ended >= since)


def outages(exchanges: Iterable[Exchange]) -> Iterator[Outage]:
    """The outages that exchanges prove, the earliest first.

    Args:
        exchanges: In the order of ``closed_at``; those before the first that reached somebody count too.
    """
    reached: datetime | None = None
    began: datetime | None = None
    failures: Counter[str] = Counter()
    for one in exchanges:
        match one.reach:
            case Reach.FAILED:
                began = began or max(one.opened_at, reached or one.opened_at)
                failures[one.reason or one.ending.value] += 1
            case Reach.REACHED:
                if began is not None:
                    yield Outage(began, one.closed_at, dict(sorted(failures.items())))
                    began, failures = None, Counter()
                reached = one.closed_at
            case Reach.UNCLEAR:
                pass
    if began is not None:
        yield Outage(began, None, dict(sorted(failures.items())))
