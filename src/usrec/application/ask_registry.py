"""Asking the registry about a submission in doubt, before the same bytes are sent again.

Only where the wire profile has such a question, and at most once after each attempt. It is one exchange under the claim
of the coming resend, in the place of it; the resend follows with the next claim, unless the question has settled it.
The answer, the state and what comes next are written together, or not at all: an agent that dies while it asks has
changed nothing and asks again.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from usrec.application.contract_line import arrange_line
from usrec.application.decision import Decision, record_decision
from usrec.application.record_intent import close_abandoned_attempt
from usrec.application.recording import journal
from usrec.application.strange_answer import raise_alert
from usrec.domain.alert import Threshold
from usrec.domain.errors import InvariantViolation
from usrec.domain.inquiry import (
    AskedQuestion,
    Found,
    Question,
    RegistryReply,
    Ruling,
    Unanswered,
    authenticate_reply,
    decide_by_answer_to_question,
    facts_of,
)
from usrec.domain.message import CorrelationId, MessageId
from usrec.domain.source_event import HEADS
from usrec.domain.state import Move, State
from usrec.domain.submission import QueueStatus, Submission, WaitReason
from usrec.domain.verdict import AttemptWindow, Next
from usrec.ports.attempts import Acknowledgement
from usrec.ports.clock import Clock, Entropy
from usrec.ports.inquiry import Inquiry
from usrec.ports.ledger import Claim, Ledger, UnitOfWork


def is_askable(claim: Claim) -> bool:
    """Whether it is in doubt under an id of ours, and the registry was not asked since the last attempt."""
    in_doubt = claim.submission.state is State.INDETERMINATE or claim.open_attempt is not None
    known = claim.submission.record_id is not None
    return in_doubt and known and claim.asked_after != claim.entry.attempts


def ask_registry(
    claim: Claim, *, inquiry: Inquiry, ledger: Ledger, clock: Clock, entropy: Entropy, tolerance: timedelta
) -> tuple[Submission, Ruling]:
    """Ask, and record what was answered.

    Args:
        tolerance: How far the gateway's clock may differ from ours.

    Raises:
        LeaseLost: Another agent took over meanwhile; nothing was written.
    """
    question, asked_at = _question(claim.submission, entropy), clock.now()
    reply = inquiry.ask(question, at=asked_at)
    now = clock.now()
    with ledger.begin() as work:
        work.contracts.lock(claim.submission.employer_bin, claim.submission.contract_key)
        work.outbox.hold_lease(claim.lease, now)
        submission = close_abandoned_attempt(work, claim, now)
        seen = _seen(work, reply)
        window = AttemptWindow(asked_at, now, tolerance, question.correlation_id)
        trusted = authenticate_reply(reply, question, window, seen_before=seen)
        ruling = decide_by_answer_to_question(trusted, facts_of(submission), is_head=submission.operation in HEADS)
        asked = _asked(claim, question, trusted, ruling, asked_at=asked_at, now=now)
        work.questions.add(asked)
        journal(work, submission, "asked", submission.state, now, reason=ruling.reason, detail=_line(work, asked))
        if isinstance(trusted, Found) and ruling.move is not None:
            submission = _accept(work, submission, trusted, ruling, now)
        else:
            _go_on(work, claim, submission, ruling, now)
        work.commit()
    return submission, ruling


def _question(submission: Submission, entropy: Entropy) -> Question:
    if submission.record_id is None:
        raise InvariantViolation("a record without an id of ours was asked about", where=submission.id)
    ids = [str(UUID(bytes=entropy.token(16), version=4)) for _ in range(2)]
    return Question(submission.record_id, submission.employer_bin, MessageId(ids[0]), CorrelationId(ids[1]))


def _seen(work: UnitOfWork, reply: RegistryReply) -> bool:
    if isinstance(reply, Unanswered):
        return False
    digest = reply.proof.signed_digest
    return work.questions.seen(digest) or bool(work.acknowledgements.seen([digest]))


def _asked(
    claim: Claim, question: Question, trusted: RegistryReply, ruling: Ruling, *, asked_at: datetime, now: datetime
) -> AskedQuestion:
    proof = None if isinstance(trusted, Unanswered) else trusted.proof
    return AskedQuestion(
        submission_id=claim.submission.id,
        after_attempt=claim.entry.attempts,
        asked_at=asked_at,
        answered_at=now,
        correlation_id=question.correlation_id,
        finding=ruling.finding,
        code=trusted.code,
        detail=ruling.detail,
        signed_digest=None if proof is None else proof.signed_digest,
        reply=trusted.raw if isinstance(trusted, Unanswered) else trusted.proof.raw,
    )


def _line(work: UnitOfWork, asked: AskedQuestion) -> str:
    """The journal's detail, with the keyed digest of what was received, if anything was."""
    reply = {"reply": work.journal.digest(asked.submission_id, asked.reply)} if asked.reply else {}
    return json.dumps({"after_attempt": asked.after_attempt, "finding": asked.finding, "code": asked.code, **reply})


def _accept(work: UnitOfWork, submission: Submission, found: Found, ruling: Ruling, now: datetime) -> Submission:
    work.acknowledgements.add(
        Acknowledgement(
            submission_id=submission.id,
            attempt_id=None,
            kind="question",
            accepted=True,
            code=found.code,
            registry_id=ruling.registry_id,
            signed_digest=found.proof.signed_digest,
            acknowledged_at=now,
            evidence=found.proof.raw,
        )
    )
    decision = Decision(Move.ACCEPT, found.code, ruling.reason, ruling.registry_id)
    return record_decision(work, submission, decision, now)


def _go_on(work: UnitOfWork, claim: Claim, submission: Submission, ruling: Ruling, now: datetime) -> None:
    """The same bytes at once; or somebody has to decide. The state stays as it was before the question."""
    person = ruling.next is Next.PERSON
    entry = replace(
        claim.entry,
        status=QueueStatus.HELD if person else QueueStatus.READY,
        wait_reason=WaitReason.NEEDS_DECISION if person else None,
        available_at=now,
        doubtful=submission.state is State.INDETERMINATE,
        note=ruling.reason,
    )
    if person:
        raise_alert(work, submission, Threshold.CONTRADICTED, now)
        work.alerts.watch(submission.id, now)
    work.outbox.release(claim.lease, entry)
    arrange_line(work, submission.employer_bin, submission.contract_key, now)
