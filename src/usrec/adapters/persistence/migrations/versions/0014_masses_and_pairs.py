"""Many changes that are held as one until a person has looked, and pairs of events that are two halves of a transfer.

Both are marks beside the submissions; a program that does not know them sees what was held as stopped by a person.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")

STOPPED = "UPDATE outbox SET wait_reason = 'held_by_person' WHERE wait_reason = 'mass_held'"
FORGOTTEN = "DELETE FROM alert_deliveries WHERE alert_id IN (SELECT id FROM alerts WHERE watched IN {0})"
NOT_KNOWN = "DELETE FROM alerts WHERE watched IN {0}"
WATCHED = "('mass', 'pair', 'target')"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "mass_batches",
        sa.Column("name", KEY, nullable=False),
        sa.Column("employer_bin", KEY, nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("decision", sa.Text()),
        sa.Column("decided_at", MOMENT),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mass_batches"),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="ck_mass_batches_decision"),
    )
    op.create_table(
        "mass_members",
        sa.Column("submission_id", KEY, nullable=False),
        sa.Column("employer_bin", KEY, nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("arrived_at", MOMENT, nullable=False),
        sa.Column("batch", KEY),
        sa.PrimaryKeyConstraint("submission_id", name="pk_mass_members"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_mass_members_submission_id"),
        sa.ForeignKeyConstraint(["batch"], ["mass_batches.name"], name="fk_mass_members_batch"),
    )
    op.create_index("ix_mass_members_group", "mass_members", ["employer_bin", "operation", "day", "arrived_at"])
    op.create_index("ix_mass_members_batch", "mass_members", ["batch", "submission_id"])
    op.create_table(
        "pair_halves",
        sa.Column("submission_id", KEY, nullable=False),
        sa.Column("pair_key", KEY, nullable=False),
        sa.PrimaryKeyConstraint("submission_id", name="pk_pair_halves"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_pair_halves_submission_id"),
    )
    op.create_index("ix_pair_halves_pair", "pair_halves", ["pair_key"])


def downgrade() -> None:
    """As it was; what is held stays stopped until a person releases it."""
    for statement in (STOPPED, FORGOTTEN.format(WATCHED), NOT_KNOWN.format(WATCHED)):
        op.execute(statement)
    for table in ("pair_halves", "mass_members", "mass_batches"):
        op.drop_table(table)
