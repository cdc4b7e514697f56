"""Keys under which values are encrypted, and when personal data was pruned.

Values are encrypted in the columns that hold them. Going down leaves encrypted values as they are: decrypt them first,
with the newer program (``usrec ledger encrypt`` without a key).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Make the table and the mark."""
    op.create_table(
        "encryption_keys",
        sa.Column("id", KEY, nullable=False),
        sa.Column("used_since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_encryption_keys"),
    )
    op.add_column("submissions", sa.Column("pruned_at", MOMENT))


def downgrade() -> None:
    """As it was; what was pruned stays pruned."""
    op.drop_column("submissions", "pruned_at")
    op.drop_table("encryption_keys")
