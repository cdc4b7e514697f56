"""The tables of what belongs together: changes that are held as one, and pairs of events."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Table, Text

from usrec.adapters.persistence.columns import given, metadata, of_submission
from usrec.adapters.persistence.types import KEY, UtcDateTime, WordType
from usrec.domain.mass import MassDecision
from usrec.domain.source_event import Operation

mass_batches = Table(
    "mass_batches",
    metadata,
    Column("name", KEY, primary_key=True),
    given("employer_bin", KEY),
    given("employer", Text),
    given("operation", WordType(Operation)),
    given("day", Date),
    given("opened_at", UtcDateTime),
    Column("decision", WordType(MassDecision)),
    Column("decided_at", UtcDateTime),
    given("decided_by", Text),
    given("reason", Text),
    CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decision"),
)

mass_members = Table(
    "mass_members",
    metadata,
    of_submission(primary_key=True),
    given("employer_bin", KEY),
    given("operation", WordType(Operation)),
    given("day", Date),
    given("arrived_at", UtcDateTime),
    Column("batch", KEY, ForeignKey("mass_batches.name")),
)
Index(
    "ix_mass_members_group",
    mass_members.c.employer_bin,
    mass_members.c.operation,
    mass_members.c.day,
    mass_members.c.arrived_at,
)
Index("ix_mass_members_batch", mass_members.c.batch, mass_members.c.submission_id)

pair_halves = Table(
    "pair_halves",
    metadata,
    of_submission(primary_key=True),
    given("pair_key", KEY),
)
Index("ix_pair_halves_pair", pair_halves.c.pair_key)
