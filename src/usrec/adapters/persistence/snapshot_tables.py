"""Tables of what is remembered of looks at a staff, and of the events that wait to be taken."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text

from usrec.adapters.persistence.columns import counted, given, metadata
from usrec.adapters.persistence.types import KEY, UtcDateTime

snapshot_looks = Table(
    "snapshot_looks",
    metadata,
    Column("source", KEY, primary_key=True),
    given("taken_at", UtcDateTime),
)

snapshot_stories = Table(
    "snapshot_stories",
    metadata,
    Column("source", KEY, primary_key=True),
    Column("kind", KEY, primary_key=True),
    Column("folded_key", KEY, primary_key=True),
    given("contract_key", KEY),
    given("employer_bin", KEY),
    given("closed", Boolean),
    given("story", Text),
)

snapshot_events = Table(
    "snapshot_events",
    metadata,
    counted("id"),
    given("source", KEY),
    given("event_id", KEY),
    given("revision", BigInteger),
    given("event_type", Text),
    given("contract_key", KEY),
    given("employer_bin", KEY),
    given("payload", Text),
    given("withdrawn", Boolean),
    Column("entered_at", UtcDateTime),
    given("derived_at", UtcDateTime),
    sqlite_autoincrement=True,
)

snapshot_puzzles = Table(
    "snapshot_puzzles",
    metadata,
    Column("source", KEY, primary_key=True),
    Column("kind", KEY, primary_key=True),
    Column("contract_key", KEY, primary_key=True),
)

Index("ix_snapshot_stories_contract", snapshot_stories.c.employer_bin, snapshot_stories.c.contract_key)
Index("ix_snapshot_events_source", snapshot_events.c.source, snapshot_events.c.id)
