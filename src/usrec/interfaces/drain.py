"""When ``usrec run --drain`` is over: nothing is left that the agent can do by itself, or nothing moves any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from usrec.domain.errors import (
    GatewayUnavailable,
    LedgerUnavailable,
    SnapshotRefused,
    SourceHeld,
    SourceUnavailable,
    TheirsToWaitFor,
)
from usrec.ports.clock import Clock
from usrec.ports.ledger_view import LedgerView

_log = structlog.get_logger("usrec.daemon")


class Drain:
    """What a drain goes by; told by all threads.

    Args:
        give_up_after: It ends when nothing has moved for so long.
    """

    def __init__(self, clock: Clock, give_up_after: timedelta) -> None:
        self._sources_empty = False
        self._refusal: SourceUnavailable | None = None
        self._clock = clock
        self._give_up_after = give_up_after
        self._last_progress = clock.now()
        self._obstacle = ""

    def asked(self, found: Sequence[int | SourceUnavailable], *, of: int) -> None:
        """What the sources said when they were asked last.

        Args:
            found: Of those that were: how many rows each had, or why it did not answer.
            of: How many sources there are.
        """
        quiet = [one for one in found if one == 0]
        refused = [one for one in found if isinstance(one, SnapshotRefused | SourceHeld)]
        self._sources_empty = len(quiet) == of
        self._refusal = refused[0] if refused and len(quiet) + len(refused) == of else None

    def moved(self) -> None:
        """Something was taken, decided or told to HR."""
        self._last_progress = self._clock.now()

    def hindered(self, problem: TheirsToWaitFor) -> None:
        """Something has to be waited for."""
        self._obstacle = f"; the last obstacle: {problem.where}: {problem.what}"

    def gateway_away(self, url: str) -> None:
        """The gateway was not reached."""
        self._obstacle = f"; the last obstacle: the gateway cannot be reached at {url}"

    def clock_wrong(self, words: str) -> None:
        """The machine's clock cannot be relied on."""
        self._obstacle = f"; the last obstacle: {words}"

    def is_over(self, view: LedgerView) -> bool:
        """Whether nothing can progress without a person or a date.

        Raises:
            GatewayUnavailable: It gives up.
            SourceUnavailable: All else is done, and waiting mends nothing: a person has to look at this source.
        """
        if (self._sources_empty or self._refusal is not None) and _nothing_left(view):
            if self._refusal is not None:
                raise self._refusal
            return True
        if self.gave_up():
            raise GatewayUnavailable(
                f"nothing has moved for {self._give_up_after}{self._obstacle}",
                kept="Nothing was lost: what waits is in the ledger and goes on with the next run",
                next_step="See why: usrec submission list, usrec status",
            )
        return False

    def gave_up(self) -> bool:
        """Whether nothing has moved for too long."""
        return self._clock.now() - self._last_progress > self._give_up_after


def _nothing_left(view: LedgerView) -> bool:
    """Whether the ledger holds nothing that the agent can do by itself; one that does not answer may hold it."""
    try:
        return not view.has_work()
    except LedgerUnavailable as problem:
        _log.warning(str(problem), action="agent.wait", kind=type(problem).__name__)
        return False
