"""T4: the attempt's end, the state, what comes next and the evidence are written together, or not at all.

The answer is first held against its own attempt (``verdict.authenticate``), then judged (``verdict.decide``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from usrec.application.after_refusal import WAITS, remember_refusal, waiting_entry, with_prospects
from usrec.application.contract_line import arrange_line
from usrec.application.decision import Decision, record_decision
from usrec.application.lost_intent import require_intent
from usrec.application.record_intent import OpenAttempt, doubt
from usrec.application.recording import journal
from usrec.application.stop_employer import stop_for_answer
from usrec.application.strange_answer import tell_of_answer
from usrec.domain.errors import InvariantViolation
from usrec.domain.outcome import NothingSent, Refused, SubmissionOutcome, Unknown, code_of, proof_of
from usrec.domain.policies import Policies
from usrec.domain.state import Move, State
from usrec.domain.submission import QueueStatus, Submission, WaitReason
from usrec.domain.verdict import AttemptWindow, Ending, Next, Standing, Verdict, authenticate, decide
from usrec.ports.attempts import Acknowledgement, AttemptClosing
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger, UnitOfWork


@dataclass(frozen=True, slots=True)
class JudgedAttempt:
    """An attempt with its trusted outcome and what the decision table says of it."""

    opened: OpenAttempt
    outcome: SubmissionOutcome
    verdict: Verdict
    closed_at: datetime


def record_outcome(
    opened: OpenAttempt,
    outcome: SubmissionOutcome,
    *,
    ledger: Ledger,
    clock: Clock,
    tolerance: timedelta,
    wait: timedelta,
    policies: Policies,
) -> tuple[Submission, JudgedAttempt]:
    """Write T4.

    Args:
        tolerance: How far the gateway's clock may differ from ours.
        wait: Until the next try, if one is needed.
        policies: What each refusal leads to.

    Raises:
        LeaseLost: Another agent took over meanwhile, or the ledger has lost the attempt; nothing was written.
    """
    now = clock.now()
    submission = opened.submission
    with ledger.begin() as work:
        work.contracts.lock(submission.employer_bin, submission.contract_key)
        work.outbox.hold_lease(opened.claim.lease, now)
        require_intent(work, opened)
        judged = _judge(work, opened, outcome, policies, tolerance=tolerance, now=now)
        _close_attempt(work, judged)
        if judged.verdict.stops_employer:
            stop_for_answer(work, submission, code_of(judged.outcome), now)
        if judged.verdict.move in {Move.ACCEPT, Move.REJECT}:
            recorded = _decide(work, judged)
        else:
            recorded = _try_again(work, judged, wait)
        work.commit()
    return recorded, judged


def _judge(
    work: UnitOfWork,
    opened: OpenAttempt,
    outcome: SubmissionOutcome,
    policies: Policies,
    *,
    tolerance: timedelta,
    now: datetime,
) -> JudgedAttempt:
    operation = opened.submission.operation
    if operation is None:
        raise InvariantViolation("a submission without an operation was sent", where=opened.submission.id)
    trusted = authenticated(work, opened, outcome, tolerance, now)
    standing = Standing(operation, opened.submission.record_id, opened.may_have_arrived)
    if isinstance(trusted, Refused):
        standing = with_prospects(work, opened.submission, standing, now)
    return JudgedAttempt(opened, trusted, decide(trusted, standing, policies.of(code_of(trusted))), now)


def authenticated(
    work: UnitOfWork, opened: OpenAttempt, outcome: SubmissionOutcome, tolerance: timedelta, now: datetime
) -> SubmissionOutcome:
    """The outcome as far as it can be trusted to be that of this very attempt."""
    proof = proof_of(outcome)
    seen = proof is not None and work.acknowledgements.seen(proof.signed_digest)
    window = AttemptWindow(opened.attempt.opened_at, now, tolerance, opened.attempt.correlation_id)
    return authenticate(outcome, window, seen_before=seen)


def _close_attempt(work: UnitOfWork, judged: JudgedAttempt) -> None:
    outcome, verdict, attempt = judged.outcome, judged.verdict, judged.opened.attempt
    submission = judged.opened.submission
    closing = closing_of(outcome, verdict.ending, judged.closed_at)
    work.attempts.close(attempt.id, closing)
    line = closing_line(work, submission, attempt.number, closing)
    journal(work, submission, "attempt_closed", submission.state, judged.closed_at, reason=verdict.reason, detail=line)


def closing_line(work: UnitOfWork, submission: Submission, number: int, closing: AttemptClosing) -> str:
    """The journal's detail of an attempt's end, with the keyed digest of what was received, if anything was."""
    reply = {"reply": work.journal.digest(submission.id, closing.reply)} if closing.reply else {}
    return json.dumps({"attempt": number, "ending": closing.ending.value, "code": closing.code, **reply})


def closing_of(outcome: SubmissionOutcome, ending: Ending, at: datetime) -> AttemptClosing:
    """How an attempt ended, with what was received as evidence."""
    proof = proof_of(outcome)
    reply = proof.raw if proof is not None else outcome.raw if isinstance(outcome, Unknown) else b""
    detail = outcome.detail if isinstance(outcome, Unknown | NothingSent) else outcome.message
    return AttemptClosing(ending, at, code_of(outcome), detail, reply)


def _decide(work: UnitOfWork, judged: JudgedAttempt) -> Submission:
    verdict, outcome = judged.verdict, judged.outcome
    submission, attempt = judged.opened.submission, judged.opened.attempt
    proof = proof_of(outcome)
    if verdict.move is None or proof is None:
        raise InvariantViolation("a decision without a signed answer", where=submission.id)
    work.acknowledgements.add(
        Acknowledgement(
            submission_id=submission.id,
            attempt_id=attempt.id,
            kind="answer",
            accepted=verdict.move is Move.ACCEPT,
            code=code_of(outcome),
            registry_id=verdict.registry_id,
            signed_digest=proof.signed_digest,
            acknowledged_at=judged.closed_at,
            evidence=proof.raw,
        )
    )
    decision = Decision(verdict.move, code_of(outcome), verdict.reason, verdict.registry_id)
    return record_decision(work, submission, decision, judged.closed_at)


def _try_again(work: UnitOfWork, judged: JudgedAttempt, wait: timedelta) -> Submission:
    """Give the claim back: for another try of the same bytes, or for somebody who has to act."""
    verdict, claim, now = judged.verdict, judged.opened.claim, judged.closed_at
    submission = judged.opened.submission
    if verdict.move is Move.DOUBT:
        submission = doubt(work, submission, verdict.reason, now)
    person = verdict.next is Next.PERSON
    entry = replace(
        claim.entry,
        status=QueueStatus.HELD if person else QueueStatus.SCHEDULED,
        wait_reason=WaitReason.NEEDS_DECISION if person else _wait_reason(verdict.ending),
        available_at=now if person else now + wait,
        attempts=judged.opened.attempt.number,
        doubtful=submission.state is State.INDETERMINATE,
        note=verdict.reason,
    )
    if verdict.next in WAITS:
        entry = waiting_entry(entry, verdict, now, wait)
        submission = remember_refusal(work, submission, verdict, code_of(judged.outcome), now)
    tell_of_answer(work, submission, judged.outcome, verdict, now)
    if person:
        work.alerts.watch(submission.id, now)
    work.outbox.release(claim.lease, entry)
    arrange_line(work, submission.employer_bin, submission.contract_key, now)
    return submission


def _wait_reason(ending: Ending) -> WaitReason:
    match ending:
        case Ending.NOTHING_SENT:
            return WaitReason.GATEWAY_UNREACHABLE
        case Ending.NOT_PROCESSED:
            return WaitReason.GATEWAY_FAULT
        case _:
            return WaitReason.ANSWER_UNKNOWN
