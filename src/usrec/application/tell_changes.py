"""An HR system is told what changed, in the order in which it changed; what it does not take is told again later."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from usrec.domain.errors import SourceUnavailable
from usrec.ports.change_listener import ChangeListener
from usrec.ports.clock import Clock
from usrec.ports.intake import Call
from usrec.ports.ledger import Ledger

AT_ONCE: Final = 20
LEASE: Final = timedelta(minutes=20)
"""So long nobody else tells the same; more than so many calls take, each with its timeouts."""
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(hours=1)
GIVEN_UP_AFTER: Final = timedelta(days=3)
"""What was not taken for so long is not told any more: the HR system can still ask."""


def tell_changes(*, listener: ChangeListener, ledger: Ledger, clock: Clock) -> int:
    """Tell what is due; returns how much was told.

    Raises:
        SourceUnavailable: The HR system did not take one; it and all behind it wait.
    """
    with ledger.begin() as work:
        calls = work.intake.claim_calls(listener.source, clock.now(), LEASE, AT_ONCE)
        work.commit()
    for call in calls:
        try:
            listener.tell(call)
        except SourceUnavailable:
            _put_off(call, ledger, clock)
            raise
        _is_over(call, ledger)
    return len(calls)


def _put_off(call: Call, ledger: Ledger, clock: Clock) -> None:
    now = clock.now()
    if now - call.queued_at > GIVEN_UP_AFTER:
        _is_over(call, ledger)
    pause = min(FIRST_PAUSE * 2 ** min(call.tries, 20), LONGEST_PAUSE)
    with ledger.begin() as work:
        work.intake.postpone(call.source, now + pause, tried=call.id)
        work.commit()


def _is_over(call: Call, ledger: Ledger) -> None:
    with ledger.begin() as work:
        work.intake.done([call.id])
        work.commit()
