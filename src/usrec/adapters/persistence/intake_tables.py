"""The tables of what HR systems send over HTTP: events that wait for the intake, requests, and calls to be made.

A row's payload is emptied when the inbox has it; what stays is HR's own keys and what became of the event.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, PrimaryKeyConstraint, Table, Text

from usrec.adapters.persistence.columns import counted, given, metadata, only_where
from usrec.adapters.persistence.types import KEY, UtcDateTime

intake_rows = Table(
    "intake_rows",
    metadata,
    counted("seq"),
    given("id", KEY, unique=True),
    given("source", KEY),
    given("event_id", Text),
    given("revision", BigInteger),
    given("event_type", Text),
    given("contract_key", Text),
    given("employer_bin", Text),
    given("payload", Text),
    given("withdrawn", Boolean),
    Column("entered_at", UtcDateTime),
    given("received_at", UtcDateTime),
    Column("taken_at", UtcDateTime),
    given("state", Text),
    given("code", Text),
    given("message", Text),
    given("findings", Text),
    Column("contract_id", Text),
    Column("record_id", Text),
    Column("legal_date", Date),
    Column("noted_at", UtcDateTime),
    sqlite_autoincrement=True,
)

WAITING: Final = intake_rows.c.taken_at.is_(None)
"""Rows that the inbox does not have yet."""

Index("ix_intake_rows_waiting", intake_rows.c.source, intake_rows.c.seq, info=only_where(WAITING))
Index("ix_intake_rows_received_at", intake_rows.c.received_at)

intake_requests = Table(
    "intake_requests",
    metadata,
    given("source", KEY),
    given("idempotency_key", KEY),
    given("digest", Text),
    given("answer", Text),
    given("received_at", UtcDateTime),
    PrimaryKeyConstraint("source", "idempotency_key"),
)
Index("ix_intake_requests_received_at", intake_requests.c.received_at)

intake_calls = Table(
    "intake_calls",
    metadata,
    counted("id"),
    given("source", KEY),
    given("body", Text),
    given("queued_at", UtcDateTime),
    given("due_at", UtcDateTime),
    given("tries", Integer),
    sqlite_autoincrement=True,
)
Index("ix_intake_calls_source", intake_calls.c.source, intake_calls.c.id)
