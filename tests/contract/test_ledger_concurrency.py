"""Several agents on one ledger: nobody works on what another one holds, and nobody loses another one's write."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from datetime import timedelta
from typing import Any

import pytest

from support.ledger_values import BIN, DAY, HOUR, NOW, SOURCE, a_note, a_row, a_submission, enqueued
from support.outbox_steps import FIVE_MINUTES, claim_all, claim_one, put
from usrec.adapters.persistence import SqlLedger
from usrec.domain.errors import LeaseLost, LedgerUnavailable
from usrec.domain.source_event import ContractKey, EventId
from usrec.domain.submission import SubmissionId
from usrec.ports.ledger import Claim

AGENTS = 4
MOMENT = 0.15
"""Seconds in which a thread that does not wait would long have finished."""

only_postgresql = pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(AGENTS) as pool:
        yield pool


def waits(future: Future[Any]) -> bool:
    """Whether a thread is still waiting for somebody after a moment."""
    try:
        future.result(MOMENT)
    except NotYet:
        return True
    return False


def stock(ledger: SqlLedger, count: int) -> None:
    with ledger.begin() as work:
        for number in range(count):
            enqueued(work, f"s{number:03}", entry={"priority": NOW + number * HOUR})
        work.commit()


def test_agents_claiming_at_once_never_hold_the_same_submission(
    shared_ledger: SqlLedger, threads: ThreadPoolExecutor
) -> None:
    stock(shared_ledger, 120)

    def claim_until_empty(owner: str) -> list[Claim]:
        mine: list[Claim] = []
        while claims := claim_all(shared_ledger, owner, limit=7):
            mine += claims
        return mine

    shares = list(threads.map(claim_until_empty, [f"agent-{number}" for number in range(AGENTS)]))
    claims = [claim for share in shares for claim in share]
    assert Counter(claim.submission.id for claim in claims) == Counter(f"s{number:03}" for number in range(120))
    assert {claim.lease.fence for claim in claims} == {1}
    for share in shares:
        assert [claim.entry.priority for claim in share] == sorted(claim.entry.priority for claim in share)


def test_agents_that_lose_leases_finish_each_submission_once(
    shared_ledger: SqlLedger, threads: ThreadPoolExecutor
) -> None:
    """Every third claim of an agent is slow: its lease runs out, another takes over, and its own write is refused."""
    stock(shared_ledger, 60)

    def work_off(agent: int) -> tuple[list[str], int]:
        finished: list[str] = []
        refused = turn = 0
        while turn < 400:
            now = NOW + turn * timedelta(minutes=1)
            turn += 1
            with shared_ledger.begin() as work:
                work.outbox.promote(now)
                claims = work.outbox.claim(f"agent-{agent}", now, FIVE_MINUTES, 2)
                work.commit()
            if not claims and not shared_ledger.view.progress().claimed:
                break
            for claim in claims:
                late = timedelta(minutes=6) if turn % 3 == 0 else timedelta(0)
                try:
                    with shared_ledger.begin() as work:
                        work.outbox.hold_lease(claim.lease, now + late)
                        work.outbox.remove(claim.submission.id)
                        work.commit()
                    finished.append(claim.submission.id)
                except LeaseLost:
                    refused += 1
        return finished, refused

    results = list(threads.map(work_off, range(AGENTS)))
    assert Counter(name for finished, _ in results for name in finished) == Counter(f"s{n:03}" for n in range(60))
    assert sum(refused for _, refused in results) > 0


def test_lock_of_a_contract_makes_the_next_agent_wait_and_see_what_was_done(
    shared_ledger: SqlLedger, threads: ThreadPoolExecutor
) -> None:
    key = ContractKey("K-1")

    def next_position() -> int:
        with shared_ledger.begin() as work:
            work.contracts.lock(BIN, key)
            return work.submissions.next_positions([(BIN, key)])[BIN, key]

    with shared_ledger.begin() as work:
        work.contracts.lock(BIN, key)
        other = threads.submit(next_position)
        assert waits(other)
        work.submissions.add(a_submission(contract_key=key, position=4))
        work.commit()
    assert other.result(10) == 5
    with shared_ledger.begin() as work:
        work.contracts.lock(BIN, key)
        other = threads.submit(next_position)
        assert waits(other)
    assert other.result(10) == 5


@only_postgresql
def test_other_contracts_do_not_wait(shared_ledger: SqlLedger) -> None:
    with shared_ledger.begin() as one, shared_ledger.begin() as other:
        one.contracts.lock(BIN, ContractKey("K-1"))
        other.contracts.lock(BIN, ContractKey("K-2"))
        other.contracts.lock("another", ContractKey("K-1"))


@only_postgresql
def test_claim_skips_what_another_agent_is_claiming_just_now(shared_ledger: SqlLedger) -> None:
    stock(shared_ledger, 3)
    with shared_ledger.begin() as one, shared_ledger.begin() as other:
        assert [claim.submission.id for claim in one.outbox.claim("a", NOW, FIVE_MINUTES, 2)] == ["s000", "s001"]
        assert [claim.submission.id for claim in other.outbox.claim("b", NOW, FIVE_MINUTES, 2)] == ["s002"]
        assert other.outbox.claim("b", NOW, FIVE_MINUTES, 1, only=SubmissionId("s000")) == []


@only_postgresql
def test_held_lease_is_not_promoted_away_while_its_holder_writes(shared_ledger: SqlLedger) -> None:
    put(shared_ledger)
    claim = claim_one(shared_ledger)
    with shared_ledger.begin() as holder, shared_ledger.begin() as other:
        holder.outbox.hold_lease(claim.lease, NOW)
        assert other.outbox.promote(NOW + DAY) == 0
        holder.outbox.remove(claim.submission.id)
        holder.commit()
    assert shared_ledger.view.progress().claimed == 0


@only_postgresql
def test_row_that_two_agents_take_at_once_is_taken_by_one(
    shared_ledger: SqlLedger, threads: ThreadPoolExecutor
) -> None:
    def take() -> None:
        with shared_ledger.begin() as work:
            work.inbox.add(a_row(), EventId("e1"), "f", NOW)
            work.commit()

    with shared_ledger.begin() as work:
        work.inbox.add(a_row(), EventId("e1"), "f", NOW)
        work.writing.send()
        other = threads.submit(take)
        assert waits(other)
        work.commit()
    with pytest.raises(LedgerUnavailable, match="recorded the same fact first"):
        other.result(10)


@only_postgresql
@pytest.mark.parametrize("hours", [1, -1])
def test_last_note_wins_between_agents_too(shared_ledger: SqlLedger, threads: ThreadPoolExecutor, hours: int) -> None:
    def note() -> None:
        with shared_ledger.begin() as work:
            work.write_backs.put(a_note(state="accepted", noted_at=NOW + hours * HOUR))
            work.commit()

    with shared_ledger.begin() as work:
        work.write_backs.put(a_note(state="signed"))
        work.writing.send()
        other = threads.submit(note)
        assert waits(other)
        work.commit()
    other.result(10)
    with shared_ledger.begin() as work:
        assert [note.state for _, note in work.write_backs.due(SOURCE, NOW + DAY, 10)] == ["accepted"]


def test_ledger_in_memory_serves_threads_one_after_the_other(
    sqlite_memory: SqlLedger, threads: ThreadPoolExecutor
) -> None:
    def add_some(agent: int) -> None:
        for number in range(10):
            with sqlite_memory.begin() as work:
                work.submissions.add(a_submission(f"{agent}-{number}"))
                work.commit()

    list(threads.map(add_some, range(AGENTS)))
    assert sum(sqlite_memory.view.counts().values()) == 10 * AGENTS
