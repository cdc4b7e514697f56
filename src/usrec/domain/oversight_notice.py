"""What an independent watcher, or an agent, still has to tell of the troubles that it sees.

Each trouble is told once, again when it grows, once a day while it lasts, and once more when it is over. What was told
is kept for each recipient by itself, so that one who could not be reached is told later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from usrec.domain.oversight import Concern, Trouble, Troubles

AGAIN_AFTER: Final = timedelta(days=1)
"""A trouble that lasts is told again after so long."""

_COUNTED: Final = frozenset({Concern.AUDIT_FINDINGS, Concern.IDS_UNKNOWN, Concern.STAFF_PUZZLES})
"""What these are about are contracts, counted by employer or source: more of them is growth, too."""


class Phase(StrEnum):
    """Which message about a trouble it is."""

    NEW = "new"
    GREW = "grew"
    LASTS = "lasts"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Told:
    """What a recipient knows of a trouble.

    Attributes:
        trouble: As it was told last.
        told_at: When, aware UTC.
        times: How often.
    """

    trouble: Trouble
    told_at: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell.

    Attributes:
        times: How often this trouble was told before.
    """

    phase: Phase
    trouble: Trouble
    at: datetime
    times: int = 0

    @property
    def key(self) -> str:
        """The same for the same notice, however often somebody tries to deliver it."""
        began = self.trouble.since.strftime("%Y%m%dT%H%M%SZ")
        return f"{self.trouble.concern}-{began}-{self.phase}-{self.times}"


Knowledge = Mapping[Concern, Told]


def notices_for(known: Knowledge, troubles: Troubles, now: datetime, *, blind: bool) -> Sequence[Notice]:
    """What is to be told to somebody who knows ``known``.

    Args:
        blind: The ledger did not answer, so that nothing is known to be over.
    """
    found = [notice for trouble in troubles.values() if (notice := _notice(known.get(trouble.concern), trouble, now))]
    over = [
        Notice(Phase.OVER, told.trouble, now, told.times)
        for concern, told in known.items()
        if concern not in troubles and not blind
    ]
    return [*found, *over]


def _notice(told: Told | None, trouble: Trouble, now: datetime) -> Notice | None:
    if told is None:
        return Notice(Phase.NEW, trouble, now)
    more = trouble.concern in _COUNTED and trouble.number > told.trouble.number
    if more or trouble.about - told.trouble.about:
        return Notice(Phase.GREW, trouble, now, told.times)
    if now - told.told_at >= AGAIN_AFTER:
        return Notice(Phase.LASTS, trouble, now, told.times)
    return None


def informed(known: Knowledge, notice: Notice) -> Knowledge:
    """What somebody knows who has got ``notice``."""
    others = {concern: told for concern, told in known.items() if concern is not notice.trouble.concern}
    if notice.phase is Phase.OVER:
        return others
    return {**others, notice.trouble.concern: Told(notice.trouble, notice.at, notice.times + 1)}
