"""``usrec run``: what the threads of an agent do. Only here are there threads, waiting and signals.

Each source has a thread that takes rows and one that writes back; a clerk and ``workers`` threads deliver, for each
employer where there are several (``lines``); one watches deadlines, one looks how the ledger stands. Each loop survives
what it has to wait for (HR database, ledger, gateway) and stops the agent for what only an administrator can mend. The
main thread takes orders: to stop (every thread finishes the step in hand) and to reload (see ``reload``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import partial
from queue import Empty, SimpleQueue

import structlog

from usrec.adapters.metrics.agent_metrics import AgentMetrics
from usrec.application.delivery import Delivered
from usrec.application.hasten import hasten_keyless
from usrec.application.tell_sink import forget_removed_sinks
from usrec.bootstrap import Agent
from usrec.domain.errors import TheirsToWaitFor, UsrecError
from usrec.domain.submission import WaitReason
from usrec.interfaces.alerting import Alerting, in_brief
from usrec.interfaces.audit_watch import AuditWatch
from usrec.interfaces.authority import AuthorityWatch
from usrec.interfaces.bells import Bells
from usrec.interfaces.clock_watch import ClockWatch, clock_words
from usrec.interfaces.crew import LEDGER_TIME, LOOK_EVERY, OTHERS_TIME, Crew, Loop
from usrec.interfaces.dispatch import Dispatch
from usrec.interfaces.drain import Drain
from usrec.interfaces.gate import Gates
from usrec.interfaces.handover import Handover
from usrec.interfaces.health import Health, Vitals
from usrec.interfaces.heart import Heart
from usrec.interfaces.hr_rows import LETS_PASS, HrRows
from usrec.interfaces.journal_watch import LINK_EVERY, JournalWatch
from usrec.interfaces.lines import Lines
from usrec.interfaces.metrics_page import sink_names, standing_of
from usrec.interfaces.reload import Compose, Reloader
from usrec.interfaces.service_manager import ServiceManager
from usrec.interfaces.telling import telling_loops
from usrec.interfaces.trust_watch import TrustWatch
from usrec.ports.alert_sink import Composer
from usrec.ports.doorbell import Ring
from usrec.ports.event_source import StatusNote

_log = structlog.get_logger("usrec.daemon")


class Order(StrEnum):
    """What the main thread is told, by signals and by the other threads."""

    STOP = "stop"
    RELOAD = "reload"
    LOOK = "look"


@dataclass
class Daemon:
    """A running agent.

    Attributes:
        agent: As it was composed first; ``handover`` knows the one on duty.
        stop: Set it to stop the agent after the steps in hand.
        report: Called with every delivery (the progress bar); from several threads.
        give_up_after: A drain ends when nothing has moved for so long.
        orders: Signal handlers put theirs here; a ``SimpleQueue`` is the one thing that they safely may.
        compose: Makes the agent anew from its settings; None where it cannot be reloaded.
        words: Puts alerts into words.
        hr_words: Puts a note to HR into words, in a language.
    """

    agent: Agent
    stop: threading.Event = field(default_factory=threading.Event)
    report: Callable[[Delivered], None] = lambda _: None
    give_up_after: timedelta = timedelta(minutes=10)
    orders: SimpleQueue[Order] = field(default_factory=SimpleQueue)
    manager: ServiceManager = field(default_factory=ServiceManager)
    compose: Compose | None = None
    words: Composer = in_brief
    hr_words: Callable[[StatusNote, str], StatusNote] = lambda note, _: note

    def __post_init__(self) -> None:
        self.handover = Handover(self.agent)
        self.drain = Drain(self.agent.clock, self.give_up_after)
        self.crew = Crew(self.stop, self.handover, halt=self._halt, hindered=self.drain.hindered)
        self.metrics = AgentMetrics(self.agent.clock)
        self.clock_watch = ClockWatch()
        self._gates = Gates(self.metrics.counts.breaker_tripped)
        self.dispatch = self._line_of(None)
        self.lines = Lines(self.dispatch, self._line_of)
        self.bells = Bells(self.stop, self.crew.rang, self.metrics)
        self.hr_rows = HrRows(
            self.crew,
            self.drain,
            self.metrics,
            self.hr_words,
            OTHERS_TIME,
            is_sending=lambda: self.lines.are_sending,
            is_rung=partial(self.bells.tells_of, Ring.READY),
        )
        self.audits = AuditWatch()
        self.alerting = Alerting(self.words, self.metrics, self._has_audited)
        self.reloader = Reloader(
            self.handover, self.manager, self.compose, taken=self._new_keys, status=lambda: self.health().words()
        )
        self.vitals = Vitals(self.agent.clock)
        self.authority = AuthorityWatch()
        self.trust = TrustWatch(self.stop)
        self.journal = JournalWatch()
        self.heart = Heart(self.agent.clock, self.crew.pulses.hung, self.clock_watch.verdict)

    def _line_of(self, employer: str | None) -> Dispatch:
        return Dispatch(
            self.stop,
            self.handover,
            self.crew,
            self._note,
            self.metrics,
            clock_watch=self.clock_watch,
            employer=employer,
            gates=self._gates,
        )

    def close(self) -> None:
        """Close the connections of the agent on duty."""
        self.handover.current.close()

    def health(self) -> Health:
        """How it stands now."""
        return self.vitals.health(
            self.handover.current,
            hung=self.crew.pulses.hung(),
            stopping=self.stop.is_set(),
            breakers=self.lines.breakers,
            reload_refused=self.reloader.refused,
            clock=self.clock_watch.verdict(self.handover.current),
            unrecorded=self.lines.unrecorded,
        )

    def exposition(self) -> bytes:
        """What a monitoring system is told."""
        breakers, refused = self.lines.breakers, bool(self.reloader.refused)
        with self.handover.borrow() as agent:
            clock, values = self.clock_watch.verdict(agent), agent.settings.values
            standing = standing_of(agent, breakers=breakers, reload_refused=refused, clock=clock)
            silence, sinks = values.watch.silence, sink_names(values.alerts)
            cap, view = values.delivery.rate, agent.ledger.view
            return self.metrics.exposition(view, standing, silence=silence, sinks=sinks, cap=cap)

    def run(self, *, drain: bool) -> None:
        """Run until ``stop`` is set, or with ``drain`` until nothing can progress without a person or a date.

        Raises:
            GatewayUnavailable: A drain gave up; nothing was lost.
            UsrecError: Something that only an administrator can mend.
        """
        drained = False
        self.drain.moved()
        workers = self.agent.settings.values.delivery.workers
        _log.info("agent started", action="agent.start", owner=self.agent.owner, workers=workers)
        try:
            self.authority.look(self.agent)
            if drain:
                self.trust.look(self.agent, unwanted=lambda: not self.orders.empty())
                if not self.orders.empty():
                    return
            self._new_keys(self.agent)
            self.crew.staff(self._loops(drain=drain))
            self.manager.is_ready("started")
            drained = self._supervise(drain=drain)
        finally:
            self.manager.is_stopping("finishing the steps in hand")
            self._halt()
            self.crew.join(self._give_sign_of_life)
            self.reloader.join()
            self.lines.record_kept(self.handover.current)
            self._free_claims()
            if drained:
                self._tell_the_rest()
            self.journal.finish(self.handover.current)
            self.heart.stop(self.handover.current)
        self._finish()
        _log.info("agent stopped", action="agent.stop", owner=self.agent.owner)

    def _free_claims(self) -> None:
        """Give back what was claimed and not begun, so that the next start need not wait for the leases."""
        agent = self.handover.current
        try:
            with agent.ledger.begin() as work:
                work.outbox.free_leases([agent.owner])
                work.commit()
        except TheirsToWaitFor as problem:
            _log.warning(str(problem), action="agent.leases_left")

    def _tell_the_rest(self) -> None:
        """A thread that was telling one thing when the drain ended has kept others from being told."""
        try:
            self.alerting.tell_all(self.handover.current)
        except TheirsToWaitFor as problem:
            _log.warning(str(problem), action="alert.left")

    def _new_keys(self, agent: Agent) -> None:
        """What waited for a key is tried with those that ``agent`` has read; its sinks alone are to be told."""
        try:
            hasten_keyless(ledger=agent.ledger)
            forget_removed_sinks(subscribers=agent.subscribers, ledger=agent.ledger, clock=agent.clock)
        except TheirsToWaitFor as problem:
            _log.warning(str(problem), action="agent.wait", kind=type(problem).__name__)
        self.crew.wake()

    def _loops(self, *, drain: bool) -> Sequence[Loop]:
        agent, poll = self.handover.current, self._poll()
        aside = partial(Loop, wakes_early=False, lets_pass=LETS_PASS)
        loops = [
            *self.hr_rows.loops(agent, poll),
            Loop("upkeep", self._upkeep_once, OTHERS_TIME, poll, lets_pass=LETS_PASS),
            *self.lines.loops(agent, poll),
            *self.alerting.loops(agent, poll),
            self.heart.loop(agent.settings.values.watch.silence, draining=drain),
            aside("journal", self._link_once, OTHERS_TIME, LINK_EVERY.total_seconds()),
            *telling_loops(agent, poll),
            *self._clock_loops(drain=drain),
        ]
        if drain:
            return loops
        look = aside("look", self._look_once, LEDGER_TIME, LOOK_EVERY.total_seconds())
        trust = self.trust.loops(agent, on_duty=lambda: self.handover.current, freed=self._new_keys)
        return [*loops, look, *self.audits.loops(agent), *trust, *self.bells.loops(agent)]

    def _clock_loops(self, *, drain: bool) -> Sequence[Loop]:
        """For a clock that somebody else can tell to be wrong."""

        def once(agent: Agent) -> bool:
            return self._watch_clock(agent, drain=drain)

        agent = self.handover.current
        every = min(self._poll(), agent.settings.values.delivery.breaker_pause.total_seconds())
        return [Loop("clock", once, OTHERS_TIME, every, wakes_early=False)] if agent.steady is not None else []

    def _watch_clock(self, agent: Agent, *, drain: bool) -> bool:
        """Ask the witnesses; what changed is told at once, and what waited for the clock goes at once."""
        found = self.clock_watch.look(agent)
        if self.clock_watch.is_news(found):
            self.crew.wake()
            self.heart.beat(agent, draining=drain)
            self.clock_watch.told(found)
        self.clock_watch.raise_alert(agent)
        if not found.is_right:
            self.drain.clock_wrong(clock_words(found))
        return False

    def _supervise(self, *, drain: bool) -> bool:
        """The main thread: take orders, give signs of life; returns whether a drain has come to its end."""
        while not self.stop.is_set():
            order = self._next_order(drain=drain)
            if order is Order.STOP or self.stop.is_set():
                return False
            if order is Order.RELOAD:
                self.reloader.want()
            self.reloader.go_on(finished=lambda: self.orders.put(Order.LOOK))
            self.crew.staff(self._loops(drain=drain))
            self._give_sign_of_life()
            if drain and self.drain.is_over(self.handover.current.ledger.view) and self._all_told():
                return True
        return False

    def _all_told(self) -> bool:
        """Whether everybody was told at the end of a drain; a ledger that fails is waited for, as everywhere.

        Raises:
            TheirsToWaitFor: It was waited for long enough.
        """
        try:
            self.alerting.tell_all(self.handover.current)
        except TheirsToWaitFor as problem:
            if self.drain.gave_up():
                raise
            self.crew.waits_for(problem)
            return False
        return True

    def _next_order(self, *, drain: bool) -> Order:
        patience = self.manager.patience
        seconds = [self._poll(), 0.5 if drain else 5.0, *([] if patience is None else [patience.total_seconds()])]
        try:
            return self.orders.get(timeout=min(seconds))
        except Empty:
            return Order.LOOK

    def _give_sign_of_life(self) -> None:
        """As long as every thread moves; otherwise the service manager restarts the process."""
        if self.vitals.all_move(self.crew.pulses.hung()):
            self.manager.is_alive()

    def _poll(self) -> float:
        return self.handover.current.settings.values.delivery.poll.total_seconds()

    def _halt(self) -> None:
        self.stop.set()
        self.crew.wake()
        self.bells.hush(self.handover.current)
        self.orders.put(Order.LOOK)

    def _note(self, agent: Agent, delivered: Delivered) -> None:
        self.metrics.counts.delivered(delivered.result)
        submission = delivered.submission
        level = _log.error if delivered.alert else _log.info
        level(
            delivered.reason,
            action="deliver",
            submission=submission.id,
            operation=submission.operation,
            result=delivered.result,
            code=delivered.code,
        )
        if delivered.result in {"accepted", "rejected", "invalid"}:
            self.drain.moved()
        if delivered.reason == WaitReason.GATEWAY_UNREACHABLE:
            self.drain.gateway_away(agent.settings.values.gateway.url)
        self.report(delivered)

    def _upkeep_once(self, agent: Agent) -> bool:
        self.authority.look(agent)
        self.alerting.watch(agent)
        self.hr_rows.look_for_stops(agent)
        return False

    def _has_audited(self) -> bool:
        return self.audits.has_looked or self.handover.current.settings.values.audit.at is None

    def _link_once(self, agent: Agent) -> bool:
        self.journal.look(agent)
        return False

    def _look_once(self, agent: Agent) -> bool:
        try:
            self.vitals.look(agent)
        finally:
            self.manager.stands(self.health().words())
        return False

    def _finish(self) -> None:
        if not self.crew.fatal:
            return
        problem = self.crew.fatal[0]
        if not isinstance(problem, UsrecError):
            _log.critical("the agent stopped on an unexpected error", action="agent.crash", kind=type(problem).__name__)
        raise problem
