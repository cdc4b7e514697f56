"""Which unsent change gives way to a newer one of the same thing, and what the newer one takes over from it.

A correction holds the whole of what it corrects, as it should have been, so of two that nobody has sent only the newer
one is worth sending; a deletion makes the correction of the same thing void. Papers of their own (a contract, an
agreement, a termination, a reinstatement, an extension, a leave) never give way: the law wants each of them entered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from usrec.domain.signing_request import AWAITING
from usrec.domain.source_event import (
    AmendmentDelete,
    AmendmentEdit,
    ContractDelete,
    ContractEdit,
    Details,
    SocialLeaveDelete,
    SocialLeaveEdit,
)
from usrec.domain.state import State
from usrec.domain.submission import QueueEntry, Submission, WaitReason

NEWER_CHANGE: Final = "newer_change"
"""Reason of a submission that gave way."""

_EDITS: Final = (ContractEdit, AmendmentEdit, SocialLeaveEdit)
_IN_HANDS: Final = AWAITING | {WaitReason.HELD_BY_PERSON, WaitReason.CHECKED_OUT, WaitReason.NEEDS_DECISION}
"""A person has begun something with it."""
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def gives_way(older: Details, newer: Details) -> bool:
    """Whether ``older`` is a correction of the same thing that ``newer`` corrects or deletes."""
    return isinstance(older, _EDITS) and _thing(older) is not None and _thing(older) == _thing(newer)


def _thing(details: Details) -> tuple[str, str] | None:
    """What is corrected or deleted, within one contract."""
    match details:
        case ContractEdit() | ContractDelete():
            return "contract", ""
        case AmendmentEdit(agreement_id=name) | AmendmentDelete(agreement_id=name):
            return "agreement", name
        case SocialLeaveEdit(leave_id=name) | SocialLeaveDelete(leave_id=name):
            return "leave", name
        case _:
            return None


def is_untouched(submission: Submission, entry: QueueEntry | None, *, asked: bool) -> bool:
    """Whether nothing was ever sent of it and no person has anything in hand.

    Args:
        entry: None while it has no place in the queue yet.
        asked: A person was asked to sign or approve its document.
    """
    if submission.state is not State.PENDING or submission.withdrawn or asked:
        return False
    return entry is None or (entry.attempts == 0 and entry.wait_reason not in _IN_HANDS)


def in_place_of(new: Submission, older: Sequence[Submission], *, deletes: bool) -> Submission:
    """``new`` with the stricter of all dates; a correction also takes the first place, a deletion stays behind.

    What stands between counts on the correction and would miss the deleted thing.
    """
    strictest = min((new, *older), key=lambda one: one.due_utc or _NEVER)
    safest = min((new, *older), key=lambda one: one.safe_utc or _NEVER)
    return replace(
        new,
        position=new.position if deletes else min(one.position for one in (new, *older)),
        trigger=strictest.trigger,
        legal_date=strictest.legal_date,
        due_utc=strictest.due_utc,
        edition=strictest.edition,
        point=strictest.point,
        term=strictest.term,
        calendar_version=strictest.calendar_version,
        safe_date=safest.safe_date,
        safe_utc=safest.safe_utc,
    )


def is_deletion(details: Details) -> bool:
    """Whether an event deletes what was entered."""
    return isinstance(details, ContractDelete | AmendmentDelete | SocialLeaveDelete)
