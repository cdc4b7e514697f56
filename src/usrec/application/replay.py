"""Sending again what was refused or got stuck: one canary first, then the rest at a rate.

A replay can be stopped at any moment and called again: what it has queued is replaced or waits for its turn, so that
the next plan finds only what is left.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from usrec.application.acting import Actor
from usrec.application.plan_replay import Plan, Treatment, Turn, queue_end, treatment_of
from usrec.domain.errors import PersonDecides
from usrec.domain.state import State
from usrec.domain.submission import REFUSED_SO_FAR, SubmissionId
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger
from usrec.ports.ledger_view import LedgerView, SubmissionFilter, SubmissionRow
from usrec.ports.outgoing import JournalEntry

CANARY_POLL: Final = timedelta(seconds=1)
"""How often to look at a canary that another agent is sending."""
CANARY_POLLS: Final = 600
"""How often at most: longer than a lease and all timeouts of one exchange."""


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
    """None of the turns could be sent now: each waits for its date, its contract, its predecessor or a person."""


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


class Retry(Protocol):
    """``retry`` with its ports."""

    def __call__(
        self, submission_id: SubmissionId, actor: Actor, *, not_before: datetime | None = None
    ) -> SubmissionId:
        """Try again; returns the id that goes on."""
        ...


def send_canary(
    plan: Plan,
    actor: Actor,
    *,
    view: LedgerView,
    retry: Retry,
    send: Callable[[SubmissionId], object],
    wait: Callable[[timedelta], object],
) -> Canary:
    """Retry the first submission of the plan that can be sent, send it in this process and see what comes back.

    Where a running agent takes it first, its result is waited for.

    Args:
        send: Claims that submission and delivers it, unless somebody else holds it.
        wait: Waits so long.
    """
    for place, turn in enumerate(plan.turns):
        if not _still_planned(turn, view):
            continue
        try:
            goes_on = retry(turn.id, actor)
        except PersonDecides:
            continue
        canary = _followed(goes_on, place, view=view, send=send, wait=wait)
        if canary.fate is not CanaryFate.NONE_SENDABLE:
            return canary
    return Canary(CanaryFate.NONE_SENDABLE, len(plan.turns), None)


def _followed(
    canary_id: SubmissionId,
    place: int,
    *,
    view: LedgerView,
    send: Callable[[SubmissionId], object],
    wait: Callable[[timedelta], object],
) -> Canary:
    """Send it, or watch whoever took it, until its fate is known."""
    for _ in range(CANARY_POLLS):
        send(canary_id)
        row = _row(canary_id, view)
        fate = CanaryFate.UNKNOWN if row is None else _fate(row)
        if fate is not None:
            return Canary(fate, place, row)
        wait(CANARY_POLL)
    return Canary(CanaryFate.UNKNOWN, place, _row(canary_id, view))


def _fate(row: SubmissionRow) -> CanaryFate | None:
    """What became of a canary, None while it is on its way."""
    if row.wait_reason in REFUSED_SO_FAR:
        return CanaryFate.REFUSED
    match treatment_of(row):
        case Treatment.MOVING:
            return None
        case Treatment.SETTLED if row.state is State.ACCEPTED:
            return CanaryFate.REGISTERED
        case Treatment.NEW_VERSION | Treatment.INVALID | Treatment.SETTLED:
            return CanaryFate.REFUSED
        case Treatment.SAME_BYTES:
            return CanaryFate.NOT_SENT
        case Treatment.UNKNOWN:
            return CanaryFate.UNKNOWN
        case Treatment.BLOCKED | Treatment.PAPER_DATE | Treatment.WITH_PERSON | Treatment.QUEUED:
            return CanaryFate.NONE_SENDABLE


def _row(submission_id: SubmissionId, view: LedgerView) -> SubmissionRow | None:
    return next(iter(view.rows(SubmissionFilter(ids=[submission_id], current=False))), None)


def _still_planned(turn: Turn, view: LedgerView) -> bool:
    """Whether nobody else has moved it since the plan was made."""
    row = _row(turn.id, view)
    return row is not None and row.replaced_by is None and treatment_of(row) is turn.treatment


@dataclass(slots=True)
class Queued:
    """What became of the turns behind the canary.

    Attributes:
        ids: Those that go on, each at its time.
        moved_on: How many had moved since the plan was made and need no replay.
        refused: Those that could not be tried again, and why.
        finishes_at: When the last one is sent, if the gateway keeps up.
    """

    finishes_at: datetime
    ids: list[SubmissionId] = field(default_factory=list)
    moved_on: int = 0
    refused: list[tuple[SubmissionId, str]] = field(default_factory=list)


def queue_rest(
    plan: Plan, canary: Canary, actor: Actor, *, ledger: Ledger, view: LedgerView, clock: Clock, retry: Retry
) -> Queued:
    """Queue the turns behind the canary, one transaction each, so that the agent sends them at the plan's rate.

    Raises:
        LedgerUnavailable: Some are queued and the others are as they were; the same replay goes on with them.
    """
    turns = plan.turns[canary.place + 1 :]
    now = clock.now()
    begin = queue_end(view, now)
    queued = Queued(finishes_at=now)
    if turns:
        _note_replay(plan, canary, len(turns), actor, ledger=ledger, now=now)
    for turn in turns:
        at = begin + (len(queued.ids) + 1) * plan.interval
        if not _still_planned(turn, view):
            queued.moved_on += 1
            continue
        try:
            queued.ids.append(retry(turn.id, actor, not_before=at))
        except PersonDecides as refusal:
            queued.refused.append((turn.id, str(refusal)))
        else:
            queued.finishes_at = at
    return queued


def _note_replay(plan: Plan, canary: Canary, number: int, actor: Actor, *, ledger: Ledger, now: datetime) -> None:
    detail = {
        "submissions": number,
        "interval_seconds": plan.interval.total_seconds(),
        "canary": None if canary.row is None else canary.row.id,
    }
    with ledger.begin() as work:
        work.journal.append(JournalEntry(now, None, "replay", None, None, actor.name, actor.reason, json.dumps(detail)))
        work.commit()
