"""The behaviour of every ledger: agents' signs of life, the last exchange, and what an independent watcher sees."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from support.ledger_values import DAY, HOUR, NOW, a_submission, an_acknowledgement, an_attempt
from usrec.adapters.persistence import SqlLedger
from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.source_event import EmployerName, EventId
from usrec.domain.state import State
from usrec.domain.submission import Submission, SubmissionId
from usrec.ports.ledger import UnitOfWork

MINUTE = timedelta(minutes=1)
SINCE = NOW - 10 * MINUTE
LAST_DAY = date(2026, 3, 10)
LONG_AGO = NOW - 9 * DAY
A = Heartbeat("alfa:7", "alfa", "1.2", NOW - HOUR, NOW, 4, draining=False)
B = Heartbeat("beta:8", "beta", "1.2", NOW - DAY, NOW - MINUTE, 2, draining=True)


def beat(ledger: SqlLedger, *signs: Heartbeat) -> None:
    with ledger.begin() as work:
        for sign in signs:
            work.agents.beat(sign)
        work.commit()


def test_ledger_knows_no_agent_before_the_first_sign_of_life(ledger: SqlLedger) -> None:
    assert ledger.view.heartbeats() == []


def test_newest_sign_of_each_agent_is_kept_and_the_newest_comes_first(ledger: SqlLedger) -> None:
    beat(ledger, replace(A, beat_at=NOW - HOUR), B)
    assert ledger.view.heartbeats() == [B, replace(A, beat_at=NOW - HOUR)]
    beat(ledger, replace(A, workers=8))
    assert ledger.view.heartbeats() == [replace(A, workers=8), B]


def test_farewell_stays_with_the_agent_until_it_comes_back(ledger: SqlLedger) -> None:
    beat(ledger, A)
    with ledger.begin() as work:
        work.agents.leave(A.owner, NOW + MINUTE)
        work.agents.leave("nobody:1", NOW)
        work.commit()
    assert ledger.view.heartbeats() == [replace(A, gone_at=NOW + MINUTE)]
    beat(ledger, replace(A, beat_at=NOW + HOUR))
    assert ledger.view.heartbeats() == [replace(A, beat_at=NOW + HOUR)]


def test_agents_that_have_long_been_silent_are_struck_off(ledger: SqlLedger) -> None:
    beat(ledger, A, B)
    with ledger.begin() as work:
        assert work.agents.forget(B.beat_at) == 0
        assert work.agents.forget(A.beat_at) == 1
        work.commit()
    assert ledger.view.heartbeats() == [A]


def test_last_exchange_is_the_newest_answer_and_no_settlement(ledger: SqlLedger) -> None:
    assert ledger.view.last_exchange() is None
    with ledger.begin() as work:
        work.submissions.add(a_submission())
        work.attempts.open(an_attempt(SubmissionId("s1")))
        for number, (kind, hours) in enumerate([("answer", 0), ("answer", 1), ("settlement", 2)]):
            at = NOW + hours * HOUR
            said = an_acknowledgement(SubmissionId("s1"), kind=kind, signed_digest=f"d{number}", acknowledged_at=at)
            work.acknowledgements.add(said)
        work.commit()
    assert ledger.view.last_exchange() == NOW + HOUR


# -- what a watcher sees


def open_one(work: UnitOfWork, name: str = "s1", *, due_in: timedelta = -HOUR, **changes: Any) -> Submission:
    """A submission that was taken long ago and whose legal date ends after ``due_in``."""
    submission = replace(
        a_submission(name, received_at=LONG_AGO, due_utc=NOW + due_in, safe_utc=NOW + due_in),
        **changes,
    )
    work.submissions.add(submission)
    return submission


def raised(of: Submission, threshold: Threshold, **changes: Any) -> Alert:
    alert = Alert(
        submission_id=of.id,
        source=of.source,
        event_id=of.event_id,
        watched=Watched.LEGAL,
        threshold=threshold,
        operation=of.operation,
        employer=of.employer,
        last_day=LAST_DAY,
        raised_at=NOW,
        tell_at=NOW,
    )
    return replace(alert, **changes)


def test_watcher_sees_agents_overdue_ones_and_alerts_that_nobody_got(ledger: SqlLedger) -> None:
    beat(ledger, A)
    with ledger.begin() as work:
        late = open_one(work, "late")
        open_one(work, "registered", state=State.ACCEPTED)
        open_one(work, "replaced", state=State.REJECTED, replaced_by=late.id)
        open_one(work, "in time", due_in=HOUR * 30)
        open_one(work, "without term", due_utc=None, legal_date=None)
        work.alerts.add([raised(late, Threshold.MISSED, tell_at=SINCE)])
        work.employer_stops.add(EmployerStop("200940000013", EmployerName("main"), SINCE, "asel", "by hand"))
        work.commit()
    sight = ledger.view.sight(NOW, SINCE)
    assert list(sight.agents) == [A]
    assert list(sight.overdue) == ["late"]
    assert sight.stops == {"main": SINCE}
    assert list(sight.unwatched) == []
    assert (sight.undelivered, sight.undelivered_since) == (1, SINCE)


@pytest.mark.parametrize(
    ("due_in", "enough"),
    [
        (-10 * MINUTE, {Threshold.MISSED}),
        (4 * HOUR - 10 * MINUTE, {Threshold.HOURS_4, Threshold.MISSED}),
        (DAY - 10 * MINUTE, {Threshold.DAY_1, Threshold.HOURS_4, Threshold.MISSED}),
    ],
)
def test_crossed_threshold_needs_its_alert_or_a_later_one(
    ledger: SqlLedger, due_in: timedelta, enough: set[Threshold]
) -> None:
    """An agent that looks late raises only the last threshold that is behind it."""
    with ledger.begin() as work:
        for threshold in Threshold:
            one = open_one(work, threshold.value, due_in=due_in)
            work.alerts.add([raised(one, threshold)])
        work.commit()
    assert set(ledger.view.sight(NOW, SINCE).unwatched) == {one.value for one in set(Threshold) - enough}


def test_threshold_that_was_crossed_just_now_may_still_wait_for_its_alert(ledger: SqlLedger) -> None:
    a_moment = timedelta(microseconds=1)
    with ledger.begin() as work:
        for name, before in (("missed", timedelta(0)), ("4 hours", 4 * HOUR), ("1 day", DAY)):
            one = open_one(work, name, due_in=before - 10 * MINUTE + a_moment)
            earlier = {"missed": Threshold.HOURS_4, "4 hours": Threshold.DAY_1}.get(name)
            work.alerts.add([raised(one, earlier)] if earlier else [])
        open_one(work, "taken late", received_at=SINCE + a_moment)
        work.commit()
    assert ledger.view.sight(NOW, SINCE).unwatched == []


def test_alert_counts_for_its_event_whichever_submission_raised_it_and_for_its_date_alone(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        refused = open_one(work, "refused", state=State.REJECTED, replaced_by=SubmissionId("retried"))
        open_one(work, "retried", event_id=refused.event_id)
        other = open_one(work, "other date")
        elsewhere = open_one(work, "elsewhere")
        safe = open_one(work, "safe date")
        work.alerts.add(
            [
                raised(refused, Threshold.MISSED),
                raised(other, Threshold.MISSED, last_day=LAST_DAY - DAY),
                raised(elsewhere, Threshold.MISSED, event_id=EventId("another")),
                raised(safe, Threshold.MISSED, watched=Watched.SAFE),
            ]
        )
        work.commit()
    assert list(ledger.view.sight(NOW, SINCE).unwatched) == ["elsewhere", "other date", "safe date"]


@pytest.mark.parametrize(("late", "unwatched"), [(timedelta(0), ["s1"]), (MINUTE, [])])
def test_submission_that_no_agent_looked_at_in_time_is_not_watched(
    ledger: SqlLedger, late: timedelta, unwatched: list[str]
) -> None:
    """Whatever its date is, and although its alerts are there."""
    with ledger.begin() as work:
        one = open_one(work)
        work.alerts.add([raised(one, Threshold.MISSED)])
        work.alerts.watch(one.id, SINCE + late)
        settled = open_one(work, "settled", state=State.ACCEPTED)
        work.alerts.watch(settled.id, SINCE)
        work.commit()
    assert list(ledger.view.sight(NOW, SINCE).unwatched) == unwatched


def test_submission_that_waits_for_its_first_look_is_not_called_unwatched_for_its_old_date(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        one = open_one(work)
        work.alerts.watch(one.id, NOW - MINUTE)
        work.commit()
    assert ledger.view.sight(NOW, SINCE).unwatched == []
