"""What the database itself refuses, whoever asks: a forbidden move of a state, a change of the journal.

It also makes the ledger's own key for the fingerprints of HR rows. The key is drawn inside the database, so that the
offline SQL text of this migration can be kept and shown without giving it away.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ALLOWED_MOVES = (
    "pending>signed",
    "pending>cancelled",
    "pending>invalid",
    "pending>accepted",
    "invalid>cancelled",
    "signed>submitted",
    "signed>indeterminate",
    "signed>accepted",
    "signed>rejected",
    "signed>cancelled",
    "submitted>indeterminate",
    "submitted>accepted",
    "submitted>rejected",
    "indeterminate>accepted",
    "indeterminate>rejected",
    "rejected>cancelled",
)
"""As the program's TRANSITIONS stood when this migration was written; a test compares the newest ledger with them."""

FORBIDDEN_MOVE = f"""OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN (
    {", ".join(f"'{move}'" for move in ALLOWED_MOVES)}
)"""

SQLITE = (
    f"""CREATE TRIGGER submissions_move BEFORE UPDATE OF state ON submissions
WHEN {FORBIDDEN_MOVE}
BEGIN SELECT RAISE(ABORT, 'forbidden move of a submission''s state'); END""",
    """CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_no_replace BEFORE INSERT ON journal
WHEN EXISTS (SELECT 1 FROM journal WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    "INSERT INTO ledger_meta (one_row, fingerprint_key) VALUES (1, randomblob(32))",
)

POSTGRESQL = (
    """CREATE FUNCTION usrec_refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'forbidden move of a submission''s state';
END $$""",
    f"""CREATE TRIGGER submissions_move BEFORE UPDATE OF state ON submissions
FOR EACH ROW WHEN ({FORBIDDEN_MOVE}) EXECUTE FUNCTION usrec_refuse_move()""",
    """CREATE FUNCTION usrec_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'check_violation';
END $$""",
    """CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION usrec_refuse_change()""",
    """INSERT INTO ledger_meta (one_row, fingerprint_key)
VALUES (1, sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid()), 'UTF8')))""",
)

SQLITE_UNDONE = (
    "DELETE FROM ledger_meta",
    "DROP TRIGGER journal_no_replace",
    "DROP TRIGGER journal_no_delete",
    "DROP TRIGGER journal_no_update",
    "DROP TRIGGER submissions_move",
)

POSTGRESQL_UNDONE = (
    "DELETE FROM ledger_meta",
    "DROP TRIGGER journal_no_change ON journal",
    "DROP FUNCTION usrec_refuse_change()",
    "DROP TRIGGER submissions_move ON submissions",
    "DROP FUNCTION usrec_refuse_move()",
)


def upgrade() -> None:
    """Set the guards and draw the key."""
    for statement in POSTGRESQL if op.get_context().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Take the guards away."""
    for statement in POSTGRESQL_UNDONE if op.get_context().dialect.name == "postgresql" else SQLITE_UNDONE:
        op.execute(statement)
