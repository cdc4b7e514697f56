"""Submissions that share their transactions: each succeeds or fails by itself, and one holds no other up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from support.desk import Desk
from support.line import BIN, DAY, LEASE, MONDAY, UNREACHABLE, Line, PowerCutError, power_cut, refused, registered
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.persistence.attempts import SqlAttempts
from usrec.adapters.persistence.submissions import SqlSubmissions
from usrec.application.deliver import HELD_BACK, open_attempts
from usrec.application.record_answers import record_answers
from usrec.application.record_intent import Ready
from usrec.application.stop_employer import stop_employer
from usrec.application.together import together
from usrec.domain.errors import (
    EmployerHeld,
    InvariantViolation,
    LeaseLost,
    LedgerUnavailable,
    SigningRefused,
    ValidationProblem,
)
from usrec.domain.message import CorrelationId, MessageId, RenderedMessage, SignedMessage
from usrec.domain.outage import outages
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, Submission, WaitReason
from usrec.interfaces.bench import Bench, Broken
from usrec.ports.attempts import Attempt
from usrec.ports.ledger import Claim

OTHER = "000000000001"


@contextmanager
def counted(ledger: SqlLedger) -> Iterator[dict[str, int]]:
    """Statements and commits meanwhile."""
    seen = {"statements": 0, "commits": 0}

    def statement(*_: Any) -> None:
        seen["statements"] += 1

    def commit(*_: Any) -> None:
        seen["commits"] += 1

    event.listen(ledger._engine, "before_cursor_execute", statement)
    event.listen(ledger._engine, "commit", commit)
    yield seen
    event.remove(ledger._engine, "before_cursor_execute", statement)
    event.remove(ledger._engine, "commit", commit)


def hire(line: Line, number: int) -> list[str]:
    events = [f"c{one}" for one in range(number)]
    for one in events:
        line.enter(one, contract=f"K-{one}")
    line.ingest()
    return events


def test_group_goes_the_whole_line_in_three_transactions(line: Line) -> None:
    events = hire(line, 8)
    line.wire.then(*[line.registers] * 8)
    with counted(line.ledger) as seen:
        done = line.deliver_together(line.claim(8))
    assert seen["commits"] == 3
    assert [one.result for one in done] == ["accepted"] * 8
    assert {line.of(one).state for one in events} == {State.ACCEPTED}


def test_statements_for_each_of_a_group_are_few_however_many_it_has(line: Line) -> None:
    """Counted work, which depends on no machine: 32 cost hardly more statements than one does."""
    hire(line, 33)
    costs = []
    for size in (1, 32):
        line.wire.then(*[line.registers] * size)
        with counted(line.ledger) as seen:
            line.deliver_together(line.claim(size))
        costs.append(seen["statements"])
    assert costs[1] <= costs[0] + 8
    assert costs[1] <= 2 * 32


def test_one_that_lost_its_lease_drops_out_alone(line: Line) -> None:
    hire(line, 3)
    claims = line.claim(3)
    with line.work() as work:
        work.outbox.put(replace(claims[1].entry, status=QueueStatus.HELD))
    line.wire.then(*[line.registers] * 2)
    done = {one.submission.id: one.result for one in line.deliver_together(claims)}
    assert [done[claim.submission.id] for claim in claims] == ["accepted", "lease_lost", "accepted"]
    assert len(line.wire.submitted) == 2


def ready(line: Line, claim: Claim) -> Ready:
    """Steps 5 and 6 of a claim, by hand."""
    at, number = line.clock.now(), claim.submission.id
    rendered = line.renderer.render(claim.submission, record_id=claim.record_id)
    message = line.signer.sign(rendered, employer_bin=BIN, message_id=MessageId(number), at=at)
    return Ready(claim, message, line.wire.seal(message, employer_bin=BIN, correlation_id=CorrelationId(number), at=at))


def test_one_whose_employer_was_stopped_drops_out_alone(line: Line) -> None:
    hire(line, 2)
    first, second = (ready(line, claim) for claim in line.claim(2))
    of_other = replace(second.claim, submission=replace(second.claim.submission, employer_bin=OTHER))
    stop_employer(OTHER, EmployerName("other"), by="me", reason="x", ledger=line.ledger, clock=line.clock)
    group = [first, replace(second, claim=of_other)]
    opened, kept_back = open_attempts(group, ledger=line.ledger, clock=line.clock, entropy=line.entropy)
    assert [one.claim for one in opened] == [first.claim]
    assert [(one.claim, type(one.obstacle)) for one in kept_back] == [(of_other, EmployerHeld)]
    assert list(line.attempts(of_other.submission.event_id)) == []


def test_one_whose_answer_is_refused_leaves_the_others_registered(line: Line) -> None:
    hire(line, 3)
    line.wire.then(line.registers, refused("SCSE004"), line.registers)
    assert [one.result for one in line.deliver_together(line.claim(3))].count("accepted") == 2


def test_second_of_two_with_the_same_signed_answer_in_a_group_is_a_replay(line: Line) -> None:
    hire(line, 2)
    answer = registered("R-1")
    line.wire.then(answer, answer)
    assert sorted(one.result for one in line.deliver_together(line.claim(2))) == ["accepted", "indeterminate"]


def test_what_the_ledger_refuses_for_one_holds_no_other(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    hire(line, 3)
    claims = line.claim(3)
    bad, real = claims[1].submission.id, SqlSubmissions.update

    def refusing(self: SqlSubmissions, submission: Any, *, was: State) -> None:
        if submission.id == bad:
            raise LeaseLost("its state has changed")
        real(self, submission, was=was)

    monkeypatch.setattr(SqlSubmissions, "update", refusing)
    line.wire.then(*[line.registers] * 2)
    done = {one.submission.id: one.result for one in line.deliver_together(claims)}
    assert [done[claim.submission.id] for claim in claims] == ["accepted", "lease_lost", "accepted"]


def test_what_the_ledger_refuses_outright_for_one_is_raised_when_the_others_have_been_sent(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were opened, and would have been left behind as if they had been sent, at each start again."""
    events = hire(line, 3)
    claims, opens = line.claim(3), SqlAttempts.open
    bad = claims[1].submission

    def refusing(self: SqlAttempts, attempt: Attempt) -> None:
        if attempt.submission_id == bad.id:
            raise InvariantViolation("the ledger takes no attempt of it")
        opens(self, attempt)

    monkeypatch.setattr(SqlAttempts, "open", refusing)
    line.wire.then(*[line.registers] * 2)
    with pytest.raises(InvariantViolation):
        line.deliver_together(claims)
    assert {one: line.of(one).state for one in events if one != bad.event_id} == dict.fromkeys(
        (one for one in events if one != bad.event_id), State.ACCEPTED
    )
    assert (line.of(bad.event_id).state, list(line.attempts(bad.event_id))) == (State.PENDING, [])


def test_one_whose_document_is_not_signed_waits_alone(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    hire(line, 3)
    claims, signs = line.claim(3), line.signer.sign
    unsigned = line.renderer.render(claims[1].submission, record_id=claims[1].record_id)

    def sign(rendered: RenderedMessage, **how: Any) -> SignedMessage:
        if rendered == unsigned:
            raise SigningRefused("the key's certificate is revoked")
        return signs(rendered, **how)

    monkeypatch.setattr(line.signer, "sign", sign)
    line.wire.then(*[line.registers] * 2)
    done = {one.submission.id: one.result for one in line.deliver_together(claims)}
    assert [done[claim.submission.id] for claim in claims] == ["accepted", "waiting", "accepted"]
    left = line.entry(claims[1].submission.event_id)
    assert (left.status, left.wait_reason, left.lease_owner) == (QueueStatus.SCHEDULED, WaitReason.KEY_UNUSABLE, None)
    assert list(line.attempts(claims[1].submission.event_id)) == []


def test_one_that_cannot_be_rendered_goes_back_to_hr_alone(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    hire(line, 3)
    claims, renders = line.claim(3), line.renderer.render

    def render(submission: Submission, **how: Any) -> RenderedMessage:
        if submission.id == claims[1].submission.id:
            raise ValidationProblem("too long", where="established_post")
        return renders(submission, **how)

    monkeypatch.setattr(line.renderer, "render", render)
    line.wire.then(*[line.registers] * 2)
    done = {one.submission.id: one.result for one in line.deliver_together(claims)}
    assert [done[claim.submission.id] for claim in claims] == ["accepted", "invalid", "accepted"]


def test_ledger_that_goes_away_between_single_ones_is_not_waited_for_once_for_each() -> None:
    """Each wait for a locked ledger takes ten seconds; the leases of those behind would run out meanwhile."""
    asked: list[Sequence[int]] = []

    def step(some: Sequence[int]) -> Sequence[int]:
        asked.append(some)
        if len(some) > 1:
            raise LeaseLost("the state of one has changed")
        raise LedgerUnavailable("it is locked")

    with pytest.raises(LedgerUnavailable):
        together([1, 2, 3], step, lambda one, _: one)
    assert asked == [[1, 2, 3], [1]]


def test_group_that_dies_between_intent_and_record_is_sent_again_with_the_same_bytes(line: Line) -> None:
    """What was answered and what never left look alike from here: each is in doubt, and none gets new bytes."""
    hire(line, 3)
    line.wire.then(line.registers, power_cut)
    with pytest.raises(PowerCutError):
        line.deliver_together(line.claim(3))
    sent = {message.digest for message in line.wire.messages}
    line.clock.advance(LEASE)
    claims = line.claim(3)
    assert all(claim.open_attempt and claim.message for claim in claims)
    line.wire.then(*[line.registers] * 3)
    assert [one.result for one in line.deliver_together(claims)] == ["accepted"] * 3
    assert sent <= {message.digest for message in line.wire.messages}
    assert len({message.digest for message in line.wire.messages}) == 3


def test_what_was_held_back_was_never_sent_and_may_go_at_once(line: Line) -> None:
    line.take("c1")
    (claim,) = line.claim(1)
    one = ready(line, claim)
    opened = line.intend(claim, one.message, one.envelope)
    record_answers(
        [(opened, HELD_BACK)], ledger=line.ledger, clock=line.clock, entropy=line.entropy, policy=line.policy
    )
    assert line.of("c1").state is State.SIGNED
    with line.ledger.evidence.reading() as reading:
        assert list(outages(reading.exchanges(MONDAY - DAY))) == [], "our own stop is no outage of the gateway"
    (again,) = line.claim(1)
    assert again.sent_attempts == 0


def test_clerk_delivers_many_in_groups_and_an_open_breaker_holds_the_rest_back(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(line, monkeypatch, group=8)
    hire(line, 20)
    with counted(line.ledger) as seen:
        assert len(desk.work()) == 20
    assert seen["commits"] < 20
    hire_more = [f"d{one}" for one in range(8)]
    for one in hire_more:
        line.enter(one, contract=f"K-{one}")
    line.ingest()
    before = len(line.wire.submitted)
    desk.say = UNREACHABLE
    desk.work()
    assert desk.gate.breaker.in_vain == 3
    assert {line.of(one).state for one in hire_more} <= {State.SIGNED, State.PENDING}
    assert len(line.wire.submitted) == before


def test_a_profile_without_a_record_id_of_ours_has_groups_of_one(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that was not recorded is a person's work there."""
    monkeypatch.setattr(type(line.renderer), "supplies_record_id", property(lambda _: False), raising=False)
    desk = Desk(line, monkeypatch, group=8)
    hire(line, 4)
    with counted(line.ledger) as seen:
        desk.work()
    assert seen["commits"] >= 3 * 4


def test_ledger_that_fails_in_a_group_leaves_all_of_it_to_the_next_claim(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(line, monkeypatch, group=4)
    hire(line, 4)

    def away(*_: object, **__: object) -> None:
        raise LedgerUnavailable("it does not answer")

    with monkeypatch.context() as patch:
        patch.setattr("usrec.interfaces.shift.record_answers", away)
        with pytest.raises(LedgerUnavailable):
            desk.step(desk.agent)
    assert len(desk.work()) == 4


def test_nothing_waits_for_company_when_nothing_else_is_on_the_wire() -> None:
    """Patience would show: the first result is waited for up to an hour here, and company is said not to come."""
    bench, result = Bench(alone=True), Broken(None, LeaseLost("x"), sending=True)  # type: ignore[arg-type]
    bench.lay_out(lambda: result)
    assert bench.gather(3600.0, 8, more=lambda _: False) == [result]
    bench.knock()
    assert bench.gather(3600.0, 8, more=lambda _: True) == []
