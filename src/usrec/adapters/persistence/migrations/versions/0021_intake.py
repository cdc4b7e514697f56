"""What HR systems send over HTTP: events that wait for the intake, requests by their keys, calls to be made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("taken_at IS NULL")


def upgrade() -> None:
    """Create the tables."""
    _rows()
    op.create_index(
        "ix_intake_rows_waiting", "intake_rows", ["source", "seq"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_index("ix_intake_rows_received_at", "intake_rows", ["received_at"])
    op.create_table(
        "intake_requests",
        sa.Column("source", KEY, nullable=False),
        sa.Column("idempotency_key", KEY, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "idempotency_key", name="pk_intake_requests"),
    )
    op.create_index("ix_intake_requests_received_at", "intake_requests", ["received_at"])
    op.create_table(
        "intake_calls",
        sa.Column("id", SEQUENCE, sa.Identity(always=True), nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_intake_calls"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_intake_calls_source", "intake_calls", ["source", "id"])


def _rows() -> None:
    op.create_table(
        "intake_rows",
        sa.Column("seq", SEQUENCE, sa.Identity(always=True), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("contract_key", sa.Text(), nullable=False),
        sa.Column("employer_bin", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("entered_at", MOMENT),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("taken_at", MOMENT),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Text()),
        sa.Column("record_id", sa.Text()),
        sa.Column("legal_date", sa.Date()),
        sa.Column("noted_at", MOMENT),
        sa.PrimaryKeyConstraint("seq", name="pk_intake_rows"),
        sa.UniqueConstraint("id", name="uq_intake_rows_id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop the tables; the inbox has what was taken, and what was not has to be sent again."""
    for table in ("intake_calls", "intake_requests", "intake_rows"):
        op.drop_table(table)
