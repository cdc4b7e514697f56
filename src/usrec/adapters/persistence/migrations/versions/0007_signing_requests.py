"""Documents that wait for the signature of their EDS's owner, or for an approval, bound to their digests.

A request belongs to its queue entry and goes with it. A signed document is found by its digest, so that a signing
package that is taken back twice is recognised.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")

AWAITED = sa.text("wait_reason = 'awaiting_signature'")
STOPPED = "UPDATE outbox SET wait_reason = 'held_by_person' WHERE wait_reason = 'awaiting_approval'"
ASKED_AGAIN = "UPDATE outbox SET status = 'ready', wait_reason = NULL WHERE wait_reason = 'awaiting_signature'"
FORGOTTEN = "DELETE FROM alert_deliveries WHERE alert_id IN (SELECT id FROM alerts WHERE threshold = 'awaited')"
NOT_KNOWN = "DELETE FROM alerts WHERE threshold = 'awaited'"


def upgrade() -> None:
    """Create the table, and the indexes that its questions need."""
    op.create_table(
        "signing_requests",
        sa.Column("submission_id", KEY, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("record_id", KEY),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("package_id", sa.Text()),
        sa.Column("packaged_at", MOMENT),
        sa.Column("approved_by", sa.Text()),
        sa.Column("approved_at", MOMENT),
        sa.Column("approved_digest", sa.Text()),
        sa.PrimaryKeyConstraint("submission_id", name="pk_signing_requests"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["outbox.submission_id"], name="fk_signing_requests_submission_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("(package_id IS NULL) = (packaged_at IS NULL)", name="ck_signing_requests_package"),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (approved_digest IS NULL)",
            name="ck_signing_requests_approval",
        ),
    )
    columns = ["employer_bin", "priority", "submission_id"]
    op.create_index("ix_outbox_awaited", "outbox", columns, sqlite_where=AWAITED, postgresql_where=AWAITED)
    op.create_index("ix_messages_digest", "messages", ["digest"])


def downgrade() -> None:
    """As it was; what nobody has approved is stopped until a person releases it, the rest waits for a key."""
    for statement in (STOPPED, ASKED_AGAIN, FORGOTTEN, NOT_KNOWN):
        op.execute(statement)
    op.drop_index("ix_messages_digest", "messages")
    op.drop_index("ix_outbox_awaited", "outbox")
    op.drop_table("signing_requests")
