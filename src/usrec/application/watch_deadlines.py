"""Step 10 (T6): one durable alert per submission, date and threshold; then the sinks take what is not delivered.

Overdue is computed from a deadline and the clock, never stored.
"""

from __future__ import annotations

from usrec.domain.errors import TheirsToWaitFor
from usrec.domain.watch import look
from usrec.domain.working_calendar import WorkingCalendar
from usrec.ports.alert_sink import AlertSink
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger


def watch_deadlines(*, ledger: Ledger, calendar: WorkingCalendar, clock: Clock, limit: int = 500) -> int:
    """Look at up to ``limit`` submissions whose time has come; returns how many alerts were raised."""
    now = clock.now()
    raised = 0
    with ledger.begin() as work:
        for submission in work.alerts.to_watch(now, limit):
            alerts, again_at = look(submission, now, calendar)
            raised += len(work.alerts.add(alerts))
            work.alerts.watch(submission.id, again_at)
        work.commit()
    return raised


def deliver_alerts(*, ledger: Ledger, sink: AlertSink, clock: Clock, limit: int = 100) -> int:
    """Give undelivered alerts to the sink; returns how many it took. One that fails is tried again."""
    with ledger.begin() as work:
        waiting = work.alerts.undelivered(limit)
    if not waiting:
        return 0
    try:
        sink.deliver([alert for _, alert in waiting])
    except TheirsToWaitFor:
        return 0
    with ledger.begin() as work:
        work.alerts.delivered([handle for handle, _ in waiting], clock.now())
        work.commit()
    return len(waiting)
