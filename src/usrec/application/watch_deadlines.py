"""Step 10 (T6): one durable alert per event, date and threshold. Who is told of it is decided in ``tell_sink``.

Overdue is computed from a deadline and the clock, never stored.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from usrec.application.watch_permits import watch_permits
from usrec.domain.alert import Alert, Watched
from usrec.domain.submission import Submission, SubmissionId, WaitReason, awaits_iin
from usrec.domain.watch import WatchPolicy, look, look_at_pair, needs_watching
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger, UnitOfWork

CLOCK_SLIP: Final = timedelta(hours=1)
"""The clocks of two agents may differ by so much."""
_OF_THE_DAY: Final = frozenset(
    {
        Watched.PERSON,
        Watched.IIN,
        Watched.PERMIT,
        Watched.MASS,
        Watched.PAIR,
        Watched.ANSWER,
        Watched.FORECAST,
        Watched.CLOCK,
        Watched.KEY,
    }
)
"""Reminders and answers: whatever stands for the event next is looked at by itself."""


def watch_deadlines(*, ledger: Ledger, policy: WatchPolicy, clock: Clock, limit: int = 500) -> int:
    """Look at up to ``limit`` submissions whose time has come; returns how many alerts were raised."""
    now = clock.now()
    raised = 0
    with ledger.begin() as work:
        _unsay_what_has_not_come(work, now, limit)
        _settle_alerts(work, now, limit)
        watched = sorted(work.alerts.to_watch(now, limit), key=_by_arrival)
        ids = [submission.id for submission in watched]
        asked_at = {**work.signing_requests.asked_at(ids), **work.outbox.waiting_since(ids)}
        pairs = work.pairs.of_submissions(ids)
        again: dict[SubmissionId, datetime | None] = {}
        for submission in watched:
            asked, awaited = asked_at.get(submission.id), Watched.PERSON
            if asked is None and _waits_for_iin(work, submission):
                asked, awaited = submission.received_at, Watched.IIN
            alerts, again_at = look(submission, now, policy, asked_at=asked, awaited=awaited)
            pair = pairs.get(submission.id)
            if pair is not None:
                told, then = look_at_pair(submission, pair, now, policy)
                alerts, again_at = [*alerts, *told], _earlier(again_at, then)
                if not told:
                    work.alerts.withdraw(submission.id, Watched.PAIR, now)
            raised += len(work.alerts.add(alerts))
            again[submission.id] = again_at
        work.alerts.looked_at(again)
        raised += watch_permits(work, policy, now, limit)
        work.commit()
    return raised


def _by_arrival(submission: Submission) -> tuple[datetime, int]:
    """Of two submissions of one event the first speaks for both: its term was set first."""
    return submission.received_at, submission.revision


def _unsay_what_has_not_come(work: UnitOfWork, now: datetime, limit: int) -> None:
    """A clock that ran ahead and was set back has raised alerts too early; their submissions are looked at anew."""
    for submission_id in work.alerts.unsay(now + CLOCK_SLIP, now, limit):
        work.alerts.watch(submission_id, now)


def _waits_for_iin(work: UnitOfWork, submission: Submission) -> bool:
    entry = work.outbox.get(submission.id) if awaits_iin(submission) else None
    return entry is not None and entry.wait_reason is WaitReason.AWAITING_IIN


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _settle_alerts(work: UnitOfWork, now: datetime, limit: int) -> None:
    """Close the alerts of what was registered, taken back or given; a newer submission inherits what is true of it."""
    over = []
    for handle, alert in work.alerts.outdated(limit):
        heirs = [one for one in work.submissions.of_event(alert.source, alert.event_id) if _inherits(work, one, alert)]
        if heirs:
            work.alerts.hand_over(handle, heirs[-1].id)
        else:
            over.append(handle)
    work.alerts.close(over, now)


def _inherits(work: UnitOfWork, submission: Submission, alert: Alert) -> bool:
    """Whether the alert is as true of this submission as of the one that raised it."""
    if alert.watched in _OF_THE_DAY:
        return False
    if alert.watched is Watched.EMPLOYER:
        return needs_watching(submission) and work.employer_stops.get(submission.employer_bin) is not None
    watched = submission.safe_date if alert.watched in {Watched.SAFE, Watched.TARGET} else submission.legal_date
    return needs_watching(submission) and watched == alert.last_day
