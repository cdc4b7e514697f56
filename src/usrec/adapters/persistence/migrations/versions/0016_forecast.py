"""Indexes for the forecast: the exchanges of the last minutes, and what was told of the line as a whole.

Going back forgets the alerts about the forecast and the portal, whose names an older program does not know.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FORETOLD = "watched IN ('forecast', 'portal')"
FORGOTTEN = (
    "DELETE FROM alert_deliveries WHERE alert_id IN (SELECT id FROM alerts WHERE watched IN ('forecast', 'portal'))"
)
NOT_KNOWN = "DELETE FROM alerts WHERE watched IN ('forecast', 'portal')"


def upgrade() -> None:
    """Create the indexes."""
    op.create_index("ix_attempts_closed", "attempts", ["closed_at", "ending"])
    op.create_index(
        "ix_alerts_foretold",
        "alerts",
        ["watched", "last_day"],
        sqlite_where=sa.text(FORETOLD),
        postgresql_where=sa.text(FORETOLD),
    )


def downgrade() -> None:
    """Drop them."""
    op.execute(FORGOTTEN)
    op.execute(NOT_KNOWN)
    op.drop_index("ix_alerts_foretold", "alerts")
    op.drop_index("ix_attempts_closed", "attempts")
