"""The gateway is reached again, or is to be tried: those that nothing could be sent for need not wait out their time.

Only those: a request that may have been taken keeps its own pace, because its document may be what the gateway
stumbles over.
"""

from __future__ import annotations

from usrec.domain.submission import WaitReason
from usrec.ports.ledger import Ledger

ALL_AT_ONCE = 10_000
"""Bounds one transaction; what is left over goes on in its own time."""


def hasten_unsent(*, ledger: Ledger, limit: int = ALL_AT_ONCE) -> int:
    """Make up to ``limit`` of them ready now, earliest deadline first; returns how many."""
    with ledger.begin() as work:
        hastened = work.outbox.hasten(WaitReason.GATEWAY_UNREACHABLE, limit)
        work.commit()
    return hastened
