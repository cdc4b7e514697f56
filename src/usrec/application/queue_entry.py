"""The outbox entry of one submission: its first one, and the one with which it goes on when nothing is before it.

What goes on waits where it cannot be sent yet: for its date, for the id of its contract, for the employee's IIN. The
caller holds the contract's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from usrec.domain.source_event import HEADS
from usrec.domain.submission import QueueEntry, QueueStatus, Submission, WaitReason, awaits_iin, contract_of
from usrec.domain.target import DEFAULT_DAYS
from usrec.ports.contracts import ContractRef
from usrec.ports.ledger import UnitOfWork

UNDATED_TARGET = timedelta(days=DEFAULT_DAYS)
"""After so long one without any date has its turn: no dated event, however many come, starves it."""


def released(
    work: UnitOfWork,
    submission: Submission,
    entry: QueueEntry,
    registry_ids: Mapping[ContractRef, str],
    now: datetime,
) -> QueueEntry:
    """The entry of a submission that nothing of its own contract holds any more."""
    free = replace(entry, blocked_by=None, wait_reason=None, available_at=now, status=QueueStatus.READY)
    if awaits_iin(submission):
        return replace(free, status=QueueStatus.HELD, wait_reason=WaitReason.AWAITING_IIN)
    if not learn_contract(work, submission, registry_ids):
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
    entry = work.outbox.get(submission.id) or new_entry(submission, now)
    return released(work, submission, entry, registry_ids_of(work, [submission]), now)


def registry_ids_of(work: UnitOfWork, submissions: Iterable[Submission]) -> Mapping[ContractRef, str]:
    """The ids of the contracts whose submissions do not name them by themselves, as far as they are known."""
    return work.contracts.registry_ids({contract_of(one) for one in submissions if not names_contract(one)})


def names_contract(submission: Submission) -> bool:
    """Whether a message needs no id of its contract from us: it registers the contract, or HR gave the id."""
    return submission.operation in HEADS or submission.contract_id is not None


def learn_contract(work: UnitOfWork, submission: Submission, registry_ids: Mapping[ContractRef, str]) -> bool:
    """Give it the id learnt at its contract's registration, unless HR gave it; whether it can name its contract now."""
    if names_contract(submission):
        return True
    learnt = registry_ids.get(contract_of(submission))
    if learnt is None:
        return False
    work.submissions.update(replace(submission, contract_id=learnt), was=submission.state)
    return True


def new_entry(submission: Submission, now: datetime) -> QueueEntry:
    """The first entry of a submission, which waits for its place in the line."""
    return QueueEntry(
        submission_id=submission.id,
        employer_bin=submission.employer_bin,
        contract_key=submission.contract_key,
        status=QueueStatus.BLOCKED,
        priority=submission.safe_utc or submission.received_at + UNDATED_TARGET,
        available_at=now,
    )
