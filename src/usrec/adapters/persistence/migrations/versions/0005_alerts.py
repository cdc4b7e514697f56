"""Alerts belong to events, each sink is told on its own, and what a sink was told is on record.

The alerts that were raised before stay: the log had taken those that were delivered. Where two submissions of one
event had raised the same, the newer one is kept.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

SET_ASIDE = """CREATE TABLE alerts_before AS
SELECT a.id, a.submission_id, a.watched, a.threshold, a.operation, a.employer, a.last_day, a.raised_at, a.delivered_at,
    s.source, s.event_id
FROM alerts a JOIN submissions s ON s.id = a.submission_id"""
BRING_BACK = """INSERT INTO alerts
    (submission_id, watched, threshold, operation, employer, last_day, raised_at, source, event_id, tell_at)
SELECT submission_id, watched, threshold, operation, employer, last_day, raised_at, source, event_id, raised_at
FROM alerts_before
WHERE id IN (SELECT max(id) FROM alerts_before GROUP BY source, event_id, watched, last_day, threshold)
ORDER BY id"""
LOG_HAD_THEM = """INSERT INTO alert_deliveries (alert_id, sink, message_id, taken_at)
SELECT a.id, 'log', 'before-0005', b.delivered_at
FROM alerts a JOIN alerts_before b
ON b.submission_id = a.submission_id AND b.watched = a.watched AND b.threshold = a.threshold AND b.last_day = a.last_day
WHERE b.delivered_at IS NOT NULL"""
SET_ASIDE_AGAIN = """CREATE TABLE alerts_before AS
SELECT a.id, a.submission_id, a.watched, a.threshold, a.operation, a.employer, a.last_day, a.raised_at,
    d.taken_at AS delivered_at
FROM alerts a LEFT JOIN alert_deliveries d ON d.alert_id = a.id AND d.sink = 'log'
WHERE a.watched <> 'entry'"""
BRING_BACK_AGAIN = """INSERT INTO alerts
    (submission_id, watched, threshold, operation, employer, last_day, raised_at, delivered_at)
SELECT submission_id, watched, threshold, operation, employer, last_day, raised_at, delivered_at
FROM alerts_before
WHERE id IN (SELECT max(id) FROM alerts_before GROUP BY submission_id, watched, threshold)
ORDER BY id"""


def upgrade() -> None:
    """Make the tables anew and bring the alerts back."""
    op.execute(SET_ASIDE)
    op.drop_table("alerts")
    _alerts(
        _column("source", KEY),
        _column("event_id", KEY),
        _column("tell_at", MOMENT),
        sa.Column("closed_at", MOMENT),
        sa.UniqueConstraint("source", "event_id", "watched", "last_day", "threshold", name="uq_alerts_event"),
    )
    _index("ix_alerts_open", "alerts", "id", "closed_at IS NULL")
    _deliveries()
    _sinks()
    op.execute(BRING_BACK)
    op.execute(LOG_HAD_THEM)
    op.drop_table("alerts_before")


def downgrade() -> None:
    """As it was before 0005; what other sinks than the log were told is forgotten."""
    op.execute(SET_ASIDE_AGAIN)
    for table in ("alert_sinks", "alert_deliveries", "alerts"):
        op.drop_table(table)
    _alerts(
        sa.Column("delivered_at", MOMENT),
        sa.UniqueConstraint("submission_id", "watched", "threshold", name="uq_alerts_submission_id_watched_threshold"),
    )
    _index("ix_alerts_undelivered", "alerts", "id", "delivered_at IS NULL")
    op.execute(BRING_BACK_AGAIN)
    op.drop_table("alerts_before")


def _column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _index(name: str, table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=condition, postgresql_where=condition)


def _alerts(*more: sa.Column[Any] | sa.UniqueConstraint) -> None:
    op.create_table(
        "alerts",
        sa.Column("id", SEQUENCE, sa.Identity(always=True), nullable=False),
        _column("submission_id", KEY),
        _column("watched", sa.Text()),
        _column("threshold", sa.Text()),
        sa.Column("operation", sa.Text()),
        sa.Column("employer", sa.Text()),
        _column("last_day", sa.Date()),
        _column("raised_at", MOMENT),
        *more,
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_alerts_submission_id"),
        sqlite_autoincrement=True,
    )


def _deliveries() -> None:
    op.create_table(
        "alert_deliveries",
        _column("alert_id", SEQUENCE),
        _column("sink", KEY),
        _column("message_id", KEY),
        sa.Column("taken_at", MOMENT),
        sa.PrimaryKeyConstraint("alert_id", "sink", name="pk_alert_deliveries"),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_alert_deliveries_alert_id"),
    )
    _index("ix_alert_deliveries_begun", "alert_deliveries", "sink", "taken_at IS NULL")


def _sinks() -> None:
    op.create_table(
        "alert_sinks",
        _column("sink", KEY),
        sa.Column("owner", sa.Text()),
        sa.Column("busy_until", MOMENT),
        _column("failures", sa.Integer()),
        sa.Column("retry_at", MOMENT),
        _column("problem", sa.Text()),
        sa.Column("failed_at", MOMENT),
        sa.Column("taken_at", MOMENT),
        sa.PrimaryKeyConstraint("sink", name="pk_alert_sinks"),
    )
