"""Trying again, at a person's word: as the same bytes, as a new version, or by the row anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from usrec.application.acting import (
    IN_DOUBT,
    Actor,
    locked,
    not_by_hand,
    not_in_flight,
    not_without_iin,
    queued,
    refuse,
)
from usrec.application.contract_line import arrange_line, settle_line, take_back
from usrec.application.masses import hold_masses, members_of
from usrec.application.new_submission import policy_noted
from usrec.application.pairs import link_halves
from usrec.application.queue_entry import released_entry
from usrec.application.recording import journal, status_note
from usrec.application.retake import retake
from usrec.application.tell_place import tell_freed
from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.identifiers import new_record_id
from usrec.domain.rules.preflight import BY_DEFAULT, Preflight
from usrec.domain.signing_request import AWAITING
from usrec.domain.source_event import HEADS, EmployerName, contract_id_given, load_details
from usrec.domain.state import State
from usrec.domain.submission import QueueEntry, QueueStatus, Submission, SubmissionId, WaitReason, contract_of
from usrec.domain.working_calendar import Calendars
from usrec.ports.clock import Clock, Entropy
from usrec.ports.ledger import Ledger, UnitOfWork


def retry(
    submission_id: SubmissionId,
    actor: Actor,
    *,
    ledger: Ledger,
    clock: Clock,
    entropy: Entropy,
    employers: Mapping[str, EmployerName],
    calendar: Calendars,
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
        _not_in_registry(work, old)
        again = partial(retake, employers=employers, calendar=calendar, now=now, entropy=entropy, preflight=preflight)
        outlived = _has_outlived_its_signature(work, old, now)
        if outlived and (newer := _newer_revision(work, old)) is not None:
            _give_way(work, old, newer, actor, now)
            goes_on = newer.id
        elif (new := _successor(old, entropy, partial(again, work, old), outlived=outlived)) is not None:
            _replace(work, old, new, actor, now, noted=policy_noted(new, preflight.intake))
            _postpone(work, new.id, not_before)
            if old.state is State.INVALID:
                hold_masses(work, members_of([new], now), employers, preflight.intake, now)
            goes_on = new.id
        else:
            _send_now(work, old, actor, now, not_before)
            goes_on = old.id
        work.commit()
    return goes_on


def _successor(
    old: Submission, entropy: Entropy, again: Callable[[], Submission | None], *, outlived: bool
) -> Submission | None:
    """What is to stand in the place of ``old``; None where ``old`` itself goes on.

    Args:
        again: Examines its row anew; gives None where it is still invalid.
        outlived: Its stored bytes can never be sent any more.
    """
    if old.state is State.INVALID:
        return again() or refuse(
            old,
            "its row is still invalid",
            "See usrec submission show: mend the row in the HR system and raise its revision, or approve its codes",
        )
    if _was_passed_over(old):
        return replace(_new_version(old, entropy), findings="[]")
    return _new_version(old, entropy) if outlived or old.state is State.REJECTED else None


def _not_in_registry(work: UnitOfWork, old: Submission) -> None:
    """Refuse a new version of a conclusion whose contract stands: its id was taken over from an export since."""
    if old.state is not State.REJECTED or old.operation not in HEADS:
        return
    known = work.imported.of([contract_of(old)])[contract_of(old)]
    if known is not None and known.stands:
        refuse(
            old,
            "its contract stands in USREC already: the id was taken over from an export",
            "Cancel it: usrec submission cancel. Is that another contract: usrec onboard undo",
        )


def _has_outlived_its_signature(work: UnitOfWork, old: Submission, now: datetime) -> bool:
    """Whether its stored bytes can never be sent any more, and it is proven that they never were."""
    entry = work.outbox.get(old.id) if old.state is State.SIGNED else None
    if entry is None or entry.wait_reason is not WaitReason.NEEDS_DECISION:
        return False
    message = work.submissions.message(old.id)
    return message is not None and message.valid_until < now and work.attempts.sent_of(old.id) == 0


def _not_outlived(work: UnitOfWork, entry: QueueEntry, submission: Submission, now: datetime) -> None:
    """Refuse what waits for a decision because its bytes may have arrived and may not be sent any more."""
    if entry.wait_reason is not WaitReason.NEEDS_DECISION or submission.state not in IN_DOUBT:
        return
    message = work.submissions.message(submission.id)
    if message is not None and message.valid_until < now:
        refuse(
            submission,
            "the certificate of its signature has expired, so it is neither sent again nor signed anew",
            "Find out in the portal whether it is registered, then: usrec submission settle",
        )


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
    """What was learnt of the contract's id is learnt anew: a wrong match may have been undone since."""
    given = None if old.operation is None else contract_id_given(load_details(old.operation, old.details))
    return replace(
        old,
        id=SubmissionId(new_record_id(entropy.token(16))),
        state=State.PENDING,
        record_id=None,
        contract_id=given,
        code="",
        reason="retried",
        decided_at=None,
        replaces=old.id,
    )


def _replace(
    work: UnitOfWork, old: Submission, new: Submission, actor: Actor, now: datetime, *, noted: Mapping[str, object]
) -> None:
    work.submissions.add(new)
    if old.state is State.SIGNED:
        take_back(work, old, "retried", now, actor=actor.name, replaced_by=new.id)
    else:
        work.submissions.update(replace(old, replaced_by=new.id), was=old.state)
    detail = json.dumps({"replaces": old.id, **noted}, ensure_ascii=False)
    journal(work, new, "retry", None, now, reason=actor.reason, actor=actor.name, detail=detail)
    work.alerts.watch(new.id, now)
    link_halves(work, [new], now)
    work.write_backs.put(status_note(new, now))
    arrange_line(work, new.employer_bin, new.contract_key, now)


def _postpone(work: UnitOfWork, submission_id: SubmissionId, until: datetime | None) -> None:
    entry = None if until is None else work.outbox.get(submission_id)
    if until is not None and entry is not None and entry.status is QueueStatus.READY:
        work.outbox.put(replace(entry, status=QueueStatus.SCHEDULED, available_at=until, wait_reason=WaitReason.REPLAY))


def _send_now(
    work: UnitOfWork, submission: Submission, actor: Actor, now: datetime, not_before: datetime | None
) -> None:
    entry = queued(work, submission)
    if entry.status is QueueStatus.BLOCKED:
        refuse(submission, f"it waits behind {entry.blocked_by}", "Act on that one first")
    if entry.wait_reason is WaitReason.PAPER_DATE:
        refuse(submission, "its date has not come; USREC refuses future dates", "Wait, or withdraw it in HR")
    not_in_flight(entry, submission, now)
    not_by_hand(entry, submission)
    not_without_iin(submission)
    _not_outlived(work, entry, submission, now)
    if entry.wait_reason in AWAITING:
        work.signing_requests.remove(submission.id)
    work.masses.leave(submission.id)
    free = released_entry(work, submission, now)
    if not_before is not None and free.status is QueueStatus.READY:
        free = replace(free, status=QueueStatus.SCHEDULED, available_at=not_before, wait_reason=WaitReason.REPLAY)
    work.outbox.put(free)
    tell_freed(work, submission, now)
    journal(work, submission, "resend", submission.state, now, reason=actor.reason, actor=actor.name)
