"""The last note to each HR row stays on record after it is written, so that the next one is later by any clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
UNWRITTEN = sa.text("written_at IS NULL")
COLUMNS = ["source", "due_at", "id"]


def upgrade() -> None:
    """A note with the moment of its writing is done."""
    op.add_column("write_backs", sa.Column("written_at", MOMENT))
    op.drop_index("ix_write_backs_due", "write_backs")
    op.create_index("ix_write_backs_due", "write_backs", COLUMNS, sqlite_where=UNWRITTEN, postgresql_where=UNWRITTEN)


def downgrade() -> None:
    """As it was: what is written is forgotten."""
    op.execute("DELETE FROM write_backs WHERE written_at IS NOT NULL")
    op.drop_index("ix_write_backs_due", "write_backs")
    op.drop_column("write_backs", "written_at")
    op.create_index("ix_write_backs_due", "write_backs", COLUMNS)
