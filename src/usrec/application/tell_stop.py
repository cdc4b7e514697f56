"""HR's rows behind a stopped employer say so, and when it goes on they say that they will be sent.

It is done beside the line, some rows at a time: neither the intake nor an answer that stops an employer waits for the
notes of thousands of rows. What was told already is passed over, so it may be done as often as one likes.

A ledger that went back in time says nothing: until somebody has compared, HR's rows know more than it does.
"""

from __future__ import annotations

from typing import Final

from usrec.application.after_restore import NOTES as AFTER_RESTORE
from usrec.application.recording import status_note, told_of
from usrec.domain.submission import WaitReason, contract_of
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger

AT_ONCE: Final = 500
"""Rows in one transaction."""


def tell_stop(employer_bin: str, *, ledger: Ledger, clock: Clock, limit: int = AT_ONCE) -> int:
    """Correct what rows of an employer say of its stop; returns how many said otherwise."""
    now = clock.now()
    with ledger.begin() as work:
        stop = work.employer_stops.get(employer_bin)
        if stop is not None and stop.reason in AFTER_RESTORE:
            return 0
        why = None if stop is None else WaitReason.EMPLOYER_STOPPED
        untrue = told_of(WaitReason.EMPLOYER_STOPPED if stop is None else None)
        contracts = {contract_of(one) for one in work.employer_stops.noted(employer_bin, untrue, limit)}
        if not contracts:
            return 0
        work.contracts.lock_all(contracts)
        found = [one for one in work.employer_stops.noted(employer_bin, untrue, limit) if contract_of(one) in contracts]
        work.write_backs.put(*(status_note(one, now, waits_for=why) for one in found))
        work.commit()
    return len(found)
