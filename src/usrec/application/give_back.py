"""When a claimed submission cannot be sent at all: back to HR, to the key owner or to a person. Nothing was sent.

When another agent has taken the submission over meanwhile, nothing is written: it will find the same.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from usrec.application.contract_line import arrange_line
from usrec.application.recording import journal, status_note
from usrec.domain.errors import LeaseLost, SignatureOutlived, SigningRefused, ValidationProblem
from usrec.domain.rules.finding import dump_findings, error
from usrec.domain.state import Move, next_state
from usrec.domain.submission import QueueStatus, Submission, WaitReason
from usrec.ports.clock import Clock
from usrec.ports.ledger import Claim, Ledger

KEY_RETRY = timedelta(minutes=15)
"""How long a submission waits before an unusable key is tried again."""


def give_back_invalid(claim: Claim, problem: ValidationProblem, *, ledger: Ledger, clock: Clock) -> Submission:
    """The document cannot be made from the row: HR must mend it."""
    now = clock.now()
    submission = claim.submission
    invalid = replace(
        submission,
        state=next_state(submission.state, Move.INVALIDATE),
        reason="document",
        findings=dump_findings([error("document", problem.where, problem.what)]),
    )
    with suppress(LeaseLost), ledger.begin() as work:
        work.contracts.lock(submission.employer_bin, submission.contract_key)
        work.outbox.hold_lease(claim.lease, now)
        work.submissions.update(invalid, was=submission.state)
        work.outbox.remove(submission.id)
        journal(work, invalid, Move.INVALIDATE.value, submission.state, now, reason="document")
        work.write_backs.put(status_note(invalid, now))
        arrange_line(work, submission.employer_bin, submission.contract_key, now)
        work.commit()
    return invalid


def give_back_unsigned(claim: Claim, refusal: SigningRefused, *, ledger: Ledger, clock: Clock) -> Submission:
    """The key cannot sign. The submission waits for a key; one whose stored signature has expired, for a person."""
    now = clock.now()
    outlived = isinstance(refusal, SignatureOutlived)
    entry = replace(
        claim.entry,
        status=QueueStatus.HELD if outlived else QueueStatus.SCHEDULED,
        wait_reason=WaitReason.NEEDS_DECISION if outlived else WaitReason.KEY_UNUSABLE,
        available_at=now + KEY_RETRY,
        note=refusal.what,
    )
    with suppress(LeaseLost), ledger.begin() as work:
        work.outbox.release(claim.lease, entry)
        journal(work, claim.submission, "not_signed", claim.submission.state, now, reason=refusal.what)
        work.commit()
    return claim.submission
