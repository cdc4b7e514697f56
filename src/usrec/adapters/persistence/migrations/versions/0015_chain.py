"""The chain over the journal: batches of linked lines, and the signed heads. Both only grow, as the journal does.

Lines of before are linked by and by; nothing is changed here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GUARDED = ("journal_batches", "journal_heads")


def guards(table: str) -> tuple[str, ...]:
    """What SQLite refuses."""
    refusal = "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
    known = f"EXISTS (SELECT 1 FROM {table} WHERE number = NEW.number)"  # noqa: S608 -- a literal above
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}\n{refusal}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}\n{refusal}",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}\nWHEN {known}\n{refusal}",
    )


def guard(table: str) -> str:
    """What PostgreSQL refuses; the function is that of the journal's own guard."""
    return f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION usrec_refuse_change()"""


def upgrade() -> None:
    """Create the tables and their guards."""
    _batches()
    _heads()
    for table in GUARDED:
        on_postgresql = op.get_context().dialect.name == "postgresql"
        for statement in (guard(table),) if on_postgresql else guards(table):
            op.execute(statement)


def _batches() -> None:
    op.create_table(
        "journal_batches",
        sa.Column("number", COUNT, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("ranges", sa.Text(), nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("gaps", sa.Text(), nullable=False),
        sa.Column("voids", sa.Text(), nullable=False),
        sa.Column("horizon", sa.BigInteger()),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_journal_batches"),
    )
    op.create_index("ix_journal_batches_through", "journal_batches", ["through", "number"])


def _heads() -> None:
    op.create_table(
        "journal_heads",
        sa.Column("number", COUNT, autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("signed_at", MOMENT, nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("timestamp", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("number", name="pk_journal_heads"),
        sa.ForeignKeyConstraint(["number"], ["journal_batches.number"], name="fk_journal_heads_number"),
    )


def downgrade() -> None:
    """As it was; the lines of the journal stay, their chain is gone."""
    for table in reversed(GUARDED):
        op.drop_table(table)
