"""What a delivering thread does at each step: ask the gate, claim, deliver one after another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from usrec.adapters.metrics.agent_metrics import AgentMetrics
from usrec.adapters.metrics.instruments import Step
from usrec.application.deliver import claim_due, deliver
from usrec.application.delivery import Delivered
from usrec.application.give_back import give_back_untouched
from usrec.application.hasten import hasten_unsent
from usrec.application.probe import claim_probe
from usrec.bootstrap import Agent
from usrec.domain.breaker import BreakerPolicy, Passage
from usrec.interfaces.clock_watch import ClockWatch, WitnessedGateway
from usrec.interfaces.crew import Crew
from usrec.interfaces.gate import Gate, Gates, WatchedGateway
from usrec.interfaces.handover import Handover
from usrec.interfaces.interrupted import InterruptedClaims
from usrec.ports.inquiry import Inquiry
from usrec.ports.ledger import Claim
from usrec.settings import DeliverySettings

CLAIM_SIZE: Final = 1
"""A lease covers one exchange, so that none runs out behind another; a claim costs about a millisecond."""


class Dispatch:
    """The delivering threads' common ground.

    Args:
        note: Called with every delivery.
        metrics: Take the time of each step and count how it ends.
        clock_watch: Knows whether anything may be signed and sent by this machine's clock.
    """

    def __init__(
        self,
        stop: threading.Event,
        handover: Handover,
        crew: Crew,
        note: Callable[[Agent, Delivered], None],
        metrics: AgentMetrics,
        *,
        clock_watch: ClockWatch | None = None,
    ) -> None:
        self._clock_watch = clock_watch or ClockWatch()
        self._gates = Gates(metrics.counts.breaker_tripped)
        self._metrics = metrics
        self._interrupted = InterruptedClaims()
        self._stop = stop
        self._handover = handover
        self._crew = crew
        self._note = note
        self._sending: set[str] = set()

    @property
    def is_sending(self) -> bool:
        """Whether a thread found something to send when it looked last."""
        return bool(self._sending)

    @property
    def gate(self) -> Gate:
        """That of the gateway of the agent on duty."""
        return self._gate_of(self._handover.current)

    def _gate_of(self, agent: Agent) -> Gate:
        return self._gates.at(agent.settings.values.gateway.url)

    def once(self, name: str, allowed: timedelta) -> Callable[[Agent], bool]:
        """The step of one thread.

        Args:
            allowed: How long one delivery may take.
        """

        def step(agent: Agent) -> bool:
            self._interrupted.give_back(agent.ledger)
            with self._clock_watch.passage(agent) as may_go:
                sent = may_go and self._go(agent, name, allowed)
            (self._sending.add if sent else self._sending.discard)(name)
            return sent

        return step

    def _go(self, agent: Agent, name: str, allowed: timedelta) -> bool:
        gate, policy = self._gate_of(agent), breaker_policy(agent.settings.values.delivery)
        match gate.enter(agent.clock.now(), policy):
            case Passage.NONE:
                return False
            case Passage.ONE:
                return self._probe(agent, gate)
            case Passage.ALL:
                return self._deliver(agent, gate, name, allowed)

    def _probe(self, agent: Agent, gate: Gate) -> bool:
        """One submission finds out whether the gateway is reached again."""
        try:
            if self._may_send(agent, gate):
                claims = claim_probe(ledger=agent.ledger, clock=agent.clock, policy=agent.policy, owner=agent.owner)
                self._send_all(agent, gate, claims)
        finally:
            gate.leave_probe()
        return gate.is_closed

    def _send_all(self, agent: Agent, gate: Gate, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self._send(agent, gate, claim, inquiry=None)
        if not claims:
            gate.give_turn_back()

    def _deliver(self, agent: Agent, gate: Gate, name: str, allowed: timedelta) -> bool:
        """The pace is asked before the claim: whoever may send then takes what is most urgent by then."""
        if not self._may_send(agent, gate):
            return False
        claims = _claims(agent, CLAIM_SIZE)
        for claim in claims:
            if self._may_begin(agent, gate):
                self._crew.pulses.begin(name, allowed)
                self._send(agent, gate, claim, inquiry=agent.inquiry)
            else:
                gate.give_turn_back()
                with self._interrupted.remembered(claim):
                    give_back_untouched(claim, ledger=agent.ledger)
        if not claims:
            gate.give_turn_back()
        return bool(claims)

    def _may_send(self, agent: Agent, gate: Gate) -> bool:
        return gate.take_turn(agent.clock.now(), agent.settings.values.delivery.rate)

    def _may_begin(self, agent: Agent, gate: Gate) -> bool:
        """Whether nothing has happened since the claim: an order to stop, another agent on duty, an open breaker."""
        return not self._stop.is_set() and gate.is_closed and agent is self._handover.current

    def _send(self, agent: Agent, gate: Gate, claim: Claim, *, inquiry: Inquiry | None) -> None:
        watched = WatchedGateway(agent.gateway, gate, agent.clock, breaker_policy(agent.settings.values.delivery))
        gateway = WitnessedGateway(watched, self._clock_watch, agent)
        timed = self._metrics.timed(agent.renderer, agent.signer, gateway)
        with self._interrupted.remembered(claim), self._metrics.counts.timing(Step.DELIVER):
            (delivered,) = deliver(
                [claim],
                ledger=agent.ledger,
                renderer=timed.renderer,
                signer=timed.signer,
                gateway=timed.gateway,
                clock=agent.clock,
                entropy=agent.entropy,
                policy=agent.policy,
                inquiry=inquiry,
            )
        self._note(agent, delivered)
        if gate.was_reopened():
            hasten_unsent(ledger=agent.ledger)
            self._crew.wake()


def breaker_policy(delivery: DeliverySettings) -> BreakerPolicy:
    """By the settings; the pause is never longer than the longest wait between attempts."""
    return BreakerPolicy(delivery.breaker_failures, min(delivery.breaker_pause, delivery.retry_cap))


def _claims(agent: Agent, limit: int) -> Sequence[Claim]:
    return claim_due(ledger=agent.ledger, clock=agent.clock, policy=agent.policy, owner=agent.owner, limit=limit)
