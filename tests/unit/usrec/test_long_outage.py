"""The gateway is down for three days, in simulated time: nothing is lost, nobody storms, everybody is told in time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from support.desk import Desk
from support.line import DAY, HOUR, TODAY, UNREACHABLE, Line
from usrec.application.foresee import watch_forecast
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import OpenAlert, Threshold, Watched
from usrec.domain.digest import DigestPolicy
from usrec.domain.state import State
from usrec.domain.watch import WatchPolicy
from usrec.ports.alert_sink import LOG

PAUSE = timedelta(minutes=10)
CONTRACTS = 120
"""So many wait, half of them with little time: terminations of the last days."""


def look(line: Line) -> list[OpenAlert]:
    """All that is told until now and still true."""
    policy = WatchPolicy(DigestPolicy(line.calendar.common), line.calendar)
    watch_deadlines(ledger=line.ledger, policy=policy, clock=line.clock)
    watch_forecast(ledger=line.ledger, view=line.ledger.view, policy=policy, clock=line.clock, cap=None)
    with line.ledger.begin() as work:
        return [one.open for one in work.alert_sinks.untold(LOG, line.clock.now(), 5000, at_once=True)]


def arrive(line: Line) -> dict[str, datetime]:
    """Everything that waits, with the end of its safe date; rows come in no particular order."""
    for number in range(CONTRACTS):
        if number % 2:
            day = str(TODAY + timedelta(days=-(number % 3)))
            line.enter(f"t{number}", "termination", contract=f"K{number}", contract_id="R", termination_date=day)
        else:
            line.enter(f"c{number}", contract=f"K{number}")
    line.ingest(CONTRACTS)
    found = {event: line.entry(event).priority for event in line.states()}
    assert len(found) == CONTRACTS
    return found


def test_gateway_that_is_down_for_three_days(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(line, monkeypatch, breaker_failures=3, breaker_pause=PAUSE.total_seconds())
    due = arrive(line)
    legal = {event: line.of(event).due_utc for event in due}
    desk.say = UNREACHABLE
    began, told = line.clock.now(), dict[str, set[tuple[Watched, Threshold]]]()
    while line.clock.now() < began + 3 * DAY:
        desk.work()
        if (line.clock.now() - began) % HOUR == timedelta(0):
            for one in look(line):
                told.setdefault(one.alert.event_id, set()).add((one.alert.watched, one.alert.threshold))
                bound = legal[one.alert.event_id]
                assert bound is not None
                assert one.alert.threshold is Threshold.MISSED or line.clock.now() <= bound
        line.clock.advance(PAUSE)
    came_due = {event for event, bound in legal.items() if bound is not None and bound <= line.clock.now()}
    assert 20 <= len(came_due) < CONTRACTS
    for event in came_due:
        assert (Watched.LEGAL, Threshold.HOURS_4) in told[event], "no alert before its legal date"
        assert (Watched.PORTAL, Threshold.ENTER_BY_HAND) in told[event]
    tries = {event: len(line.attempts(event)) for event in due}
    assert sum(tries.values()) <= 3 + 3 * DAY / PAUSE
    first = sorted(due, key=lambda event: due[event])[:50]
    assert min(tries[event] for event in first) >= desk.agent.policy.retry.in_time, "its share of tries is on record"

    desk.say = line.registers
    sent = desk.work()
    while line.clock.now() < began + 4 * DAY and len(sent) < CONTRACTS:
        line.clock.advance(PAUSE)
        sent += desk.work()
    assert sorted(sent) == sorted(due), "one is lost, or was sent twice"
    assert set(line.states().values()) == {State.ACCEPTED.value}
    behind_the_probe = sent[1:]
    assert [due[event] for event in behind_the_probe] == sorted(due[event] for event in behind_the_probe)
    assert line.clock.now() <= began + 3 * DAY + 2 * PAUSE, "what waited was held back by its own wait"
