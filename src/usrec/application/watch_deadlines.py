"""Step 10 (T6): one durable alert per event, date and threshold. Who is told of it is decided in ``tell_sink``.

Overdue is computed from a deadline and the clock, never stored.
"""

from __future__ import annotations

from datetime import datetime

from usrec.domain.alert import Alert, Watched
from usrec.domain.submission import Submission
from usrec.domain.watch import WatchPolicy, look, look_at_pair, needs_watching
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger, UnitOfWork

_OF_THE_DAY = frozenset({Watched.PERSON, Watched.MASS, Watched.PAIR})
"""Reminders: whatever stands for the event next is looked at by itself."""


def watch_deadlines(*, ledger: Ledger, policy: WatchPolicy, clock: Clock, limit: int = 500) -> int:
    """Look at up to ``limit`` submissions whose time has come; returns how many alerts were raised."""
    now = clock.now()
    raised = 0
    with ledger.begin() as work:
        _settle_alerts(work, now, limit)
        watched = work.alerts.to_watch(now, limit)
        ids = [submission.id for submission in watched]
        asked_at, pairs = work.signing_requests.asked_at(ids), work.pairs.of_submissions(ids)
        for submission in watched:
            alerts, again_at = look(submission, now, policy, asked_at=asked_at.get(submission.id))
            pair = pairs.get(submission.id)
            if pair is not None:
                told, then = look_at_pair(submission, pair, now, policy)
                alerts, again_at = [*alerts, *told], _earlier(again_at, then)
                if not told:
                    work.alerts.withdraw(submission.id, Watched.PAIR, now)
            raised += len(work.alerts.add(alerts))
            work.alerts.watch(submission.id, again_at)
        work.commit()
    return raised


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _settle_alerts(work: UnitOfWork, now: datetime, limit: int) -> None:
    """Close the alerts of what was registered, taken back or given; a newer submission inherits what is true of it."""
    over = []
    for handle, alert in work.alerts.outdated(limit):
        heirs = [one for one in work.submissions.of_event(alert.source, alert.event_id) if _inherits(one, alert)]
        if heirs:
            work.alerts.hand_over(handle, heirs[-1].id)
        else:
            over.append(handle)
    work.alerts.close(over, now)


def _inherits(submission: Submission, alert: Alert) -> bool:
    """Whether the alert is as true of this submission as of the one that raised it."""
    if alert.watched in _OF_THE_DAY:
        return False
    watched = submission.safe_date if alert.watched in {Watched.SAFE, Watched.TARGET} else submission.legal_date
    return needs_watching(submission) and watched == alert.last_day
