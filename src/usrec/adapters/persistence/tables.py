"""The ledger's tables, as the statements of this package see them; the delivery's and the alerts' stand elsewhere.

The migrations create them; a test proves that both say the same, indexes and constraints included. Words in partial
indexes are literals, not parameters: a database uses a partial index only when it can prove from the statement's text
that the rows are among the indexed ones.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    and_,
)

from usrec.adapters.persistence.columns import counted, given, literal_word, metadata, of_submission, one_of, only_where
from usrec.adapters.persistence.types import KEY, UtcDateTime, WordType
from usrec.domain.source_event import Operation
from usrec.domain.state import SETTLED, State

ledger_meta = Table(
    "ledger_meta",
    metadata,
    Column("one_row", Integer, primary_key=True, autoincrement=False),
    given("fingerprint_key", LargeBinary),
    CheckConstraint("one_row = 1", name="one_row"),
)

encryption_keys = Table(
    "encryption_keys",
    metadata,
    Column("id", KEY, primary_key=True),
    given("used_since", UtcDateTime),
)

inbox = Table(
    "inbox",
    metadata,
    Column("source", KEY, primary_key=True),
    Column("event_id", KEY, primary_key=True),
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    given("fingerprint", Text),
    given("row_ref", Text),
    given("event_type", Text),
    given("contract_key", KEY),
    given("employer_bin", KEY),
    given("payload", Text),
    given("withdrawn", Boolean),
    Column("entered_at", UtcDateTime),
    given("received_at", UtcDateTime),
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", KEY, primary_key=True),
    given("source", KEY),
    given("row_ref", Text),
    given("event_id", KEY),
    given("revision", BigInteger),
    Column("operation", WordType(Operation)),
    Column("employer", Text),
    given("employer_bin", KEY),
    given("contract_key", KEY),
    given("position", BigInteger),
    given("state", WordType(State)),
    given("details", Text),
    given("withdrawn", Boolean),
    given("received_at", UtcDateTime),
    Column("entered_at", UtcDateTime),
    Column("trigger", Date),
    Column("legal_date", Date),
    Column("safe_date", Date),
    Column("due_utc", UtcDateTime),
    Column("safe_utc", UtcDateTime),
    given("edition", Text),
    given("point", Text),
    given("term", Text),
    given("calendar_version", Text),
    Column("not_before", UtcDateTime),
    Column("record_id", KEY),
    Column("contract_id", Text),
    given("code", Text),
    given("reason", Text),
    given("findings", Text),
    Column("decided_at", UtcDateTime),
    Column("replaces", KEY, ForeignKey("submissions.id", deferrable=True, initially="DEFERRED")),
    Column("replaced_by", KEY, ForeignKey("submissions.id", deferrable=True, initially="DEFERRED")),
    Column("watch_at", UtcDateTime),
    Column("pruned_at", UtcDateTime),
    one_of("state", State),
)

UNSETTLED: Final = and_(
    submissions.c.state.not_in([literal_word(state) for state in sorted(SETTLED)]),
    submissions.c.replaced_by.is_(None),
)
"""Current submissions that are neither registered nor taken back."""

Index("ix_submissions_event", submissions.c.source, submissions.c.event_id, submissions.c.revision)
Index("ix_submissions_contract", submissions.c.employer_bin, submissions.c.contract_key, submissions.c.position)
Index("ix_submissions_state_code", submissions.c.state, submissions.c.code, submissions.c.replaced_by)
Index(
    "ix_submissions_unsettled",
    submissions.c.state,
    submissions.c.safe_utc,
    submissions.c.due_utc,
    submissions.c.received_at,
    info=only_where(UNSETTLED),
)
Index("ix_submissions_due", submissions.c.due_utc)
WATCHED: Final = submissions.c.watch_at.is_not(None)

Index(
    "ix_submissions_watch",
    submissions.c.watch_at,
    submissions.c.id,
    info=only_where(WATCHED),
)

messages = Table(
    "messages",
    metadata,
    of_submission(primary_key=True),
    given("document", LargeBinary),
    given("digest", Text),
    Column("record_id", KEY, unique=True),
    given("message_id", KEY, unique=True),
    given("signed_at", UtcDateTime),
    given("certificate", Text),
    given("valid_until", UtcDateTime),
)
Index("ix_messages_digest", messages.c.digest)

documents = Table(
    "documents",
    metadata,
    Column("digest", KEY, primary_key=True),
    given("format", Text),
    given("size", BigInteger),
    given("content", LargeBinary),
    given("taken_at", UtcDateTime),
)
Index("ix_documents_taken", documents.c.taken_at, documents.c.digest)

contracts = Table(
    "contracts",
    metadata,
    Column("employer_bin", KEY, primary_key=True),
    Column("contract_key", KEY, primary_key=True),
    Column("registry_id", Text),
)

contract_numbers = Table(
    "contract_numbers",
    metadata,
    Column("employer_bin", KEY, primary_key=True),
    Column("number", KEY, primary_key=True),
    Column("contract_key", KEY, primary_key=True),
)

journal = Table(
    "journal",
    metadata,
    counted("seq"),
    given("at", UtcDateTime),
    Column("submission_id", KEY),
    given("action", Text),
    Column("from_state", WordType(State)),
    Column("to_state", WordType(State)),
    given("actor", Text),
    given("reason", Text),
    given("detail", Text),
    sqlite_autoincrement=True,
)
Index("ix_journal_submission", journal.c.submission_id, journal.c.seq)

write_backs = Table(
    "write_backs",
    metadata,
    counted("id"),
    given("source", KEY),
    given("row_ref", KEY),
    given("revision", BigInteger),
    given("state", Text),
    given("code", Text),
    given("message", Text),
    given("findings", Text),
    Column("contract_id", Text),
    Column("legal_date", Date),
    given("noted_at", UtcDateTime),
    given("due_at", UtcDateTime),
    Column("written_at", UtcDateTime),
    Column("record_id", Text),
    UniqueConstraint("source", "row_ref"),
    sqlite_autoincrement=True,
)

UNWRITTEN: Final = write_backs.c.written_at.is_(None)
"""Notes that HR has not got yet; the others only tell when the last one was noted."""

Index(
    "ix_write_backs_due",
    write_backs.c.source,
    write_backs.c.due_at,
    write_backs.c.id,
    info=only_where(UNWRITTEN),
)
