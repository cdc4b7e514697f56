"""Watching this machine's clock while the agent runs: nothing is signed or sent while it cannot be relied on.

The rule is ``domain/clock_trust``. Here the witnesses are asked: when the agent starts, once in an hour, and again and
again while they object. What the gateway's signed answers tell of the time comes by the way. Between two questions a
clock that is set shows by the counter, so the answer is known at every moment, and going on needs nobody's hand.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from usrec.application.alert_of_clock import alert_of_clock
from usrec.application.checkup import duration
from usrec.domain.breaker import Passage
from usrec.domain.clock_trust import (
    PATIENCE,
    RELIED_ON,
    ClockState,
    ClockVerdict,
    HeardTime,
    Witness,
    is_possible,
    judge,
)
from usrec.domain.errors import ConfigurationError, TheirsToWaitFor
from usrec.domain.last_day import day_bound
from usrec.domain.message import CorrelationId, Envelope, SignedMessage
from usrec.domain.outcome import SubmissionOutcome, proof_of
from usrec.ports.gateway import Gateway
from usrec.ports.time_witness import Steady, TimeWitness

if TYPE_CHECKING:
    from usrec.bootstrap import Agent

ASK_EVERY: Final = timedelta(hours=1)
"""How often witnesses are asked while nobody objects."""
_WORDS: Final = {
    Witness.ANSWER: "the gateway's signed answers",
    Witness.GATEWAY: "the gateway",
    Witness.LEDGER: "the ledger's database server",
    Witness.SOURCE: "the HR database server",
    Witness.ITSELF: "its own time before",
}
_log = structlog.get_logger("usrec.clock")


class ClockWatch:
    """What was heard, and what follows from it. Safe in threads.

    Args:
        patience: How long one unsigned word alone holds everything up.
    """

    def __init__(self, patience: timedelta = PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._heard: dict[Witness, HeardTime] = {}
        self._agent: Agent | None = None
        self._asked_at: timedelta | None = None
        self._waits_since: timedelta | None = None
        self._trying = False
        self._tried = False
        self._told = RELIED_ON
        self._alerted = False
        self._recorded: ClockState | None = None

    def look(self, agent: Agent) -> ClockVerdict:
        """Ask the witnesses where it is time; what follows from what they say."""
        if agent.steady is None:
            return RELIED_ON
        if self._is_due(agent, agent.steady()):
            for witness in agent.witnesses:
                self._ask(agent.steady, witness)
            self._agent, self._asked_at = agent, agent.steady()
        return self.verdict(agent)

    def verdict(self, agent: Agent) -> ClockVerdict:
        """How far the clock is to be relied on now; what is news goes into the log."""
        if agent.steady is None:
            return RELIED_ON
        with self._lock:
            now, steady = agent.clock.now(), agent.steady()
            found = judge(self._heard, now, steady, agent.policy.clock_tolerance)
            if found.is_right and (found.agreeing or not found.against):
                self._heard[Witness.ITSELF] = HeardTime(now, steady)
            if found.state is not ClockState.UNPROVEN:
                self._waits_since = None
            elif self._waits_since is None:
                self._waits_since = steady
            before, self._told = self._told, found
        if (before.state, set(before.against)) != (found.state, set(found.against)):
            _say(before, found)
        return found

    @contextmanager
    def passage(self, agent: Agent) -> Iterator[Passage]:
        """What may be signed and sent now: all, one that finds out, or nothing; the block is for that."""
        passage = self._passage(agent)
        try:
            yield passage
        finally:
            if passage is Passage.ONE:
                self._end_trial(agent)

    def hear(
        self, agent: Agent, outcome: SubmissionOutcome, correlation: CorrelationId, sent: datetime, began: timedelta
    ) -> None:
        """What the answer of an exchange tells of the time.

        Args:
            sent: When the exchange began, by the clock.
            began: The same by the counter: how long an exchange took is never told by a clock that may have been set.
        """
        proof = proof_of(outcome)
        if agent.steady is None:
            return
        self._tried = True
        if proof is None or proof.response_date is None or not is_possible(proof.response_date):
            return
        now, steady, told = agent.clock.now(), agent.steady(), proof.response_date
        heard = HeardTime(min(max(now, told), told + (steady - began)), steady)
        ours = proof.correlation_id == correlation or sent - told <= agent.policy.clock_tolerance
        with self._lock:
            self._heard[Witness.ANSWER if ours else Witness.GATEWAY] = heard
        self.verdict(agent)

    def raise_alert(self, agent: Agent) -> None:
        """Tell those who get alerts, once while it lasts, as soon as an event waits because of it.

        Raises:
            LedgerUnavailable: It is tried again.
        """
        if self._told.is_right:
            self._alerted = False
        elif not self._alerted:
            self._alerted = alert_of_clock(ledger=agent.ledger, view=agent.ledger.view, clock=agent.clock)

    def is_news(self, found: ClockVerdict) -> bool:
        """Whether this is not yet on record; at first all is news, so that whoever waits for the first word goes on."""
        return self._recorded is not found.state

    def told(self, found: ClockVerdict) -> None:
        """It is on record."""
        self._recorded = found.state

    def _is_due(self, agent: Agent, steady: timedelta) -> bool:
        if self._asked_at is None or agent is not self._agent:
            return True
        again = agent.settings.values.delivery.breaker_pause
        return steady - self._asked_at >= (ASK_EVERY if not self._told.against else min(again, ASK_EVERY))

    def _ask(self, steady: Steady, witness: TimeWitness) -> None:
        began = steady()
        told = witness.tell()
        if told is not None and is_possible(told):
            half_way = began + (steady() - began) / 2
            with self._lock:
                self._heard[witness.name] = HeardTime(told, half_way)

    def _passage(self, agent: Agent) -> Passage:
        found = self.verdict(agent)
        if agent.steady is None:
            return Passage.ALL
        if found.is_right:
            return Passage.ALL if self._asked_at is not None else Passage.NONE
        urgent = found.state is ClockState.UNPROVEN and not self._trying and self._cannot_wait(agent, found)
        with self._lock:
            waits = self._waits_since
            waited = waits is not None and (urgent or agent.steady() - waits >= self._patience)
            if not waited or self._trying or self._asked_at is None:
                return Passage.NONE
            self._trying, self._tried = True, False
            return Passage.ONE

    def _cannot_wait(self, agent: Agent, found: ClockVerdict) -> bool:
        """Whether somebody's last day by law would end within the hold, by this clock or by those against it."""
        now = agent.clock.now()
        ends = {day_bound(one) for one in (now, now - found.ahead) if day_bound(one) - one <= self._patience}
        try:
            return any(case.in_line for end in ends for case in agent.ledger.view.last_day(end))
        except TheirsToWaitFor:
            return False

    def _end_trial(self, agent: Agent) -> None:
        with self._lock:
            self._trying = False
            if self._tried and self._waits_since is not None and agent.steady is not None:
                self._waits_since = agent.steady()


class WitnessedGateway:
    """A gateway whose answers are heard for the time that they tell."""

    def __init__(self, gateway: Gateway, watch: ClockWatch, agent: Agent) -> None:
        self._gateway = gateway
        self._watch = watch
        self._agent = agent

    def seal(
        self, message: SignedMessage, *, employer_bin: str, correlation_id: CorrelationId, at: datetime
    ) -> Envelope:
        """As the gateway does it."""
        return self._gateway.seal(message, employer_bin=employer_bin, correlation_id=correlation_id, at=at)

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        """As the gateway does it."""
        sent, steady = self._agent.clock.now(), self._agent.steady
        began = steady() if steady is not None else timedelta(0)
        outcome = self._gateway.submit(envelope)
        self._watch.hear(self._agent, outcome, envelope.correlation_id, sent, began)
        return outcome


def require_right_clock(agent: Agent) -> None:
    """For a command that sends by itself.

    Raises:
        ConfigurationError: The machine's clock cannot be relied on.
    """
    found = ClockWatch().look(agent)
    if found.is_right:
        return
    raise ConfigurationError(
        clock_words(found),
        where="this machine's clock",
        kept="Nothing was signed or sent",
        next_step="Let it be kept by NTP (timedatectl), see usrec doctor, and give the command again",
    )


def clock_words(verdict: ClockVerdict) -> str:
    """What is against the clock, in one sentence; empty where nothing holds anything up."""
    if verdict.is_right:
        return ""
    way = "ahead" if verdict.ahead > timedelta(0) else "behind"
    off = f"{duration(_rounded(verdict.ahead))} {way} by {_named(verdict)}"
    if verdict.state is ClockState.WRONG:
        return f"this machine's clock is {off}: nothing is signed or sent until it is right"
    return f"this machine's clock may be {off}: nothing is signed or sent until somebody else confirms either"


def _rounded(span: timedelta) -> timedelta:
    """To whole minutes: what witnesses say is good to about a second."""
    minutes = round(span / timedelta(minutes=1))
    return timedelta(minutes=minutes) if minutes else span


def _named(verdict: ClockVerdict) -> str:
    return ", ".join(words for who, words in _WORDS.items() if who in verdict.against)


def _say(before: ClockVerdict, now: ClockVerdict) -> None:
    """Write into the log what is news."""
    seconds = round(now.ahead.total_seconds())
    facts = {"ahead_seconds": seconds, "against": sorted(now.against), "agreeing": sorted(now.agreeing)}
    if now.state is ClockState.WRONG:
        advice = "Let it be kept by NTP (timedatectl); the agent goes on by itself"
        _log.error(f"{clock_words(now)}. {advice}", action="clock.wrong", **facts)
    elif now.state is ClockState.UNPROVEN:
        advice = "Compare it by hand; after an hour one submission is sent, whose signed answer decides"
        _log.error(f"{clock_words(now)}. {advice}", action="clock.unproven", **facts)
    elif now.against:
        what = f"{_named(now)} tells another time than this machine's clock, and is outvoted"
        _log.warning(what, action="clock.contradicted", **facts)
    if now.is_right and not before.is_right:
        _log.info("this machine's clock can be relied on again; everything goes on", action="clock.right", **facts)
