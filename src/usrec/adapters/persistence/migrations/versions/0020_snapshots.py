"""What is remembered of looks at a staff, for sources whose events are derived from the difference of two."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "snapshot_looks",
        sa.Column("source", KEY, nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_snapshot_looks"),
    )
    op.create_table(
        "snapshot_stories",
        sa.Column("source", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("folded_key", KEY, nullable=False),
        sa.Column("contract_key", KEY, nullable=False),
        sa.Column("employer_bin", KEY, nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "kind", "folded_key", name="pk_snapshot_stories"),
    )
    op.create_table(
        "snapshot_events",
        sa.Column("id", SEQUENCE, sa.Identity(always=True), nullable=False),
        sa.Column("source", KEY, nullable=False),
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("contract_key", KEY, nullable=False),
        sa.Column("employer_bin", KEY, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("entered_at", MOMENT),
        sa.Column("derived_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_snapshot_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_snapshot_stories_contract", "snapshot_stories", ["employer_bin", "contract_key"])
    op.create_index("ix_snapshot_events_source", "snapshot_events", ["source", "id"])


def downgrade() -> None:
    """Drop the tables: an older program knows no snapshots, and the next first look remembers the staff again."""
    op.drop_table("snapshot_events")
    op.drop_table("snapshot_stories")
    op.drop_table("snapshot_looks")
