"""T4: the attempt's end, the state, what comes next and the evidence are written together, or not at all.

The answer is first held against its own attempt (``verdict.authenticate``), then judged (``verdict.decide``). Answers
that have come share one transaction; each proves its own claim in it, and one that cannot drops out alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from usrec.application.after_refusal import WAITS, remember_refusal, waiting_entry, with_prospects
from usrec.application.contract_line import arrange_lines
from usrec.application.decision import Decision, record_decisions
from usrec.application.record_intent import OpenAttempt, doubt
from usrec.application.recording import journal
from usrec.application.stop_employer import stop_for_answer
from usrec.application.strange_answer import tell_of_answer
from usrec.domain.chain import moment
from usrec.domain.errors import InvariantViolation
from usrec.domain.outcome import NothingSent, Refused, SubmissionOutcome, Unknown, code_of, proof_of
from usrec.domain.policies import Policies
from usrec.domain.state import Move, State
from usrec.domain.submission import AttemptId, QueueStatus, Submission, WaitReason, contract_of
from usrec.domain.verdict import AttemptWindow, Ending, Next, Standing, Verdict, authenticate, decide
from usrec.ports.attempts import Acknowledgement, AttemptClosing
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger, UnitOfWork


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt came to, and how long to wait until the next try, if one is needed."""

    opened: OpenAttempt
    outcome: SubmissionOutcome
    wait: timedelta


@dataclass(frozen=True, slots=True)
class JudgedAttempt:
    """An attempt with its trusted outcome and what the decision table says of it.

    Attributes:
        submission: As it stands by now.
    """

    opened: OpenAttempt
    outcome: SubmissionOutcome
    verdict: Verdict
    closed_at: datetime
    wait: timedelta
    submission: Submission

    @property
    def decides(self) -> bool:
        """Whether the delivery ends with it."""
        return self.verdict.move in {Move.ACCEPT, Move.REJECT}


def record_outcomes(
    answers: Sequence[Answer], *, ledger: Ledger, clock: Clock, tolerance: timedelta, policies: Policies
) -> Sequence[JudgedAttempt | None]:
    """Write T4 for all of a group in one transaction, each with its own proof of its claim.

    Args:
        tolerance: How far the gateway's clock may differ from ours.
        policies: What each refusal leads to.

    Returns:
        In the order of ``answers``; None where another agent took over meanwhile, or the ledger has lost the attempt:
        then nothing was written for it.
    """
    now = clock.now()
    with ledger.begin() as work:
        held = _held(work, answers, now)
        judged = _judge_all(work, held, policies, tolerance=tolerance, now=now)
        for one in judged:
            _close_attempt(work, one)
        stands = _decide_all(work, [one for one in judged if one.decides], now)
        stands |= _give_back_all(work, [one for one in judged if not one.decides], now)
        work.commit()
    recorded = {one.opened.attempt.id: replace(one, submission=stands[one.opened.attempt.id]) for one in judged}
    return [recorded.get(one.opened.attempt.id) for one in answers]


def _held(work: UnitOfWork, answers: Sequence[Answer], now: datetime) -> Sequence[Answer]:
    """Those whose claim is still the newest and whose T3 is on record; their contracts are locked from now on."""
    work.contracts.lock_all({contract_of(one.opened.submission) for one in answers})
    leased = work.outbox.hold_leases([one.opened.claim.lease for one in answers], now)
    known = work.attempts.recorded([one.opened.attempt.id for one in answers])
    return [one for one in answers if one.opened.submission.id in leased and one.opened.attempt.id in known]


def _judge_all(
    work: UnitOfWork, answers: Sequence[Answer], policies: Policies, *, tolerance: timedelta, now: datetime
) -> Sequence[JudgedAttempt]:
    """What each is worth; of two with the same signed answer the second one is a replay, as it is of one on record."""
    proofs = [proof for one in answers if (proof := proof_of(one.outcome)) is not None]
    seen = set(work.acknowledgements.seen([proof.signed_digest for proof in proofs]))
    judged = []
    for one in answers:
        judged.append(_judge(work, one, policies, seen, tolerance=tolerance, now=now))
        proof = proof_of(judged[-1].outcome)
        if judged[-1].decides and proof is not None:
            seen.add(proof.signed_digest)
    return judged


def _judge(
    work: UnitOfWork,
    answer: Answer,
    policies: Policies,
    seen: Collection[str],
    *,
    tolerance: timedelta,
    now: datetime,
) -> JudgedAttempt:
    opened = answer.opened
    operation = opened.submission.operation
    if operation is None:
        raise InvariantViolation("a submission without an operation was sent", where=opened.submission.id)
    trusted = authenticated(opened, answer.outcome, seen, tolerance, now)
    standing = Standing(operation, opened.submission.record_id, opened.may_have_arrived)
    if isinstance(trusted, Refused):
        standing = with_prospects(work, opened.submission, standing, now)
    verdict = decide(trusted, standing, policies.of(code_of(trusted)))
    return JudgedAttempt(opened, trusted, verdict, now, answer.wait, opened.submission)


def authenticated(
    opened: OpenAttempt, outcome: SubmissionOutcome, seen: Collection[str], tolerance: timedelta, now: datetime
) -> SubmissionOutcome:
    """The outcome as far as it can be trusted to be that of this very attempt.

    An answer that was kept until the ledger was back is no later for a clock that was set back meanwhile.

    Args:
        seen: Digests of signed answers that have decided something.
    """
    proof = proof_of(outcome)
    until = max(now, opened.answered_at or now)
    window = AttemptWindow(opened.attempt.opened_at, until, tolerance, opened.attempt.correlation_id)
    return authenticate(outcome, window, seen_before=proof is not None and proof.signed_digest in seen)


def _close_attempt(work: UnitOfWork, judged: JudgedAttempt) -> None:
    """With the stop of its employer, where the answer demands that."""
    outcome, verdict, attempt = judged.outcome, judged.verdict, judged.opened.attempt
    submission = judged.opened.submission
    closing = closing_of(outcome, verdict.ending, judged.closed_at)
    work.attempts.close(attempt.id, closing)
    line = closing_line(work, judged.opened, closing)
    journal(work, submission, "attempt_closed", submission.state, judged.closed_at, reason=verdict.reason, detail=line)
    if verdict.stops_employer:
        stop_for_answer(work, submission, code_of(outcome), judged.closed_at)


def closing_line(work: UnitOfWork, opened: OpenAttempt, closing: AttemptClosing) -> str:
    """The journal's detail of an attempt's end.

    With the keyed digest of what was received, if anything was, and when that came, if it could not be recorded then.
    """
    number, came_at = opened.attempt.number, opened.came_at(closing.closed_at)
    reply = {"reply": work.journal.digest(opened.submission.id, closing.reply)} if closing.reply else {}
    came = {"came_at": moment(came_at)} if came_at < closing.closed_at else {}
    return json.dumps({"attempt": number, "ending": closing.ending.value, "code": closing.code, **reply, **came})


def closing_of(outcome: SubmissionOutcome, ending: Ending, at: datetime) -> AttemptClosing:
    """How an attempt ended, with what was received as evidence."""
    proof = proof_of(outcome)
    reply = proof.raw if proof is not None else outcome.raw if isinstance(outcome, Unknown) else b""
    detail = outcome.detail if isinstance(outcome, Unknown | NothingSent) else outcome.message
    return AttemptClosing(ending, at, code_of(outcome), detail, reply)


def _decide_all(work: UnitOfWork, judged: Sequence[JudgedAttempt], now: datetime) -> dict[AttemptId, Submission]:
    """Keep the answers that decide, with what follows from them."""
    decisions = [(one.opened.submission, _decision(work, one)) for one in judged]
    decided = record_decisions(work, decisions, now)
    return {one.opened.attempt.id: submission for one, submission in zip(judged, decided, strict=True)}


def _decision(work: UnitOfWork, judged: JudgedAttempt) -> Decision:
    verdict, outcome = judged.verdict, judged.outcome
    submission, attempt = judged.opened.submission, judged.opened.attempt
    proof, came_at = proof_of(outcome), judged.opened.came_at(judged.closed_at)
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
            acknowledged_at=came_at,
            evidence=proof.raw,
        )
    )
    return Decision(verdict.move, code_of(outcome), verdict.reason, verdict.registry_id, came_at=came_at)


def _give_back_all(work: UnitOfWork, judged: Sequence[JudgedAttempt], now: datetime) -> dict[AttemptId, Submission]:
    given_back = {one.opened.attempt.id: _try_again(work, one) for one in judged}
    arrange_lines(work, {contract_of(one) for one in given_back.values()}, now)
    return given_back


def _try_again(work: UnitOfWork, judged: JudgedAttempt) -> Submission:
    """Give the claim back: for another try of the same bytes, or for somebody who has to act."""
    verdict, claim, now, wait = judged.verdict, judged.opened.claim, judged.closed_at, judged.wait
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
    return submission


def _wait_reason(ending: Ending) -> WaitReason:
    match ending:
        case Ending.NOTHING_SENT:
            return WaitReason.GATEWAY_UNREACHABLE
        case Ending.NOT_PROCESSED:
            return WaitReason.GATEWAY_FAULT
        case _:
            return WaitReason.ANSWER_UNKNOWN
