"""An alert that nothing goes out because this machine's clock cannot be relied on.

It is raised on behalf of the event whose term ends first: while nothing waits, nobody needs to be woken.
"""

from __future__ import annotations

from usrec.application.recording import alert_now
from usrec.domain.alert import Threshold, Watched
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger
from usrec.ports.ledger_view import LedgerView, SubmissionFilter


def alert_of_clock(*, ledger: Ledger, view: LedgerView, clock: Clock) -> bool:
    """Raise it; false when there is nothing that waits.

    Raises:
        LedgerUnavailable: Nothing was raised.
    """
    now = clock.now()
    waiting = view.rows(SubmissionFilter(unsettled=True), limit=1)
    if not waiting:
        return False
    with ledger.begin() as work:
        first = work.submissions.get(waiting[0].id)
        if first is None:
            return False
        work.alerts.add([alert_now(first, Watched.CLOCK, Threshold.CLOCK_WRONG, now)])
        work.commit()
    return True
