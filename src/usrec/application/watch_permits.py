"""Part of step 10: one durable alert per permit and threshold, in the transaction that watches the deadlines."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from usrec.application.contract_line import known
from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.submission import Submission
from usrec.domain.watch import WatchPolicy
from usrec.ports.ledger import UnitOfWork


def watch_permits(work: UnitOfWork, policy: WatchPolicy, now: datetime, limit: int) -> int:
    """Raise what is due of up to ``limit`` permits for each threshold; returns how many alerts were new."""
    today, raised = kazakhstan_date(now), 0
    for threshold, days in policy.permit_days.thresholds:
        for submission_id, ends in work.permits.untold(today + timedelta(days=days), days, limit):
            submission = known(work, submission_id)
            raised += len(work.alerts.add([_alert(submission, ends, threshold, policy, now)]))
            work.permits.told(submission_id, days)
    return raised


def _alert(submission: Submission, ends: date, threshold: Threshold, policy: WatchPolicy, now: datetime) -> Alert:
    return Alert(
        submission_id=submission.id,
        source=submission.source,
        event_id=submission.event_id,
        watched=Watched.PERMIT,
        threshold=threshold,
        operation=submission.operation,
        employer=submission.employer,
        last_day=ends,
        raised_at=now,
        tell_at=policy.digests.next(now),
    )
