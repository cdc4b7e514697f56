"""The outbox table in SQLAlchemy's words, for reading and marking. ``outbox_ddl`` is what creates it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, Dialect, Integer, MetaData, Table, Text, Unicode, UnicodeText
from sqlalchemy.types import TypeDecorator


class _IsoText(TypeDecorator[datetime | date]):
    """Dates and times as ISO 8601 text, which is what SQLite has."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- SQLAlchemy's signature
        return None if value is None else value.isoformat()


class _PlainUtc(TypeDecorator[datetime]):
    """UTC without a zone: in a column that has none, or by a driver that drops it in a session whose zone is UTC."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name != "oracle":
            return dialect.type_descriptor(DateTime())
        from sqlalchemy.dialects.oracle import TIMESTAMP

        return dialect.type_descriptor(TIMESTAMP())

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)


INSTANT = (
    DateTime(timezone=True).with_variant(_IsoText(), "sqlite").with_variant(_PlainUtc(), "mysql", "mariadb", "oracle")
)
_TEXT = Text().with_variant(UnicodeText(), "mssql").with_variant(Unicode(2000), "oracle")
_LONG_TEXT = Text().with_variant(UnicodeText(), "mssql", "oracle")
"""SQL Server and Oracle keep Kazakh letters in their national types only, in a statement's values too."""
_DAY = Date().with_variant(_IsoText(), "sqlite")


def outbox_table(name: str) -> Table:
    """The table called ``name``, which may be ``schema.table``."""
    schema, _, bare = name.rpartition(".")
    return Table(
        bare,
        MetaData(),
        Column("row_id", BigInteger, primary_key=True),
        Column("event_id", _TEXT),
        Column("revision", Integer),
        Column("event_type", _TEXT),
        Column("contract_key", _TEXT),
        Column("employer_bin", _TEXT),
        Column("payload", _LONG_TEXT),
        Column("withdrawn", _TEXT),
        Column("entered_at", _TEXT),
        Column("taken_at", INSTANT),
        Column("usrec_state", _TEXT),
        Column("usrec_code", _TEXT),
        Column("usrec_message", _LONG_TEXT),
        Column("usrec_findings", _LONG_TEXT),
        Column("usrec_contract_id", _TEXT),
        Column("usrec_record_id", _TEXT),
        Column("usrec_legal_date", _DAY),
        Column("usrec_noted_at", INSTANT),
        schema=schema or None,
    )
