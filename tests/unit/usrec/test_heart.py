"""A running agent's signs of life: from its first second to its farewell, whatever its other threads do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from support.line import DAY, HOUR, MONDAY, Line
from support.line_agent import agent_of, answering
from usrec import release
from usrec.adapters.persistence.agents import SqlAgents
from usrec.domain.errors import LedgerUnavailable
from usrec.domain.heartbeat import BEAT_EVERY, Heartbeat
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.interfaces import heart as heart_module
from usrec.interfaces.daemon import Daemon
from usrec.interfaces.heart import Heart

SECOND = timedelta(seconds=1)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with capture_logs() as captured:
        monkeypatch.setattr(heart_module, "_log", structlog.get_logger("fresh"))
        yield captured


def heart_of(line: Line, *hung: str) -> Heart:
    return Heart(line.clock, lambda: hung)


def signs(line: Line) -> list[Heartbeat]:
    return list(line.ledger.view.heartbeats())


def test_beat_says_who_the_agent_is_and_since_when(line: Line) -> None:
    heart, agent = heart_of(line), agent_of(line, workers=3)
    line.clock.advance(HOUR)
    heart.beat(agent, draining=True)
    assert signs(line) == [Heartbeat("host:1", "host", release(), MONDAY, MONDAY + HOUR, 3, draining=True)]


def test_farewell_is_said_once_and_revoked_by_the_next_beat(line: Line) -> None:
    heart, agent = heart_of(line), agent_of(line)
    heart.beat(agent, draining=False)
    line.clock.advance(SECOND)
    heart.stop(agent)
    assert [sign.gone_at for sign in signs(line)] == [MONDAY + SECOND]
    heart.beat(agent, draining=False)
    assert [sign.gone_at for sign in signs(line)] == [None]


def test_agent_whose_thread_hangs_gives_no_sign(line: Line) -> None:
    heart_of(line, "upkeep").beat(agent_of(line), draining=False)
    assert signs(line) == []


def test_agents_of_last_month_are_struck_off(line: Line) -> None:
    with line.work() as work:
        work.agents.beat(Heartbeat("old:1", "old", "1", MONDAY - 30 * DAY, MONDAY - 8 * DAY, 4, draining=False))
        work.agents.beat(Heartbeat("new:1", "new", "1", MONDAY - 30 * DAY, MONDAY - 6 * DAY, 4, draining=False))
    heart_of(line).beat(agent_of(line), draining=False)
    assert [sign.host for sign in signs(line)] == ["host", "new"]


@pytest.mark.parametrize(("silence", "every"), [(timedelta(minutes=10), BEAT_EVERY), (8 * SECOND, 2 * SECOND)])
def test_it_beats_several_times_before_anybody_misses_it(line: Line, silence: timedelta, every: timedelta) -> None:
    assert heart_of(line).loop(silence, draining=False).every == every.total_seconds()


def test_farewell_that_the_ledger_does_not_take_is_only_a_warning(
    line: Line, monkeypatch: pytest.MonkeyPatch, log: Any
) -> None:
    def locked(*_: object) -> None:
        raise LedgerUnavailable("it is locked")

    monkeypatch.setattr(SqlAgents, "leave", locked)
    heart_of(line).stop(agent_of(line))
    assert [(line["log_level"], line["action"]) for line in log] == [("warning", "agent.no_farewell")]


def test_agent_lives_while_all_its_other_threads_are_busy_and_says_goodbye(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HR's database and the gateway both keep it waiting; the signs go on coming."""
    line.take("c1")
    stop, released = threading.Event(), threading.Event()
    beats: list[Heartbeat] = []
    real = SqlAgents.beat

    def noted(self: SqlAgents, sign: Heartbeat) -> None:
        real(self, sign)
        beats.append(sign)
        if len(beats) == 3:
            released.set()
            stop.set()

    def slow(envelope: Envelope) -> SubmissionOutcome:
        assert released.wait(30)
        return line.registers(envelope)

    answering(line, monkeypatch, slow)
    monkeypatch.setattr(SqlAgents, "beat", noted)
    monkeypatch.setattr(line.source, "fetch", lambda _: released.wait(30) and [])
    monkeypatch.setattr(line.source, "write_back", lambda _: released.wait(30))
    monkeypatch.setattr(heart_module, "BEAT_EVERY", timedelta(milliseconds=5))
    Daemon(agent_of(line, workers=1), stop).run(drain=False)
    assert len(beats) == 3
    assert [sign.gone_at for sign in signs(line)] == [line.clock.now()]
