"""What a replay would do: which submissions, in what order, at what rate, and which ones come too late even so.

What is in doubt is never part of a replay: the agent resends those bytes by itself, or a person settles it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from usrec.domain.forecast import WINDOW, Forecast, QueueGroup, Rate, RateBasis, foretell, rate_of
from usrec.domain.kazakhstan_time import day_end_utc
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason
from usrec.ports.clock import Clock
from usrec.ports.ledger_view import LedgerView, SubmissionFilter, SubmissionRow


class Treatment(StrEnum):
    """What a replay does with a submission."""

    NEW_VERSION = "new_version"
    """Refused: signed anew and sent."""
    SAME_BYTES = "same_bytes"
    """Waits for another try: goes on as it stands."""
    UNKNOWN = "unknown"
    """In doubt: left to the agent, or to a person."""
    INVALID = "invalid"
    """HR must mend the row."""
    BLOCKED = "blocked"
    """Goes on by itself when its predecessor is registered."""
    PAPER_DATE = "paper_date"
    """Its date has not come."""
    WITH_PERSON = "with_person"
    """A person holds it, enters it by hand, or has to decide."""
    QUEUED = "queued"
    """Already waits for its turn in a replay."""
    MOVING = "moving"
    """Is being sent now, or next."""
    SETTLED = "settled"
    """Registered or taken back."""


REPLAYED: Final = frozenset({Treatment.NEW_VERSION, Treatment.SAME_BYTES})

_BY_STATE: Final[Mapping[State, Treatment]] = {
    State.REJECTED: Treatment.NEW_VERSION,
    State.INDETERMINATE: Treatment.UNKNOWN,
    State.SUBMITTED: Treatment.UNKNOWN,
    State.INVALID: Treatment.INVALID,
    State.ACCEPTED: Treatment.SETTLED,
    State.CANCELLED: Treatment.SETTLED,
}
_BY_STATUS: Final[Mapping[QueueStatus | None, Treatment]] = {
    QueueStatus.BLOCKED: Treatment.BLOCKED,
    QueueStatus.HELD: Treatment.WITH_PERSON,
    QueueStatus.READY: Treatment.MOVING,
    QueueStatus.CLAIMED: Treatment.MOVING,
}
_BY_WAIT: Final[Mapping[WaitReason | None, Treatment]] = {
    WaitReason.GATEWAY_UNREACHABLE: Treatment.SAME_BYTES,
    WaitReason.GATEWAY_FAULT: Treatment.SAME_BYTES,
    WaitReason.KEY_UNUSABLE: Treatment.SAME_BYTES,
    WaitReason.PAPER_DATE: Treatment.PAPER_DATE,
    WaitReason.NEXT_DAY: Treatment.PAPER_DATE,
    WaitReason.CHECKED_OUT: Treatment.WITH_PERSON,
    WaitReason.REPLAY: Treatment.QUEUED,
}


def treatment_of(row: SubmissionRow) -> Treatment:
    """What a replay does with ``row``."""
    if row.wait_reason is WaitReason.EMPLOYER_STOPPED:
        return Treatment.WITH_PERSON
    decided = _BY_STATE.get(row.state) or _BY_STATUS.get(row.status)
    return decided or _BY_WAIT.get(row.wait_reason, Treatment.MOVING)


@dataclass(frozen=True, slots=True)
class Turn:
    """One submission of a plan.

    Attributes:
        at: When it would be sent, aware UTC.
    """

    id: SubmissionId
    treatment: Treatment
    due_utc: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What a replay would do.

    Attributes:
        matched: How many unsettled submissions the filter names.
        by_code: Refused ones by response code.
        turns: What is replayed, in the order of sending; the first is the canary.
        unknown: In doubt, therefore left alone.
        left_alone: How many others are left alone, by why.
        interval: Between two of them.
        forecast: What becomes of the queue and this replay together, at the rate that is seen now; where none is
            known, at the plan's own.
    """

    made_at: datetime
    matched: int
    by_code: Mapping[str, int]
    turns: Sequence[Turn]
    unknown: Sequence[SubmissionId]
    left_alone: Mapping[Treatment, int]
    interval: timedelta
    forecast: Forecast | None = None

    @property
    def finishes_at(self) -> datetime:
        """When the last one is sent, if the gateway keeps up."""
        return self.turns[-1].at if self.turns else self.made_at

    @property
    def already_late(self) -> Sequence[SubmissionId]:
        """Replayed ones whose legal date is over."""
        return [turn.id for turn in self.turns if turn.due_utc is not None and turn.due_utc <= self.made_at]

    @property
    def will_miss(self) -> Sequence[SubmissionId]:
        """Replayed ones that are in time now and will miss 24:00 of their legal date at this rate."""
        return [turn.id for turn in self.turns if turn.due_utc is not None and self.made_at < turn.due_utc <= turn.at]


def plan_replay(
    which: SubmissionFilter, *, view: LedgerView, clock: Clock, interval: timedelta, cap: int | None = None
) -> Plan:
    """Look at what a replay of ``which`` would do; nothing is changed.

    Args:
        cap: Most messages per minute by the settings.
    """
    now = clock.now()
    rows = view.rows(replace(which, unsettled=True, current=True))
    treated = [(row, treatment_of(row)) for row in rows]
    begin = queue_end(view, now)
    chosen = [(row, treatment) for row, treatment in treated if treatment in REPLAYED]
    apart = REPLAYED | {Treatment.UNKNOWN}
    return Plan(
        made_at=now,
        matched=len(rows),
        by_code=Counter(row.code for row in rows if row.state is State.REJECTED),
        turns=[
            Turn(row.id, treatment, row.due_utc, begin + place * interval if place else now)
            for place, (row, treatment) in enumerate(chosen)
        ],
        unknown=[row.id for row, treatment in treated if treatment is Treatment.UNKNOWN],
        left_alone=Counter(treatment for _, treatment in treated if treatment not in apart),
        interval=interval,
        forecast=_together(
            [row for row, treatment in chosen if treatment is Treatment.NEW_VERSION], view, now, interval, cap
        ),
    )


def _together(
    new: Sequence[SubmissionRow], view: LedgerView, now: datetime, interval: timedelta, cap: int | None
) -> Forecast:
    """The forecast for the queue with ``new`` in it: what is refused is not in the queue before it is replayed."""
    load = view.queue_load(now, now - WINDOW)
    added = [
        QueueGroup(row.due_utc if row.safe_date is None else day_end_utc(row.safe_date), row.due_utc, 1, row.id)
        for row in new
        if row.due_utc is not None
    ]
    more = replace(load, groups=sorted([*load.groups, *added], key=lambda group: group.priority))
    seen = rate_of(more, now, cap)
    rate = seen if seen.per_minute is not None or not more.waiting else _planned(seen, interval)
    return foretell(more, rate, now)


def _planned(seen: Rate, interval: timedelta) -> Rate:
    """Where nothing goes through now, a plan's intention changes nothing about that."""
    return seen if seen.basis is RateBasis.STALLED else Rate(timedelta(minutes=1) / interval, RateBasis.PLAN)


def queue_end(view: LedgerView, now: datetime) -> datetime:
    """When the last one of earlier replays is sent, so that two replays together keep the rate."""
    queued = view.rows(SubmissionFilter(wait_reason=WaitReason.REPLAY))
    return max((row.available_at for row in queued if row.available_at is not None), default=now)
