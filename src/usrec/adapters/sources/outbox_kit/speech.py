"""How each database says what the triggers need: casts, texts, JSON without absent values, names in quotes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect

Pairs = Sequence[tuple[str, str]]
"""Names of fields, and the SQL of their values."""


@dataclass(frozen=True, slots=True)
class Speech:
    """One database's way to say things.

    Attributes:
        dialect: SQLAlchemy's, which knows what names need quotes.
        text: SQL of a value as text, with ``{}`` for the value.
        day: SQL of a calendar date as ``YYYY-MM-DD``.
        joined: Puts texts together.
        json: A JSON object of text values; a NULL is left out.
        json_value: A value of a JSON object, with ``{}`` for the object and for the name.
        differs: Whether two JSON texts differ, with ``{}`` for each.
        exact: A column of the outbox other than its keys as it is compared, with ``{}`` for it.
        quote: What stands before a text in quotes.
        false: A value of the column ``withdrawn``.
    """

    dialect: Dialect
    text: str
    day: str
    joined: Callable[[Sequence[str]], str]
    json: Callable[[Pairs], str]
    json_value: str
    differs: str = "{} <> {}"
    exact: str = "{}"
    quote: str = ""
    false: str = "0"
    true: str = "1"

    def literal(self, text: str) -> str:
        """``text`` as SQL."""
        escaped = text.replace("'", "''")
        return f"{self.quote}'{escaped.replace(chr(92), chr(92) * 2) if self.dialect.name == 'mysql' else escaped}'"

    def name(self, name: str) -> str:
        """A table (``schema.table``), a column or an account as SQL."""
        preparer = self.dialect.identifier_preparer
        return ".".join(preparer.quote(part) for part in name.split("."))

    def column(self, name: str) -> str:
        """A column as SQL; a full stop belongs to its name."""
        return self.dialect.identifier_preparer.quote(name)

    def trimmed(self, value: str) -> str:
        """A value as text, without the blanks around it."""
        return f"LTRIM(RTRIM({self.text.format(value)}))"


def _bars(parts: Sequence[str]) -> str:
    return " || ".join(parts)


def _listed(pairs: Pairs) -> str:
    return ", ".join(f"'{name}', {value}" for name, value in pairs)


def _mssql_json(pairs: Pairs) -> str:
    values = ", ".join(f"{value} AS [{name}]" for name, value in pairs)
    return f"(SELECT {values} FOR JSON PATH, WITHOUT_ARRAY_WRAPPER)"


def _oracle_json(pairs: Pairs) -> str:
    values = ", ".join(f"KEY '{name}' VALUE {value}" for name, value in pairs)
    return f"TO_NCLOB(JSON_OBJECT({values} ABSENT ON NULL RETURNING CLOB))"


_MARIADB_TEXT: Final = "CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin"

_EXACTLY: Final = "COLLATE Latin1_General_100_BIN2"
"""As the keys of SQL Server's outbox. It compares no columns of different collations, and in usual ones not exactly."""

SPEECHES: Final[Mapping[str, Speech]] = {
    "sqlite": Speech(
        sqlite.dialect(),
        "CAST({} AS TEXT)",
        "substr(CAST({} AS TEXT), 1, 10)",
        _bars,
        lambda pairs: f"json_patch('{{}}', json_object({_listed(pairs)}))",
        "json_extract({}, '$.{}')",
    ),
    "postgresql": Speech(
        postgresql.dialect(),  # type: ignore[no-untyped-call] # SQLAlchemy's class
        "CAST({} AS text)",
        "left(CAST({} AS text), 10)",
        _bars,
        lambda pairs: f"CAST(jsonb_strip_nulls(jsonb_build_object({_listed(pairs)})) AS text)",
        "(CAST({} AS jsonb) ->> '{}')",
        false="false",
        true="true",
    ),
    "mariadb": Speech(
        mysql.dialect(),
        _MARIADB_TEXT,
        f"LEFT({_MARIADB_TEXT}, 10)",
        lambda parts: f"CONCAT({', '.join(parts)})",
        lambda pairs: f"JSON_MERGE_PATCH('{{}}', JSON_OBJECT({_listed(pairs)}))",
        "JSON_VALUE({}, '$.{}')",
    ),
    "mssql": Speech(
        mssql.dialect(),  # type: ignore[no-untyped-call] # SQLAlchemy's class
        f"CAST({{}} AS nvarchar(4000)) {_EXACTLY}",
        "CONVERT(nvarchar(10), {}, 23)",
        " + ".join,
        _mssql_json,
        f"JSON_VALUE({{}}, '$.{{}}') {_EXACTLY}",
        f"{{}} {_EXACTLY} <> {{}} {_EXACTLY}",
        exact=f"{{}} {_EXACTLY}",
        quote="N",
    ),
    "oracle": Speech(
        oracle.dialect(),  # type: ignore[no-untyped-call] # SQLAlchemy's class
        "TO_NCHAR({})",
        "TO_NCHAR({}, 'YYYY-MM-DD')",
        _bars,
        _oracle_json,
        "JSON_VALUE(TO_CLOB({}), '$.{}')",
        "DBMS_LOB.COMPARE({}, {}) <> 0",
        quote="N",
    ),
}
"""By dialect. Those of SQL Server and Oracle were never run against a live server."""
