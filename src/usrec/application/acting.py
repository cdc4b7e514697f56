"""What every act of a person begins with: who acts, the lock, and what no person may do.

Whatever is refused here is refused before anything is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn

from usrec.application.contract_line import known
from usrec.domain.errors import UnsafeRequest
from usrec.domain.state import State
from usrec.domain.submission import QueueEntry, QueueStatus, Submission, SubmissionId, WaitReason, awaits_iin
from usrec.ports.ledger import UnitOfWork

IN_DOUBT: Final = frozenset({State.INDETERMINATE, State.SUBMITTED})
_NOTHING_CHANGED: Final = "Nothing was changed"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts and why; both go into the journal."""

    name: str
    reason: str


def locked(work: UnitOfWork, submission_id: SubmissionId) -> Submission:
    """The submission, with its contract's lock.

    Raises:
        UnsafeRequest: There is none, or another stands in its place.
    """
    found = known(work, submission_id)
    work.contracts.lock(found.employer_bin, found.contract_key)
    submission = known(work, submission_id)
    if submission.replaced_by is not None:
        refuse(submission, f"{submission.replaced_by} stands in its place", "Act on that one")
    return submission


def queued(work: UnitOfWork, submission: Submission) -> QueueEntry:
    """Its place in the queue; refused where it has none."""
    entry = work.outbox.get(submission.id)
    if entry is None:
        refuse(submission, f"it is {submission.state} and not on its way", "See usrec submission show")
    return entry


def not_in_flight(entry: QueueEntry, submission: Submission, now: datetime) -> None:
    """Refuse what an agent is sending.

    An agent whose lease has run out begins nothing any more, whether it is gone or only sleeps; what it had sent before
    and learns now comes as a late answer.
    """
    if entry.status is QueueStatus.CLAIMED and (entry.lease_until is None or entry.lease_until > now):
        step = "Try again in a minute; the claim of an agent that is gone runs out after [delivery] lease"
        refuse(submission, "an agent is sending it at this moment", step)


def not_claimed(entry: QueueEntry, submission: Submission) -> None:
    """Refuse what an agent has begun: if that one is gone, the next agent has to close its attempt."""
    if entry.status is QueueStatus.CLAIMED:
        step = "Try again in a minute; where no agent runs, start one: it ends what the last one began"
        refuse(submission, "an agent is sending it at this moment", step)


def not_without_iin(submission: Submission) -> None:
    """Refuse what USREC would refuse for want of an IIN."""
    if awaits_iin(submission):
        step = "Put employee_iin in the HR row when it is issued, and raise its revision"
        refuse(submission, "the employee has no IIN yet", step)


def not_by_hand(entry: QueueEntry, submission: Submission) -> None:
    """Refuse what a person is entering in the portal."""
    if entry.wait_reason is WaitReason.CHECKED_OUT:
        refuse(submission, f"{entry.note} is entering it in the portal", "Settle it, or release it first")


def nothing_sent(work: UnitOfWork, submission: Submission, what: str) -> None:
    """Refuse unless it is proven that the registry cannot hold the record."""
    if submission.state in IN_DOUBT or (submission.state is State.SIGNED and work.attempts.sent_of(submission.id) > 0):
        refuse(
            submission,
            f"it may already be registered, so it cannot be {what}",
            "Let the agent find out, or settle it with evidence: usrec submission settle",
        )


def refuse(submission: Submission, why: str, next_step: str) -> NoReturn:
    """Refuse to act on ``submission``; nothing was written."""
    raise UnsafeRequest(why, where=f"submission {submission.id}", kept=_NOTHING_CHANGED, next_step=next_step)
