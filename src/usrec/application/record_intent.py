"""T3: what is about to be sent is durable before the first byte leaves.

The signed bytes, their ids and an open attempt are written together. A restart that finds an open attempt treats the
submission as indeterminate, never as "never sent". Many that are about to be sent share one transaction; each proves
its own claim in it, and one that cannot drops out alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from usrec.application.after_refusal import forget_refusal
from usrec.application.recording import journal, status_note
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.errors import EmployerHeld, LeaseLost, UsrecError
from usrec.domain.identifiers import new_record_id
from usrec.domain.message import Envelope, SignedMessage
from usrec.domain.outcome import Doubt
from usrec.domain.state import Move, State, next_state
from usrec.domain.submission import AttemptId, Submission, SubmissionId
from usrec.domain.verdict import Ending
from usrec.ports.attempts import Attempt, AttemptClosing
from usrec.ports.clock import Clock, Entropy
from usrec.ports.ledger import Claim, Ledger, UnitOfWork

ABANDONED: Final = "the agent stopped between sending and recording"
"""How an attempt ended that nobody closed."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A claim with what is to be sent: the signed message and the envelope of this attempt around it."""

    claim: Claim
    message: SignedMessage
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """A submission on the wire: what T3 wrote, and what T4 will need.

    Attributes:
        message: What is on the wire, in ``envelope``.
        submission: As T3 left it.
        may_have_arrived: An *earlier* attempt of the same bytes may have reached the authority.
        line: What T3's line in the journal says of it: its number, and keyed digests of what left.
        answered_at: When its answer had come, where the ledger could not record that at once; aware UTC.
    """

    claim: Claim
    message: SignedMessage
    envelope: Envelope
    submission: Submission
    attempt: Attempt
    may_have_arrived: bool
    line: str
    answered_at: datetime | None = None

    def came_at(self, recorded_at: datetime) -> datetime:
        """When its answer had come, of one that is recorded then; never later."""
        return min(self.answered_at or recorded_at, recorded_at)


@dataclass(frozen=True, slots=True)
class NotOpened:
    """A claim of which nothing may be sent: it is another agent's by now, stopped, or refused by the ledger."""

    claim: Claim
    obstacle: UsrecError


def record_intents(
    group: Sequence[Ready], *, ledger: Ledger, clock: Clock, entropy: Entropy
) -> Sequence[OpenAttempt | NotOpened]:
    """Write T3 for all of a group in one transaction, each with its own proof of its claim.

    Returns:
        In the order of ``group``: what may be sent now; or why it may not, and then nothing was written for it.
    """
    now = clock.now()
    with ledger.begin() as work:
        held = work.outbox.hold_leases([one.claim.lease for one in group], now)
        stops = work.employer_stops.of({one.claim.submission.employer_bin for one in group})
        obstacles = [_obstacle(one.claim, held, stops) for one in group]
        opened = [
            NotOpened(one.claim, obstacle) if obstacle else _open(work, one, now, entropy)
            for one, obstacle in zip(group, obstacles, strict=True)
        ]
        work.commit()
    return opened


def _open(work: UnitOfWork, one: Ready, now: datetime, entropy: Entropy) -> OpenAttempt:
    claim, attempt = one.claim, _attempt(one, now, entropy)
    submission = forget_refusal(work, close_abandoned_attempt(work, claim, now))
    if claim.message is None:
        submission = store_signature(work, submission, one.message, now)
    work.attempts.open(attempt)
    detail = json.dumps(
        {"attempt": attempt.number, "fence": attempt.fence, **_sent(work, submission, one.message, one.envelope)}
    )
    journal(work, submission, "attempt_opened", submission.state, now, detail=detail)
    earlier = claim.sent_attempts > 0 or claim.open_attempt is not None
    return OpenAttempt(claim, one.message, one.envelope, submission, attempt, may_have_arrived=earlier, line=detail)


def _attempt(one: Ready, now: datetime, entropy: Entropy) -> Attempt:
    claim, envelope = one.claim, one.envelope
    return Attempt(
        id=AttemptId(new_record_id(entropy.token(16))),
        submission_id=claim.submission.id,
        number=claim.entry.attempts + 1,
        fence=claim.lease.fence,
        opened_at=now,
        correlation_id=envelope.correlation_id,
        envelope_digest=envelope.digest,
    )


def _sent(work: UnitOfWork, submission: Submission, message: SignedMessage, envelope: Envelope) -> dict[str, str]:
    """Keyed digests of what leaves."""
    digest = partial(work.journal.digest, submission.id)
    return {"request": digest(envelope.body), "document": digest(message.document)}


def _obstacle(
    claim: Claim, held: Collection[SubmissionId], stops: Mapping[str, EmployerStop]
) -> LeaseLost | EmployerHeld | None:
    where = f"submission {claim.submission.id}"
    if claim.submission.id not in held:
        return LeaseLost("another agent took it over before anything was sent", where=where)
    stop = stops.get(claim.submission.employer_bin)
    if stop is None:
        return None
    return EmployerHeld(
        f"employer {stop.employer} was stopped while the document was made",
        where=where,
        kept="Nothing was sent",
        next_step="When the cause is mended: usrec employer release",
    )


def close_abandoned_attempt(work: UnitOfWork, claim: Claim, now: datetime) -> Submission:
    """An attempt that nobody closed may have been sent: its process died, or lost its lease."""
    if claim.open_attempt is None:
        return claim.submission
    work.attempts.close(claim.open_attempt, AttemptClosing(Ending.UNKNOWN, now, "", ABANDONED, b""))
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
