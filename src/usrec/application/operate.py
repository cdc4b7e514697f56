"""A person takes a submission back, holds it, lets it go, takes it out to enter it by hand; see also retry and settle.

Every decision is journaled with who and why, in the transaction that does it.

Nothing in doubt can be cancelled or checked out: what may already stand in the registry can only be settled, with
evidence.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

from usrec.application.acting import (
    Actor,
    locked,
    not_by_hand,
    not_in_flight,
    not_without_iin,
    nothing_sent,
    queued,
    refuse,
)
from usrec.application.contract_line import arrange_line, settle_line, take_back
from usrec.application.queue_entry import released_entry
from usrec.application.recording import journal, status_note
from usrec.application.tell_place import tell_freed, tell_taken_over
from usrec.domain.signing_request import AWAITING
from usrec.domain.state import State
from usrec.domain.submission import AFTER_REFUSAL, QueueStatus, SubmissionId, WaitReason
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger

_RELEASED = AFTER_REFUSAL | frozenset(
    {WaitReason.HELD_BY_PERSON, WaitReason.MASS_HELD, WaitReason.CHECKED_OUT, WaitReason.NEEDS_DECISION}
)
_WITHDRAWAL_ADVICE = "It is decided with the revision before it; is the event wanted after all, HR raises its revision"
_AWAITED_ADVICE = "Have it signed: usrec package create; or approve it: usrec submission approve"


def cancel(submission_id: SubmissionId, actor: Actor, *, ledger: Ledger, clock: Clock) -> None:
    """Take a submission back, or set a refused one aside so that its followers go on.

    It leaves the queue before its attempts are counted, so that no agent can begin one in between.

    Raises:
        UnsafeRequest: It may already be registered, or it is HR's withdrawal that waits for the answer about an earlier
            revision, which HR would read as done; nothing was changed.
    """
    now = clock.now()
    with ledger.begin() as work:
        submission = locked(work, submission_id)
        entry = work.outbox.get(submission.id)
        if entry is not None:
            not_by_hand(entry, submission)
            work.outbox.remove(submission.id)
        nothing_sent(work, submission, "cancelled")
        if submission.withdrawn and submission.state is State.PENDING:
            refuse(submission, "HR takes the event back with it, and none of it is ever sent", _WITHDRAWAL_ADVICE)
        if submission.state not in {State.PENDING, State.SIGNED, State.INVALID, State.REJECTED}:
            refuse(submission, f"it is {submission.state}", "There is nothing left to cancel")
        cancelled = take_back(work, submission, actor.reason, now, actor=actor.name)
        work.write_backs.put(status_note(cancelled, now))
        settle_line(work, cancelled, now)
        work.commit()


def hold(submission_id: SubmissionId, actor: Actor, *, ledger: Ledger, clock: Clock) -> None:
    """Stop a submission until it is released. What is already on the wire cannot be stopped.

    Raises:
        UnsafeRequest: It is not waiting to be sent, or a person is entering it by hand.
    """
    now = clock.now()
    with ledger.begin() as work:
        submission = locked(work, submission_id)
        entry = queued(work, submission)
        not_in_flight(entry, submission, now)
        not_by_hand(entry, submission)
        status = QueueStatus.BLOCKED if entry.status is QueueStatus.BLOCKED else QueueStatus.HELD
        work.outbox.put(replace(entry, status=status, wait_reason=WaitReason.HELD_BY_PERSON, note=actor.reason))
        tell_taken_over(work, submission, entry, now)
        journal(work, submission, "hold", submission.state, now, reason=actor.reason, actor=actor.name)
        work.commit()


def release(submission_id: SubmissionId, actor: Actor, *, ledger: Ledger, clock: Clock) -> None:
    """Let a held or checked-out submission go on; one of many that are held leaves its batch.

    Raises:
        UnsafeRequest: Nobody holds it.
    """
    now = clock.now()
    with ledger.begin() as work:
        submission = locked(work, submission_id)
        entry = queued(work, submission)
        if entry.wait_reason in AWAITING:
            refuse(submission, "its document waits for a person's signature or approval", _AWAITED_ADVICE)
        if entry.wait_reason not in _RELEASED:
            refuse(submission, "no person holds it", "See why it waits: usrec submission show")
        work.masses.leave(submission.id)
        tell_freed(work, submission, now)
        if entry.status is QueueStatus.BLOCKED:
            work.outbox.put(replace(entry, wait_reason=WaitReason.PREDECESSOR_OPEN, note=""))
            arrange_line(work, submission.employer_bin, submission.contract_key, now)
        else:
            work.outbox.put(replace(released_entry(work, submission, now), note=""))
            work.alerts.watch(submission.id, now)
        journal(work, submission, "release", submission.state, now, reason=actor.reason, actor=actor.name)
        work.commit()


def check_out(
    submission_id: SubmissionId, person: str, actor: Actor, *, ledger: Ledger, clock: Clock, duration: timedelta
) -> datetime:
    """Leave a submission to ``person``, who enters it in the portal and then settles it.

    It is taken from the agents before its attempts are counted, so that none can begin one in between.

    Returns:
        When the check-out expires and the agent sends it after all (the registry refuses a second entry), aware UTC;
        never before the paper's date.

    Raises:
        UnsafeRequest: An attempt may have arrived, or an earlier event of the contract is still open.
    """
    now = clock.now()
    with ledger.begin() as work:
        submission = locked(work, submission_id)
        entry = queued(work, submission)
        not_in_flight(entry, submission, now)
        if entry.status is QueueStatus.BLOCKED:
            refuse(submission, f"it waits behind {entry.blocked_by}", "Settle that one first")
        not_without_iin(submission)
        until = max(now + duration, submission.not_before or now)
        work.masses.leave(submission.id)
        tell_taken_over(work, submission, entry, now)
        work.outbox.put(
            replace(
                entry,
                status=QueueStatus.SCHEDULED,
                wait_reason=WaitReason.CHECKED_OUT,
                available_at=until,
                note=person,
            )
        )
        nothing_sent(work, submission, "checked out")
        detail = json.dumps({"for": person, "until": until.isoformat()}, ensure_ascii=False)
        journal(
            work, submission, "check_out", submission.state, now, reason=actor.reason, actor=actor.name, detail=detail
        )
        work.commit()
    return until
