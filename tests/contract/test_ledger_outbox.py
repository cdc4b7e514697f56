"""The behaviour of every ledger: who may be sent next, and who works on it."""

from datetime import timedelta
from typing import Any

import pytest

from support.ledger_values import (
    BIN,
    DAY,
    NOW,
    a_closing,
    a_message,
    a_submission,
    an_attempt,
    an_entry,
    enqueued,
)
from support.outbox_steps import FIVE_MINUTES, claim_all, claim_one, get, put
from usrec.adapters.persistence import SqlLedger
from usrec.domain.errors import InvariantViolation
from usrec.domain.source_event import ContractKey
from usrec.domain.submission import Lease, QueueStatus, SubmissionId, WaitReason
from usrec.domain.verdict import Ending
from usrec.ports.ledger import Claim

S1 = SubmissionId("s1")


def test_entry_comes_back_as_it_was_put(ledger: SqlLedger) -> None:
    told: dict[str, Any] = {
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
        sent_attempts=2,
    )
    assert (second.message, second.open_attempt, second.sent_attempts, second.entry.attempts) == (None, None, 0, 0)


def test_only_one_submission_is_claimed_when_one_is_named(ledger: SqlLedger) -> None:
    put(ledger, "s1")
    put(ledger, "s2", priority=NOW + 30 * DAY)
    put(ledger, "s3", status=QueueStatus.HELD)
    with ledger.begin() as work:
        (claim,) = work.outbox.claim("agent-1", NOW, FIVE_MINUTES, 10, only=SubmissionId("s2"))
        assert (claim.submission.id, claim.lease.fence) == ("s2", 1)
        assert work.outbox.hold_lease(claim.lease, NOW) == claim.entry
        for name in ("s2", "s3", "nobody"):
            assert work.outbox.claim("agent-2", NOW, FIVE_MINUTES, 10, only=SubmissionId(name)) == []
        work.commit()
    assert claim_one(ledger).submission.id == "s1"


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


@pytest.mark.parametrize("other", [QueueStatus.READY, QueueStatus.SCHEDULED])
def test_one_submission_of_a_contract_moves_at_a_time(ledger: SqlLedger, other: QueueStatus) -> None:
    key = ContractKey("K-1")
    with ledger.begin() as work:
        enqueued(work, "s1", contract_key=key)
        enqueued(work, "s2", contract_key=key, entry={"status": QueueStatus.BLOCKED})
        enqueued(work, "s3", contract_key=key, entry={"status": QueueStatus.HELD})
        enqueued(work, "s4", contract_key=key, employer_bin="another")
        work.commit()
    with ledger.begin() as work:
        enqueued(work, "s5", contract_key=key, entry={"status": other})
        with pytest.raises(InvariantViolation):
            work.writing.send()
    claim_all(ledger)
    with ledger.begin() as work:
        enqueued(work, "s5", contract_key=key, entry={"status": other})
        with pytest.raises(InvariantViolation):
            work.writing.send()


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
    with ledger.begin() as work:
        enqueued(work, entry={"status": QueueStatus.CLAIMED})
        with pytest.raises(InvariantViolation):
            work.writing.send()


def test_outbox_takes_known_submissions_only(ledger: SqlLedger) -> None:
    with ledger.begin() as work:
        work.outbox.put(an_entry(a_submission("nobody")))
        with pytest.raises(InvariantViolation):
            work.writing.send()


def test_rule_broken_in_the_database_names_the_rule_and_no_value(ledger: SqlLedger) -> None:
    secret = ContractKey("900101300123")
    put(ledger, contract_key=secret)
    with ledger.begin() as work:
        enqueued(work, "s2", contract_key=secret)
        with pytest.raises(InvariantViolation) as caught:
            work.writing.send()
    assert "outbox" in str(caught.value)
    said = f"{caught.value} {caught.value.__cause__} {caught.value.__cause__!r}"
    assert secret not in said
    assert BIN not in said


def test_scheduled_entries_of_one_reason_are_made_ready_before_their_time_most_urgent_first(ledger: SqlLedger) -> None:
    unreachable = {"status": QueueStatus.SCHEDULED, "wait_reason": WaitReason.GATEWAY_UNREACHABLE}
    for name, days in {"later": 9, "first": 1, "second": 5}.items():
        put(ledger, name, priority=NOW + days * DAY, available_at=NOW + DAY, **unreachable)
    put(ledger, "in doubt", **(unreachable | {"wait_reason": WaitReason.ANSWER_UNKNOWN}))
    put(ledger, "held", **(unreachable | {"status": QueueStatus.HELD}))
    with ledger.begin() as work:
        assert work.outbox.hasten(WaitReason.GATEWAY_UNREACHABLE, 2) == 2
        work.commit()
    assert [claim.submission.id for claim in claim_all(ledger)] == ["first", "second"]
    with ledger.begin() as work:
        assert work.outbox.hasten(WaitReason.GATEWAY_UNREACHABLE, 9) == 1
        assert work.outbox.hasten(WaitReason.GATEWAY_UNREACHABLE, 9) == 0
        work.commit()
    assert [claim.submission.id for claim in claim_all(ledger)] == ["later"]
