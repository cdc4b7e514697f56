"""What a person may do to a submission. Every decision is journaled with who and why, in the transaction that does it.

Nothing in doubt can be cancelled or checked out: what may already stand in the registry can only be settled, with
evidence. Whatever is refused here is refused before anything is written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn

from usrec.application.contract_line import arrange_line, known, released_entry, settle_line, take_back
from usrec.application.decision import Decision, record_decision
from usrec.application.ingest import retake
from usrec.application.pairs import link_halves
from usrec.application.recording import journal, status_note
from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.errors import UnsafeRequest
from usrec.domain.identifiers import new_record_id
from usrec.domain.rules.preflight import BY_DEFAULT, Preflight
from usrec.domain.signing_request import AWAITING
from usrec.domain.source_event import HEADS, EmployerName
from usrec.domain.state import Move, State
from usrec.domain.submission import (
    AFTER_REFUSAL,
    QueueEntry,
    QueueStatus,
    Submission,
    SubmissionId,
    WaitReason,
    awaits_iin,
)
from usrec.domain.working_calendar import WorkingCalendar
from usrec.ports.attempts import Acknowledgement
from usrec.ports.clock import Clock, Entropy
from usrec.ports.ledger import Ledger, UnitOfWork

_IN_DOUBT = frozenset({State.INDETERMINATE, State.SUBMITTED})
_RELEASED = AFTER_REFUSAL | frozenset(
    {WaitReason.HELD_BY_PERSON, WaitReason.MASS_HELD, WaitReason.CHECKED_OUT, WaitReason.NEEDS_DECISION}
)
_NOTHING_CHANGED = "Nothing was changed"
_AWAITED_ADVICE = "Have it signed: usrec package create; or approve it: usrec submission approve"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts and why; both go into the journal."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a doubt was resolved outside the agent.

    Attributes:
        contract_id: The registry's id, needed for an accepted conclusion whose id is not known: under a profile
            without record ids, and for what a person entered, to which the registry gave an id of its own.
        evidence: The bytes of the evidence file (a portal extract, a letter).
    """

    accepted: bool
    contract_id: str | None
    evidence: bytes


def retry(
    submission_id: SubmissionId,
    actor: Actor,
    *,
    ledger: Ledger,
    clock: Clock,
    entropy: Entropy,
    employers: Mapping[str, EmployerName],
    calendar: WorkingCalendar,
    not_before: datetime | None = None,
    preflight: Preflight = BY_DEFAULT,
) -> SubmissionId:
    """Try again: a refused one as a new signed version, one on its way as the same bytes, an invalid one by its row.

    One whose certificate has run out before anything was sent is signed anew as well. For one that waits for a person's
    signature or approval the document is made anew: what was asked for before is void.

    Args:
        not_before: When to send at the earliest (a replay spreads its load).
        preflight: What an invalid one's row is examined with.

    Returns:
        The id of the submission that goes on: a new one when a new version is signed.

    Raises:
        UnsafeRequest: It cannot or must not be tried again; nothing was changed.
    """
    now = clock.now()
    with ledger.begin() as work:
        old = locked(work, submission_id)
        if old.state is State.REJECTED:
            new = _new_version(old, entropy)
        elif old.state is State.INVALID:
            again = retake(
                work,
                old,
                employers=employers,
                calendar=calendar,
                now=now,
                entropy=entropy,
                preflight=preflight,
            )
            new = again or refuse(
                old, "its row is still invalid", "Mend the row in the HR system and raise its revision"
            )
        elif _has_outlived_its_signature(work, old, now):
            newer = _newer_revision(work, old)
            if newer is not None:
                _give_way(work, old, newer, actor, now)
                work.commit()
                return newer.id
            new = _new_version(old, entropy)
        elif _was_passed_over(old):
            new = replace(_new_version(old, entropy), findings="[]")
        else:
            _send_now(work, old, actor, now, not_before)
            work.commit()
            return old.id
        _replace(work, old, new, actor, now)
        if not_before is not None:
            _postpone(work, new.id, not_before)
        work.commit()
    return new.id


def _has_outlived_its_signature(work: UnitOfWork, old: Submission, now: datetime) -> bool:
    """Whether its stored bytes can never be sent any more, and it is proven that they never were."""
    entry = work.outbox.get(old.id)
    if old.state is not State.SIGNED or entry is None or entry.wait_reason is not WaitReason.NEEDS_DECISION:
        return False
    message = work.submissions.message(old.id)
    return message is not None and message.valid_until < now and work.attempts.sent_of(old.id) == 0


def _newer_revision(work: UnitOfWork, old: Submission) -> Submission | None:
    """The revision that waits for the decision on ``old``, None when there is none."""
    event = work.submissions.of_event(old.source, old.event_id)
    return next((one for one in reversed(event) if one.revision > old.revision and one.replaced_by is None), None)


def _give_way(work: UnitOfWork, old: Submission, newer: Submission, actor: Actor, now: datetime) -> None:
    """What was never sent is not signed anew when HR has corrected it meanwhile: the correction goes instead."""
    taken_back = take_back(work, old, "superseded", now, actor=actor.name, replaced_by=newer.id)
    settle_line(work, taken_back, now)


def _was_passed_over(old: Submission) -> bool:
    """Whether only the employer's policy of what is entered kept it from being sent."""
    return old.state is State.CANCELLED and old.reason == NOT_REGISTRABLE and not old.withdrawn


def _new_version(old: Submission, entropy: Entropy) -> Submission:
    return replace(
        old,
        id=SubmissionId(new_record_id(entropy.token(16))),
        state=State.PENDING,
        record_id=None,
        code="",
        reason="retried",
        decided_at=None,
        replaces=old.id,
    )


def _replace(work: UnitOfWork, old: Submission, new: Submission, actor: Actor, now: datetime) -> None:
    work.submissions.add(new)
    if old.state is State.SIGNED:
        take_back(work, old, "retried", now, actor=actor.name, replaced_by=new.id)
    else:
        work.submissions.update(replace(old, replaced_by=new.id), was=old.state)
    detail = json.dumps({"replaces": old.id})
    journal(work, new, "retry", None, now, reason=actor.reason, actor=actor.name, detail=detail)
    work.alerts.watch(new.id, now)
    link_halves(work, [new], now)
    work.write_backs.put(status_note(new, now))
    arrange_line(work, new.employer_bin, new.contract_key, now)


def _postpone(work: UnitOfWork, submission_id: SubmissionId, until: datetime) -> None:
    entry = work.outbox.get(submission_id)
    if entry is not None and entry.status is QueueStatus.READY:
        work.outbox.put(replace(entry, status=QueueStatus.SCHEDULED, available_at=until, wait_reason=WaitReason.REPLAY))


def _send_now(
    work: UnitOfWork, submission: Submission, actor: Actor, now: datetime, not_before: datetime | None
) -> None:
    entry = _entry(work, submission)
    if entry.status is QueueStatus.BLOCKED:
        refuse(submission, f"it waits behind {entry.blocked_by}", "Act on that one first")
    if entry.wait_reason is WaitReason.PAPER_DATE:
        refuse(submission, "its date has not come; USREC refuses future dates", "Wait, or withdraw it in HR")
    _not_in_flight(entry, submission)
    _not_by_hand(entry, submission)
    _not_without_iin(submission)
    if entry.wait_reason in AWAITING:
        work.signing_requests.remove(submission.id)
    work.masses.leave(submission.id)
    free = released_entry(work, submission, now)
    if not_before is not None and free.status is QueueStatus.READY:
        free = replace(free, status=QueueStatus.SCHEDULED, available_at=not_before, wait_reason=WaitReason.REPLAY)
    work.outbox.put(free)
    journal(work, submission, "resend", submission.state, now, reason=actor.reason, actor=actor.name)


def cancel(submission_id: SubmissionId, actor: Actor, *, ledger: Ledger, clock: Clock) -> None:
    """Take a submission back, or set a refused one aside so that its followers go on.

    It leaves the queue before its attempts are counted, so that no agent can begin one in between.

    Raises:
        UnsafeRequest: It may already be registered; nothing was changed.
    """
    now = clock.now()
    with ledger.begin() as work:
        submission = locked(work, submission_id)
        entry = work.outbox.get(submission.id)
        if entry is not None:
            _not_by_hand(entry, submission)
            work.outbox.remove(submission.id)
        _nothing_sent(work, submission, "cancelled")
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
        entry = _entry(work, submission)
        _not_in_flight(entry, submission)
        _not_by_hand(entry, submission)
        status = QueueStatus.BLOCKED if entry.status is QueueStatus.BLOCKED else QueueStatus.HELD
        work.outbox.put(replace(entry, status=status, wait_reason=WaitReason.HELD_BY_PERSON, note=actor.reason))
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
        entry = _entry(work, submission)
        if entry.wait_reason in AWAITING:
            refuse(submission, "its document waits for a person's signature or approval", _AWAITED_ADVICE)
        if entry.wait_reason not in _RELEASED:
            refuse(submission, "no person holds it", "See why it waits: usrec submission show")
        work.masses.leave(submission.id)
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
        entry = _entry(work, submission)
        _not_in_flight(entry, submission)
        if entry.status is QueueStatus.BLOCKED:
            refuse(submission, f"it waits behind {entry.blocked_by}", "Settle that one first")
        _not_without_iin(submission)
        until = max(now + duration, submission.not_before or now)
        work.masses.leave(submission.id)
        work.outbox.put(
            replace(
                entry,
                status=QueueStatus.SCHEDULED,
                wait_reason=WaitReason.CHECKED_OUT,
                available_at=until,
                note=person,
            )
        )
        _nothing_sent(work, submission, "checked out")
        detail = json.dumps({"for": person, "until": until.isoformat()}, ensure_ascii=False)
        journal(
            work, submission, "check_out", submission.state, now, reason=actor.reason, actor=actor.name, detail=detail
        )
        work.commit()
    return until


def settle(submission_id: SubmissionId, settlement: Settlement, actor: Actor, *, ledger: Ledger, clock: Clock) -> None:
    """Record what a person found out about a submission in doubt, or did by hand with one that is checked out (T5).

    Where USREC says that the record is there already, the registry's id of it is not ours.

    Raises:
        UnsafeRequest: It is not in doubt, an attempt is running, or the contract's id is missing.
    """
    now = clock.now()
    with ledger.begin() as work:
        submission = locked(work, submission_id)
        entry = _entry(work, submission)
        checked_out = entry.wait_reason is WaitReason.CHECKED_OUT
        if submission.state not in _IN_DOUBT and not checked_out:
            refuse(
                submission,
                f"it is {submission.state}, so there is no doubt to settle",
                "Only a submission whose answer is unknown, or that is checked out, is settled",
            )
        _not_in_flight(entry, submission)
        if checked_out and not settlement.accepted:
            refuse(submission, "it was never sent, so nothing was refused", "Release it instead")
        foreign = checked_out or entry.wait_reason is WaitReason.TO_CONFIRM
        registry_id = settlement.contract_id or (None if foreign else submission.record_id)
        if settlement.accepted and submission.operation in HEADS and registry_id is None:
            refuse(submission, "the registry's contract id is needed", "Give it: --contract-id")
        _record_settlement(work, submission, settlement, registry_id, actor, now=now)
        work.commit()


def _record_settlement(
    work: UnitOfWork,
    submission: Submission,
    settlement: Settlement,
    registry_id: str | None,
    actor: Actor,
    *,
    now: datetime,
) -> None:
    digest = hashlib.sha256(settlement.evidence).hexdigest()
    work.acknowledgements.add(
        Acknowledgement(
            submission_id=submission.id,
            attempt_id=None,
            kind="settlement",
            accepted=settlement.accepted,
            code="",
            registry_id=registry_id if settlement.accepted else None,
            signed_digest=f"settlement:{submission.id}:{digest}",
            acknowledged_at=now,
            evidence=settlement.evidence,
        )
    )
    move = Move.ACCEPT if settlement.accepted else Move.REJECT
    keyed = work.journal.digest(submission.id, settlement.evidence)
    detail = json.dumps({"evidence": keyed, "why": actor.reason}, ensure_ascii=False)
    record_decision(work, submission, Decision(move, "", "settled", registry_id, actor.name, detail), now)


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


def _entry(work: UnitOfWork, submission: Submission) -> QueueEntry:
    entry = work.outbox.get(submission.id)
    if entry is None:
        refuse(submission, f"it is {submission.state} and not on its way", "See usrec submission show")
    return entry


def _not_in_flight(entry: QueueEntry, submission: Submission) -> None:
    if entry.status is QueueStatus.CLAIMED:
        refuse(submission, "an agent is sending it at this moment", "Try again in a minute")


def _not_without_iin(submission: Submission) -> None:
    if awaits_iin(submission):
        step = "Put employee_iin in the HR row when it is issued, and raise its revision"
        refuse(submission, "the employee has no IIN yet", step)


def _not_by_hand(entry: QueueEntry, submission: Submission) -> None:
    if entry.wait_reason is WaitReason.CHECKED_OUT:
        refuse(submission, f"{entry.note} is entering it in the portal", "Settle it, or release it first")


def _nothing_sent(work: UnitOfWork, submission: Submission, what: str) -> None:
    """Refuse unless it is proven that the registry cannot hold the record."""
    if submission.state in _IN_DOUBT or (submission.state is State.SIGNED and work.attempts.sent_of(submission.id) > 0):
        refuse(
            submission,
            f"it may already be registered, so it cannot be {what}",
            "Let the agent find out, or settle it with evidence: usrec submission settle",
        )


def refuse(submission: Submission, why: str, next_step: str) -> NoReturn:
    """Refuse to act on ``submission``; nothing was written."""
    raise UnsafeRequest(why, where=f"submission {submission.id}", kept=_NOTHING_CHANGED, next_step=next_step)
