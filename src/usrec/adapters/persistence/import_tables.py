"""Table of what was taken over from an export of the registry."""

from __future__ import annotations

from sqlalchemy import Column, Date, Table, Text, UniqueConstraint

from usrec.adapters.persistence.columns import given, metadata
from usrec.adapters.persistence.types import KEY, UtcDateTime

imported_contracts = Table(
    "imported_contracts",
    metadata,
    Column("employer_bin", KEY, primary_key=True),
    Column("contract_key", KEY, primary_key=True),
    given("contract_id", KEY),
    Column("entered_on", Date),
    given("agreements", Text),
    given("imported_at", UtcDateTime),
    UniqueConstraint("employer_bin", "contract_id"),
)
