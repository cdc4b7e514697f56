"""The behaviour of every ledger: what a forecast and the last day rest on, and what they cost."""

from datetime import date, timedelta
from typing import Any

from support.ledger_values import (
    BIN,
    DAY,
    HOUR,
    NOW,
    a_submission,
    an_alert,
    an_attempt,
    an_entry,
    enqueued,
)
from usrec.adapters.persistence import SqlLedger
from usrec.domain.alert import Threshold, Watched
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.forecast import QueueGroup
from usrec.domain.source_event import EmployerName, EventId
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason
from usrec.domain.verdict import Ending
from usrec.ports.attempts import AttemptClosing
from usrec.ports.ledger import UnitOfWork

MINUTE = timedelta(minutes=1)
SAFE, DUE = NOW + 7 * DAY, NOW + 8 * DAY
RETRY, DATED = QueueStatus.SCHEDULED, NOW + 9 * DAY


def put(work: UnitOfWork, name: str, **entry: Any) -> None:
    enqueued(work, name, entry=entry)


def tried(work: UnitOfWork, name: str, ending: Ending, ago: timedelta, number: int = 1) -> None:
    attempt = an_attempt(SubmissionId(name), number)
    work.attempts.open(attempt)
    work.attempts.close(attempt.id, AttemptClosing(ending, NOW - ago, "", "", b""))


def test_empty_ledger_has_no_load(ledger: SqlLedger) -> None:
    load = ledger.view.queue_load(NOW, NOW - HOUR)
    assert (load.groups, load.dated, load.dated_late, load.since) == ([], 0, 0, NOW - HOUR)
    assert (load.tried, load.decided, load.in_vain_since) == (0, 0, None)
    assert ledger.view.last_day(DUE) == []


def test_what_the_agent_sends_by_itself_is_grouped_by_dates_and_the_rest_left_out(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        put(work, "a")
        put(work, "b", status=RETRY, wait_reason=WaitReason.GATEWAY_UNREACHABLE, available_at=NOW + HOUR)
        put(work, "c", status=QueueStatus.BLOCKED, wait_reason=WaitReason.PREDECESSOR_OPEN)
        put(work, "early", priority=NOW + DAY)
        put(work, "held", status=QueueStatus.HELD, wait_reason=WaitReason.HELD_BY_PERSON)
        put(work, "keyless", status=RETRY, wait_reason=WaitReason.KEY_UNUSABLE)
        put(work, "refused", status=QueueStatus.BLOCKED, wait_reason=WaitReason.PREDECESSOR_REFUSED)
        put(work, "paper", status=RETRY, wait_reason=WaitReason.PAPER_DATE, available_at=NOW + DAY)
        put(work, "late", status=RETRY, wait_reason=WaitReason.REPLAY, available_at=DATED)
        work.commit()
    load = ledger.view.queue_load(NOW, NOW - HOUR)
    assert load.groups == [
        QueueGroup(NOW + DAY, DUE, 1, SubmissionId("early")),
        QueueGroup(SAFE, DUE, 3, SubmissionId("c")),
    ]
    assert (load.dated, load.dated_late) == (2, 1)


def test_nothing_of_a_stopped_employer_is_in_the_load(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        put(work, "a")
        work.employer_stops.add(EmployerStop(BIN, EmployerName("main"), NOW, "asel"))
        work.commit()
    assert ledger.view.queue_load(NOW, NOW - HOUR).groups == []
    (case,) = ledger.view.last_day(DUE)
    assert (case.wait_reason, case.in_line) == (WaitReason.EMPLOYER_STOPPED, False)


def test_exchanges_count_from_when_something_has_waited_all_along(ledger: SqlLedger) -> None:
    """Those before tell nothing: the line was empty between them."""
    with ledger.begin() as work:
        put(work, "waits", available_at=NOW - 10 * MINUTE)
        for name in "abcd":
            put(work, name, status=RETRY, wait_reason=WaitReason.PAPER_DATE, available_at=DATED)
        tried(work, "a", Ending.REGISTERED, 12 * MINUTE)
        tried(work, "b", Ending.REFUSED, 9 * MINUTE)
        tried(work, "c", Ending.NOTHING_SENT, 8 * MINUTE)
        tried(work, "d", Ending.UNKNOWN, 7 * MINUTE)
        tried(work, "c", Ending.NOTHING_SENT, 6 * MINUTE, 2)
        work.commit()
    load = ledger.view.queue_load(NOW, NOW - 15 * MINUTE)
    assert (load.since, load.tried, load.decided) == (NOW - 10 * MINUTE, 4, 1)
    assert load.in_vain_since == NOW - 8 * MINUTE


def test_last_day_tells_what_may_have_arrived(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        for name in ("fresh", "unreached", "unknown", "dead"):
            put(work, name)
        work.submissions.add(a_submission("other", due_utc=DUE + DAY))
        work.outbox.put(an_entry(a_submission("other")))
        work.submissions.add(a_submission("settled", state=State.ACCEPTED))
        tried(work, "unreached", Ending.NOTHING_SENT, MINUTE)
        tried(work, "unknown", Ending.UNKNOWN, MINUTE)
        work.attempts.open(an_attempt(SubmissionId("dead")))
        work.commit()
    found = {case.id: case.may_have_arrived for case in ledger.view.last_day(DUE)}
    assert found == {"fresh": False, "unreached": False, "unknown": True, "dead": True}
    assert all(case.in_line is True for case in ledger.view.last_day(DUE))


def test_probe_takes_the_most_urgent_one_with_too_few_tries(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        put(work, "often", priority=NOW, attempts=6)
        put(work, "twice", priority=NOW + DAY, attempts=2)
        put(work, "never", priority=NOW + 2 * DAY)
        work.commit()

    def next_one() -> list[str]:
        with ledger.begin() as work:
            claims = work.outbox.claim("me", NOW, HOUR, 1, tried_less_than=6)
            work.commit()
        return [one.submission.id for one in claims]

    assert [next_one(), next_one(), next_one()] == [["twice"], ["never"], []]


def test_what_was_foretold_is_found_by_its_day_or_because_it_is_open(ledger: SqlLedger) -> None:
    today = date(2026, 3, 2)

    def told(name: str, day: date) -> Any:
        kind = {"watched": Watched.FORECAST, "threshold": Threshold.WILL_BE_LATE}
        return an_alert(SubmissionId(name), event_id=EventId(name), last_day=day, **kind)

    with ledger.begin() as work:
        for name in ("closed", "open", "today"):
            work.submissions.add(a_submission(name))
        days = {"closed": today - DAY, "open": today - DAY, "today": today}
        work.alerts.add([told(name, day) for name, day in days.items()])
        work.alerts.add([an_alert(SubmissionId("open"))])
        found = work.alerts.foretold(Watched.FORECAST, today - DAY)
        work.alerts.close([handle for handle, alert in found if alert.submission_id in {"closed", "today"}], NOW)
        found = work.alerts.foretold(Watched.FORECAST, today)
    assert [alert.submission_id for _, alert in found] == ["open", "today"]
