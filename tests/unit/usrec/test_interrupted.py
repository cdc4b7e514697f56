"""A ledger that fails in the middle of a delivery: the claim goes on as soon as it answers, not when its lease ends."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from support.desk import Desk
from support.evidence_records import contradictions_of, record_of
from support.line import HOUR, LEASE, TIMEOUT, UNREACHABLE, Line, PlainRenderer, faulted, refused, registered
from support.line_agent import agent_of, answering
from usrec.adapters.persistence.attempts import SqlAcknowledgements, SqlAttempts
from usrec.adapters.persistence.ledger import SqlUnitOfWork
from usrec.adapters.persistence.outbox import SqlOutbox
from usrec.application.record_intent import OpenAttempt, record_intents
from usrec.domain.chain import moment
from usrec.domain.errors import InvariantViolation, LedgerUnavailable, TheirsToWaitFor, UsrecError
from usrec.domain.evidence import Timeliness
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.state import State
from usrec.domain.submission import AttemptId
from usrec.domain.verdict import Ending
from usrec.interfaces.crew import Crew
from usrec.interfaces.daemon import Daemon
from usrec.interfaces.interrupted import Interrupted
from usrec.interfaces.shift import GROUP
from usrec.ports.attempts import AttemptClosing


def failing_once(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """One call of a method of the outbox meets a locked ledger."""
    real, left = getattr(SqlOutbox, name), iter(range(1))

    def locked_once(self: SqlOutbox, *arguments: Any) -> Any:
        if next(left, None) is not None:
            raise LedgerUnavailable("it is locked")
        return real(self, *arguments)

    monkeypatch.setattr(SqlOutbox, name, locked_once)


@pytest.mark.parametrize("failing", ["hold_leases", "remove"])
def test_delivery_that_a_failing_ledger_breaks_off_goes_on_without_waiting_for_its_lease(
    line: Line, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """Before the exchange, and with its answer in hand. The clock stands still here, so that no lease can run out."""
    line.take("c1")
    answering(line, monkeypatch)
    failing_once(monkeypatch, failing)
    Daemon(agent_of(line, workers=1)).run(drain=True)
    assert line.of("c1").state is State.ACCEPTED
    assert len(line.wire.submitted) == 1


@dataclass
class LedgerAway:
    """T4 fails as often as ``times`` says, when it was sent to be committed.

    Attributes:
        committed: Only the confirmation of the commit is lost.
    """

    times: int
    committed: bool = False

    def over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        weather, closes, commits = self, SqlAttempts.close, SqlUnitOfWork.commit
        records: set[int] = set()

        def close(attempts: SqlAttempts, *closing: Any) -> None:
            closes(attempts, *closing)
            records.add(id(attempts))

        def commit(work: SqlUnitOfWork) -> None:
            hit = id(work.attempts) in records and weather.times > 0
            weather.times -= hit
            if hit and not weather.committed:
                raise LedgerUnavailable("it is away")
            commits(work)
            if hit:
                raise LedgerUnavailable("it is away since the commit")

        monkeypatch.setattr(SqlAttempts, "close", close)
        monkeypatch.setattr(SqlUnitOfWork, "commit", commit)


def seen_profile(line: Line) -> None:
    """The registry knows no record id of ours: what is sent twice is refused, and becomes a person's work."""
    line.renderer = PlainRenderer(supplies_record_id=False)


@pytest.mark.parametrize("committed", [False, True], ids=["rolled back", "committed"])
@pytest.mark.parametrize(
    "say",
    [
        registered,
        partial(refused, "SCSE002"),
        partial(refused, "SCSE005"),
        partial(refused, "SCSE007"),
        partial(faulted, "SCE900"),
        partial(registered, correlation_id="another"),
        lambda: TIMEOUT,
    ],
    ids=["registered", "002", "005", "007", "fault", "another's", "timeout"],
)
def test_answer_that_came_while_the_ledger_was_away_counts_as_if_it_had_not_been(
    line: Line, monkeypatch: pytest.MonkeyPatch, say: Callable[[], SubmissionOutcome], *, committed: bool
) -> None:
    """However often T4 fails, and whether or not the ledger has taken it all the same."""
    seen_profile(line)
    stories = []
    for event, times in (("calm", 0), ("away", 3)):
        line.take(event, contract=f"K-{event}")
        desk = Desk(line, monkeypatch)
        desk.say = say()
        with monkeypatch.context() as patch:
            LedgerAway(times, committed=committed).over(patch)
            for _ in range(times + 1):
                with suppress(LedgerUnavailable):
                    desk.step(desk.agent)
        assert desk.dispatch.interrupted.answers == 0
        (attempt,) = line.attempts(event)
        told = [(one.action, one.reason, one.to_state) for one in line.journal(line.of(event).id)]
        queued = line.queued(event)
        waits = None if queued is None else (queued.status, queued.wait_reason, queued.attempts, queued.doubtful)
        stories.append((line.of(event).state, attempt.ending, attempt.closed_at, told, waits))
    assert stories[0] == stories[1]


def test_what_was_recorded_late_is_told_at_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tells HR is woken, as by results that were recorded in time; not while nothing is recorded."""
    line.take("c1")
    desk, woken = Desk(line, monkeypatch), list[State]()
    with monkeypatch.context() as patch:
        LedgerAway(3).over(patch)
        monkeypatch.setattr(Crew, "recorded", lambda _: woken.append(line.of("c1").state))
        for _ in range(2):
            with suppress(LedgerUnavailable):
                desk.step(desk.agent)
        assert woken == []
    desk.step(desk.agent)
    assert woken == [State.ACCEPTED]


def test_answer_counts_when_another_agent_has_taken_over_meanwhile(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """It closed the attempt as abandoned, and holds the submission; the registration is on record all the same."""
    seen_profile(line)
    line.take("c1")
    desk = Desk(line, monkeypatch)
    with monkeypatch.context() as patch:
        LedgerAway(1).over(patch)
        with pytest.raises(LedgerUnavailable):
            desk.step(desk.agent)
    line.clock.advance(LEASE)
    (claim,) = line.claim(1, owner="other")
    line.wire.then(refused("SCSE014"))
    rendered = line.made_ready(claim)
    (theirs,) = record_intents([rendered], ledger=line.ledger, clock=line.clock, entropy=line.entropy)
    assert isinstance(theirs, OpenAttempt)
    assert line.of("c1").state is State.INDETERMINATE
    desk.step(desk.agent)
    assert line.of("c1").state is State.ACCEPTED
    assert [one.ending for one in line.attempts("c1")] == [Ending.UNKNOWN, None]
    assert line.record(theirs, refused("SCSE014")) is None, "what the other agent learns changes nothing"
    assert (line.of("c1").state, line.queued("c1")) == (State.ACCEPTED, None)


def test_answer_that_the_ledger_never_takes_holds_nobody_up(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.take("c1")
    desk, closes = Desk(line, monkeypatch), SqlAttempts.close
    poisoned: set[str] = set()

    def close(attempts: SqlAttempts, which: AttemptId, closing: AttemptClosing) -> None:
        poisoned.update([] if poisoned else [which])
        if which in poisoned:
            raise LedgerUnavailable("this one takes too long")
        closes(attempts, which, closing)

    monkeypatch.setattr(SqlAttempts, "close", close)
    with pytest.raises(LedgerUnavailable):
        desk.step(desk.agent)
    line.take("c2", contract="K-2")
    desk.work()
    assert (line.of("c1").state, line.of("c2").state) == (State.SIGNED, State.ACCEPTED)
    assert desk.dispatch.interrupted.answers == 1


def test_health_tells_how_many_answers_the_agent_alone_knows(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it runs, and as long as the ledger is away."""
    line.take("c1")
    daemon, told = Daemon(agent_of(line, workers=1)), []
    answering(line, monkeypatch)
    LedgerAway(3).over(monkeypatch)
    waits_for = daemon.crew.waits_for

    def waiting(problem: TheirsToWaitFor) -> None:
        told.append(daemon.health().unrecorded)
        waits_for(problem)

    monkeypatch.setattr(daemon.crew, "waits_for", waiting)
    daemon.run(drain=True)
    assert (max(told), daemon.health().unrecorded) == (1, 0)


@pytest.mark.parametrize("taken_over", [False, True])
def test_kept_answer_is_in_time_when_it_came_in_time(
    line: Line, monkeypatch: pytest.MonkeyPatch, *, taken_over: bool
) -> None:
    """The ledger is back on the day after the last one; the evidence tells of both moments."""
    seen_profile(line)
    line.take("c1")
    due = line.of("c1").due_utc
    assert due is not None
    line.clock.advance(due - line.clock.now() - LEASE / 4)
    desk, came_at = Desk(line, monkeypatch), line.clock.now()
    with monkeypatch.context() as patch:
        LedgerAway(1).over(patch)
        with pytest.raises(LedgerUnavailable):
            desk.step(desk.agent)
    line.clock.advance(LEASE if taken_over else LEASE / 2)
    if taken_over:
        desk.say = TIMEOUT
        line.send()
    desk.step(desk.agent)
    record = record_of(line, "c1")
    closed_at = {one["number"]: one["closed_at"] for one in record["attempts"]}[1]
    assert line.of("c1").decided_at == came_at
    assert record["deadline"]["timeliness"] == Timeliness.IN_TIME
    assert record["times"]["acknowledged"] == moment(came_at) < moment(due) < closed_at
    assert contradictions_of(line, "c1") == []


class Poison:
    """The ledger takes the answers of all submissions but the first one whose answer it sees.

    Attributes:
        away: It takes none at all.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, problem: UsrecError) -> None:
        self.away = True
        self._which: set[AttemptId] = set()
        closes = SqlAttempts.close

        def close(attempts: SqlAttempts, which: AttemptId, closing: AttemptClosing) -> None:
            self._which.update([] if self._which else [which])
            if self.away:
                raise LedgerUnavailable("it is away")
            if which in self._which:
                raise problem
            closes(attempts, which, closing)

        monkeypatch.setattr(SqlAttempts, "close", close)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("problem", [LedgerUnavailable("a lock is in its way"), InvariantViolation("it is odd")])
def test_answer_that_the_ledger_never_takes_keeps_no_other_from_being_recorded(
    line: Line, monkeypatch: pytest.MonkeyPatch, problem: UsrecError, *, late: bool
) -> None:
    """Also where their claims have run out meanwhile."""
    desk, poison = Desk(line, monkeypatch), Poison(monkeypatch, problem)
    for number in range(4):
        line.take(f"c{number}", contract=f"K-{number}")
        with pytest.raises(LedgerUnavailable):
            desk.step(desk.agent)
    assert desk.dispatch.interrupted.answers == 4
    poison.away = False
    if late:
        line.clock.advance(LEASE)
    for _ in range(2):
        with suppress(UsrecError):
            desk.dispatch.record_kept(desk.agent)
    assert [line.of(f"c{number}").state for number in range(4)] == [State.SIGNED] + [State.ACCEPTED] * 3
    assert desk.dispatch.interrupted.answers == 1


def test_answer_that_the_ledger_refuses_keeps_the_agent_from_nothing_that_is_done_at_its_end(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.take("c1")
    daemon, poison = Daemon(agent_of(line, workers=1)), Poison(monkeypatch, InvariantViolation("it is odd"))

    def last_answer(envelope: Envelope) -> SubmissionOutcome:
        daemon.stop.set()
        return line.registers(envelope)

    def away_no_more(*_: object) -> None:
        poison.away = False

    answering(line, monkeypatch, last_answer)
    monkeypatch.setattr(daemon.reloader, "join", away_no_more)
    with capture_logs() as log:
        daemon.run(drain=False)
    assert [one["answers"] for one in log if one["action"] == "agent.answers_lost"] == [1]
    assert log[-1]["action"] == "agent.stop"
    assert line.entry("c1").lease_owner is None, "nobody waits for its lease"


class Locked:
    """T4 alone does not get what it needs: somebody rebuilds a table that claims and intents leave alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_locked = True
        seen = SqlAcknowledgements.seen

        def locked(acknowledgements: SqlAcknowledgements, digests: Collection[str]) -> Collection[str]:
            if self.is_locked:
                raise LedgerUnavailable("the table is locked")
            return seen(acknowledgements, digests)

        monkeypatch.setattr(SqlAcknowledgements, "seen", locked)


@pytest.mark.parametrize(
    ("say", "state"), [(registered, State.ACCEPTED), (partial(refused, "SCSE007"), State.REJECTED)]
)
def test_what_was_answered_is_not_sent_again_when_its_claim_runs_out(
    line: Line, monkeypatch: pytest.MonkeyPatch, say: Callable[[], SubmissionOutcome], state: State
) -> None:
    """And its answer counts as if it had been recorded at once."""
    seen_profile(line)
    line.take("c1")
    desk, table, sent = Desk(line, monkeypatch), Locked(monkeypatch), list[Envelope]()

    def answer(envelope: Envelope) -> SubmissionOutcome:
        sent.append(envelope)
        return say()

    desk.say = answer
    for _ in range(4):
        with suppress(LedgerUnavailable):
            desk.step(desk.agent)
        line.clock.advance(LEASE)
    with suppress(LedgerUnavailable):
        desk.step(desk.agent)
    table.is_locked = False
    desk.work()
    assert len(sent) == 1
    assert (line.of("c1").state, [one.ending for one in line.attempts("c1")]) == (
        state,
        [Ending.REGISTERED if state is State.ACCEPTED else Ending.REFUSED],
    )


@pytest.mark.parametrize("group", [1, 8])
def test_agent_sends_no_more_while_many_answers_cannot_be_recorded(
    line: Line, monkeypatch: pytest.MonkeyPatch, group: int
) -> None:
    """They are in its memory alone."""
    for number in range(2 * GROUP):
        line.take(f"c{number}", contract=f"K-{number}")
    desk, table = Desk(line, monkeypatch, group=group), Locked(monkeypatch)
    for _ in range(2 * GROUP):
        with suppress(LedgerUnavailable):
            desk.step(desk.agent)
    assert GROUP <= desk.dispatch.interrupted.answers < GROUP + group
    table.is_locked = False
    desk.work()
    assert set(line.states().values()) == {"accepted"}
    assert desk.dispatch.interrupted.answers == 0


@pytest.mark.parametrize("late", [False, True])
def test_kept_answer_counts_although_the_clock_was_set_back_meanwhile(
    line: Line, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    line.take("c1")
    desk = Desk(line, monkeypatch)
    desk.say = registered(response_date=line.clock.now())
    with monkeypatch.context() as patch:
        LedgerAway(1).over(patch)
        with pytest.raises(LedgerUnavailable):
            desk.step(desk.agent)
    if late:
        line.clock.advance(LEASE)
        line.claim(1, owner="other")
    line.clock.set(line.clock.now() - HOUR)
    desk.dispatch.record_kept(desk.agent)
    assert line.of("c1").state is State.ACCEPTED


@pytest.mark.parametrize("times", [1, 9])
def test_agent_that_is_stopped_records_what_it_has_and_says_loudly_what_it_could_not(
    line: Line, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    line.take("c1")
    daemon = Daemon(agent_of(line, workers=1))

    def last_answer(envelope: Envelope) -> SubmissionOutcome:
        daemon.stop.set()
        return line.registers(envelope)

    answering(line, monkeypatch, last_answer)
    LedgerAway(times).over(monkeypatch)
    with capture_logs() as log:
        daemon.run(drain=False)
    recorded = times == 1
    assert line.of("c1").state is (State.ACCEPTED if recorded else State.SIGNED)
    lost = [(one["answers"], one["log_level"]) for one in log if one["action"] == "agent.answers_lost"]
    assert lost == ([] if recorded else [(1, "error")])


def test_claim_is_remembered_while_the_ledger_fails_and_forgotten_when_another_agent_has_it(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.take("c1")
    line.take("c2", contract="K-2")
    interrupted = Interrupted()
    for claim in line.claim():
        with pytest.raises(LedgerUnavailable), interrupted.remembered([claim]):
            raise LedgerUnavailable("it is locked")
    with monkeypatch.context() as away:
        failing_once(away, "release")
        with pytest.raises(LedgerUnavailable):
            interrupted.give_back(line.ledger)
    assert line.claim() == []
    line.clock.advance(LEASE)
    (taken_over,) = line.claim(1, owner="other")
    interrupted.give_back(line.ledger)
    assert line.entry(taken_over.submission.event_id).lease_owner == "other"
    assert len(line.claim()) == 1


def test_delivery_that_ends_as_it_should_leaves_nothing_to_give_back(line: Line) -> None:
    line.take("c1")
    interrupted = Interrupted()
    (claim,) = line.claim(1)
    with interrupted.remembered([claim]):
        line.wire.then(UNREACHABLE)
        line.deliver(claim)
    before = line.entry("c1")
    interrupted.give_back(line.ledger)
    assert line.entry("c1") == before


def test_agent_holds_one_claim_for_each_worker_and_no_more_where_the_gateway_is_slow(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise one lease would have to cover several exchanges in a row."""
    for number in range(6):
        line.take(f"c{number}", contract=f"K-{number}")
    held: list[int] = []

    def counting(envelope: Any) -> Any:
        held.append(line.ledger.view.progress().claimed)
        line.clock.advance(timedelta(seconds=1))
        return line.registers(envelope)

    answering(line, monkeypatch, counting)
    Daemon(agent_of(line, workers=2)).run(drain=True)
    assert len(held) == 6
    assert max(held) <= 2
