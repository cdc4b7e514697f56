"""The tables of the delivery story: what is to be sent, every try, the decisions, and what others are told."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES_NEWEST_FIRST = ("alerts", "write_backs", "acknowledgements", "attempts", "outbox")


def upgrade() -> None:
    """Create the tables and their indexes."""
    _delivery()
    _outgoing()


def downgrade() -> None:
    """Drop the tables."""
    for table in TABLES_NEWEST_FIRST:
        op.drop_table(table)


def _column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _counted(name: str) -> sa.Column[Any]:
    return sa.Column(name, SEQUENCE, sa.Identity(always=True), nullable=False)


def _index(name: str, table: str, columns: list[str], *, where: str | None = None, unique: bool = False) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _to_submission(table: str, column: str = "submission_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["submissions.id"], name=f"fk_{table}_{column}")


def _delivery() -> None:
    op.create_table(
        "outbox",
        _column("submission_id", KEY),
        _column("employer_bin", KEY),
        _column("contract_key", KEY),
        _column("status", sa.Text()),
        _column("priority", MOMENT),
        _column("available_at", MOMENT),
        sa.Column("wait_reason", sa.Text()),
        sa.Column("blocked_by", KEY),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", MOMENT),
        _column("fence", sa.BigInteger()),
        _column("attempts", sa.Integer()),
        _column("doubtful", sa.Boolean()),
        _column("note", sa.Text()),
        sa.PrimaryKeyConstraint("submission_id", name="pk_outbox"),
        _to_submission("outbox"),
        _to_submission("outbox", "blocked_by"),
        sa.CheckConstraint("status IN ('ready', 'scheduled', 'claimed', 'held', 'blocked')", name="ck_outbox_status"),
        sa.CheckConstraint(
            "(status = 'claimed') = (lease_owner IS NOT NULL) AND (status = 'claimed') = (lease_until IS NOT NULL)",
            name="ck_outbox_lease",
        ),
    )
    _index("ix_outbox_ready", "outbox", ["priority", "submission_id"], where="status = 'ready'")
    _index("ix_outbox_scheduled", "outbox", ["available_at"], where="status = 'scheduled'")
    _index("ix_outbox_claimed", "outbox", ["lease_until"], where="status = 'claimed'")
    moving = "status IN ('ready', 'scheduled', 'claimed')"
    _index("uq_outbox_moving_contract", "outbox", ["employer_bin", "contract_key"], where=moving, unique=True)
    op.create_table(
        "attempts",
        _column("id", KEY),
        _column("submission_id", KEY),
        _column("number", sa.Integer()),
        _column("fence", sa.BigInteger()),
        _column("opened_at", MOMENT),
        _column("correlation_id", sa.Text()),
        _column("envelope_digest", sa.Text()),
        sa.Column("closed_at", MOMENT),
        sa.Column("ending", sa.Text()),
        _column("code", sa.Text()),
        _column("detail", sa.Text()),
        sa.Column("reply", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        _to_submission("attempts"),
        sa.UniqueConstraint("submission_id", "number", name="uq_attempts_submission_id_number"),
        sa.CheckConstraint("(closed_at IS NULL) = (ending IS NULL)", name="ck_attempts_ending"),
    )
    _index("uq_attempts_open", "attempts", ["submission_id"], where="closed_at IS NULL", unique=True)
    op.create_table(
        "acknowledgements",
        _counted("id"),
        _column("submission_id", KEY),
        sa.Column("attempt_id", KEY),
        _column("kind", sa.Text()),
        _column("accepted", sa.Boolean()),
        _column("code", sa.Text()),
        sa.Column("registry_id", sa.Text()),
        _column("signed_digest", sa.Text()),
        _column("acknowledged_at", MOMENT),
        _column("evidence", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_acknowledgements"),
        _to_submission("acknowledgements"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_acknowledgements_attempt_id"),
        sa.UniqueConstraint("signed_digest", name="uq_acknowledgements_signed_digest"),
        sqlite_autoincrement=True,
    )
    _index("ix_acknowledgements_submission", "acknowledgements", ["submission_id"])


def _outgoing() -> None:
    op.create_table(
        "write_backs",
        _counted("id"),
        _column("source", KEY),
        _column("row_ref", KEY),
        _column("revision", sa.BigInteger()),
        _column("state", sa.Text()),
        _column("code", sa.Text()),
        _column("message", sa.Text()),
        _column("findings", sa.Text()),
        sa.Column("contract_id", sa.Text()),
        sa.Column("legal_date", sa.Date()),
        _column("noted_at", MOMENT),
        _column("due_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_write_backs"),
        sa.UniqueConstraint("source", "row_ref", name="uq_write_backs_source_row_ref"),
        sqlite_autoincrement=True,
    )
    _index("ix_write_backs_due", "write_backs", ["source", "due_at", "id"])
    op.create_table(
        "alerts",
        _counted("id"),
        _column("submission_id", KEY),
        _column("watched", sa.Text()),
        _column("threshold", sa.Text()),
        sa.Column("operation", sa.Text()),
        sa.Column("employer", sa.Text()),
        _column("last_day", sa.Date()),
        _column("raised_at", MOMENT),
        sa.Column("delivered_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        _to_submission("alerts"),
        sa.UniqueConstraint("submission_id", "watched", "threshold", name="uq_alerts_submission_id_watched_threshold"),
        sqlite_autoincrement=True,
    )
    _index("ix_alerts_undelivered", "alerts", ["id"], where="delivered_at IS NULL")
