"""Who is sent on behalf of all while the gateway is away.

Whichever gets through lets all others go, so it matters little for them who is tried; but each try is on record, and
when the gateway stays away past a date, it is what shows that the employer did try. So each submission gets its share
of tries, in the order of their dates; after that it is the most urgent one's turn again and again.
"""

from __future__ import annotations

from collections.abc import Sequence

from usrec.application.delivery import DeliveryPolicy
from usrec.application.masses import unless_undecided
from usrec.domain.submission import WaitReason
from usrec.ports.clock import Clock
from usrec.ports.ledger import Claim, Ledger


def claim_probe(
    *, ledger: Ledger, clock: Clock, policy: DeliveryPolicy, owner: str, employer: str | None = None
) -> Sequence[Claim]:
    """Lease the most urgent one with too few tries; then the most urgent one, although its own wait is not over.

    Args:
        employer: Of this BIN alone; each of several employers has a line of its own.
    """
    now = clock.now()
    with ledger.begin() as work:
        work.outbox.promote(now)
        tries = policy.retry.in_time
        claims = work.outbox.claim(owner, now, policy.lease, 1, tried_less_than=tries, employer=employer)
        if not claims:
            work.outbox.hasten(WaitReason.GATEWAY_UNREACHABLE, 1, employer=employer)
            claims = work.outbox.claim(owner, now, policy.lease, 1, employer=employer)
        claims = unless_undecided(work, claims, now)
        work.commit()
    return claims
