"""What delivering threads do while the gateway is away and when it is back, in simulated time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support.desk import Desk
from support.line import HOUR, MONDAY, TIMEOUT, TODAY, UNREACHABLE, Line
from support.line_agent import agent_of
from usrec.application.deliver import claim_due
from usrec.application.hasten import hasten_unsent
from usrec.bootstrap import Agent
from usrec.domain.errors import LedgerUnavailable
from usrec.domain.message import Envelope
from usrec.domain.outcome import Doubt, SubmissionOutcome, Unknown
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus
from usrec.interfaces.gate import breaker_policy
from usrec.ports.ledger import Claim

PAUSE = timedelta(seconds=30)
HTTP_503 = Unknown(Doubt.HTTP_ERROR, "HTTP status 503 without a signed SOAP fault")


@pytest.fixture
def desk(line: Line, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(line, monkeypatch)


def test_absent_gateway_costs_no_more_than_so_many_attempts_and_one_for_each_pause(desk: Desk) -> None:
    for number in range(50):
        desk.line.take(f"c{number}", contract=f"K-{number}")
    desk.say = UNREACHABLE
    assert len(desk.work()) == 3
    for _ in range(10):
        desk.line.clock.advance(PAUSE)
        assert len(desk.work()) == 1
    assert sum(len(desk.line.attempts(f"c{number}")) for number in range(50)) == 13


def test_each_gets_its_share_of_tries_and_then_the_most_urgent_one_goes_whatever_its_own_wait(desk: Desk) -> None:
    """Tries are evidence, so none is left without. Then the breaker tries the most urgent one on behalf of all."""
    desk.line.take("urgent", "termination", contract="urgent", contract_id="R-1", termination_date=str(TODAY))
    desk.open_breaker()
    events = ["urgent", "lost-0", "lost-1", "lost-2"]
    while min(len(desk.line.attempts(one)) for one in events) < desk.agent.policy.retry.in_time:
        desk.line.clock.advance(PAUSE)
        assert len(desk.work()) == 1
    assert sum(len(desk.line.attempts(one)) for one in events) < 100
    for _ in range(5):
        desk.line.clock.advance(PAUSE)
        assert desk.work() == ["urgent"]
    desk.say = desk.line.registers
    desk.line.clock.advance(PAUSE)
    assert desk.work()[0] == "urgent"
    assert desk.line.of("urgent").state is State.ACCEPTED


def test_breaker_never_holds_a_deadline(desk: Desk) -> None:
    """Half an hour before the term ends the gateway comes back: within one pause the most urgent one is registered."""
    desk.line.take("urgent", "termination", contract="urgent", contract_id="R-1", termination_date=str(TODAY))
    due = desk.line.of("urgent").due_utc
    assert due is not None
    desk.open_breaker()
    back_at = due - timedelta(minutes=30)
    while desk.line.clock.now() < back_at - 3 * HOUR:
        desk.line.clock.advance(HOUR)
        desk.work()
    while desk.line.clock.now() < back_at:
        desk.line.clock.advance(PAUSE)
        assert len(desk.work()) <= 1
    desk.say = desk.line.registers
    desk.line.clock.advance(PAUSE)
    desk.work()
    decided_at = desk.line.of("urgent").decided_at
    assert decided_at is not None
    assert decided_at <= back_at + 2 * PAUSE < due


def test_first_that_reaches_the_gateway_lets_all_others_go_at_once(desk: Desk) -> None:
    desk.open_breaker()
    for _ in range(30):
        desk.line.clock.advance(PAUSE)
        desk.work()
    desk.line.take("new", contract="new")
    desk.say = desk.line.registers
    desk.line.clock.advance(PAUSE)
    assert sorted(desk.work()) == ["lost-0", "lost-1", "lost-2", "new"]
    assert desk.gate.is_closed
    assert {desk.line.of(f"lost-{number}").state for number in range(3)} == {State.ACCEPTED}


def test_one_in_doubt_keeps_its_own_pace(desk: Desk) -> None:
    """Its document may be what the gateway stumbles over; trying it first would keep all others waiting."""
    desk.line.take("stumbling", "termination", contract="s", contract_id="R-1", termination_date=str(TODAY))
    desk.say = HTTP_503
    desk.work()
    desk.open_breaker()
    hasten_unsent(ledger=desk.line.ledger)
    assert desk.line.entry("stumbling").status is QueueStatus.SCHEDULED
    assert {desk.line.entry(f"lost-{number}").status for number in range(3)} == {QueueStatus.READY}


def test_while_one_is_on_its_way_nobody_else_goes(desk: Desk) -> None:
    desk.open_breaker()
    desk.line.clock.advance(PAUSE)
    others: list[bool] = []

    def meanwhile(_: Envelope) -> SubmissionOutcome:
        others.extend(desk.dispatch.once(f"deliver-{number}", HOUR)(desk.agent) for number in (1, 2))
        return UNREACHABLE

    desk.say = meanwhile
    assert len(desk.work()) == 1
    assert others == [False, False]


def test_doubt_counts_as_reached(desk: Desk) -> None:
    """What may be registered in time is never held back: a gateway that does not answer is still sent to."""
    for number in range(10):
        desk.line.take(f"c{number}", contract=f"K-{number}")
    desk.say = TIMEOUT
    assert len(desk.work()) == 10
    assert desk.gate.is_closed


def test_failing_ledger_gives_the_turn_to_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.open_breaker()
    desk.line.clock.advance(PAUSE)

    def locked(**_: object) -> Sequence[Claim]:
        raise LedgerUnavailable("it is locked")

    with monkeypatch.context() as patch:
        patch.setattr("usrec.interfaces.dispatch.claim_probe", locked)
        with pytest.raises(LedgerUnavailable):
            desk.step(desk.agent)
    assert len(desk.work()) == 1


def test_a_thread_is_sending_until_it_finds_nothing(desk: Desk) -> None:
    desk.line.take("c1")
    seen = [(desk.dispatch.is_sending, desk.step(desk.agent)) for _ in range(3)]
    assert seen == [(False, True), (True, False), (False, False)]


def test_nothing_to_try_leaves_the_turn_open(desk: Desk) -> None:
    """An event that comes in the middle of an outage is tried at once, if the last try is a pause ago."""
    desk.open_breaker()
    for number in range(3):
        desk.line.cancel(f"lost-{number}")
    desk.line.clock.advance(PAUSE)
    assert desk.work() == []
    desk.line.take("new", contract="new")
    assert desk.work() == ["new"]


@pytest.mark.parametrize("happens", ["stop", "open", "handover"])
def test_claim_that_must_not_begin_any_more_is_free_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, happens: str
) -> None:
    desk.line.take("c1", contract="K-1")
    monkeypatch.setattr(Agent, "close", lambda _: None)
    claims: list[object] = []

    def claim_and_then(**given: Any) -> Sequence[Claim]:
        claims.extend(found := claim_due(**given))
        if happens == "stop":
            desk.stop.set()
        elif happens == "handover":
            desk.handover.replace(agent_of(desk.line))
        else:
            for _ in range(3):
                desk.gate.note(UNREACHABLE, MONDAY, breaker_policy(desk.agent.settings.values.delivery))
        return found

    monkeypatch.setattr("usrec.interfaces.dispatch.claim_due", claim_and_then)
    desk.step(desk.agent)
    entry = desk.line.entry("c1")
    assert len(claims) == 1
    assert (entry.status, entry.lease_owner, desk.reports) == (QueueStatus.READY, None, [])
    assert desk.line.of("c1").state is State.PENDING
    assert list(desk.line.attempts("c1")) == []


def test_pause_is_never_longer_than_the_longest_wait_between_attempts(line: Line) -> None:
    pauses = [
        breaker_policy(agent_of(line, breaker_pause=pause, retry_base=1, retry_cap=cap).settings.values.delivery).pause
        for pause, cap in [(30, 900), (3600, 900), (30, 2)]
    ]
    assert pauses == [timedelta(seconds=one) for one in (30, 900, 2)]


def test_claim_that_a_failing_ledger_does_not_take_back_is_given_back_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order to stop comes between claim and delivery, and just then the ledger is away."""
    desk.line.take("c1")

    def away(*_: object, **__: object) -> None:
        raise LedgerUnavailable("it does not answer")

    def claim_and_stop(**given: Any) -> Sequence[Claim]:
        desk.stop.set()
        return claim_due(**given)

    with monkeypatch.context() as patch:
        patch.setattr("usrec.interfaces.dispatch.claim_due", claim_and_stop)
        patch.setattr("usrec.interfaces.interrupted.give_back_untouched", away)
        with pytest.raises(LedgerUnavailable):
            desk.step(desk.agent)
    assert desk.line.entry("c1").status is QueueStatus.CLAIMED
    desk.stop.clear()
    assert desk.work() == ["c1"]


def test_no_more_goes_out_in_a_minute_than_the_rate_and_what_is_most_urgent_goes_first(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(line, monkeypatch, rate=6)
    for number in range(12):
        line.take(f"c{number}", contract=f"K-{number}")
    assert len(desk.work()) == 1
    line.take("urgent", "termination", contract="u", contract_id="R-1", termination_date=str(TODAY))
    sent = []
    for _ in range(60):
        line.clock.advance(timedelta(seconds=1))
        sent += desk.work()
    assert (sent[0], len(sent)) == ("urgent", 6)


def test_idle_look_uses_no_turn_and_a_probe_does(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise agents without work would have none left for what arrives, and an outage would go around the rate."""
    desk = Desk(line, monkeypatch, rate=1)
    assert desk.work() == []
    desk.open_breaker_slowly()
    line.take("next", contract="next")
    line.clock.advance(PAUSE)
    assert desk.work() == []
    line.clock.advance(PAUSE)
    assert len(desk.work()) == 1


def test_new_address_of_the_gateway_has_a_breaker_of_its_own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of the old address must not keep anything from the new one; back there the breaker is open."""
    desk.open_breaker()
    old, moved = desk.agent, agent_of(desk.line, breaker_failures=3, breaker_pause=30)
    settings = moved.settings.values
    gateway = settings.gateway.model_copy(update={"url": "https://other.example"})
    moved = replace(moved, settings=replace(moved.settings, values=settings.model_copy(update={"gateway": gateway})))
    monkeypatch.setattr(Agent, "close", lambda _: None)
    desk.handover.replace(moved)
    desk.say, desk.agent = desk.line.registers, moved
    assert desk.gate.is_closed
    desk.line.take("new", contract="new")
    assert "new" in desk.work()
    desk.handover.replace(old)
    assert not desk.gate.is_closed


def test_several_agents_try_once_in_each_pause_each(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breakers are not shared: N agents make N tries, each by one of its workers, and no submission is tried twice."""
    desks = [Desk(line, monkeypatch) for _ in range(3)]
    for desk in desks:
        desk.say = UNREACHABLE
    monkeypatch.setattr(line.wire, "submit", lambda _: UNREACHABLE)
    for number in range(40):
        line.take(f"c{number}", contract=f"K-{number}")
    for desk in desks:
        assert len(desk.work()) == 3
    for _ in range(4):
        line.clock.advance(PAUSE)
        tried = [event for desk in desks for _ in range(4) for event in desk.work()]
        assert len(tried) == len(set(tried)) == 3
