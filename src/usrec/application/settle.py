"""Settling a doubt: what a person found out, or did by hand, with the evidence of it (T5)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from usrec.application.acting import IN_DOUBT, Actor, locked, not_claimed, queued, refuse
from usrec.application.decision import Decision, record_decision
from usrec.application.record_intent import ABANDONED
from usrec.domain.source_event import HEADS
from usrec.domain.state import Move
from usrec.domain.submission import Submission, SubmissionId, WaitReason
from usrec.domain.verdict import Ending
from usrec.ports.attempts import Acknowledgement, AttemptClosing
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger, UnitOfWork


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a doubt was resolved outside the agent.

    Attributes:
        contract_id: The registry's id, needed for an accepted conclusion whose id is not known: under a profile
            without record ids, and for what a person entered, to which the registry gave an id of its own.
        evidence: The bytes of the evidence file (a portal extract, a letter).
    """

    accepted: bool
    contract_id: str | None
    evidence: bytes


def settle(submission_id: SubmissionId, settlement: Settlement, actor: Actor, *, ledger: Ledger, clock: Clock) -> None:
    """Record what a person found out about a submission in doubt, or did by hand with one that is checked out (T5).

    Where USREC says that the record is there already, the registry's id of it is not ours.

    Raises:
        UnsafeRequest: It is not in doubt, an attempt is running, or the contract's id is missing.
    """
    now = clock.now()
    with ledger.begin() as work:
        submission = locked(work, submission_id)
        entry = queued(work, submission)
        checked_out = entry.wait_reason is WaitReason.CHECKED_OUT
        if submission.state not in IN_DOUBT and not checked_out:
            refuse(
                submission,
                f"it is {submission.state}, so there is no doubt to settle",
                "Only a submission whose answer is unknown, or that is checked out, is settled. If you entered it in"
                " the portal after your check-out had ended:"
                " check it out again (usrec submission checkout), then settle it",
            )
        not_claimed(entry, submission)
        if checked_out and not settlement.accepted:
            refuse(submission, "it was never sent, so nothing was refused", "Release it instead")
        foreign = checked_out or entry.wait_reason is WaitReason.TO_CONFIRM
        registry_id = settlement.contract_id or (None if foreign else submission.record_id)
        if settlement.accepted and submission.operation in HEADS and registry_id is None:
            refuse(submission, "the registry's contract id is needed", "Give it: --contract-id")
        _record_settlement(work, submission, settlement, registry_id, actor, now=now)
        work.commit()


def _record_settlement(
    work: UnitOfWork,
    submission: Submission,
    settlement: Settlement,
    registry_id: str | None,
    actor: Actor,
    *,
    now: datetime,
) -> None:
    """With the end of an attempt that an agent which is gone has left open, as the next claim would have ended it."""
    digest = hashlib.sha256(settlement.evidence).hexdigest()
    left_open = work.attempts.open_of(submission.id)
    if left_open is not None:
        work.attempts.close(left_open, AttemptClosing(Ending.UNKNOWN, now, "", ABANDONED, b""))
    work.acknowledgements.add(
        Acknowledgement(
            submission_id=submission.id,
            attempt_id=None,
            kind="settlement",
            accepted=settlement.accepted,
            code="",
            registry_id=registry_id if settlement.accepted else None,
            signed_digest=f"settlement:{submission.id}:{digest}",
            acknowledged_at=now,
            evidence=settlement.evidence,
        )
    )
    move = Move.ACCEPT if settlement.accepted else Move.REJECT
    keyed = work.journal.digest(submission.id, settlement.evidence)
    detail = json.dumps({"evidence": keyed, "why": actor.reason}, ensure_ascii=False)
    record_decision(work, submission, Decision(move, "", "settled", registry_id, actor.name, detail), now)
