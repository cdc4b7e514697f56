"""T3: what is about to be sent is durable before the first byte leaves.

The signed bytes, their ids and an open attempt are written together. A restart that finds an open attempt treats the
submission as indeterminate, never as "never sent".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from usrec.application.after_refusal import forget_refusal
from usrec.application.recording import journal, status_note
from usrec.domain.errors import EmployerHeld
from usrec.domain.identifiers import new_record_id
from usrec.domain.message import Envelope, SignedMessage
from usrec.domain.outcome import Doubt
from usrec.domain.state import Move, State, next_state
from usrec.domain.submission import AttemptId, Submission
from usrec.domain.verdict import Ending
from usrec.ports.attempts import Attempt, AttemptClosing
from usrec.ports.clock import Clock, Entropy
from usrec.ports.ledger import Claim, Ledger, UnitOfWork


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """A submission on the wire: what T3 wrote, and what T4 will need.

    Attributes:
        message: What is on the wire.
        submission: As T3 left it.
        may_have_arrived: An *earlier* attempt of the same bytes may have reached the authority.
        line: What T3's line in the journal says of it: its number, and keyed digests of what left.
    """

    claim: Claim
    message: SignedMessage
    submission: Submission
    attempt: Attempt
    may_have_arrived: bool
    line: str


def record_intent(
    claim: Claim, message: SignedMessage, envelope: Envelope, *, ledger: Ledger, clock: Clock, entropy: Entropy
) -> OpenAttempt:
    """Write T3.

    Raises:
        LeaseLost: Another agent holds the submission; nothing was written and nothing may be sent.
        EmployerHeld: The employer was stopped since the claim; likewise.
    """
    now = clock.now()
    attempt = Attempt(
        id=AttemptId(new_record_id(entropy.token(16))),
        submission_id=claim.submission.id,
        number=claim.entry.attempts + 1,
        fence=claim.lease.fence,
        opened_at=now,
        correlation_id=envelope.correlation_id,
        envelope_digest=envelope.digest,
    )
    with ledger.begin() as work:
        work.outbox.hold_lease(claim.lease, now)
        _require_going(work, claim)
        submission = forget_refusal(work, close_abandoned_attempt(work, claim, now))
        if claim.message is None:
            submission = store_signature(work, submission, message, now)
        work.attempts.open(attempt)
        detail = json.dumps(
            {"attempt": attempt.number, "fence": attempt.fence, **_sent(work, submission, message, envelope)}
        )
        journal(work, submission, "attempt_opened", submission.state, now, detail=detail)
        work.commit()
    earlier = claim.sent_attempts > 0 or claim.open_attempt is not None
    return OpenAttempt(claim, message, submission, attempt, may_have_arrived=earlier, line=detail)


def _sent(work: UnitOfWork, submission: Submission, message: SignedMessage, envelope: Envelope) -> dict[str, str]:
    """Keyed digests of what leaves."""
    digest = partial(work.journal.digest, submission.id)
    return {"request": digest(envelope.body), "document": digest(message.document)}


def _require_going(work: UnitOfWork, claim: Claim) -> None:
    stop = work.employer_stops.get(claim.submission.employer_bin)
    if stop is not None:
        raise EmployerHeld(
            f"employer {stop.employer} was stopped while the document was made",
            where=f"submission {claim.submission.id}",
            kept="Nothing was sent",
            next_step="When the cause is mended: usrec employer release",
        )


def close_abandoned_attempt(work: UnitOfWork, claim: Claim, now: datetime) -> Submission:
    """An attempt that nobody closed may have been sent: its process died, or lost its lease."""
    if claim.open_attempt is None:
        return claim.submission
    detail = "the agent stopped between sending and recording"
    work.attempts.close(claim.open_attempt, AttemptClosing(Ending.UNKNOWN, now, "", detail, b""))
    return doubt(work, claim.submission, Doubt.PROCESS_DIED.value, now)


def doubt(work: UnitOfWork, submission: Submission, reason: str, now: datetime) -> Submission:
    """Mark a submission as indeterminate; one that is already stays as it is."""
    if submission.state is State.INDETERMINATE:
        return submission
    doubted = replace(submission, state=next_state(submission.state, Move.DOUBT), reason=reason)
    work.submissions.update(doubted, was=submission.state)
    journal(work, doubted, Move.DOUBT.value, submission.state, now, reason=reason)
    work.write_backs.put(status_note(doubted, now))
    return doubted


def store_signature(
    work: UnitOfWork, submission: Submission, message: SignedMessage, now: datetime, *, actor: str = "agent"
) -> Submission:
    """Keep the signed bytes: from now on they and no others stand for the submission."""
    signed = replace(submission, state=next_state(submission.state, Move.SIGN), record_id=message.record_id)
    work.submissions.update(signed, was=submission.state)
    work.submissions.store_message(submission.id, message)
    detail = json.dumps(
        {"certificate": message.certificate, "document": work.journal.digest(signed.id, message.document)}
    )
    journal(work, signed, Move.SIGN.value, submission.state, now, actor=actor, detail=detail)
    return signed
