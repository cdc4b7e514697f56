"""The behaviour of every ledger: who works on a submission, and who no longer does."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support.ledger_values import (
    HOUR,
    NOW,
    a_submission,
    an_entry,
)
from support.outbox_steps import FIVE_MINUTES, claim_all, claim_one, get, put
from usrec.adapters.persistence import SqlLedger
from usrec.domain.errors import LeaseLost
from usrec.domain.submission import Lease, QueueStatus, SubmissionId, WaitReason

S1 = SubmissionId("s1")


def test_leases_of_dead_owners_are_freed_at_once_and_stay_dead(ledger: SqlLedger) -> None:
    for name, owner in (("s1", "dead-1"), ("s2", "dead-2"), ("s3", "alive")):
        put(ledger, name)
        claim_one(ledger, owner)
    with ledger.begin() as work:
        assert set(work.outbox.lease_owners()) == {"dead-1", "dead-2", "alive"}
        assert work.outbox.free_leases([]) == 0
        assert work.outbox.free_leases(["dead-1", "dead-2", "never seen"]) == 2
        assert list(work.outbox.lease_owners()) == ["alive"]
        with pytest.raises(LeaseLost):
            work.outbox.hold_lease(Lease(S1, "dead-1", 1, NOW + FIVE_MINUTES), NOW)
        work.commit()
    assert {claim.lease.fence for claim in claim_all(ledger)} == {2}


def test_every_claim_raises_the_fence(ledger: SqlLedger) -> None:
    put(ledger)
    for fence in (1, 2, 3):
        claim = claim_one(ledger)
        assert claim.lease.fence == fence
        with ledger.begin() as work:
            work.outbox.release(claim.lease, replace(claim.entry, status=QueueStatus.READY))
            work.commit()


def test_lease_holds_while_its_time_runs(ledger: SqlLedger) -> None:
    put(ledger)
    claim = claim_one(ledger)
    with ledger.begin() as work:
        assert work.outbox.hold_lease(claim.lease, claim.lease.until - timedelta(microseconds=1)) == claim.entry
        with pytest.raises(LeaseLost, match="agent-1"):
            work.outbox.hold_lease(claim.lease, claim.lease.until)


@pytest.mark.parametrize("changes", [{"owner": "somebody"}, {"fence": 0}, {"fence": 2}, {"submission_id": "s2"}])
def test_lease_of_anybody_else_is_lost(ledger: SqlLedger, changes: dict[str, Any]) -> None:
    put(ledger)
    claim = claim_one(ledger)
    with ledger.begin() as work:
        with pytest.raises(LeaseLost):
            work.outbox.hold_lease(replace(claim.lease, **changes), NOW)
        work.outbox.release(replace(claim.lease, **changes), replace(claim.entry, status=QueueStatus.READY))
        with pytest.raises(LeaseLost):
            work.writing.send()
    assert get(ledger) == claim.entry


def test_agent_that_slept_past_its_lease_cannot_write(ledger: SqlLedger) -> None:
    put(ledger)
    slept = claim_one(ledger)
    with ledger.begin() as work:
        work.outbox.promote(slept.lease.until)
        work.commit()
    woken = an_entry(a_submission(), status=QueueStatus.HELD)
    for takeover in (False, True):
        if takeover:
            assert claim_one(ledger, "agent-2", minutes=6).lease.fence == 2
        with ledger.begin() as work:
            with pytest.raises(LeaseLost):
                work.outbox.hold_lease(slept.lease, NOW)
            work.outbox.release(slept.lease, woken)
            with pytest.raises(LeaseLost):
                work.writing.send()


def test_same_agent_claiming_again_kills_its_own_older_lease(ledger: SqlLedger) -> None:
    put(ledger)
    older = claim_one(ledger)
    with ledger.begin() as work:
        work.outbox.promote(older.lease.until)
        work.commit()
    newer = claim_one(ledger, minutes=6)
    with ledger.begin() as work:
        assert work.outbox.hold_lease(newer.lease, NOW + HOUR / 60 * 7) == newer.entry
        with pytest.raises(LeaseLost):
            work.outbox.hold_lease(older.lease, NOW)


def test_putting_over_a_claim_raises_the_fence_and_kills_the_lease(ledger: SqlLedger) -> None:
    put(ledger)
    claim = claim_one(ledger)
    with ledger.begin() as work:
        work.outbox.put(replace(claim.entry, status=QueueStatus.HELD, wait_reason=WaitReason.HELD_BY_PERSON))
        work.commit()
    held = get(ledger)
    assert held is not None
    assert (held.status, held.fence, held.lease_owner, held.lease_until) == (QueueStatus.HELD, 2, None, None)
    with ledger.begin() as work, pytest.raises(LeaseLost):
        work.outbox.hold_lease(claim.lease, NOW)
    with ledger.begin() as work:
        work.outbox.put(replace(held, status=QueueStatus.READY))
        work.commit()
    assert claim_one(ledger).lease.fence == 4


def test_removed_entry_takes_its_lease_with_it(ledger: SqlLedger) -> None:
    put(ledger)
    claim = claim_one(ledger)
    with ledger.begin() as work:
        work.outbox.remove(S1)
        with pytest.raises(LeaseLost):
            work.outbox.hold_lease(claim.lease, NOW)


def test_release_stores_the_new_status_times_and_reason(ledger: SqlLedger) -> None:
    put(ledger)
    claim = claim_one(ledger)
    after = replace(
        claim.entry,
        status=QueueStatus.SCHEDULED,
        available_at=NOW + HOUR,
        wait_reason=WaitReason.GATEWAY_UNREACHABLE,
        attempts=1,
        doubtful=True,
        note="refused",
    )
    with ledger.begin() as work:
        work.outbox.release(claim.lease, after)
        work.commit()
    assert get(ledger) == replace(after, lease_owner=None, lease_until=None)
    with ledger.begin() as work:
        work.outbox.release(claim.lease, after)
        with pytest.raises(LeaseLost):
            work.writing.send()
