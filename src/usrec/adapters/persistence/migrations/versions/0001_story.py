"""The tables of the legal story: what HR said, what became of it, and the journal.

A migration never changes once it was released and imports nothing of the program, so that a ledger of any age is
upgraded by the same statements. What the program thinks of the tables stands in ``tables`` and ``delivery_tables``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES_NEWEST_FIRST = ("journal", "contracts", "messages", "submissions", "inbox", "ledger_meta")


def upgrade() -> None:
    """Create the tables and their indexes."""
    _intake()
    _submissions()
    _contracts_and_journal()


def downgrade() -> None:
    """Drop the tables."""
    for table in TABLES_NEWEST_FIRST:
        op.drop_table(table)


def _column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _counted(name: str) -> sa.Column[Any]:
    return sa.Column(name, SEQUENCE, sa.Identity(always=True), nullable=False)


def _index(name: str, table: str, columns: list[str], *, where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _intake() -> None:
    op.create_table(
        "ledger_meta",
        sa.Column("one_row", sa.Integer(), autoincrement=False, nullable=False),
        _column("fingerprint_key", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("one_row", name="pk_ledger_meta"),
        sa.CheckConstraint("one_row = 1", name="ck_ledger_meta_one_row"),
    )
    op.create_table(
        "inbox",
        _column("source", KEY),
        _column("event_id", KEY),
        _column("revision", sa.BigInteger()),
        _column("fingerprint", sa.Text()),
        _column("row_ref", sa.Text()),
        _column("event_type", sa.Text()),
        _column("contract_key", KEY),
        _column("employer_bin", KEY),
        _column("payload", sa.Text()),
        _column("withdrawn", sa.Boolean()),
        sa.Column("entered_at", MOMENT),
        _column("received_at", MOMENT),
        sa.PrimaryKeyConstraint("source", "event_id", "revision", name="pk_inbox"),
    )


def _submissions() -> None:
    op.create_table(
        "submissions",
        _column("id", KEY),
        _column("source", KEY),
        _column("row_ref", sa.Text()),
        _column("event_id", KEY),
        _column("revision", sa.BigInteger()),
        sa.Column("operation", sa.Text()),
        sa.Column("employer", sa.Text()),
        _column("employer_bin", KEY),
        _column("contract_key", KEY),
        _column("position", sa.BigInteger()),
        _column("state", sa.Text()),
        _column("details", sa.Text()),
        _column("withdrawn", sa.Boolean()),
        _column("received_at", MOMENT),
        sa.Column("entered_at", MOMENT),
        sa.Column("trigger", sa.Date()),
        sa.Column("legal_date", sa.Date()),
        sa.Column("safe_date", sa.Date()),
        sa.Column("due_utc", MOMENT),
        sa.Column("safe_utc", MOMENT),
        _column("edition", sa.Text()),
        _column("point", sa.Text()),
        _column("term", sa.Text()),
        _column("calendar_version", sa.Text()),
        sa.Column("not_before", MOMENT),
        sa.Column("record_id", KEY),
        sa.Column("contract_id", sa.Text()),
        _column("code", sa.Text()),
        _column("reason", sa.Text()),
        _column("findings", sa.Text()),
        sa.Column("decided_at", MOMENT),
        sa.Column("replaces", KEY),
        sa.Column("replaced_by", KEY),
        sa.Column("watch_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
        sa.ForeignKeyConstraint(
            ["replaces"], ["submissions.id"], name="fk_submissions_replaces", deferrable=True, initially="DEFERRED"
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"],
            ["submissions.id"],
            name="fk_submissions_replaced_by",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'invalid', 'signed', 'submitted', 'indeterminate', 'accepted', 'rejected', "
            "'cancelled')",
            name="ck_submissions_state",
        ),
    )
    _index("ix_submissions_event", "submissions", ["source", "event_id", "revision"])
    _index("ix_submissions_contract", "submissions", ["employer_bin", "contract_key", "position"])
    _index("ix_submissions_state_code", "submissions", ["state", "code"])
    _index("ix_submissions_due", "submissions", ["due_utc"])
    _index("ix_submissions_watch", "submissions", ["watch_at", "id"], where="watch_at IS NOT NULL")
    op.create_table(
        "messages",
        _column("submission_id", KEY),
        _column("document", sa.LargeBinary()),
        _column("digest", sa.Text()),
        sa.Column("record_id", KEY),
        _column("message_id", KEY),
        _column("signed_at", MOMENT),
        _column("certificate", sa.Text()),
        _column("valid_until", MOMENT),
        sa.PrimaryKeyConstraint("submission_id", name="pk_messages"),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_messages_submission_id"),
        sa.UniqueConstraint("record_id", name="uq_messages_record_id"),
        sa.UniqueConstraint("message_id", name="uq_messages_message_id"),
    )


def _contracts_and_journal() -> None:
    op.create_table(
        "contracts",
        _column("employer_bin", KEY),
        _column("contract_key", KEY),
        sa.Column("registry_id", sa.Text()),
        sa.PrimaryKeyConstraint("employer_bin", "contract_key", name="pk_contracts"),
    )
    op.create_table(
        "journal",
        _counted("seq"),
        _column("at", MOMENT),
        sa.Column("submission_id", KEY),
        _column("action", sa.Text()),
        sa.Column("from_state", sa.Text()),
        sa.Column("to_state", sa.Text()),
        _column("actor", sa.Text()),
        _column("reason", sa.Text()),
        _column("detail", sa.Text()),
        sa.PrimaryKeyConstraint("seq", name="pk_journal"),
        sqlite_autoincrement=True,
    )
    _index("ix_journal_submission", "journal", ["submission_id", "seq"])
