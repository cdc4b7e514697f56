"""Look ahead: what the queue and its rate will lead to, and whom that should wake.

The same for the agent, for ``usrec status`` and for metrics: all of it is read from the ledger, so that what one says
the others say too, whichever process asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.forecast import WINDOW, Forecast, foretell, rate_of
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.last_day import Advice, advise, day_bound, is_time
from usrec.domain.submission import SubmissionId
from usrec.domain.watch import WatchPolicy, foretold_late, last_day_alert, needs_watching
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger, UnitOfWork
from usrec.ports.ledger_view import LedgerView

_THRESHOLDS: Final[Mapping[Advice, Threshold]] = {
    Advice.PORTAL: Threshold.ENTER_BY_HAND,
    Advice.FIND_OUT: Threshold.FIND_OUT,
}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What lies ahead at one moment."""

    forecast: Forecast
    advice: Mapping[SubmissionId, Advice]

    @classmethod
    def of(cls, view: LedgerView, now: datetime, cap: int | None, portal_from: time) -> Foreseen:
        """Look at the ledger; nothing is changed."""
        forecast = foresee(view=view, now=now, cap=cap)
        return cls(forecast, last_day_advice(view=view, forecast=forecast, now=now, portal_from=portal_from))


def foresee(*, view: LedgerView, now: datetime, cap: int | None) -> Forecast:
    """What becomes of the queue.

    Args:
        cap: Most messages per minute by the settings.
    """
    load = view.queue_load(now, now - WINDOW)
    return foretell(load, rate_of(load, now, cap), now)


def last_day_advice(
    *, view: LedgerView, forecast: Forecast, now: datetime, portal_from: time
) -> Mapping[SubmissionId, Advice]:
    """What to do about those whose last day by law is today and that will not make it; nothing before that time."""
    return advise(view.last_day(day_bound(now)), forecast) if is_time(now, portal_from) else {}


def watch_forecast(*, ledger: Ledger, view: LedgerView, policy: WatchPolicy, clock: Clock, cap: int | None) -> int:
    """Raise what the forecast and the last day call for; returns how many alerts are new."""
    now = clock.now()
    ahead = Foreseen.of(view, now, cap, policy.portal_from)
    with ledger.begin() as work:
        raised = _tell_of_the_line(work, ahead.forecast, policy, now) + _tell_of_the_day(work, ahead.advice, now)
        work.commit()
    return raised


def _tell_of_the_line(work: UnitOfWork, forecast: Forecast, policy: WatchPolicy, now: datetime) -> int:
    """Once a day, and again when an earlier date is lost than was told; what is not true any more is closed."""
    today = _of_today(work, Watched.FORECAST, now)
    if forecast.late == 0:
        work.alerts.close([handle for handle, _ in today], now)
    if not forecast.misses:
        return 0
    worst = min(forecast.misses, key=lambda group: group.due_utc)
    known = [work.submissions.get(alert.submission_id) for _, alert in today]
    if any(one is not None and one.due_utc is not None and one.due_utc <= worst.due_utc for one in known):
        return 0
    late = work.submissions.get(worst.last)
    if late is None or not needs_watching(late):
        return 0
    work.alerts.close([handle for handle, _ in today], now)
    return len(work.alerts.add([foretold_late(late, now, policy.digests)]))


def _tell_of_the_day(work: UnitOfWork, advice: Mapping[SubmissionId, Advice], now: datetime) -> int:
    """Each once; whoever sent or entered it meanwhile has it settled, and its alert with it."""
    told = {alert.submission_id: alert for _, alert in _of_today(work, Watched.PORTAL, now)}
    raised = 0
    for submission_id, what in advice.items():
        threshold, known = _THRESHOLDS[what], told.get(submission_id)
        submission = work.submissions.get(submission_id) if known is None or known.threshold != threshold else None
        if submission is not None and needs_watching(submission):
            raised += len(work.alerts.add([last_day_alert(submission, threshold, now)]))
    return raised


def _of_today(work: UnitOfWork, watched: Watched, now: datetime) -> Sequence[tuple[int, Alert]]:
    """What was told today; what was told of an earlier day is over with it."""
    today = kazakhstan_date(now)
    told = work.alerts.foretold(watched, today)
    work.alerts.close([handle for handle, alert in told if alert.last_day < today], now)
    return [(handle, alert) for handle, alert in told if alert.last_day >= today]
