"""An agent says in its sign of life that it sends nothing, because its machine's clock cannot be relied on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FORGOTTEN = "DELETE FROM alert_deliveries WHERE alert_id IN (SELECT id FROM alerts WHERE threshold = 'clock_wrong')"
NOT_KNOWN = "DELETE FROM alerts WHERE threshold = 'clock_wrong'"


def upgrade() -> None:
    """Add what it says."""
    op.add_column("agents", sa.Column("halted", sa.Text(), nullable=False, server_default=""))
    op.add_column("agents", sa.Column("clock_ahead", sa.Integer()))


def downgrade() -> None:
    """As it was; alerts of a kind that the earlier program does not know are gone."""
    for statement in (FORGOTTEN, NOT_KNOWN):
        op.execute(statement)
    op.drop_column("agents", "clock_ahead")
    op.drop_column("agents", "halted")
