"""Who delivers: a clerk, who asks the gate and keeps the ledger's side, and threads that sign and send."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from usrec.adapters.metrics.agent_metrics import AgentMetrics
from usrec.adapters.metrics.instruments import Step
from usrec.adapters.metrics.timed import TimedPorts
from usrec.application.deliver import claim_due, deliver
from usrec.application.delivery import Delivered
from usrec.application.hasten import hasten_unsent
from usrec.application.probe import claim_probe
from usrec.bootstrap import Agent
from usrec.domain.breaker import Passage
from usrec.domain.errors import TheirsToWaitFor
from usrec.interfaces.bench import Bench
from usrec.interfaces.clock_watch import ClockWatch, WitnessedGateway
from usrec.interfaces.crew import Crew
from usrec.interfaces.gate import Gate, Gates, WatchedGateway, breaker_policy
from usrec.interfaces.handover import Handover
from usrec.interfaces.interrupted import Interrupted
from usrec.interfaces.shift import GROUP, Line, Shift, Tempo
from usrec.ports.ledger import Claim


class Dispatch:
    """The common ground of the clerk and the delivering threads.

    Args:
        note: Called with every delivery.
        metrics: Take the time of each step and count how it ends.
        clock_watch: Knows whether anything may be signed and sent by this machine's clock.
        bench: Where clerk and delivering threads meet.
        group: How many share a transaction at most; one where the wire profile knows no record id of ours, so that an
            answer that was not recorded could not be found out by sending the same again.
        employer: The BIN whose line it is; None for that of all.
        gates: Those that the lines of several employers share the pace of.
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
        bench: Bench | None = None,
        group: int = GROUP,
        employer: str | None = None,
        gates: Gates | None = None,
    ) -> None:
        self._employer = employer
        self._clock_watch = clock_watch or ClockWatch()
        self._gates = gates or Gates(metrics.counts.breaker_tripped)
        self._metrics = metrics
        self.interrupted = Interrupted()
        """What a failing ledger broke off."""
        self._stop = stop
        self._handover = handover
        self._crew = crew
        self._note = note
        self.bench = bench or Bench()
        self._group = group
        self._tempo = Tempo()
        self._sending = False
        self.formerly = ""
        """What it is called where the settings do not name its employer any more: the number may be an IIN."""
        self.is_manned = True
        """Whether threads do what is laid on its bench; else the clerk does it, and begins nothing new."""

    @property
    def is_sending(self) -> bool:
        """Whether the clerk found something to send when it looked last."""
        return self._sending

    @property
    def gate(self) -> Gate:
        """That of the gateway of the agent on duty."""
        return self._gate_of(self._handover.current)

    def _gate_of(self, agent: Agent) -> Gate:
        name = "" if self._employer is None else agent.employers.get(self._employer, self.formerly)
        return self._gates.at(agent.settings.values.gateway.url, name)

    def take_turn(self, agent: Agent, gate: Gate) -> bool:
        """Whether one more message may go by the pace of the agent and by that of the employer."""
        values = agent.settings.values
        mine = [one for one in values.employer.values() if self._employer in {None, one.bin}]
        own = mine[0].rate if len(mine) == 1 else None
        return gate.take_turn(agent.clock.now(), values.delivery.rate, own)

    def claim(self, agent: Agent, limit: int) -> Sequence[Claim]:
        """The most urgent ones of this line."""
        claims = claim_due(
            ledger=agent.ledger,
            clock=agent.clock,
            policy=agent.policy,
            owner=agent.owner,
            limit=limit,
            employer=self._employer,
        )
        return self.interrupted.unanswered(claims)

    def is_on_duty(self, agent: Agent) -> bool:
        """Whether no other agent has taken over."""
        return agent is self._handover.current and self.is_manned

    def may_send(self, agent: Agent, *, alone: bool) -> bool:
        """Whether the agent goes on, by a clock that is right or that this one delivery is to prove."""
        return not self._stop.is_set() and (alone or self._clock_watch.verdict(agent).is_right)

    def record_kept(self, agent: Agent) -> None:
        """Record the answers that came while the ledger was away.

        Raises:
            UsrecError: It still is, or it refused one of them.
        """
        before = self.interrupted.answers
        try:
            self.interrupted.record(agent, partial(self._tell, agent, self._gate_of(agent)))
        finally:
            if self.interrupted.answers < before:
                self._crew.recorded()

    def ended(self, agent: Agent, gate: Gate, delivered: Delivered, seconds: float) -> None:
        """A delivery of a shift has ended."""
        self._sending = True
        self._metrics.counts.took(Step.DELIVER, seconds)
        self._tell(agent, gate, delivered)

    def hand(self, name: str, allowed: timedelta, idle: float) -> Callable[[Agent], bool]:
        """The step of one delivering thread: a job from the bench, if there is one.

        Args:
            allowed: How long one job may take.
            idle: Seconds to wait for one.
        """

        def step(_: Agent) -> bool:
            self.bench.work(idle, partial(self._crew.pulses.begin, name, allowed))
            return True

        return step

    def once(self, name: str, allowed: timedelta) -> Callable[[Agent], bool]:
        """The step of the clerk: a shift, or one submission that finds out whether others may go.

        Args:
            allowed: How long one delivery may take.
        """

        def step(agent: Agent) -> bool:
            self._catch_up(agent)
            with self._clock_watch.passage(agent) as passage:
                alone = passage is Passage.ONE
                self._sending = passage is not Passage.NONE and self._go(agent, name, allowed, alone=alone)
            if self._sending:
                self._crew.recorded()
            return self._sending

        return step

    def _catch_up(self, agent: Agent) -> None:
        """What the ledger broke off. An answer that it does not take, though it takes others, holds nobody up.

        Raises:
            TheirsToWaitFor: It takes so many not that there shall be no more of them.
        """
        try:
            self.record_kept(agent)
        except TheirsToWaitFor as problem:
            if self.interrupted.answers >= GROUP:
                raise
            self._crew.waits_for(problem)
        self.interrupted.give_back(agent.ledger)

    def _go(self, agent: Agent, name: str, allowed: timedelta, *, alone: bool) -> bool:
        gate, policy = self._gate_of(agent), breaker_policy(agent.settings.values.delivery)
        match gate.enter(agent.clock.now(), policy):
            case Passage.NONE:
                return False
            case Passage.ONE:
                return self._probe(agent, gate)
            case Passage.ALL:
                return self._deliver(agent, gate, name, allowed, alone=alone)

    def _probe(self, agent: Agent, gate: Gate) -> bool:
        """One submission finds out whether the gateway is reached again."""
        try:
            if self.take_turn(agent, gate):
                claims = claim_probe(
                    ledger=agent.ledger,
                    clock=agent.clock,
                    policy=agent.policy,
                    owner=agent.owner,
                    employer=self._employer,
                )
                self._send_probe(agent, gate, self.interrupted.unanswered(claims))
        finally:
            gate.leave_probe()
        return gate.is_closed

    def _send_probe(self, agent: Agent, gate: Gate, claims: Sequence[Claim]) -> None:
        if not claims:
            gate.give_turn_back()
            return
        ports = self._ports(agent, gate)
        with self.interrupted.remembered(claims), self._metrics.counts.timing(Step.DELIVER):
            (delivered,) = deliver(
                claims,
                ledger=agent.ledger,
                renderer=ports.renderer,
                signer=ports.signer,
                gateway=ports.gateway,
                clock=agent.clock,
                entropy=agent.entropy,
                policy=agent.policy,
            )
        self._tell(agent, gate, delivered)

    def _deliver(self, agent: Agent, gate: Gate, name: str, allowed: timedelta, *, alone: bool) -> bool:
        """A shift; with ``alone`` of one submission, which finds out whether the clock is right."""
        line = Line(
            agent=agent,
            ports=self._ports(agent, gate),
            bench=self.bench,
            tempo=self._tempo,
            orders=_Orders(self, agent, gate, partial(self._crew.pulses.begin, name, allowed), alone=alone),
            group=self._group if agent.renderer.supplies_record_id else 1,
            idle=agent.settings.values.delivery.poll.total_seconds(),
            is_stopping=lambda: self._stop.is_set() or not self.is_manned,
        )
        return Shift(line).run()

    def _ports(self, agent: Agent, gate: Gate) -> TimedPorts:
        watched = WatchedGateway(agent.gateway, gate, agent.clock, breaker_policy(agent.settings.values.delivery))
        gateway = WitnessedGateway(watched, self._clock_watch, agent)
        return self._metrics.timed(agent.renderer, agent.signer, gateway)

    def _tell(self, agent: Agent, gate: Gate, delivered: Delivered) -> None:
        self._note(agent, delivered)
        if gate.after_reopening(partial(hasten_unsent, ledger=agent.ledger, employer=self._employer)):
            self._crew.wake()


class _Orders:
    """What one agent's shift may do; the pace is asked before the claim, so that the most urgent ones go first."""

    def __init__(
        self, dispatch: Dispatch, agent: Agent, gate: Gate, goes_on: Callable[[], None], *, alone: bool
    ) -> None:
        self._dispatch = dispatch
        self._agent = agent
        self._gate = gate
        self._alone = alone
        self._claimed = False
        self.goes_on = goes_on

    def claim(self, most: int) -> Sequence[Claim]:
        """As many as the pace allows, and one in all where one goes alone."""
        turns = self._turns(0 if self._alone and self._claimed else 1 if self._alone else most)
        claims = self._dispatch.claim(self._agent, turns) if turns else ()
        self._claimed = self._claimed or bool(claims)
        for _ in range(turns - len(claims)):
            self._gate.give_turn_back()
        if not claims or self.may_begin():
            return claims
        self.give_back(claims)
        return ()

    def _turns(self, most: int) -> int:
        if not self.may_begin():
            return 0
        take = self._dispatch.take_turn
        return next((taken for taken in range(most) if not take(self._agent, self._gate)), most)

    def may_begin(self) -> bool:
        """Nothing has happened since: an order to stop, another agent on duty, an open breaker, a wrong clock."""
        return self.may_leave() and self._dispatch.is_on_duty(self._agent)

    def may_leave(self) -> bool:
        """What is opened is sent by the agent that opened it, also when another one is on duty by now."""
        return self._gate.is_closed and self._dispatch.may_send(self._agent, alone=self._alone)

    def give_back(self, claims: Sequence[Claim]) -> None:
        """They are free at once."""
        for _ in claims:
            self._gate.give_turn_back()
        self._dispatch.interrupted.give_back(self._agent.ledger, claims)

    def broke_off(self, claims: Sequence[Claim], problem: TheirsToWaitFor) -> None:
        """Their leases are not waited for; answers that have come are kept."""
        self._dispatch.interrupted.broke_off(claims, problem)

    def note(self, delivered: Delivered, seconds: float) -> None:
        """Count it and tell."""
        self._dispatch.ended(self._agent, self._gate, delivered, seconds)
