"""The tables of the chain over the journal."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from usrec.adapters.persistence.columns import given, metadata
from usrec.adapters.persistence.types import SEQUENCE, UtcDateTime

journal_batches = Table(
    "journal_batches",
    metadata,
    Column("number", SEQUENCE, primary_key=True, autoincrement=False),
    given("at", UtcDateTime),
    given("entries", Integer),
    given("total", BigInteger),
    given("ranges", Text),
    given("through", BigInteger),
    given("gaps", Text),
    given("voids", Text),
    Column("horizon", BigInteger),
    given("content", Text),
    given("previous", Text),
    given("hash", Text),
    given("digests", LargeBinary),
)
Index("ix_journal_batches_through", journal_batches.c.through, journal_batches.c.number)

journal_heads = Table(
    "journal_heads",
    metadata,
    Column("number", SEQUENCE, ForeignKey("journal_batches.number"), primary_key=True, autoincrement=False),
    given("hash", Text),
    given("signed_at", UtcDateTime),
    given("certificate", Text),
    given("statement", Text),
    given("signature", LargeBinary),
    Column("timestamp", LargeBinary),
)
