"""One look at a staff's database for the administrator: what it is, what its text can hold, what the account may do.

Nothing is changed. SQLite, PostgreSQL and MariaDB were run for real; the questions to the other databases follow
their manuals and are marked as untested in docs/how-to/databases.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from usrec.adapters.sources.server_session import unproven_product
from usrec.adapters.sources.staff_roster import SqlStaffRoster, StaffDatabase
from usrec.domain.mapping.staff_mapping import RowMapping, StaffMapping

_ENCODING: Final[Mapping[str, str]] = {
    "postgresql": "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()",
    "sqlite": "PRAGMA encoding",
    "mysql": "SELECT @@character_set_database",
    "oracle": "SELECT value FROM nls_database_parameters WHERE parameter = 'NLS_CHARACTERSET'",
}
_HOLDS_ALL: Final = ("utf", "al16", "al32", "ucs")
_DESCRIBED: Final = (
    "SELECT name FROM sys.dm_exec_describe_first_result_set(:query, NULL, 0)"
    " WHERE (system_type_name LIKE 'varchar%' OR system_type_name LIKE 'char%' OR system_type_name = 'text')"
    " AND collation_name NOT LIKE '%UTF8'"
)
"""SQL Server: columns of a query that cannot hold Kazakh letters."""
_NO_LETTERS: Final = "binary"
"""MariaDB: the character set of numbers and dates."""
_WRITABLE: Final[Mapping[str, str]] = {
    "postgresql": (
        "SELECT count(DISTINCT (table_schema, table_name)) FROM information_schema.table_privileges"
        " WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE')"
        " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
    ),
    "mysql": (
        "SELECT COUNT(*) FROM information_schema.tables t JOIN"
        " (SELECT CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''') AS name) me"
        " WHERE t.table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') AND ("
        "EXISTS (SELECT 1 FROM information_schema.user_privileges p WHERE p.grantee = me.name"
        " AND p.privilege_type IN ('INSERT', 'UPDATE', 'DELETE'))"
        " OR EXISTS (SELECT 1 FROM information_schema.schema_privileges p WHERE p.grantee = me.name"
        " AND p.privilege_type IN ('INSERT', 'UPDATE', 'DELETE') AND t.table_schema LIKE p.table_schema)"
        " OR EXISTS (SELECT 1 FROM information_schema.table_privileges p WHERE p.grantee = me.name"
        " AND p.privilege_type IN ('INSERT', 'UPDATE', 'DELETE')"
        " AND p.table_schema = t.table_schema AND p.table_name = t.table_name))"
    ),
    "mssql": (
        "SELECT COUNT(*) FROM (SELECT QUOTENAME(SCHEMA_NAME(schema_id)) + '.' + QUOTENAME(name) AS named"
        " FROM sys.objects WHERE type IN ('U', 'V')) o WHERE HAS_PERMS_BY_NAME(named, 'OBJECT', 'INSERT') = 1"
        " OR HAS_PERMS_BY_NAME(named, 'OBJECT', 'UPDATE') = 1 OR HAS_PERMS_BY_NAME(named, 'OBJECT', 'DELETE') = 1"
    ),
}
"""Tables that the account may change."""


@dataclass(frozen=True, slots=True)
class StaffGlimpse:
    """What was found.

    Attributes:
        kind: Of the database, such as ``postgresql``.
        encoding: Of its text; empty where it does not tell.
        holds_kazakh: Whether text can hold every Kazakh letter; None where that is not known.
        narrow: Columns of the queries, by name, that cannot; empty where that is not known of each.
        writable: How many tables the account may change; None where that is not known. None are needed.
        contracts: Rows of the contracts' query.
        leaves: Rows of the leaves' query; None where leaves are not asked for.
        unproven: The product's name where the makers of this program never tried it.
    """

    kind: str
    encoding: str
    holds_kazakh: bool | None
    narrow: Sequence[str]
    writable: int | None
    contracts: Sequence[Mapping[str, Any]]
    leaves: Sequence[Mapping[str, Any]] | None
    unproven: str = ""


def look_at_staff(database: StaffDatabase, roster: SqlStaffRoster, mapping: StaffMapping) -> StaffGlimpse:
    """Look at a staff's database and run its queries, all in one transaction: tables may have to be fetched for it.

    Raises:
        SourceUnavailable: It cannot be reached, or a query fails.
        SnapshotRefused: A column is missing.
    """
    with database.transaction() as connection:
        contracts, leaves = roster.read(connection)
        kind = connection.dialect.name
        asked = "mysql" if kind == "mariadb" else kind
        encoding = str(_asked(connection, _ENCODING.get(asked, "")) or "")
        queries = [one for one in (mapping.contracts, mapping.leaves) if one is not None]
        narrow = sorted({name for one in queries for name in _narrow(connection, asked, one)})
        holds = None if not encoding else encoding.lower().startswith(_HOLDS_ALL)
        writable, unproven = _writable(connection, asked), unproven_product(connection)
    return StaffGlimpse(kind, encoding, holds, narrow, writable, contracts, leaves, unproven)


def _asked(connection: Connection, statement: str, **values: str) -> Any:
    """The answer of a database that gives one; a right that the account lacks is no fault of the staff."""
    if not statement:
        return None
    try:
        with connection.begin_nested():
            return connection.execute(text(statement), values).scalar()
    except SQLAlchemyError:
        return None


def _narrow(connection: Connection, kind: str, rules: RowMapping) -> Sequence[str]:
    """Columns of a query from which words are read and that cannot hold Kazakh letters."""
    words = rules.columns_of_words
    try:
        with connection.begin_nested():
            match kind:
                case "mssql":
                    found = {str(name) for (name,) in connection.execute(text(_DESCRIBED), {"query": rules.query})}
                    return [one for one in words if one in found]
                case "mysql" if words:
                    return _of_small_sets(connection, rules.query, words)
                case _:
                    return []
    except SQLAlchemyError:
        return []


def _of_small_sets(connection: Connection, query: str, columns: Sequence[str]) -> Sequence[str]:
    """MariaDB tells the character set of what a query gives, whatever it calls it, with the first row."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    asked = ", ".join(f"CHARSET(q.{quote(one)})" for one in columns)
    statement = f"SELECT {asked} FROM ({query}\n) q LIMIT 1"  # noqa: S608 -- the administrator's own query
    row = connection.execution_options(no_parameters=True).exec_driver_sql(statement).first()
    sets = zip(columns, row or (), strict=False)
    return [name for name, one in sets if one != _NO_LETTERS and not str(one).lower().startswith(_HOLDS_ALL)]


def _writable(connection: Connection, kind: str) -> int | None:
    if kind == "sqlite":
        file = connection.exec_driver_sql("SELECT file FROM pragma_database_list WHERE name = 'main'").scalar()
        return int(os.access(str(file), os.W_OK))
    found = _asked(connection, _WRITABLE.get(kind, ""))
    return None if found is None else int(found)
