"""What a forecast rests on: the queue by dates and the last exchanges, counted by the database and never row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, bindparam, case, exists, func, not_, or_, select

from usrec.adapters.persistence.claims import SENT
from usrec.adapters.persistence.columns import literal_word
from usrec.adapters.persistence.delivery_tables import (
    CLAIMED,
    READY,
    SCHEDULED,
    UNCLOSED,
    attempts,
    employer_stops,
    outbox,
)
from usrec.adapters.persistence.employer_stops import WAIT_REASON
from usrec.adapters.persistence.tables import UNSETTLED, submissions
from usrec.adapters.persistence.types import UtcDateTime
from usrec.domain.forecast import QueueGroup, QueueLoad
from usrec.domain.last_day import LastDayCase
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.verdict import Ending

_TRIED_AGAIN: Final = (WaitReason.GATEWAY_UNREACHABLE, WaitReason.GATEWAY_FAULT, WaitReason.ANSWER_UNKNOWN)
_DATED: Final = (WaitReason.PAPER_DATE, WaitReason.NEXT_DAY, WaitReason.REPLAY)
_DECIDED: Final = (Ending.REGISTERED, Ending.REFUSED)
_AT: Final = bindparam("now", type_=UtcDateTime())

_GOES_ON: Final = outbox.c.employer_bin.not_in(select(employer_stops.c.employer_bin))
"""Its employer is not stopped; the few that are stopped are read once and not for each of a million rows."""
_JOINED: Final = submissions.c.id == outbox.c.submission_id
_BEHIND_ANOTHER: Final = and_(
    outbox.c.status == literal_word(QueueStatus.BLOCKED),
    outbox.c.wait_reason == literal_word(WaitReason.PREDECESSOR_OPEN),
)
_IN_LINE: Final = and_(
    or_(
        READY,
        CLAIMED,
        and_(SCHEDULED, outbox.c.wait_reason.in_([literal_word(reason) for reason in _TRIED_AGAIN])),
        _BEHIND_ANOTHER,
    ),
    _GOES_ON,
)
"""The agent sends them by itself as soon as it can."""
_LATER: Final = and_(
    SCHEDULED,
    outbox.c.wait_reason.in_([literal_word(reason) for reason in _DATED]),
    outbox.c.available_at > _AT,
    _GOES_ON,
)
_GROUPS: Final = (
    select(outbox.c.priority, submissions.c.due_utc, func.count(), func.max(outbox.c.submission_id))
    .join_from(outbox, submissions, _JOINED)
    .where(_IN_LINE)
    .group_by(outbox.c.priority, submissions.c.due_utc)
    .order_by(outbox.c.priority, submissions.c.due_utc)
)
_TOO_LATE: Final = and_(outbox.c.available_at >= submissions.c.due_utc, submissions.c.due_utc > _AT)
_DATED_ONES: Final = (
    select(func.count(), func.coalesce(func.sum(case((_TOO_LATE, 1), else_=0)), 0))
    .join_from(outbox, submissions, _JOINED)
    .where(_LATER)
)
_WAITING_SINCE: Final = select(func.min(outbox.c.available_at)).where(READY, _GOES_ON)
_ENDED: Final = attempts.c.closed_at >= bindparam("since", type_=UtcDateTime())
_WAS_DECIDED: Final = attempts.c.ending.in_([literal_word(ending) for ending in _DECIDED])
_EXCHANGES: Final = select(
    func.count(),
    func.coalesce(func.sum(case((_WAS_DECIDED, 1), else_=0)), 0),
).where(_ENDED)
_LAST_DECIDED: Final = select(func.max(attempts.c.closed_at)).where(_ENDED, _WAS_DECIDED)
_IN_VAIN: Final = select(func.min(attempts.c.closed_at)).where(
    attempts.c.closed_at > bindparam("since", type_=UtcDateTime()), not_(_WAS_DECIDED)
)
_HAS_ARRIVED: Final = or_(
    submissions.c.state.in_([literal_word(State.INDETERMINATE), literal_word(State.SUBMITTED)]),
    exists().where(
        attempts.c.submission_id == submissions.c.id,
        or_(attempts.c.ending.in_([literal_word(ending) for ending in SENT]), UNCLOSED),
    ),
)
_LAST_DAY: Final = (
    select(
        submissions.c.id,
        submissions.c.state,
        outbox.c.priority,
        submissions.c.due_utc,
        outbox.c.status,
        WAIT_REASON,
        outbox.c.available_at,
        _IN_LINE,
        _HAS_ARRIVED,
    )
    .join_from(submissions, outbox, _JOINED)
    .where(UNSETTLED, submissions.c.due_utc == bindparam("due", type_=UtcDateTime()))
    .order_by(outbox.c.priority, submissions.c.id)
)


def read_queue_load(connection: Connection, now: datetime, since: datetime) -> QueueLoad:
    """What waits at ``now``, and the exchanges since ``since``, or since when something has waited all along."""
    waiting_since: datetime | None = connection.scalar(_WAITING_SINCE)
    looked_from = since if waiting_since is None else min(now, max(since, waiting_since))
    tried, decided = connection.execute(_EXCHANGES, {"since": looked_from}).one()
    last_decided: datetime | None = connection.scalar(_LAST_DECIDED, {"since": since})
    in_vain_since: datetime | None = connection.scalar(_IN_VAIN, {"since": last_decided or since})
    dated, dated_late = connection.execute(_DATED_ONES, {"now": now}).one()
    return QueueLoad(
        groups=[QueueGroup(*row) for row in connection.execute(_GROUPS)],
        dated=dated,
        dated_late=dated_late,
        since=looked_from,
        tried=tried,
        decided=decided,
        in_vain_since=in_vain_since,
    )


def read_last_day(connection: Connection, due: datetime) -> Sequence[LastDayCase]:
    """Open submissions in the queue whose legal date ends at ``due``."""
    return [LastDayCase(*row) for row in connection.execute(_LAST_DAY, {"due": due})]
