"""The behaviour of every ledger: who may be sent next, and who works on it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support.ledger_values import (
    BIN,
    DAY,
    HOUR,
    NOW,
    a_closing,
    a_message,
    a_submission,
    an_attempt,
    an_entry,
    enqueued,
)
from usrec.adapters.persistence import SqlLedger
from usrec.domain.errors import InvariantViolation, LeaseLost
from usrec.domain.source_event import ContractKey
from usrec.domain.submission import Lease, QueueEntry, QueueStatus, SubmissionId, WaitReason
from usrec.domain.verdict import Ending
from usrec.ports.ledger import Claim

FIVE_MINUTES = timedelta(minutes=5)
S1 = SubmissionId("s1")


def claim_all(ledger: SqlLedger, owner: str = "agent-1", limit: int = 100, **later: Any) -> list[Claim]:
    with ledger.begin() as work:
        claims = list(work.outbox.claim(owner, NOW + timedelta(**later), FIVE_MINUTES, limit))
        work.commit()
    return claims


def claim_one(ledger: SqlLedger, owner: str = "agent-1", **later: Any) -> Claim:
    (claim,) = claim_all(ledger, owner, **later)
    return claim


def put(ledger: SqlLedger, name: str = "s1", contract_key: str = "", **entry: Any) -> None:
    with ledger.begin() as work:
        enqueued(work, name, entry=entry, contract_key=ContractKey(contract_key or f"contract of {name}"))
        work.commit()


def get(ledger: SqlLedger, name: str = "s1") -> QueueEntry | None:
    with ledger.begin() as work:
        return work.outbox.get(SubmissionId(name))


def test_entry_comes_back_as_it_was_put(ledger: SqlLedger) -> None:
    told = {
        "status": QueueStatus.SCHEDULED,
        "available_at": NOW + DAY,
        "wait_reason": WaitReason.ANSWER_UNKNOWN,
        "attempts": 3,
        "doubtful": True,
        "note": "timeout",
    }
    put(ledger, **told)
    assert get(ledger) == an_entry(a_submission(), **told)


def test_new_entry_has_no_lease_and_fence_zero_whatever_it_says(ledger: SqlLedger) -> None:
    put(ledger, fence=7, lease_owner="me", lease_until=NOW)
    assert get(ledger) == an_entry(a_submission())


def test_removed_entry_is_gone(ledger: SqlLedger) -> None:
    put(ledger)
    with ledger.begin() as work:
        work.outbox.remove(S1)
        work.commit()
    assert get(ledger) is None
    assert claim_all(ledger) == []


def test_claims_come_earliest_priority_first_and_no_more_than_asked(ledger: SqlLedger) -> None:
    for name, days in {"late": 9, "early": 1, "b-same": 5, "a-same": 5}.items():
        put(ledger, name, priority=NOW + days * DAY)
    assert [claim.submission.id for claim in claim_all(ledger, limit=3)] == ["early", "a-same", "b-same"]
    assert [claim.submission.id for claim in claim_all(ledger, "agent-2")] == ["late"]
    assert claim_all(ledger) == []


@pytest.mark.parametrize("status", [QueueStatus.SCHEDULED, QueueStatus.HELD, QueueStatus.BLOCKED])
def test_only_ready_entries_are_claimed(ledger: SqlLedger, status: QueueStatus) -> None:
    put(ledger, status=status)
    assert claim_all(ledger) == []


def test_claim_brings_all_that_delivery_needs(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        submission = enqueued(work, entry={"wait_reason": WaitReason.PAPER_DATE})
        work.submissions.store_message(S1, a_message())
        for number, ending in enumerate(Ending, start=1):
            work.attempts.open(an_attempt(S1, number))
            work.attempts.close(an_attempt(S1, number).id, a_closing(ending))
        work.attempts.open(an_attempt(S1, 6))
        enqueued(work, "s2", entry={"priority": NOW + 30 * DAY})
        work.commit()
    first, second = claim_all(ledger)
    until = NOW + FIVE_MINUTES
    assert first == Claim(
        submission=submission,
        entry=an_entry(
            submission, status=QueueStatus.CLAIMED, lease_owner="agent-1", lease_until=until, fence=1, attempts=6
        ),
        lease=Lease(S1, "agent-1", 1, until),
        message=a_message(),
        open_attempt=an_attempt(S1, 6).id,
        sent_attempts=3,
    )
    assert (second.message, second.open_attempt, second.sent_attempts, second.entry.attempts) == (None, None, 0, 0)


def test_claim_that_is_rolled_back_leaves_the_entry_ready(ledger: SqlLedger) -> None:
    put(ledger)
    with ledger.begin() as work:
        assert len(work.outbox.claim("agent-1", NOW, FIVE_MINUTES, 10)) == 1
    assert claim_one(ledger).lease.fence == 1


def test_promotion_makes_due_entries_ready_and_frees_dead_leases(ledger: SqlLedger) -> None:
    put(ledger, "leased")
    claim_one(ledger)
    put(ledger, "due", status=QueueStatus.SCHEDULED, available_at=NOW, wait_reason=WaitReason.PAPER_DATE)
    put(ledger, "later", status=QueueStatus.SCHEDULED, available_at=NOW + timedelta(microseconds=1))
    put(ledger, "held", status=QueueStatus.HELD, available_at=NOW)
    with ledger.begin() as work:
        assert work.outbox.promote(NOW) == 1
        work.commit()
    ready = get(ledger, "due")
    assert ready is not None
    assert (ready.status, ready.wait_reason) == (QueueStatus.READY, None)
    with ledger.begin() as work:
        assert work.outbox.promote(NOW + FIVE_MINUTES) == 2
        work.commit()
    freed = get(ledger, "leased")
    assert freed is not None
    assert (freed.status, freed.lease_owner, freed.lease_until, freed.fence) == (QueueStatus.READY, None, None, 1)
    assert {claim.submission.id for claim in claim_all(ledger, minutes=5)} == {"leased", "due", "later"}


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
        with pytest.raises(LeaseLost):
            work.outbox.release(replace(claim.lease, **changes), replace(claim.entry, status=QueueStatus.READY))
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
            with pytest.raises(LeaseLost):
                work.outbox.release(slept.lease, woken)


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
    with ledger.begin() as work, pytest.raises(LeaseLost):
        work.outbox.release(claim.lease, after)


@pytest.mark.parametrize("other", [QueueStatus.READY, QueueStatus.SCHEDULED])
def test_one_submission_of_a_contract_moves_at_a_time(ledger: SqlLedger, other: QueueStatus) -> None:
    key = ContractKey("K-1")
    with ledger.begin() as work:
        enqueued(work, "s1", contract_key=key)
        enqueued(work, "s2", contract_key=key, entry={"status": QueueStatus.BLOCKED})
        enqueued(work, "s3", contract_key=key, entry={"status": QueueStatus.HELD})
        enqueued(work, "s4", contract_key=key, employer_bin="another")
        work.commit()
    with ledger.begin() as work, pytest.raises(InvariantViolation):
        enqueued(work, "s5", contract_key=key, entry={"status": other})
    claim_all(ledger)
    with ledger.begin() as work, pytest.raises(InvariantViolation):
        enqueued(work, "s5", contract_key=key, entry={"status": other})


def test_next_of_the_contract_moves_once_the_first_has_left(ledger: SqlLedger) -> None:
    key = ContractKey("K-1")
    with ledger.begin() as work:
        enqueued(work, "s1", contract_key=key)
        second = enqueued(work, "s2", contract_key=key, entry={"status": QueueStatus.BLOCKED, "blocked_by": S1})
        work.outbox.remove(S1)
        work.outbox.put(an_entry(second))
        work.commit()
    assert claim_one(ledger).submission.id == "s2"


def test_claimed_without_a_lease_cannot_be_written(ledger: SqlLedger) -> None:
    with ledger.begin() as work, pytest.raises(InvariantViolation):
        enqueued(work, entry={"status": QueueStatus.CLAIMED})


def test_outbox_takes_known_submissions_only(ledger: SqlLedger) -> None:
    with pytest.raises(InvariantViolation), ledger.begin() as work:
        work.outbox.put(an_entry(a_submission("nobody")))


def test_rule_broken_in_the_database_names_the_rule_and_no_value(ledger: SqlLedger) -> None:
    secret = ContractKey("900101300123")
    put(ledger, contract_key=secret)
    with pytest.raises(InvariantViolation) as caught, ledger.begin() as work:
        enqueued(work, "s2", contract_key=secret)
    assert "outbox" in str(caught.value)
    said = f"{caught.value} {caught.value.__cause__} {caught.value.__cause__!r}"
    assert secret not in said
    assert BIN not in said
