"""What each sink of alerts was told, and how it fares."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, Executable, bindparam, delete, func, insert, not_, or_, select, update

from usrec.adapters.persistence.alert_tables import BEGUN, OPEN, STILL_TRUE, alerts, deliveries, sinks, told_notices
from usrec.adapters.persistence.alerts import ALERT_COLUMNS, REMINDS
from usrec.adapters.persistence.delivery_tables import outbox
from usrec.adapters.persistence.dialects import InsertInto, per_dialect
from usrec.adapters.persistence.tables import submissions
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.alert import Alert, OpenAlert
from usrec.domain.oversight import Trouble
from usrec.domain.oversight_notice import Knowledge, Told
from usrec.ports.alert_sink import AlertMessageId, SinkName
from usrec.ports.alert_sinks import Untold

_WIDTH: Final = len(ALERT_COLUMNS)
_FREE_OF: Final = {"owner": None, "busy_until": None}


def _meet(insert_into: InsertInto) -> Executable:
    return insert_into(sinks).values(failures=0, problem="").on_conflict_do_nothing().inline()


_MEET: Final = per_dialect(_meet)
_MAY_BE_TRIED: Final = or_(
    sinks.c.retry_at.is_(None), sinks.c.retry_at <= bindparam("now"), sinks.c.failed_at > bindparam("now")
)
"""A failure that lies ahead was noted by a clock that was set back since: it says nothing about when to try again."""
_RESTS: Final = select(sinks.c.sink).where(
    sinks.c.sink == bindparam("sink"),
    or_(sinks.c.busy_until > bindparam("now"), not_(_MAY_BE_TRIED)),
)
_ITS_TURN: Final = (
    select(sinks.c.failures)
    .where(
        sinks.c.sink == bindparam("sink"),
        or_(sinks.c.busy_until.is_(None), sinks.c.busy_until <= bindparam("now")),
        _MAY_BE_TRIED,
    )
    .with_for_update(skip_locked=True)
)
_KNOWN: Final = select(sinks.c.sink).where(sinks.c.sink == bindparam("sink"))
_STANDING: Final = (
    submissions.c.state,
    submissions.c.code,
    outbox.c.wait_reason,
    outbox.c.blocked_by,
    submissions.c.legal_date,
    submissions.c.safe_date,
    submissions.c.trigger,
    func.coalesce(submissions.c.entered_at, submissions.c.received_at, type_=submissions.c.received_at.type),
)
_UNTOLD: Final = (
    select(alerts.c.id, deliveries.c.message_id, *ALERT_COLUMNS, *_STANDING)
    .join_from(alerts, submissions, submissions.c.id == alerts.c.submission_id)
    .join(outbox, outbox.c.submission_id == submissions.c.id, isouter=True)
    .join(
        deliveries,
        (deliveries.c.alert_id == alerts.c.id) & (deliveries.c.sink == bindparam("sink")),
        isouter=True,
    )
    .where(
        OPEN,
        STILL_TRUE,
        deliveries.c.taken_at.is_(None),
        or_(bindparam("at_once", type_=Boolean()), alerts.c.tell_at <= bindparam("now")),
    )
    .order_by(alerts.c.tell_at != alerts.c.raised_at, REMINDS, alerts.c.last_day, alerts.c.id)
    .limit(bindparam("limit"))
)
_ITS_MESSAGE: Final = (
    deliveries.c.sink == bindparam("which"),
    deliveries.c.message_id == bindparam("message"),
    BEGUN,
)
_BEGIN_ANEW: Final = delete(deliveries).where(*_ITS_MESSAGE)
_BEGIN: Final = insert(deliveries)
_WHICH: Final = sinks.c.sink == bindparam("which")
_HOLD: Final = update(sinks).where(_WHICH)
_TAKEN: Final = update(deliveries).where(*_ITS_MESSAGE)
_OWN: Final = sinks.c.owner == bindparam("its_owner")
_WORKS: Final = update(sinks).where(_WHICH, _OWN).values(failures=0, retry_at=None, problem="", **_FREE_OF)
_FAILED: Final = update(sinks).where(_WHICH, _OWN).values(failures=sinks.c.failures + 1, **_FREE_OF)
_ABANDON: Final = delete(deliveries).where(
    BEGUN,
    deliveries.c.sink.not_in(bindparam("kept", expanding=True)),
    deliveries.c.sink.not_in(select(sinks.c.sink).where(sinks.c.busy_until > bindparam("now"))),
)
_KNOWLEDGE: Final = select(told_notices).where(told_notices.c.sink == bindparam("which"))
_FORGET: Final = delete(told_notices).where(told_notices.c.sink == bindparam("which"))
_FORGET_OTHERS: Final = delete(told_notices).where(told_notices.c.sink.not_in(bindparam("kept", expanding=True)))
_LEARN: Final = insert(told_notices)
_OWNERS: Final = select(sinks.c.owner).where(sinks.c.owner.is_not(None)).distinct()
_FREE: Final = update(sinks).where(sinks.c.owner.in_(bindparam("owners", expanding=True))).values(_FREE_OF)


class SqlAlertSinks:
    """The ``AlertSinks`` port."""

    def __init__(self, connection: WriteBehind) -> None:
        self._connection = connection

    def rests(self, sink: SinkName, now: datetime) -> bool:
        """Whether this is not the time to tell it."""
        return self._connection.scalar(_RESTS, {"sink": sink, "now": now}) is not None

    def failures(self, sink: SinkName, now: datetime) -> int | None:
        """How often the sink has failed in a row; None when it rests."""
        if self._connection.scalar(_KNOWN, {"sink": sink}) is None:
            self._connection.execute(_MEET[self._connection.dialect.name], {"sink": sink})
        found: int | None = self._connection.scalar(_ITS_TURN, {"sink": sink, "now": now})
        return found

    def untold(self, sink: SinkName, now: datetime, limit: int, *, at_once: bool) -> Sequence[Untold]:
        """Open alerts that the sink has not taken, oldest first."""
        what = {"sink": sink, "now": now, "limit": limit, "at_once": at_once}
        found = [_untold(row) for row in self._connection.execute(_UNTOLD, what)]
        return sorted(found, key=lambda one: one.handle)

    def begin(
        self, sink: SinkName, message_id: AlertMessageId, handles: Sequence[int], *, owner: str, until: datetime
    ) -> None:
        """``owner`` is about to tell the sink these alerts."""
        self._connection.execute(_BEGIN_ANEW, {"which": sink, "message": message_id})
        rows = [{"alert_id": handle, "sink": sink, "message_id": message_id} for handle in handles]
        if rows:
            self._connection.execute(_BEGIN, rows)
        self._connection.execute(_HOLD, {"which": sink, "owner": owner, "busy_until": until})

    def taken(self, sink: SinkName, message_id: AlertMessageId, at: datetime, *, owner: str) -> None:
        """The sink took the message."""
        self._connection.execute(_TAKEN, {"which": sink, "message": message_id, "taken_at": at})
        self._connection.execute(_WORKS, {"which": sink, "its_owner": owner, "taken_at": at})

    def failed(self, sink: SinkName, problem: str, at: datetime, *, retry_at: datetime, owner: str) -> None:
        """The sink did not take it, or nobody knows."""
        what = {"problem": problem, "failed_at": at, "retry_at": retry_at}
        self._connection.execute(_FAILED, {"which": sink, "its_owner": owner, **what})

    def abandon(self, kept: Collection[SinkName], now: datetime) -> None:
        """Messages to sinks that the settings do not name any more are not waited for."""
        self._connection.execute(_ABANDON, {"kept": list(kept), "now": now})
        self._connection.execute(_FORGET_OTHERS, {"kept": list(kept)})

    def knowledge(self, sink: SinkName) -> Knowledge:
        """What the sink knows of troubles with contracts."""
        return {row.concern: _told(row) for row in self._connection.execute(_KNOWLEDGE, {"which": sink})}

    def learn(self, sink: SinkName, knowledge: Knowledge) -> None:
        """That is what the sink knows from now on."""
        self._connection.execute(_FORGET, {"which": sink})
        if knowledge:
            self._connection.execute(_LEARN, [_row_of(sink, told) for told in knowledge.values()])

    def owners(self) -> Collection[str]:
        """Who is telling a sink now."""
        return list(self._connection.scalars(_OWNERS))

    def free(self, owners: Collection[str]) -> None:
        """What these agents were telling may be told again at once."""
        self._connection.execute(_FREE, {"owners": list(owners)})


def _untold(row: Any) -> Untold:
    alert = Alert(*row[2 : 2 + _WIDTH])
    return Untold(row[0], OpenAlert(alert, *row[2 + _WIDTH :]), row[1])


def _told(row: Any) -> Told:
    trouble = Trouble(row.concern, row.since, row.number, frozenset(json.loads(row.about)))
    return Told(trouble, row.told_at, row.times)


def _row_of(sink: SinkName, told: Told) -> dict[str, Any]:
    trouble = told.trouble
    return {
        "sink": sink,
        "concern": trouble.concern,
        "since": trouble.since,
        "number": trouble.number,
        "about": json.dumps(sorted(trouble.about), ensure_ascii=False),
        "told_at": told.told_at,
        "times": told.times,
    }
