"""The longer a look takes, the longer until the next one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from support.line import Line
from support.line_agent import agent_of
from support.seconds import Seconds
from usrec.adapters.persistence.view import SqlLedgerView
from usrec.bootstrap import Agent
from usrec.domain.errors import LedgerUnavailable
from usrec.interfaces.foresight import LOOK_EVERY, Foresight
from usrec.interfaces.health import Health, Vitals
from usrec.interfaces.seldom import Seldom


def test_a_look_takes_a_hundredth_of_the_time() -> None:
    seconds = Seconds()
    looks = Seldom(seconds)
    assert looks.is_due()
    with looks.taken():
        seconds.now += 0.5
    assert not looks.is_due()
    seconds.now += 49.9
    assert not looks.is_due()
    seconds.now += 0.2
    assert looks.is_due()


def test_look_that_took_very_long_is_not_the_last_for_hours() -> None:
    seconds = Seconds()
    looks = Seldom(seconds)
    with looks.taken():
        seconds.now += 60
    seconds.now += 299
    assert not looks.is_due()
    seconds.now += 2
    assert looks.is_due()


def test_look_that_failed_is_due_at_once() -> None:
    looks = Seldom(Seconds())
    with pytest.raises(LedgerUnavailable), looks.taken():
        raise LedgerUnavailable("away")
    assert looks.is_due()


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    """The machine's, beside a ledger that needs two of them to count what waits."""
    found = Seconds()

    def slow(name: str) -> None:
        count = getattr(SqlLedgerView, name)

        def slowly(*args: object) -> object:
            found.now += 2.0
            return count(*args)

        monkeypatch.setattr(SqlLedgerView, name, slowly)

    slow("progress")
    slow("queue_load")
    return found


def test_health_of_a_long_queue_is_counted_seldom_and_the_ledger_asked_each_time(line: Line, seconds: Seconds) -> None:
    agent, vitals = agent_of(line), Vitals(line.clock, seconds)
    vitals.look(agent)
    line.take("c1")
    seconds.now += 15
    vitals.look(agent)
    health = health_of(vitals, agent)
    assert health.outlook is not None
    assert (health.outlook.progress.ready, health.ledger_silent_for) == (0, timedelta(0))
    seconds.now += 200
    vitals.look(agent)
    health = health_of(vitals, agent)
    assert health.outlook is not None
    assert health.outlook.progress.ready == 1


def test_forecast_of_a_long_queue_is_made_seldom(line: Line, seconds: Seconds) -> None:
    agent, foresight = agent_of(line), Foresight(seconds)
    foresight.look(agent)
    began = seconds.now
    line.clock.advance(LOOK_EVERY)
    foresight.look(agent)
    assert seconds.now == began, "two seconds after one that took two"
    seconds.now += 200
    foresight.look(agent)
    assert seconds.now == began + 202


def health_of(vitals: Vitals, agent: Agent) -> Health:
    return vitals.health(agent, hung=(), stopping=False, breakers={}, reload_refused="")
