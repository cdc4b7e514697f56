"""Step 9 (T5): decisions that come outside a live claim. Idempotent.

A late answer is a fact about its own attempt, so a signed registration is believed even when the lease is gone. A late
refusal decides nothing: another attempt of the same bytes may have succeeded meanwhile. A registration of what was
meanwhile refused, or settled as refused, is a contradiction that a person must look at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from usrec.application.contract_line import known
from usrec.application.decision import Decision, record_decision
from usrec.application.lost_intent import restored_intent
from usrec.application.record_intent import OpenAttempt, doubt
from usrec.application.record_outcome import authenticated, closing_line, closing_of
from usrec.application.recording import journal
from usrec.application.strange_answer import raise_alert
from usrec.domain.alert import Threshold
from usrec.domain.outcome import (
    Doubt,
    Faulted,
    NothingSent,
    Refused,
    Registered,
    SubmissionOutcome,
    Unknown,
    proof_of,
)
from usrec.domain.state import MAY_BE_REGISTERED, SETTLED, Move, State
from usrec.domain.submission import Submission
from usrec.domain.verdict import Ending, why_nothing_was_sent
from usrec.ports.attempts import Acknowledgement
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger, UnitOfWork


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """What an answer whose claim was lost did.

    Attributes:
        submission: As it stands now.
        decided: The answer registered it.
        contradicts: It is registered by this answer and refused or taken back on record.
    """

    submission: Submission
    decided: bool
    contradicts: bool


def acknowledge_late(
    opened: OpenAttempt, outcome: SubmissionOutcome, *, ledger: Ledger, clock: Clock, tolerance: timedelta
) -> LateAnswer:
    """Use an answer whose claim was lost, with the attempt itself where the ledger has lost that."""
    now = clock.now()
    with ledger.begin() as work:
        work.contracts.lock(opened.submission.employer_bin, opened.submission.contract_key)
        proof = proof_of(outcome)
        seen = work.acknowledgements.seen([proof.signed_digest]) if proof is not None else ()
        trusted = authenticated(opened, outcome, seen, tolerance, now)
        submission = restored_intent(work, opened, now)
        if submission is None:
            lost = known(work, opened.submission.id)
            work.commit()
            return LateAnswer(lost, decided=False, contradicts=isinstance(trusted, Registered))
        ending, reason = _ending(trusted)
        closing = closing_of(trusted, ending, now)
        work.attempts.close(opened.attempt.id, closing)
        line = closing_line(work, opened, closing)
        journal(work, submission, "attempt_closed", submission.state, now, reason=reason, detail=line)
        registered = isinstance(trusted, Registered)
        decided = registered and submission.state in MAY_BE_REGISTERED
        contradicts = registered and submission.state in {State.REJECTED, State.CANCELLED}
        if isinstance(trusted, Registered) and decided:
            submission = _accept(work, submission, opened, trusted, now)
        elif ending is Ending.UNKNOWN and submission.state is State.SIGNED:
            submission = doubt(work, submission, reason, now)
        _tell(work, submission, trusted, now, contradicts=contradicts)
        work.commit()
    return LateAnswer(submission, decided, contradicts)


def _tell(
    work: UnitOfWork, submission: Submission, trusted: SubmissionOutcome, now: datetime, *, contradicts: bool
) -> None:
    """Raise an alert where an answer contradicts the ledger, or was not understood and nothing is decided yet."""
    strange = isinstance(trusted, Unknown) and trusted.doubt is Doubt.UNKNOWN_SHAPE
    if contradicts:
        raise_alert(work, submission, Threshold.CONTRADICTED, now)
    elif strange and submission.state not in SETTLED:
        raise_alert(work, submission, Threshold.UNRECOGNISED, now)


def _ending(trusted: SubmissionOutcome) -> tuple[Ending, str]:
    """How the attempt is closed, and why."""
    match trusted:
        case Registered():
            return Ending.REGISTERED, "late_answer"
        case NothingSent():
            return Ending.NOTHING_SENT, why_nothing_was_sent(trusted)
        case Unknown():
            return Ending.UNKNOWN, trusted.doubt.value
        case Refused() | Faulted():
            return Ending.UNKNOWN, Doubt.TIMEOUT.value


def _accept(
    work: UnitOfWork, submission: Submission, opened: OpenAttempt, registered: Registered, now: datetime
) -> Submission:
    came_at = opened.came_at(now)
    work.acknowledgements.add(
        Acknowledgement(
            submission_id=submission.id,
            attempt_id=opened.attempt.id,
            kind="answer",
            accepted=True,
            code=registered.code,
            registry_id=registered.registry_id,
            signed_digest=registered.proof.signed_digest,
            acknowledged_at=came_at,
            evidence=registered.proof.raw,
        )
    )
    reply = work.journal.digest(submission.id, registered.proof.raw)
    detail = json.dumps({"attempt": opened.attempt.number, "reply": reply})
    decision = Decision(
        Move.ACCEPT, registered.code, "late_answer", registered.registry_id, evidence=detail, came_at=came_at
    )
    return record_decision(work, submission, decision, now)
