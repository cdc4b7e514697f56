"""An alert that nothing goes out because this machine's clock cannot be relied on.

It is raised on behalf of the event whose term ends first: while nothing waits, nobody needs to be woken.
"""

from __future__ import annotations

from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.kazakhstan_time import kazakhstan_date
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
        alert = Alert(
            submission_id=first.id,
            source=first.source,
            event_id=first.event_id,
            watched=Watched.CLOCK,
            threshold=Threshold.CLOCK_WRONG,
            operation=first.operation,
            employer=first.employer,
            last_day=kazakhstan_date(now),
            raised_at=now,
            tell_at=now,
        )
        work.alerts.add([alert])
        work.commit()
    return True
