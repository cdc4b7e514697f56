"""Who goes next in the line of a contract. Called inside the transaction of whatever changed the line.

First in, first out per contract, but what waits for its day lets pass what can be sent before: only the head of the
line may be claimed, the others are blocked with the reason shown, and other contracts never notice. The caller holds
the contract's lock. Rows are locked in one order, contract, outbox entry, submission, so that two agents never wait for
each other in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from usrec.application.pairs import look_at_others
from usrec.application.queue_entry import learn_contract, new_entry, registry_ids_of, released
from usrec.application.recording import journal, status_note
from usrec.application.tell_place import Place, tell_places
from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.errors import UnsafeRequest
from usrec.domain.revision import refuse_registered
from usrec.domain.source_event import ContractKey
from usrec.domain.state import OPEN, Move, State, next_state
from usrec.domain.submission import (
    OUTSIDE_THE_LINE,
    QueueEntry,
    QueueStatus,
    Standpoint,
    Submission,
    SubmissionId,
    WaitReason,
    awaits_iin,
    contract_of,
    head_of_line,
    wait_behind,
)
from usrec.ports.contracts import ContractRef
from usrec.ports.ledger import UnitOfWork

_STOPPED = frozenset({WaitReason.HELD_BY_PERSON, WaitReason.MASS_HELD})
"""What stays stopped, whatever becomes of its line."""


@dataclass(frozen=True, slots=True)
class _Line:
    """The open events of one contract: who goes next, and who waits behind."""

    head: Standpoint
    followers: Sequence[Standpoint]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger holds of lines, read at once for all of them.

    Attributes:
        submissions: Those that are looked at.
        registry_ids: Of the contracts whose head does not name its contract by itself.
    """

    entries: Mapping[SubmissionId, QueueEntry]
    submissions: Mapping[SubmissionId, Submission]
    registry_ids: Mapping[ContractRef, str]


def arrange_line(work: UnitOfWork, employer_bin: str, contract_key: ContractKey, now: datetime) -> None:
    """Bring the outbox in line with the states of one contract's submissions."""
    arrange_lines(work, [(employer_bin, contract_key)], now)


def arrange_lines(
    work: UnitOfWork, contracts: Collection[ContractRef], now: datetime, *, at_hand: Iterable[Submission] = ()
) -> None:
    """Bring the outbox in line with the states of many contracts' submissions.

    Args:
        at_hand: Submissions as they stand in the ledger now, which need not be read.
    """
    standpoints = work.submissions.lines_of(sorted(contracts)).values()
    entries = work.outbox.get_all([one.id for line in standpoints for one in line if one.status], still=True)
    lines = [line for line in (_line_of(some, entries) for some in standpoints) if line is not None]
    known_of_all = _read(work, lines, entries, at_hand)
    tell_places(work, [one for line in lines for one in _arrange(work, line, known_of_all, now)], now)


def _line_of(standpoints: Sequence[Standpoint], entries: Mapping[SubmissionId, QueueEntry]) -> _Line | None:
    scheduled = (entries[one.id] for one in standpoints if one.status is QueueStatus.SCHEDULED)
    by_hand = {entry.submission_id for entry in scheduled if entry.wait_reason is WaitReason.CHECKED_OUT}
    held = {one for one, entry in entries.items() if entry.status is QueueStatus.HELD or entry.wait_reason in _STOPPED}
    head = head_of_line(standpoints, by_hand=by_hand, held=held)
    if head is None:
        return None
    return _Line(head, [one for one in standpoints if one.id != head.id and one.state is State.PENDING])


def _read(
    work: UnitOfWork,
    lines: Sequence[_Line],
    entries: Mapping[SubmissionId, QueueEntry],
    at_hand: Iterable[Submission],
) -> _Known:
    found = {one.id: one for one in at_hand}
    wanted = {one for line in lines for one in _looked_at(line, entries)}
    found |= work.submissions.get_all(wanted - found.keys())
    heads = [found[line.head.id] for line in lines if _moves(line.head, entries)]
    return _Known(entries, found, registry_ids_of(work, heads))


def _looked_at(line: _Line, entries: Mapping[SubmissionId, QueueEntry]) -> Iterator[SubmissionId]:
    """The submissions of which more than their place matters."""
    if _moves(line.head, entries) or (line.followers and line.head.state is State.PENDING):
        yield line.head.id
    refused = wait_behind(line.head) is WaitReason.PREDECESSOR_REFUSED
    yield from (
        one.id for one in line.followers if one.status is None or _is_behind_refused(entries, one.id) != refused
    )


def _is_behind_refused(entries: Mapping[SubmissionId, QueueEntry], which: SubmissionId) -> bool:
    """Whether it is on record, and in HR's row, that it waits for a person to act on an earlier one."""
    return which in entries and entries[which].wait_reason is WaitReason.PREDECESSOR_REFUSED


def _moves(head: Standpoint, entries: Mapping[SubmissionId, QueueEntry]) -> bool:
    """Whether an open head of its line goes on now: it is new, was blocked, or did not know its contract."""
    if head.state not in OPEN:
        return False
    entry = entries.get(head.id)
    return entry is None or entry.status is QueueStatus.BLOCKED or entry.wait_reason is WaitReason.CONTRACT_UNKNOWN


def _arrange(work: UnitOfWork, line: _Line, ledger: _Known, now: datetime) -> Iterator[Place]:
    """Gives what HR's rows have to be told."""
    for one in line.followers:
        entry = ledger.entries.get(one.id)
        wanted = _blocked(entry or new_entry(ledger.submissions[one.id], now), line, _wait_behind(line.head, ledger))
        if wanted != entry:
            work.outbox.put(wanted)
            yield from _told_place(ledger, wanted)
    if _moves(line.head, ledger.entries):
        yield from _told_place(ledger, _advance(work, ledger.submissions[line.head.id], ledger, now))


def _told_place(ledger: _Known, wanted: QueueEntry) -> Iterator[Place]:
    """HR's row says when it is not its turn that it waits for, but a person who acts on an earlier one."""
    which, refused = wanted.submission_id, WaitReason.PREDECESSOR_REFUSED
    why = wanted.wait_reason if wanted.wait_reason is refused else None
    if (why is not None) != _is_behind_refused(ledger.entries, which):
        yield ledger.submissions[which], why


def _wait_behind(head: Standpoint, ledger: _Known) -> WaitReason:
    waits = head.state is State.PENDING and awaits_iin(ledger.submissions[head.id])
    return WaitReason.AWAITING_IIN if waits else wait_behind(head)


def _blocked(entry: QueueEntry, line: _Line, why: WaitReason) -> QueueEntry:
    kept = entry.wait_reason if entry.wait_reason in _STOPPED else why
    return replace(entry, status=QueueStatus.BLOCKED, wait_reason=kept, blocked_by=line.head.id)


def _advance(work: UnitOfWork, submission: Submission, ledger: _Known, now: datetime) -> QueueEntry:
    entry = ledger.entries.get(submission.id) or new_entry(submission, now)
    if entry.wait_reason in _STOPPED:
        learn_contract(work, submission, ledger.registry_ids)
        wanted = replace(entry, status=QueueStatus.HELD, blocked_by=None)
    else:
        wanted = released(work, submission, entry, ledger.registry_ids, now)
    work.outbox.put(wanted)
    return wanted


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
    settle_lines(work, [decided], now)


def settle_lines(work: UnitOfWork, decided: Sequence[Submission], now: datetime) -> None:
    """The same for many."""
    waiting = waiting_revisions(work, decided)
    for one in decided:
        for newer in waiting[one.id]:
            _decide_newer_revision(work, one, newer, now)
    arrange_lines(work, {contract_of(one) for one in decided}, now)


def waiting_revisions(
    work: UnitOfWork, submissions: Sequence[Submission]
) -> Mapping[SubmissionId, Sequence[Submission]]:
    """The later revisions of the events of these that wait for their decision."""
    of_events = work.submissions.of_events({(one.source, one.event_id) for one in submissions})
    return {
        one.id: [newer for newer in of_events[one.source, one.event_id] if _waits_for(newer, one)]
        for one in submissions
    }


def _waits_for(newer: Submission, earlier: Submission) -> bool:
    is_open = newer.state in {State.PENDING, State.INVALID} and newer.replaced_by is None
    return is_open and newer.revision > earlier.revision


def _decide_newer_revision(work: UnitOfWork, decided: Submission, newer: Submission, now: datetime) -> None:
    """One that was refused at once, as while a person worked, takes nobody's place: what was decided keeps the line."""
    if decided.state is State.ACCEPTED:
        _refuse_registered(work, newer, now)
        work.alerts.watch(decided.id, now)
        return
    why = "withdrawn" if newer.withdrawn else NOT_REGISTRABLE if newer.reason == NOT_REGISTRABLE else ""
    if not why and newer.position == OUTSIDE_THE_LINE and contract_of(newer) == contract_of(decided):
        return
    look_at_others(work, [decided.id], now)
    work.submissions.update(replace(decided, replaced_by=newer.id), was=decided.state)
    stands = take_back(work, newer, why, now) if why else newer
    work.write_backs.put(status_note(stands, now))


def _refuse_registered(work: UnitOfWork, newer: Submission, now: datetime) -> None:
    """Refuse a revision, even one that is invalid anyway: mending it is of no use any more."""
    refused = refuse_registered(newer)
    look_at_others(work, [newer.id], now)
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
