"""A shift in which something breaks off leaves nothing behind: no lease, no job, no other delivery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support.desk import Desk
from support.line import MONDAY, UNREACHABLE, Line, registered
from support.line_agent import line_settings
from usrec.adapters.persistence.outbox import SqlOutbox
from usrec.application.deliver import claim_due
from usrec.domain.breaker import BreakerPolicy
from usrec.domain.errors import LedgerUnavailable
from usrec.domain.message import Envelope
from usrec.domain.outcome import SubmissionOutcome
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus
from usrec.domain.verdict import Ending
from usrec.interfaces.gate import Gate
from usrec.interfaces.shift import PATIENCE
from usrec.ports.ledger import Claim
from usrec.settings.rules import lease_needed


def hire(line: Line, number: int) -> list[str]:
    events = [f"c{one}" for one in range(number)]
    for one in events:
        line.take(one, contract=f"K-{one}")
    return events


def stopping_after_the_claim(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, then: Callable[[Sequence[Claim]], object] = lambda _: None
) -> None:
    """The order to stop comes while the clerk claims."""

    def claimed(**how: Any) -> Sequence[Claim]:
        claims = claim_due(**how)
        then(claims)
        desk.stop.set()
        return claims

    monkeypatch.setattr("usrec.interfaces.dispatch.claim_due", claimed)


def test_one_that_was_taken_over_keeps_no_other_claim_from_being_given_back(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, events = Desk(line, monkeypatch, group=3), hire(line, 3)

    def hold_first(claims: Sequence[Claim]) -> None:
        with line.work() as work:
            work.outbox.put(replace(claims[0].entry, status=QueueStatus.HELD))

    stopping_after_the_claim(desk, monkeypatch, hold_first)
    desk.work()
    assert sorted(line.entry(one).status for one in events) == [QueueStatus.HELD, QueueStatus.READY, QueueStatus.READY]


def test_ledger_that_fails_while_claims_are_given_back_has_all_of_them_back_when_it_answers(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands still: no lease runs out."""
    desk, events = Desk(line, monkeypatch, group=3), hire(line, 3)

    def away(*_: object) -> None:
        raise LedgerUnavailable("it does not answer")

    with monkeypatch.context() as patch:
        stopping_after_the_claim(desk, patch)
        patch.setattr(SqlOutbox, "release", away)
        with pytest.raises(LedgerUnavailable):
            desk.step(desk.agent)
    assert {line.entry(one).status for one in events} == {QueueStatus.CLAIMED}
    desk.step(desk.agent)
    assert {line.entry(one).status for one in events} == {QueueStatus.READY}


def test_what_breaks_while_a_delivery_is_told_is_raised_when_all_others_have_ended(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise their results would meet the next shift, which knows nothing of them and would wait for ever."""
    desk, events = Desk(line, monkeypatch, group=1, workers=4), hire(line, 4)

    def away(**_: object) -> None:
        raise LedgerUnavailable("it does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(Gate, "after_reopening", lambda _, act: act())
        patch.setattr("usrec.interfaces.dispatch.hasten_unsent", away)
        with pytest.raises(LedgerUnavailable):
            desk.step(desk.agent)
    assert desk.dispatch.bench.gather(0.0, 8, more=lambda _: True) == []
    assert [one.result for one in desk.reports] == ["accepted"] * 4
    assert {line.of(one).state for one in events} == {State.ACCEPTED}


def test_knock_before_a_shift_costs_no_second_claim(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, claims = Desk(line, monkeypatch, group=3), []

    def counted(**how: Any) -> Sequence[Claim]:
        claims.append(how)
        return claim_due(**how)

    monkeypatch.setattr("usrec.interfaces.dispatch.claim_due", counted)
    needed = []
    for knocks in (False, True):
        line.take(f"c{knocks}", contract=f"K-{knocks}")
        if knocks:
            desk.dispatch.bench.knock()
        claims.clear()
        desk.step(desk.agent)
        needed.append(len(claims))
    assert needed[0] == needed[1]


def test_what_follows_a_reopened_gateway_is_done_again_until_it_is_done() -> None:
    gate, done = Gate(), []
    policy = BreakerPolicy(failures=1)
    assert not gate.after_reopening(lambda: done.append("too early"))
    for outcome in (UNREACHABLE, registered("R-1")):
        gate.note(outcome, MONDAY, policy)

    def away() -> None:
        raise LedgerUnavailable("it does not answer")

    with pytest.raises(LedgerUnavailable):
        gate.after_reopening(away)
    assert gate.after_reopening(lambda: done.append("hastened"))
    assert not gate.after_reopening(lambda: done.append("too late"))
    assert done == ["hastened"]


def test_lease_covers_both_waits_and_an_exchange_through_a_proxy_by_default() -> None:
    values = line_settings().values
    assert lease_needed(values.gateway.timeouts, by_proxy=True) + 2 * PATIENCE <= values.delivery.lease


def test_what_was_opened_and_waited_too_long_is_not_sent_until_its_next_turn(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease might run out on the wire; nothing was sent, so nothing is in doubt."""
    desk, events = Desk(line, monkeypatch, group=3), hire(line, 3)

    def slow_at_first(envelope: Envelope) -> SubmissionOutcome:
        desk.say = line.registers
        line.clock.advance(PATIENCE + timedelta(seconds=1))
        return line.registers(envelope)

    desk.say = slow_at_first
    desk.work()
    endings = [attempt.ending for one in events for attempt in line.attempts(one)]
    assert sorted(map(str, endings)) == [*[Ending.NOTHING_SENT] * 2, *[Ending.REGISTERED] * 3]
    assert {line.of(one).state for one in events} == {State.ACCEPTED}
