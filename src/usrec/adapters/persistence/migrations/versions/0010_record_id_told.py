"""HR is told the registry's id of an agreement or a leave, which a correction or a deletion has to name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep the id with the note that waits for HR."""
    op.add_column("write_backs", sa.Column("record_id", sa.Text))


def downgrade() -> None:
    """Notes are without it again."""
    op.drop_column("write_backs", "record_id")
