"""Which contracts of an employer ever had a number, so that a number given twice is found by its index.

Numbers of the conclusions and corrections that the ledger holds already are taken over.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

NUMBER: Final = {
    "sqlite": "json_extract(details, '$.contract_number')",
    "postgresql": "CAST(details AS json) ->> 'contract_number'",
}

TAKEN_OVER: Final = """INSERT INTO contract_numbers (employer_bin, number, contract_key)
SELECT DISTINCT employer_bin, {number}, contract_key FROM submissions
WHERE operation IN ('conclusion', 'legacy_contract', 'contract_edit')
AND state NOT IN ('invalid', 'cancelled') AND {number} IS NOT NULL"""


def upgrade() -> None:
    """Create the table and fill it from the submissions that may be registered."""
    op.create_table(
        "contract_numbers",
        sa.Column("employer_bin", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("contract_key", KEY, nullable=False),
        sa.PrimaryKeyConstraint("employer_bin", "number", "contract_key", name="pk_contract_numbers"),
    )
    number = NUMBER[op.get_context().dialect.name]
    op.execute(TAKEN_OVER.format(number=number))


def downgrade() -> None:
    """Forget the numbers."""
    op.drop_table("contract_numbers")
