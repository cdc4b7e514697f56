"""An alert that nothing of an employer goes out because none of its keys may sign: expired, revoked, or gone.

It is raised on behalf of the event whose term ends first among those that wait for a key: while nothing waits, nobody
needs to be woken. While it lasts it is told anew on each day.
"""

from __future__ import annotations

from usrec.application.recording import alert_now
from usrec.domain.alert import Threshold, Watched
from usrec.domain.source_event import EmployerName
from usrec.domain.submission import WaitReason
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger
from usrec.ports.ledger_view import LedgerView, SubmissionFilter


def alert_of_key(employer: EmployerName, *, ledger: Ledger, view: LedgerView, clock: Clock) -> bool:
    """Raise it where it is not raised yet; false when it is, or when nothing of the employer waits for a key.

    Raises:
        LedgerUnavailable: Nothing was raised.
    """
    waiting = view.rows(SubmissionFilter(employer=employer, wait_reason=WaitReason.KEY_UNUSABLE), limit=1)
    if not waiting:
        return False
    with ledger.begin() as work:
        first = work.submissions.get(waiting[0].id)
        if first is None:
            return False
        new = work.alerts.add([alert_now(first, Watched.KEY, Threshold.KEY_UNUSABLE, clock.now())])
        work.commit()
    return bool(new)
