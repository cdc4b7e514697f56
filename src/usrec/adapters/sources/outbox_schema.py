"""The outbox table in SQLAlchemy's words, for reading and marking. ``outbox_ddl`` is what creates it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, Dialect, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator


class _IsoText(TypeDecorator[datetime | date]):
    """Dates and times as ISO 8601 text, which is what SQLite has."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- SQLAlchemy's signature
        return None if value is None else value.isoformat()


_INSTANT = DateTime(timezone=True).with_variant(_IsoText(), "sqlite")
_DAY = Date().with_variant(_IsoText(), "sqlite")


def outbox_table(name: str) -> Table:
    """The table called ``name``, which may be ``schema.table``."""
    schema, _, bare = name.rpartition(".")
    return Table(
        bare,
        MetaData(),
        Column("row_id", BigInteger, primary_key=True),
        Column("event_id", Text),
        Column("revision", Integer),
        Column("event_type", Text),
        Column("contract_key", Text),
        Column("employer_bin", Text),
        Column("payload", Text),
        Column("withdrawn", Text),
        Column("entered_at", Text),
        Column("taken_at", _INSTANT),
        Column("usrec_state", Text),
        Column("usrec_code", Text),
        Column("usrec_message", Text),
        Column("usrec_findings", Text),
        Column("usrec_contract_id", Text),
        Column("usrec_record_id", Text),
        Column("usrec_legal_date", _DAY),
        Column("usrec_noted_at", _INSTANT),
        schema=schema or None,
    )
