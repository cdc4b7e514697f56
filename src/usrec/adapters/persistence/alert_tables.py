"""The tables of the alerts: what was raised, what each sink was told of it, and how each sink fares."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    and_,
    exists,
    literal_column,
    not_,
    or_,
)

from usrec.adapters.persistence.columns import counted, given, literal_word, metadata, of_submission, only_where
from usrec.adapters.persistence.tables import UNSETTLED, submissions
from usrec.adapters.persistence.types import KEY, SEQUENCE, UtcDateTime, WordType
from usrec.domain.alert import Threshold, Watched
from usrec.domain.oversight import Concern
from usrec.domain.source_event import Operation
from usrec.domain.state import State

alerts = Table(
    "alerts",
    metadata,
    counted("id"),
    of_submission(),
    given("watched", WordType(Watched)),
    given("threshold", WordType(Threshold)),
    Column("operation", WordType(Operation)),
    Column("employer", Text),
    given("last_day", Date),
    given("raised_at", UtcDateTime),
    given("source", KEY),
    given("event_id", KEY),
    given("tell_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    UniqueConstraint("source", "event_id", "watched", "last_day", "threshold", name="uq_alerts_event"),
    sqlite_autoincrement=True,
)

OPEN: Final = alerts.c.closed_at.is_(None)
"""There may still be somebody to be told."""

Index("ix_alerts_open", alerts.c.id, info=only_where(OPEN))

FORETOLD: Final = alerts.c.watched.in_([literal_word(one) for one in (Watched.FORECAST, Watched.PORTAL)])
"""About the line as a whole, or what will not make it; few, and asked for again and again."""

Index("ix_alerts_foretold", alerts.c.watched, alerts.c.last_day, info=only_where(FORETOLD))

permits = Table(
    "permits",
    metadata,
    Column("employer_bin", KEY, primary_key=True),
    Column("contract_key", KEY, primary_key=True),
    of_submission(),
    given("end_date", Date),
    given("ended", Boolean),
    Column("told_days", Integer),
)

RUNS: Final[ColumnElement[bool]] = literal_column("NOT ended")
"""Of a contract that is not terminated."""

Index("ix_permits_end_date", permits.c.end_date, info=only_where(RUNS))
Index("ix_permits_submission", permits.c.submission_id)

OF_PERMIT: Final = alerts.c.watched == literal_word(Watched.PERMIT)
"""It is about a contract that is registered already."""
PERMIT_STANDS: Final = exists().where(
    permits.c.submission_id == alerts.c.submission_id, permits.c.end_date == alerts.c.last_day, RUNS
)

deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("alert_id", SEQUENCE, ForeignKey("alerts.id"), primary_key=True, autoincrement=False),
    Column("sink", KEY, primary_key=True),
    given("message_id", KEY),
    Column("taken_at", UtcDateTime),
)

BEGUN: Final = deliveries.c.taken_at.is_(None)
"""A message was about to be sent, and nobody knows whether it arrived."""

Index("ix_alert_deliveries_begun", deliveries.c.sink, info=only_where(BEGUN))

STILL_TRUE: Final = or_(
    UNSETTLED,
    OF_PERMIT,
    and_(
        alerts.c.watched == literal_word(Watched.PAIR),
        submissions.c.replaced_by.is_(None),
        submissions.c.state != literal_word(State.CANCELLED),
    ),
)
"""Its submission, joined, still stands for an open event; of a pair a registered half does too."""

_ITS_DELIVERIES: Final = deliveries.c.alert_id == alerts.c.id
UNDELIVERED: Final = and_(OPEN, or_(exists().where(_ITS_DELIVERIES, BEGUN), not_(exists().where(_ITS_DELIVERIES))))
"""A sink was to take it and did not, or nobody was told yet."""

sinks = Table(
    "alert_sinks",
    metadata,
    Column("sink", KEY, primary_key=True),
    Column("owner", Text),
    Column("busy_until", UtcDateTime),
    given("failures", Integer),
    Column("retry_at", UtcDateTime),
    given("problem", Text),
    Column("failed_at", UtcDateTime),
    Column("taken_at", UtcDateTime),
)

told_notices = Table(
    "told_notices",
    metadata,
    Column("sink", KEY, primary_key=True),
    Column("concern", WordType(Concern), primary_key=True),
    given("since", UtcDateTime),
    given("number", Integer),
    given("about", Text),
    given("told_at", UtcDateTime),
    given("times", Integer),
)
