"""Who goes next in the line of a contract. Called inside the transaction of whatever changed the line.

First in, first out per contract: only the head of the line may be claimed, the others are blocked with the reason
shown, and other contracts never notice. The caller holds the contract's lock. Rows are locked in one order, contract,
outbox entry, submission, so that two agents never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from usrec.application.pairs import look_at_others
from usrec.application.recording import journal, status_note
from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.errors import UnsafeRequest
from usrec.domain.revision import refuse_registered
from usrec.domain.source_event import HEADS, ContractKey
from usrec.domain.state import OPEN, Move, State, next_state
from usrec.domain.submission import (
    PROVEN_ABSENT,
    QueueEntry,
    QueueStatus,
    Standpoint,
    Submission,
    SubmissionId,
    WaitReason,
    awaits_iin,
    head_of_line,
    wait_behind,
)
from usrec.domain.target import DEFAULT_DAYS
from usrec.ports.ledger import UnitOfWork

UNDATED_TARGET = timedelta(days=DEFAULT_DAYS)
"""After so long one without any date has its turn: no dated event, however many come, starves it."""
_STOPPED = frozenset({WaitReason.HELD_BY_PERSON, WaitReason.MASS_HELD})
"""What stays stopped, whatever becomes of its line."""


def arrange_line(work: UnitOfWork, employer_bin: str, contract_key: ContractKey, now: datetime) -> None:
    """Bring the outbox in line with the states of one contract's submissions."""
    line = work.submissions.line_of(employer_bin, contract_key)
    scheduled = [one.id for one in line if one.status is QueueStatus.SCHEDULED]
    head = head_of_line(line, by_hand=entered_by_hand(work, scheduled))
    if head is None:
        return
    followers = [one for one in line if one.id != head.id and one.state is State.PENDING]
    why = _wait_behind(work, head) if followers else None
    for one in followers:
        _block(work, one, head, why, now)
    if head.state in OPEN:
        _advance(work, head, now)


def entered_by_hand(work: UnitOfWork, ids: Iterable[SubmissionId]) -> Collection[SubmissionId]:
    """Those that a person has checked out: they may stand in the registry although nothing was sent."""
    entries = (work.outbox.get(one) for one in ids)
    return {entry.submission_id for entry in entries if entry and entry.wait_reason is WaitReason.CHECKED_OUT}


def proven_absent(work: UnitOfWork, ids: Iterable[SubmissionId]) -> Collection[SubmissionId]:
    """Those that wait after a signed refusal which proves that they are not registered."""
    entries = (work.outbox.get(one) for one in ids)
    waiting = [entry for entry in entries if entry is not None and entry.wait_reason in PROVEN_ABSENT]
    return {one.submission_id for one in waiting if known(work, one.submission_id).state is State.SIGNED}


def _wait_behind(work: UnitOfWork, head: Standpoint) -> WaitReason:
    waits = head.state is State.PENDING and awaits_iin(known(work, head.id))
    return WaitReason.AWAITING_IIN if waits else wait_behind(head)


def _block(work: UnitOfWork, one: Standpoint, head: Standpoint, why: WaitReason | None, now: datetime) -> None:
    entry = _queued(work, one) or _new_entry(known(work, one.id), now)
    why = entry.wait_reason if entry.wait_reason in _STOPPED else why
    wanted = replace(entry, status=QueueStatus.BLOCKED, wait_reason=why, blocked_by=head.id)
    if wanted != entry or one.status is None:
        work.outbox.put(wanted)


def _queued(work: UnitOfWork, one: Standpoint) -> QueueEntry | None:
    """Its entry; nobody is asked for that of one that was taken a moment ago and has none."""
    return None if one.status is None else work.outbox.get(one.id)


def _advance(work: UnitOfWork, head: Standpoint, now: datetime) -> None:
    entry = _queued(work, head)
    if (
        entry is not None
        and entry.status is not QueueStatus.BLOCKED
        and entry.wait_reason is not WaitReason.CONTRACT_UNKNOWN
    ):
        return
    submission = known(work, head.id)
    if entry is not None and entry.wait_reason in _STOPPED:
        work.outbox.put(replace(entry, status=QueueStatus.HELD, blocked_by=None))
    else:
        work.outbox.put(_released(work, submission, entry or _new_entry(submission, now), now))


def _released(work: UnitOfWork, submission: Submission, entry: QueueEntry, now: datetime) -> QueueEntry:
    """The entry of a submission that nothing of its own contract holds any more."""
    free = replace(entry, blocked_by=None, wait_reason=None, available_at=now, status=QueueStatus.READY)
    if awaits_iin(submission):
        return replace(free, status=QueueStatus.HELD, wait_reason=WaitReason.AWAITING_IIN)
    if not _contract_isknown(work, submission):
        return replace(free, status=QueueStatus.HELD, wait_reason=WaitReason.CONTRACT_UNKNOWN)
    if submission.not_before is not None and submission.not_before > now:
        return replace(
            free,
            status=QueueStatus.SCHEDULED,
            wait_reason=WaitReason.PAPER_DATE,
            available_at=submission.not_before,
        )
    return free


def released_entry(work: UnitOfWork, submission: Submission, now: datetime) -> QueueEntry:
    """The entry with which a head of its line goes on: ready, or waiting for its date or its contract's id."""
    entry = work.outbox.get(submission.id) or _new_entry(submission, now)
    return _released(work, submission, entry, now)


def _contract_isknown(work: UnitOfWork, submission: Submission) -> bool:
    """Whether the message can name its contract: by HR's word, or by the id learnt at the contract's registration."""
    if submission.operation in HEADS or submission.contract_id is not None:
        return True
    learnt = work.contracts.registry_id(submission.employer_bin, submission.contract_key)
    if learnt is None:
        return False
    work.submissions.update(replace(submission, contract_id=learnt), was=submission.state)
    return True


def _new_entry(submission: Submission, now: datetime) -> QueueEntry:
    return QueueEntry(
        submission_id=submission.id,
        employer_bin=submission.employer_bin,
        contract_key=submission.contract_key,
        status=QueueStatus.BLOCKED,
        priority=submission.safe_utc or submission.received_at + UNDATED_TARGET,
        available_at=now,
    )


def known(work: UnitOfWork, submission_id: SubmissionId) -> Submission:
    """The submission of that id.

    Raises:
        UnsafeRequest: There is none.
    """
    submission = work.submissions.get(submission_id)
    if submission is None:
        raise UnsafeRequest(f"there is no submission {submission_id}", next_step="See usrec submission list")
    return submission


def settle_line(work: UnitOfWork, decided: Submission, now: datetime) -> None:
    """After a final decision on ``decided``: let the newer revisions of its event and its followers go on."""
    for newer in waiting_revisions(work, decided):
        _decide_newer_revision(work, decided, newer, now)
    arrange_line(work, decided.employer_bin, decided.contract_key, now)


def waiting_revisions(work: UnitOfWork, submission: Submission) -> Sequence[Submission]:
    """The later revisions of its event that wait for its decision."""
    return [
        newer
        for newer in work.submissions.of_event(submission.source, submission.event_id)
        if newer.state in {State.PENDING, State.INVALID}
        and newer.replaced_by is None
        and newer.revision > submission.revision
    ]


def _decide_newer_revision(work: UnitOfWork, decided: Submission, newer: Submission, now: datetime) -> None:
    if decided.state is State.ACCEPTED:
        _refuse_registered(work, newer, now)
        return
    work.submissions.update(replace(decided, replaced_by=newer.id), was=decided.state)
    why = "withdrawn" if newer.withdrawn else NOT_REGISTRABLE if newer.reason == NOT_REGISTRABLE else ""
    stands = take_back(work, newer, why, now) if why else newer
    work.write_backs.put(status_note(stands, now))


def _refuse_registered(work: UnitOfWork, newer: Submission, now: datetime) -> None:
    """Refuse a revision, even one that is invalid anyway: mending it is of no use any more."""
    refused = refuse_registered(newer)
    work.outbox.remove(newer.id)
    work.submissions.update(refused, was=newer.state)
    journal(work, refused, Move.INVALIDATE.value, newer.state, now, reason=refused.reason)
    work.write_backs.put(status_note(refused, now))


def take_back(
    work: UnitOfWork,
    submission: Submission,
    reason: str,
    now: datetime,
    *,
    actor: str = "agent",
    replaced_by: SubmissionId | None = None,
    detail: str = "{}",
) -> Submission:
    """Cancel a submission that cannot be registered; the caller has made sure of that."""
    cancelled = replace(
        submission,
        state=next_state(submission.state, Move.CANCEL),
        reason=reason,
        replaced_by=replaced_by or submission.replaced_by,
        decided_at=now,
    )
    look_at_others(work, [submission.id], now)
    work.outbox.remove(submission.id)
    work.submissions.update(cancelled, was=submission.state)
    journal(work, cancelled, "cancel", submission.state, now, reason=reason, actor=actor, detail=detail)
    return cancelled
