"""An index for employers that each have a line of their own: the most urgent of one, however much of others waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

READY = sa.text("status = 'ready'")


def upgrade() -> None:
    """Create the index."""
    columns = ["employer_bin", "priority", "submission_id"]
    op.create_index("ix_outbox_line", "outbox", columns, sqlite_where=READY, postgresql_where=READY)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_outbox_line", "outbox")
