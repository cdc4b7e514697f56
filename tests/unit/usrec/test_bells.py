"""Doorbells wake an idle agent; one that is lost costs nothing but time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from support.line import Line
from support.line_agent import agent_of, answering
from usrec.adapters.inmemory.doorbell import InMemoryDoorbell
from usrec.adapters.metrics.agent_metrics import as_text
from usrec.application.write_back import write_back
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.source_event import SourceRow
from usrec.interfaces import bells as bells_module
from usrec.interfaces import hr_rows as hr_rows_module
from usrec.interfaces.daemon import Daemon
from usrec.ports.doorbell import Ring

SLEEPY = 3600.0
"""Seconds between two looks of an agent that nobody wakes."""


def soon(reached: Callable[[], object]) -> bool:
    """Whether it comes true long before the agent would look by itself."""
    limit = time.monotonic() + 20
    while not reached():
        if time.monotonic() > limit:
            return False
        time.sleep(0.005)
    return True


@pytest.fixture
def ledger_bell() -> InMemoryDoorbell:
    return InMemoryDoorbell("ledger", Ring.READY)


@pytest.fixture
def hr_bell() -> InMemoryDoorbell:
    return InMemoryDoorbell("source.hr", Ring.ROWS)


@contextmanager
def at_work(line: Line, *bells: InMemoryDoorbell) -> Iterator[Daemon]:
    """An agent that sleeps for an hour when it finds nothing, and has had its first look."""
    agent = Daemon(replace(agent_of(line, poll=SLEEPY), doorbells=bells))
    thread = threading.Thread(target=agent.run, kwargs={"drain": False})
    thread.start()
    try:
        assert soon(lambda: {one.name for one in bells} <= set(agent.bells.losses) | heard(agent))
        yield agent
    finally:
        agent._halt()
        thread.join(20)
        assert not thread.is_alive(), "a listener keeps the agent from stopping"


def heard(agent: Daemon) -> set[str]:
    """The databases that have woken it at least once, as each does when its line is made."""
    rings = [row for row in told(agent) if row.startswith("usrec_doorbell_rings_total")]
    return {row.split('"')[1] for row in rings if not row.endswith(" 0.0")}


def told(agent: Daemon) -> list[str]:
    """What a monitoring system is told of the bells."""
    everything = as_text(agent.metrics._registry.collect()).decode()
    return [row for row in everything.splitlines() if row.startswith("usrec_doorbell")]


def test_ring_of_hr_and_of_the_ledger_wake_the_agent_at_once(
    line: Line, monkeypatch: pytest.MonkeyPatch, ledger_bell: InMemoryDoorbell, hr_bell: InMemoryDoorbell
) -> None:
    answering(line, monkeypatch)
    with at_work(line, ledger_bell, hr_bell) as agent:
        line.enter("c1")
        hr_bell.press()
        assert soon(lambda: line.states() == {"c1": "accepted"})
        line.enter("c2", contract="K-2")
        line.ingest()
        ledger_bell.press()
        assert soon(lambda: line.states() == {"c1": "accepted", "c2": "accepted"})
        said = told(agent)
    assert 'usrec_doorbell_listening{database="ledger"} 1.0' in said
    assert 'usrec_doorbell_listening{database="source.hr"} 1.0' in said


def test_lost_bell_is_told_once_never_stops_the_agent_and_wakes_it_when_it_comes_back(
    line: Line, monkeypatch: pytest.MonkeyPatch, hr_bell: InMemoryDoorbell
) -> None:
    answering(line, monkeypatch)
    monkeypatch.setattr(bells_module, "_LONGEST_PAUSE", 0.01)
    hr_bell.online = False
    with capture_logs() as log:
        monkeypatch.setattr(bells_module, "_log", structlog.get_logger("fresh"))
        with at_work(line, hr_bell) as agent:
            assert soon(lambda: agent.bells.losses["source.hr"] > 3)
            assert 'usrec_doorbell_listening{database="source.hr"} 0.0' in told(agent)
            line.enter("c1")
            hr_bell.online = True
            assert soon(lambda: line.states() == {"c1": "accepted"}), "it is woken as soon as there is a line again"
    said = [record["action"] for record in log if record["action"].startswith("doorbell")]
    assert said == ["doorbell.lost", "doorbell.again"]


def test_hr_is_told_of_the_answer_when_it_is_recorded_and_not_at_the_next_look(
    line: Line, monkeypatch: pytest.MonkeyPatch, hr_bell: InMemoryDoorbell
) -> None:
    row, turns = line.enter("c1"), []

    def counted(**ports: Any) -> int:
        try:
            return write_back(**ports)
        finally:
            turns.append(line.states())

    def answers_late(envelope: Envelope) -> SubmissionOutcome:
        assert soon(lambda: {"c1": "signed"} in turns), "those who tell have had their turn"
        return line.registers(envelope)

    def is_told() -> bool:
        note = line.source.status_of(row)
        return note is not None and note.state == "accepted"

    monkeypatch.setattr(hr_rows_module, "write_back", counted)
    answering(line, monkeypatch, answers_late)
    with at_work(line, hr_bell):
        assert soon(is_told)


def test_bell_tells_of_its_work_while_it_is_heard(line: Line, ledger_bell: InMemoryDoorbell) -> None:
    with at_work(line, ledger_bell) as agent:
        assert agent.bells.tells_of(Ring.READY)
        assert not agent.bells.tells_of(Ring.ROWS)
        ledger_bell.online = False
        ledger_bell.press()
        assert soon(lambda: not agent.bells.tells_of(Ring.READY))
        ledger_bell.online = True
        assert soon(lambda: agent.bells.tells_of(Ring.READY))


def test_what_was_taken_is_sent_before_hr_is_told_that_it_was_taken(
    line: Line, monkeypatch: pytest.MonkeyPatch, hr_bell: InMemoryDoorbell
) -> None:
    answering(line, monkeypatch)
    monkeypatch.setattr(hr_rows_module, "LETS_PASS", SLEEPY)
    told_when: list[dict[str, str]] = []
    mark = line.source.mark_taken

    def noted(rows: Sequence[SourceRow]) -> None:
        told_when.append(line.states())
        mark(rows)

    monkeypatch.setattr(line.source, "mark_taken", noted)
    with at_work(line, hr_bell) as agent:
        line.enter("c1")
        hr_bell.press()
        assert soon(lambda: line.states() == {"c1": "accepted"}), "no bell of the ledger: the clerk is woken by us"
        assert told_when in ([], [{"c1": "accepted"}])
        agent.crew.rang(Ring.ROWS)
        assert soon(lambda: told_when == [{"c1": "accepted"}]), "news end the moment that is left to the others"


def test_news_during_a_step_end_the_rest_after_it(line: Line, ledger_bell: InMemoryDoorbell) -> None:
    """A ring that comes while a thread looks and finds nothing is not lost."""
    looked, may_go_on, looks = threading.Event(), threading.Event(), []

    def look() -> bool:
        looks.append(1)
        looked.set()
        may_go_on.wait(20)
        return False

    agent = Daemon(agent_of(line, poll=SLEEPY))
    loop = next(one for one in agent._loops(drain=False) if Ring.ROWS in one.wakes_on)
    agent.crew.staff([replace(loop, once=lambda _: look())])
    assert looked.wait(20)
    agent.crew.rang(Ring.ROWS)
    may_go_on.set()
    try:
        assert soon(lambda: len(looks) == 2)
    finally:
        agent._halt()
        agent.crew.join(lambda: None)
