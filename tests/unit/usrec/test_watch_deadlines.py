"""Alerts on record: each threshold once for an event, whoever stands for it, until there is nothing left to tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from support.line import ASEL, DAY, HOUR, TIMEOUT, Line, PlainRenderer, WeekdayCalendar, refused
from usrec.application.settle import Settlement, settle
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import GENTLE, OF_ANSWERS, Alert, Threshold, Watched
from usrec.domain.digest import DigestPolicy
from usrec.domain.state import State
from usrec.domain.watch import WatchPolicy
from usrec.ports.alert_sink import LOG, AlertMessageId

MISSED = [(Watched.SAFE, Threshold.MISSED), (Watched.LEGAL, Threshold.MISSED)]

OF_THE_LINE = {Threshold.WILL_BE_LATE, Threshold.ENTER_BY_HAND, Threshold.FIND_OUT}
"""Raised by the forecast."""


def watched(line: Line, limit: int = 500) -> int:
    policy = WatchPolicy(DigestPolicy(line.calendar.common), line.calendar)
    return watch_deadlines(ledger=line.ledger, policy=policy, clock=line.clock, limit=limit)


def open_alerts(line: Line) -> Sequence[Alert]:
    with line.ledger.begin() as work:
        return [one.open.alert for one in work.alert_sinks.untold(LOG, line.clock.now(), 99, at_once=True)]


def raised(line: Line) -> list[tuple[Watched, Threshold]]:
    return [(alert.watched, alert.threshold) for alert in open_alerts(line)]


def test_each_threshold_of_each_date_is_raised_once_on_the_way(line: Line) -> None:
    line.take("c1")
    due = line.of("c1").due_utc
    assert due is not None
    seen = []
    while line.clock.now() < due + DAY:
        if watched(line):
            seen += [one for one in raised(line) if one not in seen]
        line.clock.advance(HOUR)
    dates = (Watched.SAFE, Watched.LEGAL)
    others_too = {Threshold.LATE_ENTRY, Threshold.STOPPED, Threshold.CLOCK_WRONG, Threshold.KEY_UNUSABLE}
    of_dates = set(Threshold) - GENTLE - OF_ANSWERS - others_too - OF_THE_LINE
    both = [(date, threshold) for threshold in of_dates for date in dates]
    assert sorted(seen) == sorted(both)
    assert watched(line) == 0


def test_count_is_of_new_alerts(line: Line) -> None:
    line.take("c1")
    line.clock.advance(60 * DAY)
    assert watched(line) == 2
    assert raised(line) == MISSED


def test_looking_twice_at_one_moment_raises_nothing_twice(line: Line) -> None:
    submission = line.take("c1")
    line.clock.advance(60 * DAY)
    watched(line)
    with line.work() as work:
        work.alerts.watch(submission.id, line.clock.now())
    assert watched(line) == 0
    assert len(raised(line)) == 2


def test_clock_that_jumped_ahead_and_back_leaves_nothing_missed_and_nothing_unwatched(line: Line) -> None:
    line.take("c1")
    due, start = line.of("c1").due_utc, line.clock.now()
    assert due is not None
    line.clock.advance(60 * DAY)
    watched(line)
    assert raised(line) == MISSED
    take_all(line)
    line.clock.set(start + HOUR)
    watched(line)
    assert raised(line) == []
    line.clock.set(due - HOUR)
    watched(line)
    assert (Watched.LEGAL, Threshold.HOURS_4) in raised(line)
    line.clock.set(due)
    watched(line)
    assert (Watched.LEGAL, Threshold.MISSED) in raised(line), "told again: what was told before was not true"
    watched(line)
    assert (Watched.LEGAL, Threshold.MISSED) in raised(line)


def take_all(line: Line) -> None:
    """The log takes what there is."""
    with line.work() as work:
        assert work.alert_sinks.failures(LOG, line.clock.now()) == 0
        found = work.alert_sinks.untold(LOG, line.clock.now(), 99, at_once=True)
        message = AlertMessageId("m")
        handles = [one.handle for one in found]
        work.alert_sinks.begin(LOG, message, handles, owner="me", until=line.clock.now() + HOUR)
        work.alert_sinks.taken(LOG, message, line.clock.now(), owner="me")


def test_days_off_move_the_threshold(line: Line) -> None:
    submission = line.take("c1")
    assert submission.legal_date is not None
    early = [submission.legal_date - timedelta(days=days) for days in range(1, 7)]
    watched(line)
    assert raised(line) == []
    line.calendar = WeekdayCalendar(*early)
    with line.work() as work:
        work.alerts.watch(submission.id, line.clock.now())
    watched(line)
    assert (Watched.LEGAL, Threshold.WORKING_DAYS_3) in raised(line)


def test_registered_in_time_raises_nothing(line: Line) -> None:
    line.register("c1")
    line.clock.advance(60 * DAY)
    assert watched(line) == 0


def test_refused_and_doubtful_ones_are_watched_on(line: Line) -> None:
    line.take("c1")
    line.send(refused("SCSE007"))
    line.take("c2", contract="K-2")
    line.send(TIMEOUT)
    line.take("c3", contract="K-3", employee_iin=None)
    line.clock.advance(60 * DAY)
    assert watched(line) == 6


def test_replaced_revision_is_not_watched_any_more(line: Line) -> None:
    line.take("c1", employee_iin=None)
    line.take("c1", revision=2)
    line.clock.advance(60 * DAY)
    watched(line)
    assert {alert.submission_id for alert in open_alerts(line)} == {line.of("c1").id}


def test_refused_revision_of_a_registered_event_raises_nothing(line: Line) -> None:
    line.register("c1")
    line.take("c1", revision=2)
    line.clock.advance(60 * DAY)
    assert watched(line) == 0


def test_limit_leaves_the_rest_for_the_next_look(line: Line) -> None:
    for number in range(3):
        line.take(f"c{number}", contract=f"K-{number}")
    line.clock.advance(60 * DAY)
    assert [watched(line, limit=2) for _ in range(3)] == [4, 2, 0]


def test_what_was_registered_meanwhile_has_nothing_left_to_tell(line: Line) -> None:
    line.take("c1")
    line.clock.advance(60 * DAY)
    watched(line)
    line.deliver_all()
    assert raised(line) == [], "even before the next look"
    watched(line)
    with line.ledger.begin() as work:
        assert work.alerts.outdated(99) == []


def test_person_who_retries_is_not_told_the_same_again(line: Line) -> None:
    line.take("c1")
    line.send(refused("SCSE007"))
    line.clock.advance(60 * DAY)
    assert watched(line) == 2
    retried = line.retry("c1")
    assert watched(line) == 0
    assert raised(line) == MISSED
    assert {alert.submission_id for alert in open_alerts(line)} == {retried.id}


def test_hr_that_mends_a_row_is_not_told_the_same_again(line: Line) -> None:
    line.take("c1", employee_iin=None)
    line.clock.advance(60 * DAY)
    assert watched(line) == 2
    mended = line.take("c1", revision=2)
    assert watched(line) == 0
    assert {alert.submission_id for alert in open_alerts(line)} == {mended.id}


def test_row_that_is_mended_after_its_alerts_were_closed_stands_for_them_again(line: Line) -> None:
    line.take("c1", employee_iin=None)
    line.clock.advance(60 * DAY)
    watched(line)
    line.cancel("c1")
    watched(line)
    assert raised(line) == []
    mended = line.take("c1", revision=2)
    assert watched(line) == 0
    assert [alert.submission_id for alert in open_alerts(line)] == [mended.id, mended.id]


def test_another_date_is_told_although_the_event_is_the_same(line: Line) -> None:
    first = line.take("c1", employee_iin=None)
    line.clock.advance(60 * DAY)
    watched(line)
    assert first.trigger is not None
    later = (first.trigger + DAY).isoformat()
    line.take("c1", revision=2, signed_on=later, employee_iin=None)
    assert watched(line) == 2
    assert {alert.last_day for alert in open_alerts(line)} == {line.of("c1").safe_date, line.of("c1").legal_date}


def test_event_that_proves_registered_has_nothing_left_to_tell_whatever_came_after_it(line: Line) -> None:
    """A revision for another contract is refused while the first is in doubt; the term was that of the first."""
    first = line.take("c1")
    line.send(TIMEOUT)
    other = line.take("c1", revision=2, contract="K-2")
    assert other.state is State.INVALID
    line.clock.advance(60 * DAY)
    watched(line)
    assert {alert.submission_id for alert in open_alerts(line)} == {first.id}
    found = Settlement(accepted=True, contract_id="R-1", evidence=b"a letter")
    settle(first.id, found, ASEL, ledger=line.ledger, clock=line.clock)
    watched(line)
    assert raised(line) == []


def test_late_entry_is_raised_with_the_legal_date(line: Line) -> None:
    submission = line.take("c1", employee_iin=None)
    line.clock.advance(3 * DAY)
    watched(line)
    late = [alert for alert in open_alerts(line) if alert.watched is Watched.ENTRY]
    assert [(alert.threshold, alert.last_day) for alert in late] == [
        (Threshold.LATE_ENTRY, submission.legal_date),
    ]


def test_late_entry_is_raised_in_time_also_when_only_the_document_shows_the_fault(line: Line) -> None:
    submission = line.take("c1")
    watched(line)
    line.renderer = PlainRenderer()
    line.renderer.refuses = "it is too long"
    line.send()
    assert line.of("c1").state is State.INVALID
    with line.ledger.begin() as work:
        (again,) = work.alerts.to_watch(line.clock.now(), 9)
    assert again.id == submission.id
