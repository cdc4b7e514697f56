"""Alerts on record: each threshold once, durable before any sink is asked, delivered until a sink took them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from support.line import DAY, HOUR, TIMEOUT, Line, WeekdayCalendar, refused
from usrec.application.watch_deadlines import deliver_alerts, watch_deadlines
from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.errors import SourceUnavailable


class Postbox:
    """A sink that takes alerts, or does not."""

    def __init__(self) -> None:
        self.got: list[Alert] = []
        self.open = True

    def deliver(self, alerts: Sequence[Alert]) -> None:
        if not self.open:
            raise SourceUnavailable("the mail server does not answer")
        self.got += alerts


def watched(line: Line, limit: int = 500) -> int:
    return watch_deadlines(ledger=line.ledger, calendar=line.calendar, clock=line.clock, limit=limit)


def delivered(line: Line, sink: Postbox, limit: int = 100) -> int:
    return deliver_alerts(ledger=line.ledger, sink=sink, clock=line.clock, limit=limit)


def raised(line: Line) -> list[tuple[Watched, Threshold]]:
    with line.ledger.begin() as work:
        return [(alert.watched, alert.threshold) for _, alert in work.alerts.undelivered(99)]


def test_each_threshold_of_each_date_is_raised_once_on_the_way(line: Line) -> None:
    line.take("c1")
    due = line.of("c1").due_utc
    assert due is not None
    while line.clock.now() < due + DAY:
        watched(line)
        line.clock.advance(HOUR)
    both = [(date, threshold) for threshold in Threshold for date in Watched]
    assert sorted(raised(line)) == sorted(both)
    assert watched(line) == 0


def test_count_is_of_new_alerts(line: Line) -> None:
    line.take("c1")
    line.clock.advance(60 * DAY)
    assert watched(line) == 2
    assert raised(line) == [(Watched.SAFE, Threshold.MISSED), (Watched.LEGAL, Threshold.MISSED)]


def test_looking_twice_at_one_moment_raises_nothing_twice(line: Line) -> None:
    submission = line.take("c1")
    line.clock.advance(60 * DAY)
    watched(line)
    with line.work() as work:
        work.alerts.watch(submission.id, line.clock.now())
    assert watched(line) == 0
    assert len(raised(line)) == 2


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
    with line.ledger.begin() as work:
        names = {alert.submission_id for _, alert in work.alerts.undelivered(99)}
    assert names == {line.of("c1").id}


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


def test_alert_is_delivered_once(line: Line) -> None:
    sink = Postbox()
    line.take("c1")
    line.clock.advance(60 * DAY)
    watched(line)
    assert delivered(line, sink, limit=1) == 1
    assert delivered(line, sink) == 1
    assert delivered(line, sink) == 0
    assert [alert.watched for alert in sink.got] == [Watched.SAFE, Watched.LEGAL]


def test_sink_that_does_not_answer_gets_the_alert_later(line: Line) -> None:
    sink = Postbox()
    sink.open = False
    line.take("c1")
    line.clock.advance(60 * DAY)
    watched(line)
    assert delivered(line, sink) == 0
    sink.open = True
    assert delivered(line, sink) == 2


def test_sink_that_breaks_is_not_silenced(line: Line) -> None:
    class Broken(Postbox):
        def deliver(self, alerts: Sequence[Alert]) -> None:
            raise ZeroDivisionError

    line.take("c1")
    line.clock.advance(60 * DAY)
    watched(line)
    with pytest.raises(ZeroDivisionError):
        delivered(line, Broken())
    assert len(raised(line)) == 2
