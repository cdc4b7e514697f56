"""What kept submissions waiting may be over: those that waited for nothing else need not wait out their time.

Only those: a request that may have been taken keeps its own pace, because its document may be what the gateway
stumbles over.
"""

from __future__ import annotations

from usrec.domain.submission import WaitReason
from usrec.ports.ledger import Ledger

ALL_AT_ONCE = 10_000
"""Bounds one transaction; what is left over goes on in its own time."""


def hasten_unsent(*, ledger: Ledger, limit: int = ALL_AT_ONCE, employer: str | None = None) -> int:
    """The gateway is reached again, or is to be tried: up to ``limit`` go now, earliest deadline first.

    Args:
        employer: Those of this BIN alone.

    Returns:
        How many were waiting for that.
    """
    return _hasten(ledger, WaitReason.GATEWAY_UNREACHABLE, limit, employer)


def hasten_keyless(*, ledger: Ledger) -> int:
    """Keys were read: those that waited for one are tried with them; returns how many."""
    return _hasten(ledger, WaitReason.KEY_UNUSABLE, ALL_AT_ONCE)


def _hasten(ledger: Ledger, reason: WaitReason, limit: int, employer: str | None = None) -> int:
    with ledger.begin() as work:
        hastened = work.outbox.hasten(reason, limit, employer=employer)
        work.commit()
    return hastened
