"""Step 9 (T5): decisions that come outside a live claim. Idempotent.

A late answer is a fact about its own attempt, so a signed registration is believed even when the lease is gone. A late
refusal decides nothing: another attempt of the same bytes may have succeeded meanwhile.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from usrec.application.decision import Decision, record_decision
from usrec.application.record_intent import OpenAttempt
from usrec.domain.outcome import Registered, SubmissionOutcome, code_of
from usrec.domain.state import MAY_BE_REGISTERED, Move
from usrec.domain.submission import Submission
from usrec.domain.verdict import AttemptWindow, Ending, authenticate
from usrec.ports.clock import Clock
from usrec.ports.ledger import Acknowledgement, AttemptClosing, Ledger, UnitOfWork


def acknowledge_late(
    opened: OpenAttempt, outcome: SubmissionOutcome, *, ledger: Ledger, clock: Clock, tolerance: timedelta
) -> bool:
    """Use an answer whose claim was lost; returns whether it decided the submission."""
    now = clock.now()
    with ledger.begin() as work:
        work.contracts.lock(opened.submission.employer_bin, opened.submission.contract_key)
        registered = _trusted_registration(work, opened, outcome, tolerance, now)
        ending = Ending.UNKNOWN if registered is None else Ending.REGISTERED
        closing = AttemptClosing(ending, now, code_of(outcome), "late answer", b"")
        work.attempts.close(opened.attempt.id, closing)
        submission = work.submissions.get(opened.submission.id)
        decides = registered is not None and submission is not None and submission.state in MAY_BE_REGISTERED
        if registered is not None and submission is not None and decides:
            _accept(work, submission, opened, registered, now)
        work.commit()
    return decides


def _trusted_registration(
    work: UnitOfWork, opened: OpenAttempt, outcome: SubmissionOutcome, tolerance: timedelta, now: datetime
) -> Registered | None:
    if not isinstance(outcome, Registered):
        return None
    window = AttemptWindow(opened.attempt.opened_at, now, tolerance, opened.attempt.correlation_id)
    trusted = authenticate(outcome, window, seen_before=work.acknowledgements.seen(outcome.proof.signed_digest))
    return trusted if isinstance(trusted, Registered) else None


def _accept(
    work: UnitOfWork, submission: Submission, opened: OpenAttempt, registered: Registered, now: datetime
) -> None:
    work.acknowledgements.add(
        Acknowledgement(
            submission_id=submission.id,
            attempt_id=opened.attempt.id,
            kind="answer",
            accepted=True,
            code=registered.code,
            registry_id=registered.registry_id,
            signed_digest=registered.proof.signed_digest,
            acknowledged_at=now,
            evidence=registered.proof.raw,
        )
    )
    detail = json.dumps({"attempt": opened.attempt.number})
    decision = Decision(Move.ACCEPT, registered.code, "late_answer", registered.registry_id, evidence=detail)
    record_decision(work, submission, decision, now)
