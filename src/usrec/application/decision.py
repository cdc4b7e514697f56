"""Writing a final decision down, whoever made it: an answer in time (T4), a late answer or a person (T5).

The caller's transaction holds the contract's lock. Repeating a decision changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from usrec.application.contract_line import settle_lines
from usrec.application.follow_permit import follow_permit
from usrec.application.recording import journal, status_note
from usrec.domain.source_event import HEADS, Operation
from usrec.domain.state import Move, next_state
from usrec.domain.submission import Submission, contract_of
from usrec.ports.contracts import ContractRef
from usrec.ports.ledger import UnitOfWork


@dataclass(frozen=True, slots=True)
class Decision:
    """Accepted or rejected, and what is known about it.

    Attributes:
        move: ACCEPT or REJECT.
        registry_id: The registry's id of what was registered, None when unknown.
        actor: ``agent`` or a person.
        evidence: JSON object for the journal, without personal data.
        came_at: When the answer that decides had come; None: it is recorded as it comes.
    """

    move: Move
    code: str
    reason: str
    registry_id: str | None = None
    actor: str = "agent"
    evidence: str = "{}"
    came_at: datetime | None = None


def record_decision(work: UnitOfWork, submission: Submission, decision: Decision, now: datetime) -> Submission:
    """Store the decision, tell HR, and let the contract's line move on."""
    (decided,) = record_decisions(work, [(submission, decision)], now)
    return decided


def record_decisions(
    work: UnitOfWork, decisions: Sequence[tuple[Submission, Decision]], now: datetime
) -> Sequence[Submission]:
    """The same for many, in their order; the lines move on when all are stored."""
    learning = {contract_of(submission) for submission, decision in decisions if _may_teach(submission, decision)}
    known = work.contracts.registry_ids(learning)
    decided = [_store(work, submission, decision, known, now) for submission, decision in decisions]
    settle_lines(work, decided, now)
    return decided


def _may_teach(submission: Submission, decision: Decision) -> bool:
    """Whether a registered event names its contract, by an id that we may not have learnt yet."""
    accepted = decision.move is Move.ACCEPT and _contract_id(submission, decision) is not None
    return accepted and submission.operation not in HEADS


def _store(
    work: UnitOfWork, submission: Submission, decision: Decision, known: Mapping[ContractRef, str], now: datetime
) -> Submission:
    contract_id = _contract_id(submission, decision)
    if decision.move is Move.ACCEPT and contract_id:
        _remember(work, submission, contract_id, known)
    decided = replace(
        submission,
        state=next_state(submission.state, decision.move),
        code=decision.code,
        reason=decision.reason,
        contract_id=contract_id,
        decided_at=decision.came_at or now,
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
    return decided


def _contract_id(submission: Submission, decision: Decision) -> str | None:
    """The registry's id of the contract, as far as the decision tells it."""
    concluded = decision.move is Move.ACCEPT and submission.operation in HEADS
    return (decision.registry_id if concluded else None) or submission.contract_id


def _remember(work: UnitOfWork, submission: Submission, contract_id: str, known: Mapping[ContractRef, str]) -> None:
    """Keep the id for later events: that of a conclusion, or one of HR's that a registered event has proven.

    A deleted contract has none.
    """
    contract = submission.employer_bin, submission.contract_key
    if submission.operation is Operation.CONTRACT_DELETE:
        work.contracts.set_registry_id(*contract, None)
    elif submission.operation in HEADS or contract not in known:
        work.contracts.set_registry_id(*contract, contract_id)
