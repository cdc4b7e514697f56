"""Contracts that stood in the registry before the agent came, as an export of the registry tells them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "imported_contracts",
        sa.Column("employer_bin", KEY, nullable=False),
        sa.Column("contract_key", KEY, nullable=False),
        sa.Column("contract_id", KEY, nullable=False),
        sa.Column("entered_on", sa.Date()),
        sa.Column("agreements", sa.Text(), nullable=False),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("employer_bin", "contract_key", name="pk_imported_contracts"),
        sa.UniqueConstraint("employer_bin", "contract_id", name="uq_imported_contracts_employer_bin_contract_id"),
    )


def downgrade() -> None:
    """Drop the table: the contracts keep their ids, and the days of first entry are imported again."""
    op.drop_table("imported_contracts")
