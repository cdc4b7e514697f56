"""On the last day by law: what will not make it, and what a person should do about it.

A person can enter an event in the portal (enbek.kz) only where it is proven that no message about it has reached USREC;
otherwise it would be registered twice. What may have arrived is found out first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Final

from usrec.domain.forecast import LONG_ENOUGH, Forecast
from usrec.domain.kazakhstan_time import KAZAKHSTAN, day_end_utc, kazakhstan_date
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason


class Advice(StrEnum):
    """What a person should do."""

    PORTAL = "portal"
    """Take it out of the line, enter it in the portal, record that."""
    FIND_OUT = "find_out"
    """It may be registered: do not enter it; look whether it is there, and record that."""


_NEEDS_PERSON: Final = frozenset(
    {
        WaitReason.KEY_UNUSABLE,
        WaitReason.AWAITING_SIGNATURE,
        WaitReason.AWAITING_APPROVAL,
        WaitReason.EMPLOYER_STOPPED,
        WaitReason.NEEDS_DECISION,
        WaitReason.CONTRACT_UNKNOWN,
        WaitReason.TO_CONFIRM,
    }
)
"""Nothing is sent before somebody acts."""
_OTHERWISE: Final = frozenset(
    {
        WaitReason.HELD_BY_PERSON,
        WaitReason.MASS_HELD,
        WaitReason.CHECKED_OUT,
        WaitReason.OTHER_PARTY,
        WaitReason.AWAITING_IIN,
        WaitReason.PAPER_DATE,
    }
)
"""The portal is no way out: somebody stops it on purpose or enters it already, or the portal would refuse it too."""
_OPEN: Final = frozenset({State.PENDING, State.SIGNED, State.INDETERMINATE, State.SUBMITTED})


@dataclass(frozen=True, slots=True)
class LastDayCase:
    """An open submission on its last day by law.

    Attributes:
        priority: Its place in the line: exclusive bound of the safe date, aware UTC.
        due_utc: Exclusive bound of the day, aware UTC.
        available_at: From when on it may be sent, aware UTC.
        in_line: The forecast counts it among those that go out as soon as they can.
        may_have_arrived: A message about it was sent, or may have been, and nothing proves that USREC does not have it.
    """

    id: SubmissionId
    state: State
    priority: datetime
    due_utc: datetime
    status: QueueStatus
    wait_reason: WaitReason | None
    available_at: datetime
    in_line: bool
    may_have_arrived: bool


def is_time(now: datetime, portal_from: time) -> bool:
    """Whether ``now`` is late enough in Kazakhstan's day."""
    return now.astimezone(KAZAKHSTAN).time() >= portal_from


def day_bound(now: datetime) -> datetime:
    """24:00 in Kazakhstan of the day of ``now``, aware UTC."""
    return day_end_utc(kazakhstan_date(now))


def advise(cases: Collection[LastDayCase], forecast: Forecast) -> Mapping[SubmissionId, Advice]:
    """What to do about those that will not make it, in the order of the line."""
    late = _late(cases, forecast)
    told: dict[SubmissionId, Advice] = {}
    for one in sorted(cases, key=lambda case: (case.priority, case.id)):
        if one.state in _OPEN and one.wait_reason not in _OTHERWISE and _is_lost(one, late, forecast):
            told[one.id] = Advice.FIND_OUT if one.may_have_arrived else Advice.PORTAL
    return told


def _is_lost(one: LastDayCase, late: Collection[SubmissionId], forecast: Forecast) -> bool:
    if one.wait_reason in _NEEDS_PERSON:
        return one.status is not QueueStatus.BLOCKED
    if one.status in {QueueStatus.BLOCKED, QueueStatus.CLAIMED, QueueStatus.HELD}:
        return False
    if forecast.nothing_moves and (one.status is QueueStatus.SCHEDULED or _has_waited(one, forecast.at)):
        return True
    return one.available_at >= one.due_utc or one.id in late


def _has_waited(one: LastDayCase, now: datetime) -> bool:
    """What came a moment ago has its first try before it."""
    return now - one.available_at >= LONG_ENOUGH


def _late(cases: Collection[LastDayCase], forecast: Forecast) -> Collection[SubmissionId]:
    """The last ones of each group of which the forecast says that so many are late."""
    found: set[SubmissionId] = set()
    for group in forecast.misses:
        dates = group.priority, group.due_utc
        same = sorted(one.id for one in cases if one.in_line and (one.priority, one.due_utc) == dates)
        found.update(same[-group.late :])
    return found
