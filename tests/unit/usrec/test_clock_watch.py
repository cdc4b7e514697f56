"""While this machine's clock cannot be relied on nothing is signed or sent, and everything goes on by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from support.line import HOUR, LEASE, TIMEOUT, Line, registered
from support.line_agent import agent_of
from usrec.adapters.metrics.agent_metrics import AgentMetrics
from usrec.application.delivery import Delivered
from usrec.application.watch_deadlines import watch_deadlines
from usrec.bootstrap import Agent
from usrec.domain.alert import Threshold, Watched
from usrec.domain.breaker import Passage
from usrec.domain.clock_trust import PATIENCE, ClockState, Witness
from usrec.domain.errors import ConfigurationError
from usrec.domain.message import Envelope, SignedMessage
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus
from usrec.domain.verdict import Ending
from usrec.interfaces.bench import Bench
from usrec.interfaces.clock_watch import ASK_EVERY, ClockWatch, require_right_clock
from usrec.interfaces.crew import Crew
from usrec.interfaces.dispatch import Dispatch
from usrec.interfaces.gate import Gate
from usrec.interfaces.handover import Handover
from usrec.interfaces.health import Health
from usrec.interfaces.heart import Heart
from usrec.ports.alert_sink import LOG

AGAIN = timedelta(seconds=30)
Log = Sequence[MutableMapping[str, Any]]


@dataclass
class Server:
    """Somebody with a clock of their own; `ahead` of the true time, away when None."""

    name: Witness
    machine: Machine
    ahead: timedelta | None = timedelta(0)
    asked: int = 0

    def tell(self) -> datetime | None:
        self.asked += 1
        return None if self.ahead is None else self.machine.true + self.ahead


@dataclass
class Machine:
    """An agent's machine: its clock can be set, its counter cannot."""

    line: Line
    monkeypatch: pytest.MonkeyPatch
    counter: timedelta = timedelta(days=3)
    watch: ClockWatch = field(default_factory=ClockWatch)
    signed_ahead: timedelta = timedelta(0)
    workers: int = 1
    done: list[Delivered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.true = self.line.clock.now()
        self.gateway, self.ledger = Server(Witness.GATEWAY, self), Server(Witness.LEDGER, self, ahead=None)
        made = agent_of(self.line, breaker_pause=AGAIN.total_seconds(), workers=self.workers)
        self.agent = replace(made, steady=lambda: self.counter, witnesses=[self.gateway, self.ledger])
        stop, handover, metrics = threading.Event(), Handover(self.agent), AgentMetrics(self.line.clock)
        crew = Crew(stop, handover, halt=stop.set, hindered=lambda _: None)
        alone = Bench(alone=True)
        dispatch = Dispatch(
            stop, handover, crew, self.note, metrics, clock_watch=self.watch, bench=alone, group=self.workers
        )
        self.step: Callable[[Agent], bool] = dispatch.once("deliver-0", HOUR)
        self.say: Callable[[Envelope], SubmissionOutcome] = self.answers
        self.monkeypatch.setattr(self.line.wire, "submit", self.submit)

    def note(self, _: Agent, delivered: Delivered) -> None:
        self.done.append(delivered)

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        return self.say(envelope)

    def answers(self, envelope: Envelope) -> SubmissionOutcome:
        at = self.true + self.signed_ahead
        return registered(envelope.message_id[:8], response_date=at, correlation_id=envelope.correlation_id)

    def pass_time(self, by: timedelta) -> None:
        self.true += by
        self.counter += by
        self.line.clock.advance(by)

    def set_clock(self, by: timedelta) -> None:
        """Somebody sets the machine's clock."""
        self.line.clock.set(self.line.clock.now() + by)

    def sets_clock(self, by: timedelta) -> Callable[[Envelope], SubmissionOutcome]:
        """A gateway during whose first exchange the clock is set."""

        def say(envelope: Envelope) -> SubmissionOutcome:
            answer, self.say = self.answers(envelope), self.answers
            self.set_clock(by)
            return answer

        return say

    def look(self) -> ClockState:
        return self.watch.look(self.agent).state

    def work(self) -> list[str]:
        """Deliver until nothing may go; gives the events that were sent."""
        before = len(self.done)
        while self.step(self.agent):
            pass
        return [one.submission.event_id for one in self.done[before:]]

    def bytes_of(self, event: str) -> bytes:
        """What was signed."""
        which = self.line.of(event).id
        with self.line.work() as work:
            message = work.submissions.message(which)
        assert message is not None
        return message.document

    def hire(self, *events: str) -> None:
        for event in events:
            self.line.take(event, contract=f"K-{event}")


@pytest.fixture
def machine(line: Line, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(line, monkeypatch)


@pytest.fixture
def log() -> Iterator[Log]:
    with capture_logs() as captured:
        yield captured


def actions(log: Log) -> list[str]:
    return [str(one["action"]) for one in log if str(one.get("action")).startswith("clock.")]


def test_nothing_goes_before_the_witnesses_were_asked(machine: Machine) -> None:
    machine.hire("a")
    assert machine.work() == []
    machine.look()
    assert machine.work() == ["a"]


def test_clock_set_by_hours_in_mid_run_stops_everything_until_it_is_right(machine: Machine, log: Log) -> None:
    machine.hire("a", "b")
    machine.look()
    machine.say = machine.sets_clock(3 * HOUR)
    (first,) = machine.work()
    (left,) = {"a", "b"} - {first}
    assert machine.work() == []
    assert machine.look() is ClockState.WRONG
    machine.pass_time(PATIENCE * 2)
    assert machine.work() == []
    assert not machine.line.attempts(left), "neither signed nor sent"
    assert machine.line.of(left).state is State.PENDING
    machine.set_clock(-3 * HOUR)
    assert machine.work() == [left], "without a question and without a hand"
    assert actions(log) == ["clock.wrong", "clock.right"]
    assert "3 h ahead by the gateway's signed answers, the gateway, its own time before" in str(log)


@pytest.fixture
def crowd(line: Line, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Give a machine on which four go together, with what the witnesses say."""
    machine = Machine(line, monkeypatch, workers=4)
    machine.hire("a", "b", "c", "d")
    machine.look()
    return machine


@pytest.mark.parametrize("by", [-3 * HOUR, 3 * HOUR])
def test_clock_set_while_some_are_signed_lets_none_of_them_go(crowd: Machine, by: timedelta) -> None:
    """Those that are signed already go back with those that are not; when it is right all go without a wait."""
    signs, signed = crowd.line.signer.sign, list[object]()

    def sign(*what: Any, **how: Any) -> SignedMessage:
        signed.append(what)
        if len(signed) == 2:
            crowd.set_clock(by)
        return signs(*what, **how)

    crowd.monkeypatch.setattr(crowd.line.signer, "sign", sign)
    assert crowd.work() == []
    assert len(signed) == 2
    assert crowd.line.wire.submitted == []
    assert not [attempt for one in "abcd" for attempt in crowd.line.attempts(one)]
    assert {crowd.line.entry(one).status for one in "abcd"} == {QueueStatus.READY}
    crowd.set_clock(-by)
    assert sorted(crowd.work()) == ["a", "b", "c", "d"]
    assert {crowd.line.of(one).state for one in "abcd"} == {State.ACCEPTED}


@pytest.mark.parametrize("by", [-3 * HOUR, 3 * HOUR])
def test_clock_set_while_some_are_opened_holds_those_back_that_have_not_left(crowd: Machine, by: timedelta) -> None:
    """Nothing of them was sent, so nothing of them is in doubt; when the clock is right the same bytes go."""
    asked: list[str] = []
    first = crowd.sets_clock(by)

    def say(envelope: Envelope) -> SubmissionOutcome:
        asked.append(envelope.message_id)
        return first(envelope)

    crowd.say = say
    crowd.work()
    assert len(asked) == 1
    held_back = [one for one in "abcd" if crowd.line.attempts(one)[0].ending == Ending.NOTHING_SENT]
    assert len(held_back) == 3
    assert {crowd.line.of(one).state for one in held_back} == {State.SIGNED}
    signatures = {one: crowd.bytes_of(one) for one in held_back}
    crowd.say = crowd.answers
    crowd.set_clock(-by)
    crowd.pass_time(LEASE)
    crowd.work()
    assert {crowd.line.of(one).state for one in "abcd"} == {State.ACCEPTED}
    assert {one: crowd.bytes_of(one) for one in held_back} == signatures


def test_clock_that_turns_wrong_after_the_clerk_was_let_in_lets_no_single_one_go(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only one that was let in alone, after the hold, may go against the verdict."""
    machine.hire("a")
    machine.look()
    enter = Gate.enter

    def late(self: Gate, *what: Any) -> Passage:
        machine.set_clock(3 * HOUR)
        return enter(self, *what)

    monkeypatch.setattr(Gate, "enter", late)
    assert not machine.step(machine.agent)
    assert not machine.line.attempts("a")


def test_clock_that_is_wrong_from_the_start_is_held_by_one_header_and_stopped_by_two_servers(machine: Machine) -> None:
    machine.hire("a")
    machine.set_clock(-5 * HOUR)
    assert machine.look() is ClockState.UNPROVEN
    assert machine.work() == []
    machine.ledger.ahead = timedelta(0)
    machine.pass_time(AGAIN)
    assert machine.look() is ClockState.WRONG
    machine.set_clock(5 * HOUR)
    assert machine.work() == ["a"]


def test_wild_header_alone_costs_an_hour_and_no_more(machine: Machine, log: Log) -> None:
    """Then one submission finds out, and the signed answer outweighs the header."""
    machine.hire("a", "b", "c")
    machine.gateway.ahead = timedelta(days=-4000)
    assert machine.look() is ClockState.UNPROVEN
    machine.pass_time(PATIENCE - AGAIN)
    assert machine.work() == []
    machine.pass_time(AGAIN)
    assert sorted(machine.work()) == ["a", "b", "c"]
    assert machine.look() is ClockState.RIGHT
    assert actions(log) == ["clock.unproven", "clock.contradicted", "clock.right"]


@pytest.mark.parametrize("year", [1, 9999])
def test_header_with_an_impossible_year_is_no_word_about_the_time(machine: Machine, year: int) -> None:
    """Counted on from there, no calendar holds it."""
    machine.hire("a")
    machine.gateway.ahead = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC) - machine.true
    machine.look()
    machine.pass_time(HOUR / 2)
    assert machine.look() is ClockState.RIGHT
    assert machine.work() == ["a"]


def last_hour(machine: Machine, before: timedelta = HOUR / 2) -> None:
    """The true time is so long before the last day by law of event a ends."""
    due = machine.line.of("a").due_utc
    assert due is not None
    machine.pass_time(due - machine.true - before)


def test_wild_header_holds_nothing_up_in_the_last_hour_of_a_term(machine: Machine) -> None:
    machine.hire("a", "b")
    last_hour(machine)
    machine.gateway.ahead = 9 * HOUR
    assert machine.look() is ClockState.UNPROVEN
    assert sorted(machine.work()) == ["a", "b"]


def test_last_hour_by_the_word_of_those_against_a_slow_clock_holds_nothing_up_either(machine: Machine) -> None:
    machine.hire("a")
    last_hour(machine)
    machine.set_clock(-5 * HOUR)
    assert machine.look() is ClockState.UNPROVEN
    assert machine.step(machine.agent)


def test_term_that_outlasts_the_hold_waits_for_it(machine: Machine) -> None:
    machine.hire("a")
    last_hour(machine, before=1.5 * HOUR)
    machine.gateway.ahead = -HOUR
    machine.look()
    assert machine.work() == []


def test_clock_that_is_outvoted_lets_nothing_go_in_the_last_hour(machine: Machine) -> None:
    machine.hire("a")
    last_hour(machine)
    machine.ledger.ahead = machine.gateway.ahead = -3 * HOUR
    assert machine.look() is ClockState.WRONG
    assert machine.work() == []


def test_trial_without_a_signed_answer_is_one_in_an_hour(machine: Machine) -> None:
    machine.hire("a", "b", "c")
    machine.gateway.ahead = 9 * HOUR
    machine.look()
    machine.say = lambda _: TIMEOUT
    for _ in range(3):
        machine.pass_time(PATIENCE)
        assert len(machine.work()) == 1


def test_trial_that_finds_nothing_to_send_is_not_used_up(machine: Machine) -> None:
    machine.gateway.ahead = 9 * HOUR
    machine.look()
    machine.pass_time(PATIENCE)
    assert machine.work() == []
    machine.hire("a")
    assert machine.work() == ["a"]


def test_signed_answer_with_another_time_stops_the_clock_that_nobody_else_doubts(machine: Machine) -> None:
    """Its submission is in doubt, as every answer from outside its attempt is; nothing follows it."""
    machine.hire("a", "b")
    machine.gateway.ahead = None
    machine.look()
    machine.signed_ahead = 3 * HOUR
    (sent,) = machine.work()
    assert machine.line.of(sent).state is State.INDETERMINATE
    assert machine.look() is ClockState.WRONG


def test_replayed_answer_of_yesterday_is_no_signed_word_about_now(machine: Machine) -> None:
    machine.hire("a", "b")
    machine.look()
    machine.say = lambda _: registered(response_date=machine.true - 24 * HOUR, correlation_id="another")
    machine.step(machine.agent)
    assert machine.look() is ClockState.UNPROVEN, "an unsigned word, until the gateway is asked again"
    machine.pass_time(AGAIN)
    assert machine.look() is ClockState.RIGHT


def test_sleep_of_the_machine_is_no_jump(machine: Machine) -> None:
    machine.hire("a")
    machine.look()
    machine.pass_time(20 * HOUR)
    assert machine.work() == ["a"]


def test_clock_that_was_wrong_and_is_set_right_needs_one_who_confirms_it(machine: Machine) -> None:
    machine.hire("a")
    machine.gateway.ahead = None
    machine.set_clock(-5 * HOUR)
    assert machine.look() is ClockState.RIGHT, "nobody says anything else"
    machine.set_clock(5 * HOUR)
    assert machine.work() == []
    machine.gateway.ahead = timedelta(0)
    machine.pass_time(AGAIN)
    machine.look()
    assert machine.work() == ["a"]


def test_witnesses_are_asked_once_in_an_hour_and_soon_while_they_object(machine: Machine) -> None:
    for _ in range(10):
        machine.look()
        machine.pass_time(ASK_EVERY / 5)
    assert machine.gateway.asked == 2
    machine.gateway.ahead = 9 * HOUR
    machine.pass_time(ASK_EVERY)
    for _ in range(10):
        machine.look()
        machine.pass_time(AGAIN)
    assert machine.gateway.asked == 12


def test_it_is_said_in_alerts_signs_of_life_and_health(machine: Machine) -> None:
    heart = Heart(machine.line.clock, tuple, machine.watch.verdict)
    machine.look()
    machine.set_clock(-3 * HOUR)
    machine.look()
    heart.beat(machine.agent, draining=False)
    machine.watch.raise_alert(machine.agent)
    assert open_alerts(machine) == [], "nothing waits"
    machine.hire("a", "b")
    for _ in range(2):
        machine.watch.raise_alert(machine.agent)
    assert open_alerts(machine) == [Threshold.CLOCK_WRONG]
    (sign,) = machine.line.ledger.view.heartbeats()
    assert (sign.halted, sign.clock_ahead) == ("wrong", -3 * 3600)
    now = machine.line.clock.now()
    health = Health(now, now, "1", clock=machine.watch.verdict(machine.agent))
    assert health.obstacles[-1].startswith("this machine's clock is 3 h behind by the gateway")
    assert (health.document()["clock"], health.document()["clock_ahead_seconds"]) == ("wrong", -10800)
    machine.set_clock(3 * HOUR)
    heart.beat(machine.agent, draining=False)
    assert open_alerts(machine) == []
    assert not machine.line.ledger.view.heartbeats()[0].halted


def test_command_that_sends_by_itself_refuses(machine: Machine) -> None:
    require_right_clock(machine.agent)
    machine.set_clock(3 * HOUR)
    with pytest.raises(ConfigurationError, match=r"3 h ahead by the gateway.*Nothing was signed or sent"):
        require_right_clock(machine.agent)


def open_alerts(machine: Machine) -> list[Threshold]:
    """Those of the clock that the agent would tell."""
    line = machine.line
    watch_deadlines(ledger=line.ledger, policy=machine.agent.watching, clock=line.clock)
    with line.ledger.begin() as work:
        told = [one.open.alert for one in work.alert_sinks.untold(LOG, line.clock.now(), 99, at_once=True)]
    return [alert.threshold for alert in told if alert.watched is Watched.CLOCK]
