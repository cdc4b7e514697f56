"""What the last audit of each employer found, and what looks at a staff could not tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "audit_runs",
        sa.Column("employer_bin", KEY, nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("troubles", sa.Integer(), nullable=False),
        sa.Column("unmatched", sa.Integer(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("employer_bin", name="pk_audit_runs"),
    )
    op.create_table(
        "snapshot_puzzles",
        sa.Column("source", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("contract_key", KEY, nullable=False),
        sa.PrimaryKeyConstraint("source", "kind", "contract_key", name="pk_snapshot_puzzles"),
    )


def downgrade() -> None:
    """Drop the tables: the next audit and the next look tell the same again."""
    op.drop_table("snapshot_puzzles")
    op.drop_table("audit_runs")
