"""Sending again what was refused or got stuck, many at once: a plan first, then one canary, then the rest at a rate.

What is in doubt is never part of a replay: the agent resends those bytes by itself, or a person settles it. A replay
can be stopped at any moment and called again: what it has queued is replaced or waits for its turn, so that the next
call finds only what is left.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from usrec.application.deliver import DeliveryPolicy, claim_due, deliver
from usrec.application.operate import Actor, retry
from usrec.domain.errors import PersonDecides
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason
from usrec.domain.working_calendar import WorkingCalendar
from usrec.ports.clock import Clock, Entropy
from usrec.ports.gateway import Gateway
from usrec.ports.ledger import JournalEntry, Ledger
from usrec.ports.ledger_view import LedgerView, SubmissionFilter, SubmissionRow
from usrec.ports.renderer import Renderer
from usrec.ports.signer import Signer

CANARY_POLL: Final = timedelta(seconds=1)
"""How often to look at a canary that another agent is sending."""
CANARY_POLLS: Final = 600
"""How often at most: longer than a lease and all timeouts of one exchange."""


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
    WaitReason.CHECKED_OUT: Treatment.WITH_PERSON,
    WaitReason.REPLAY: Treatment.QUEUED,
}


def treatment_of(row: SubmissionRow) -> Treatment:
    """What a replay does with ``row``."""
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
    """

    made_at: datetime
    matched: int
    by_code: Mapping[str, int]
    turns: Sequence[Turn]
    unknown: Sequence[SubmissionId]
    left_alone: Mapping[Treatment, int]
    interval: timedelta

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


def plan_replay(which: SubmissionFilter, *, view: LedgerView, clock: Clock, interval: timedelta) -> Plan:
    """Look at what a replay of ``which`` would do; nothing is changed."""
    now = clock.now()
    rows = view.rows(replace(which, unsettled=True, current=True))
    treated = [(row, treatment_of(row)) for row in rows]
    begin = _queue_end(view, now)
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
    )


def _queue_end(view: LedgerView, now: datetime) -> datetime:
    """When the last one of earlier replays is sent, so that two replays together keep the rate."""
    queued = view.rows(SubmissionFilter(wait_reason=WaitReason.REPLAY))
    return max((row.available_at for row in queued if row.available_at is not None), default=now)


class CanaryFate(StrEnum):
    """What became of the canary."""

    REGISTERED = "registered"
    REFUSED = "refused"
    """Refused again, or not even a document could be made: the others would fare alike."""
    UNKNOWN = "unknown"
    """In doubt, or no result in time."""
    NOT_SENT = "not_sent"
    """The gateway or the key did not let it out."""
    NONE_SENDABLE = "none_sendable"
    """None of the turns could be sent now: each waits for its date, its contract or its predecessor."""


@dataclass(frozen=True, slots=True)
class Canary:
    """The first submission of a replay, sent alone.

    Attributes:
        place: Its place among the plan's turns.
        row: As it stands afterwards; None where none could be sent.
    """

    fate: CanaryFate
    place: int
    row: SubmissionRow | None


def send_canary(
    plan: Plan,
    actor: Actor,
    *,
    ledger: Ledger,
    view: LedgerView,
    renderer: Renderer,
    signer: Signer,
    gateway: Gateway,
    clock: Clock,
    entropy: Entropy,
    employers: Mapping[str, EmployerName],
    calendar: WorkingCalendar,
    policy: DeliveryPolicy,
    owner: str,
    wait: Callable[[timedelta], object],
) -> Canary:
    """Retry the first submission of the plan that can be sent, send it in this process and see what comes back.

    Where a running agent takes it first, its result is waited for.

    Args:
        wait: Waits so long, or less when the process is asked to stop.

    Raises:
        LedgerUnavailable: The ledger did not take a write; what was sent is on record as an open attempt.
    """
    claim = partial(claim_due, ledger=ledger, clock=clock, policy=policy, owner=owner, limit=1)
    send = partial(
        deliver,
        ledger=ledger,
        renderer=renderer,
        signer=signer,
        gateway=gateway,
        clock=clock,
        entropy=entropy,
        policy=policy,
    )
    for place, turn in enumerate(plan.turns):
        sent = _retried(turn, actor, view=view, ledger=ledger, clock=clock, entropy=entropy, **_of(employers, calendar))
    return Canary(CanaryFate.NONE_SENDABLE, len(plan.turns), None)
