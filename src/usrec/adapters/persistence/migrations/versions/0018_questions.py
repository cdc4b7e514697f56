"""What the registry was asked about records in doubt. An older program knows neither questions nor strange answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

FORGOTTEN = "DELETE FROM alert_deliveries WHERE alert_id IN (SELECT id FROM alerts WHERE watched = 'answer')"
NOT_KNOWN = "DELETE FROM alerts WHERE watched = 'answer'"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "questions",
        sa.Column("id", SEQUENCE, sa.Identity(always=True), nullable=False),
        sa.Column("submission_id", KEY, nullable=False),
        sa.Column("after_attempt", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("signed_digest", sa.Text()),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_questions_submission_id"),
        sa.UniqueConstraint("signed_digest", name="uq_questions_signed_digest"),
        sa.UniqueConstraint("submission_id", "after_attempt", name="uq_questions_submission_id_after_attempt"),
        sa.CheckConstraint("finding IN ('ours', 'different', 'not_found', 'unanswered')", name="ck_questions_finding"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop the table: what was found out stands in the acknowledgements and in the journal."""
    for statement in (FORGOTTEN, NOT_KNOWN):
        op.execute(statement)
    op.drop_table("questions")
