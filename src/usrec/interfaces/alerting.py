"""What the threads that tell of deadlines and audits do: one raises alerts, and each sink has a thread of its own.

So a mail server that hangs keeps neither the other sinks nor anything else waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from usrec.adapters.metrics.agent_metrics import AgentMetrics
from usrec.application.masses import watch_masses
from usrec.application.tell_drift import tell_drift
from usrec.application.tell_sink import Told, tell_sink
from usrec.application.watch_deadlines import watch_deadlines
from usrec.bootstrap import Agent
from usrec.domain.alert import OpenAlert
from usrec.interfaces.crew import LEDGER_TIME, Loop
from usrec.interfaces.drift import DriftTold, drift_telling
from usrec.interfaces.foresight import Foresight
from usrec.ports.alert_sink import LOG, Composer, SinkName, Subscriber

_log = structlog.get_logger("usrec.alerts")


def in_brief(alerts: Sequence[OpenAlert], *, language: str, now: datetime) -> tuple[str, str]:
    """The least that can be said; for the log, which writes down each alert by itself."""
    del language, now
    return f"USREC: {len(alerts)} alerts", "".join(f"{one.alert.watched}: {one.alert.threshold}\n" for one in alerts)


class Alerting:
    """The telling threads' common ground.

    Args:
        words: Puts alerts into words.
        metrics: Count what is told.
        audited: Whether the agent has looked which audits are to be taken.
    """

    def __init__(self, words: Composer, metrics: AgentMetrics, audited: Callable[[], bool]) -> None:
        self._words = words
        self._audited = audited
        self._metrics = metrics
        self._foresight = Foresight()
        self._drift = DriftTold()

    def watch(self, agent: Agent) -> None:
        """Raise what is due; the log, which never waits, is told at once."""
        watch_masses(ledger=agent.ledger, policy=agent.watching, clock=agent.clock)
        watch_deadlines(ledger=agent.ledger, policy=agent.watching, clock=agent.clock)
        self._foresight.look(agent)
        self._tell(agent, LOG)

    def loops(self, agent: Agent, every: float) -> Sequence[Loop]:
        """One for each other sink.

        Args:
            every: Seconds between two looks.
        """
        return [
            Loop(f"alerts-{one.name}", self._once(one.name), one.lease + LEDGER_TIME, every, wakes_early=False)
            for one in agent.subscribers
            if one.name != LOG
        ]

    def tell_all(self, agent: Agent) -> None:
        """Raise and tell what is due now, sink after sink."""
        self.watch(agent)
        for subscriber in agent.subscribers:
            while self._tell(agent, subscriber.name) or self._tell_drift(agent, subscriber):
                pass

    def _once(self, name: SinkName) -> Callable[[Agent], bool]:
        return lambda agent: self._tell(agent, name)

    def _tell(self, agent: Agent, name: SinkName) -> bool:
        """Tell one sink; whether there may be more to tell."""
        subscriber = next((one for one in agent.subscribers if one.name == name), None)
        if subscriber is None:
            return False
        return self._tell_subscriber(agent, subscriber) or self._look_at_drift(agent, subscriber)

    def _look_at_drift(self, agent: Agent, subscriber: Subscriber) -> bool:
        """Now and then; not before this agent has had its chance to take the day's audits."""
        if not self._audited() or not self._drift.is_due(agent, subscriber.name):
            return False
        told = self._tell_drift(agent, subscriber)
        if told:
            self._drift.look_again(subscriber.name)
        return told

    def _tell_drift(self, agent: Agent, subscriber: Subscriber) -> bool:
        told = tell_drift(
            self._counted(subscriber),
            drift_telling(agent),
            ledger=agent.ledger,
            clock=agent.clock,
            entropy=agent.entropy,
            owner=agent.owner,
        )
        return _said(told, subscriber.name)

    def _counted(self, subscriber: Subscriber) -> Subscriber:
        return replace(subscriber, sink=self._metrics.counted_sink(subscriber.name, subscriber.sink))

    def _tell_subscriber(self, agent: Agent, subscriber: Subscriber) -> bool:
        told = tell_sink(
            subscriber=self._counted(subscriber),
            ledger=agent.ledger,
            compose=self._words,
            digests=agent.watching.digests,
            clock=agent.clock,
            entropy=agent.entropy,
            owner=agent.owner,
        )
        return _said(told, subscriber.name)


def _said(told: Told, name: SinkName) -> bool:
    """Write down what became of it; whether anything was told."""
    if told.problem is not None:
        what = f"alerts were not taken by {name} and are tried again: {told.problem}"
        _log.error(what, action="alert.not_taken", sink=name)
    elif told.alerts and name != LOG:
        _log.info("alerts told", action="alert.told", sink=name, alerts=told.alerts)
    return told.alerts > 0
