"""A newer change comes in while an agent is at the older one: on PostgreSQL one of the two is sent, never both."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import replace

import pytest
from sqlalchemy import text

from support.line import BIN, LEASE, MONDAY, Line
from usrec.adapters.inmemory.clock import SeededEntropy
from usrec.adapters.persistence import SqlLedger
from usrec.application.ingest import IngestReport
from usrec.domain.source_event import ContractKey
from usrec.domain.state import State
from usrec.domain.superseding import NEWER_CHANGE

MOMENT = 0.15
"""Seconds in which a thread that does not wait would long have finished."""

pytestmark = pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)


@pytest.fixture
def agent() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def mended(ledger: SqlLedger) -> Line:
    """A registered contract and a correction of it that nobody has sent."""
    line = Line(ledger=ledger)
    line.register("hire")
    line.take("mend", "contract_edit")
    return line


def waits(future: Future[IngestReport]) -> bool:
    try:
        future.result(MOMENT)
    except NotYet:
        return True
    return False


def test_a_change_that_was_claimed_before_is_not_sent_once_the_newer_one_is_taken(shared_ledger: SqlLedger) -> None:
    line = mended(shared_ledger)
    (claim,) = line.claim()
    sent = len(line.wire.submitted)
    line.take("newer", "contract_edit")
    assert line.deliver(claim).result == "lease_lost"
    assert len(line.wire.submitted) == sent
    line.deliver_all()
    assert line.states() == {"hire": "accepted", "mend": "cancelled", "newer": "accepted"}


def test_a_newer_change_waits_for_a_claim_that_has_just_begun_and_takes_it_over(
    shared_ledger: SqlLedger, agent: ThreadPoolExecutor
) -> None:
    line = mended(shared_ledger)
    line.enter("newer", "contract_edit")
    with shared_ledger.begin() as other:
        (claim,) = other.outbox.claim("agent", MONDAY, LEASE, 1)
        taking = agent.submit(line.ingest)
        assert waits(taking)
        other.commit()
    taking.result(10)
    assert (line.of("mend").state, line.of("mend").reason) == (State.CANCELLED, NEWER_CHANGE)
    assert line.deliver(claim).result == "lease_lost"


def test_a_change_whose_sending_is_just_being_recorded_does_not_give_way(
    shared_ledger: SqlLedger, agent: ThreadPoolExecutor
) -> None:
    line = mended(shared_ledger)
    line.enter("newer", "contract_edit")
    with shared_ledger.begin() as other:
        other.contracts.lock(BIN, ContractKey("K-1"))
        taking = agent.submit(line.ingest)
        assert waits(taking)
        other.submissions.update(replace(line.of("mend"), state=State.SIGNED), was=State.PENDING)
        other.commit()
    taking.result(10)
    assert line.of("mend").state is State.SIGNED
    assert line.of("newer").state is State.PENDING
    assert [one.submission.event_id for one in line.claim()] == ["mend"]


@pytest.mark.parametrize("first", [1, 2])
def test_two_revisions_that_two_agents_take_in_the_same_moment_are_not_both_sent(
    shared_ledger: SqlLedger, agent: ThreadPoolExecutor, first: int
) -> None:
    """The second names another contract, so that no contract's lock keeps the two apart."""
    lines = {1: Line(ledger=shared_ledger), 2: Line(ledger=shared_ledger)}
    lines[2].entropy = SeededEntropy(2)
    for revision, line in lines.items():
        line.enter("hire", revision=revision, contract=f"K-{revision}")
    with ThreadPoolExecutor(1) as another, shared_ledger._engine.connect() as paused:
        paused.execute(text("LOCK TABLE journal IN SHARE ROW EXCLUSIVE MODE"))
        taking = agent.submit(lines[first].ingest)
        assert waits(taking)
        takes_too = another.submit(lines[3 - first].ingest)
        assert waits(takes_too)
        paused.rollback()
        taking.result(10)
        takes_too.result(10)
    sent = [one.submission.contract_key for one in lines[1].deliver_all()]
    assert sent == ["K-2"]
