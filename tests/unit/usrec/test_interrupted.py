"""A ledger that fails in the middle of a delivery: the claim goes on as soon as it answers, not when its lease ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from support.line import LEASE, UNREACHABLE, Line
from support.line_agent import agent_of, answering
from usrec.adapters.persistence.outbox import SqlOutbox
from usrec.domain.errors import LedgerUnavailable
from usrec.domain.state import State
from usrec.interfaces.daemon import Daemon
from usrec.interfaces.interrupted import InterruptedClaims


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
    assert len(line.wire.submitted) == {"hold_leases": 1, "remove": 2}[failing]


def test_claim_is_remembered_while_the_ledger_fails_and_forgotten_when_another_agent_has_it(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.take("c1")
    line.take("c2", contract="K-2")
    interrupted = InterruptedClaims()
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
    interrupted = InterruptedClaims()
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
