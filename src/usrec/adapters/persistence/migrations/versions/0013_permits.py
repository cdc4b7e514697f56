"""Foreigners' permits, so that their end is told in time; those of registered contracts are read from their events.

The permit of a contract is that of its newest registered conclusion or correction. One that is deleted or has passed
to another employer has none here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

RUNS = sa.text("NOT ended")
END_DATE = {
    "postgresql": "CAST(CAST(s.details AS json) ->> 'permit_end_date' AS date)",
    "sqlite": "json_extract(s.details, '$.permit_end_date')",
}
KNOWN = """INSERT INTO permits (employer_bin, contract_key, submission_id, end_date, ended)
SELECT s.employer_bin, s.contract_key, s.id, {end_date}, EXISTS (
    SELECT 1 FROM submissions t WHERE t.employer_bin = s.employer_bin AND t.contract_key = s.contract_key
    AND t.state = 'accepted' AND t.operation = 'termination' AND NOT EXISTS (
        SELECT 1 FROM submissions r WHERE r.employer_bin = s.employer_bin AND r.contract_key = s.contract_key
        AND r.state = 'accepted' AND r.operation = 'reinstatement' AND r.decided_at > t.decided_at))
FROM submissions s
WHERE s.state = 'accepted' AND s.operation IN ('conclusion', 'legacy_contract', 'contract_edit')
AND {end_date} IS NOT NULL
AND NOT EXISTS (
    SELECT 1 FROM submissions n WHERE n.employer_bin = s.employer_bin AND n.contract_key = s.contract_key
    AND n.state = 'accepted'
    AND n.operation IN ('conclusion', 'legacy_contract', 'contract_edit', 'contract_delete', 'transfer')
    AND (n.decided_at > s.decided_at OR (n.decided_at = s.decided_at AND n.id > s.id)))"""
FORGOTTEN = (
    "DELETE FROM alert_deliveries WHERE alert_id IN (SELECT id FROM alerts WHERE watched IN ('iin', 'permit'))",
    "DELETE FROM alerts WHERE watched IN ('iin', 'permit')",
)
STOPPED = (
    "UPDATE outbox SET wait_reason = 'held_by_person' WHERE wait_reason = 'awaiting_iin' AND status = 'held'",
    "UPDATE outbox SET wait_reason = 'predecessor_open' WHERE wait_reason = 'awaiting_iin'",
)


def upgrade() -> None:
    """Create the table and fill it."""
    op.create_table(
        "permits",
        sa.Column("employer_bin", KEY, nullable=False),
        sa.Column("contract_key", KEY, nullable=False),
        sa.Column("submission_id", KEY, nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("told_days", sa.Integer()),
        sa.PrimaryKeyConstraint("employer_bin", "contract_key", name="pk_permits"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_permits_submission_id"),
    )
    op.create_index("ix_permits_end_date", "permits", ["end_date"], sqlite_where=RUNS, postgresql_where=RUNS)
    op.create_index("ix_permits_submission", "permits", ["submission_id"])
    op.execute(KNOWN.format(end_date=END_DATE[op.get_context().dialect.name]))


def downgrade() -> None:
    """As it was; what waits for an IIN is stopped until a person acts, since an older program cannot wait for it."""
    for statement in (*STOPPED, *FORGOTTEN):
        op.execute(statement)
    op.drop_table("permits")
