"""Employers of whom nothing goes out until a person releases them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")

STOPPED = (
    "UPDATE outbox SET status = 'held', wait_reason = 'held_by_person'"
    " WHERE status IN ('ready', 'scheduled') AND employer_bin IN (SELECT employer_bin FROM employer_stops)"
)
HELD = "UPDATE outbox SET wait_reason = 'held_by_person' WHERE wait_reason = 'other_party'"
IN_DOUBT = "UPDATE outbox SET wait_reason = 'needs_decision' WHERE wait_reason = 'to_confirm'"
LATER = "UPDATE outbox SET wait_reason = 'gateway_fault' WHERE wait_reason = 'next_day'"
FORGOTTEN = "DELETE FROM alert_deliveries WHERE alert_id IN (SELECT id FROM alerts WHERE threshold = 'stopped')"
NOT_KNOWN = "DELETE FROM alerts WHERE threshold = 'stopped'"


def upgrade() -> None:
    """Create the table; its key is what claims look an employer up by."""
    op.create_table(
        "employer_stops",
        sa.Column("employer_bin", KEY, nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=False),
        sa.Column("stopped_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("submission_id", KEY),
        sa.PrimaryKeyConstraint("employer_bin", name="pk_employer_stops"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_employer_stops_submission_id"),
    )


def downgrade() -> None:
    """As it was; what a stop kept back is held until a person releases it, one by one."""
    for statement in (STOPPED, HELD, IN_DOUBT, LATER, FORGOTTEN, NOT_KNOWN):
        op.execute(statement)
    op.drop_table("employer_stops")
