"""Table of what the last audit of each employer found."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from usrec.adapters.persistence.columns import given, metadata
from usrec.adapters.persistence.types import KEY, UtcDateTime

audit_runs = Table(
    "audit_runs",
    metadata,
    Column("employer_bin", KEY, primary_key=True),
    given("employer", Text),
    given("taken_at", UtcDateTime),
    given("counts", Text),
    given("troubles", Integer),
    given("unmatched", Integer),
    given("report", Text),
)
