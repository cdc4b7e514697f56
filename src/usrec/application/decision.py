"""Writing a final decision down, whoever made it: an answer in time (T4), a late answer or a person (T5).

The caller's transaction holds the contract's lock. Repeating a decision changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from usrec.application.contract_line import settle_line
from usrec.application.follow_permit import follow_permit
from usrec.application.recording import journal, status_note
from usrec.domain.source_event import HEADS, Operation
from usrec.domain.state import Move, next_state
from usrec.domain.submission import Submission
from usrec.ports.ledger import UnitOfWork


@dataclass(frozen=True, slots=True)
class Decision:
    """Accepted or rejected, and what is known about it.

    Attributes:
        move: ACCEPT or REJECT.
        registry_id: The registry's id of what was registered, None when unknown.
        actor: ``agent`` or a person.
        evidence: JSON object for the journal, without personal data.
    """

    move: Move
    code: str
    reason: str
    registry_id: str | None = None
    actor: str = "agent"
    evidence: str = "{}"


def record_decision(work: UnitOfWork, submission: Submission, decision: Decision, now: datetime) -> Submission:
    """Store the decision, tell HR, and let the contract's line move on."""
    contract_id = _contract_id(submission, decision)
    if decision.move is Move.ACCEPT and contract_id:
        _remember(work, submission, contract_id)
    decided = replace(
        submission,
        state=next_state(submission.state, decision.move),
        code=decision.code,
        reason=decision.reason,
        contract_id=contract_id,
        decided_at=now,
    )
    work.outbox.remove(submission.id)
    work.submissions.update(decided, was=submission.state)
    journal(
        work,
        decided,
        decision.move.value,
        submission.state,
        now,
        reason=decision.reason,
        actor=decision.actor,
        detail=decision.evidence,
    )
    if decision.move is Move.ACCEPT:
        follow_permit(work, decided)
    work.write_backs.put(status_note(decided, now))
    settle_line(work, decided, now)
    return decided


def _contract_id(submission: Submission, decision: Decision) -> str | None:
    """The registry's id of the contract, as far as the decision tells it."""
    concluded = decision.move is Move.ACCEPT and submission.operation in HEADS
    return (decision.registry_id if concluded else None) or submission.contract_id


def _remember(work: UnitOfWork, submission: Submission, contract_id: str) -> None:
    """Keep the id for later events: that of a conclusion, or one of HR's that a registered event has proven.

    A deleted contract has none.
    """
    contract = submission.employer_bin, submission.contract_key
    if submission.operation is Operation.CONTRACT_DELETE:
        work.contracts.set_registry_id(*contract, None)
    elif submission.operation in HEADS or work.contracts.registry_id(*contract) is None:
        work.contracts.set_registry_id(*contract, contract_id)
