"""One delivering thread of an agent, driven by hand on the line in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from support.line import HOUR, UNREACHABLE, Line
from support.line_agent import agent_of
from usrec.adapters.metrics.agent_metrics import AgentMetrics
from usrec.application.delivery import Delivered
from usrec.bootstrap import Agent
from usrec.domain.breaker import BreakerState
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.interfaces.crew import Crew
from usrec.interfaces.dispatch import Dispatch
from usrec.interfaces.gate import Gate
from usrec.interfaces.handover import Handover


class Desk:
    """One delivering thread, driven by hand.

    Attributes:
        reports: What became of each delivery, oldest first.
        say: What the gateway answers now.
    """

    def __init__(self, line: Line, monkeypatch: pytest.MonkeyPatch, **delivery: Any) -> None:
        self.line = line
        self.stop = threading.Event()
        self.agent = agent_of(line, **({"breaker_failures": 3, "breaker_pause": 30} | delivery))
        self.handover = Handover(self.agent)
        crew = Crew(self.stop, self.handover, halt=self.stop.set, hindered=lambda _: None)
        self.reports: list[Delivered] = []
        metrics = AgentMetrics(line.clock)
        self.dispatch = Dispatch(self.stop, self.handover, crew, self.note, metrics)
        self.step: Callable[[Agent], bool] = self.dispatch.once("deliver-0", HOUR)
        self.say: SubmissionOutcome | Callable[[Envelope], SubmissionOutcome] = line.registers
        monkeypatch.setattr(line.wire, "submit", self.submit)

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        return self.say(envelope) if callable(self.say) else self.say

    def note(self, _: Agent, delivered: Delivered) -> None:
        self.reports.append(delivered)

    @property
    def gate(self) -> Gate:
        return self.dispatch.gate

    def work(self) -> list[str]:
        """Step until there is nothing to do; gives the events that were sent."""
        before = len(self.reports)
        while self.step(self.agent):
            pass
        return [one.submission.event_id for one in self.reports[before:]]

    def open_breaker_slowly(self) -> None:
        """The same where a message may go each minute."""
        self.say = UNREACHABLE
        for number in range(3):
            self.line.take(f"lost-{number}", contract=f"lost-{number}")
            self.line.clock.advance(timedelta(minutes=1))
            self.work()
        assert self.gate.breaker.state is BreakerState.OPEN

    def open_breaker(self) -> None:
        """Three events find the gateway away."""
        self.say = UNREACHABLE
        for number in range(3):
            self.line.take(f"lost-{number}", contract=f"lost-{number}")
        self.work()
        assert self.gate.breaker.state is BreakerState.OPEN
