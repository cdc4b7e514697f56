"""When a claimed submission cannot be sent now: back to HR, to the key owner, to a person or to the queue.

Each raises ``LeaseLost`` and writes nothing when another agent has taken the submission over: it will find the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from usrec.application.contract_line import arrange_line
from usrec.application.pairs import look_at_others
from usrec.application.queue_entry import released_entry
from usrec.application.record_intent import close_abandoned_attempt
from usrec.application.recording import journal, outlived_note, status_note
from usrec.domain.errors import SignatureOutlived, SignerAway, SigningRefused, ValidationProblem
from usrec.domain.rules.finding import dump_findings, error
from usrec.domain.state import Move, State, next_state
from usrec.domain.submission import QueueEntry, QueueStatus, Submission, WaitReason
from usrec.ports.clock import Clock
from usrec.ports.ledger import Claim, Ledger

KEY_RETRY = timedelta(minutes=15)
"""How long a submission waits before an unusable key is tried again."""

SIGNER_RETRY = timedelta(minutes=1)
"""The same for a signer that does not answer: it may only be restarting."""


def give_back_invalid(claim: Claim, problem: ValidationProblem, *, ledger: Ledger, clock: Clock) -> Submission:
    """The document cannot be made from the row: HR must mend it."""
    now = clock.now()
    submission = claim.submission
    invalid = replace(
        submission,
        state=next_state(submission.state, Move.INVALIDATE),
        reason="document",
        findings=dump_findings([error("document", problem.field or "document", problem.what)]),
    )
    with ledger.begin() as work:
        work.contracts.lock(submission.employer_bin, submission.contract_key)
        work.outbox.hold_lease(claim.lease, now)
        look_at_others(work, [submission.id], now)
        work.submissions.update(invalid, was=submission.state)
        work.alerts.watch(invalid.id, now)
        work.outbox.remove(submission.id)
        journal(work, invalid, Move.INVALIDATE.value, submission.state, now, reason="document")
        work.write_backs.put(status_note(invalid, now))
        arrange_line(work, submission.employer_bin, submission.contract_key, now)
        work.commit()
    return invalid


def give_back_unsigned(claim: Claim, refusal: SigningRefused, *, ledger: Ledger, clock: Clock) -> Submission:
    """The key cannot sign. The submission waits for a key; one whose stored signature has expired, for a person.

    An attempt that was begun and never closed is in doubt from now on, so that the person can settle it.
    """
    now = clock.now()
    outlived = isinstance(refusal, SignatureOutlived)
    with ledger.begin() as work:
        work.contracts.lock(claim.submission.employer_bin, claim.submission.contract_key)
        work.outbox.hold_lease(claim.lease, now)
        submission = close_abandoned_attempt(work, claim, now)
        entry = replace(
            claim.entry,
            status=QueueStatus.HELD if outlived else QueueStatus.SCHEDULED,
            wait_reason=WaitReason.NEEDS_DECISION if outlived else WaitReason.KEY_UNUSABLE,
            available_at=now if outlived else now + (SIGNER_RETRY if isinstance(refusal, SignerAway) else KEY_RETRY),
            doubtful=submission.state is State.INDETERMINATE,
            note=refusal.what,
        )
        work.outbox.release(claim.lease, entry)
        if outlived:
            work.alerts.watch(submission.id, now)
            work.write_backs.put(outlived_note(submission, now))
        journal(work, submission, "not_signed", submission.state, now, reason=refusal.what)
        arrange_line(work, submission.employer_bin, submission.contract_key, now)
        work.commit()
    return submission


def give_back_nameless(claim: Claim, *, ledger: Ledger, clock: Clock) -> QueueEntry:
    """It became ready without the id of its contract: it takes the one that the ledger has learnt, or waits for it.

    A person who had it meanwhile (checked out) is the way there: the end of that asks nobody.
    """
    now = clock.now()
    with ledger.begin() as work:
        work.contracts.lock(claim.submission.employer_bin, claim.submission.contract_key)
        work.outbox.hold_lease(claim.lease, now)
        entry = released_entry(work, claim.submission, now)
        work.outbox.release(claim.lease, entry)
        work.commit()
    return entry


def give_back_untouched(claim: Claim, *, ledger: Ledger) -> None:
    """Nothing was begun, or the ledger broke the delivery off; whoever claims next may have it at once.

    That one finds how far it came: no attempt, or an open one. Nothing in this process may work on it any more.

    Raises:
        LeaseLost: Another agent holds it by now.
        LedgerUnavailable: Nothing was changed.
    """
    entry = replace(claim.entry, status=QueueStatus.READY, wait_reason=None)
    with ledger.begin() as work:
        work.outbox.release(claim.lease, entry)
        work.commit()
