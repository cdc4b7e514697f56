"""What a refusal leaves that is not a decision yet: the submission waits for another day, a look or another party.

The code stands with the submission for as long as it does, so that everybody sees why it waits and who must act.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from usrec.application.contract_line import waiting_revisions
from usrec.application.recording import status_note
from usrec.domain.deadline import AFTER_MIDNIGHT
from usrec.domain.kazakhstan_time import day_end_utc, kazakhstan_date
from usrec.domain.state import State
from usrec.domain.submission import QueueEntry, QueueStatus, Submission, WaitReason
from usrec.domain.verdict import Next, Standing, Verdict
from usrec.ports.ledger import UnitOfWork

MOST_TRIES: Final = 7
"""So often a refusal that passes with the day is met before it counts as one."""

WAITS: Final[Mapping[Next, WaitReason]] = {
    Next.NEXT_DAY: WaitReason.NEXT_DAY,
    Next.CONFIRM: WaitReason.TO_CONFIRM,
    Next.OTHER_PARTY: WaitReason.OTHER_PARTY,
}


def next_day(now: datetime) -> datetime:
    """When the same may go again: a little after the next midnight in Kazakhstan, aware UTC."""
    return day_end_utc(kazakhstan_date(now)) + AFTER_MIDNIGHT


def with_prospects(work: UnitOfWork, submission: Submission, standing: Standing, now: datetime) -> Standing:
    """``standing`` with whether the same bytes may wait for another day, and whether something waits for them."""
    in_time = submission.due_utc is None or next_day(now) < submission.due_utc
    return replace(
        standing,
        has_another_day=in_time and work.attempts.refused_of(submission.id) + 1 < MOST_TRIES,
        is_revised=bool(waiting_revisions(work, [submission])[submission.id]),
    )


def waiting_entry(entry: QueueEntry, verdict: Verdict, now: datetime, wait: timedelta) -> QueueEntry:
    """The queue entry of what waits after a refusal.

    Args:
        wait: Spreads what waits for the same midnight.
    """
    tomorrow = verdict.next is Next.NEXT_DAY
    return replace(
        entry,
        status=QueueStatus.SCHEDULED if tomorrow else QueueStatus.HELD,
        wait_reason=WAITS[verdict.next],
        available_at=next_day(now) + wait if tomorrow else now,
    )


def remember_refusal(
    work: UnitOfWork, submission: Submission, verdict: Verdict, code: str, now: datetime
) -> Submission:
    """Keep the code with the submission, tell HR, and have whoever is awaited reminded."""
    refused = replace(submission, code=code, reason=verdict.reason)
    work.submissions.update(refused, was=submission.state)
    work.write_backs.put(status_note(refused, now, waits_for=WAITS[verdict.next]))
    work.alerts.watch(refused.id, now)
    return refused


def forget_refusal(work: UnitOfWork, submission: Submission) -> Submission:
    """It is sent again: the code of the last answer tells nothing any more."""
    if not submission.code or submission.state not in {State.SIGNED, State.INDETERMINATE}:
        return submission
    fresh = replace(submission, code="", reason="")
    work.submissions.update(fresh, was=submission.state)
    return fresh
