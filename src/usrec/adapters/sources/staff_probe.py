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
from usrec.domain.mapping.staff_mapping import StaffMapping

_ENCODING: Final[Mapping[str, str]] = {
    "postgresql": "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()",
    "sqlite": "PRAGMA encoding",
    "mysql": "SELECT @@character_set_database",
    "mariadb": "SELECT @@character_set_database",
    "oracle": "SELECT value FROM nls_database_parameters WHERE parameter = 'NLS_CHARACTERSET'",
}
_HOLDS_ALL: Final = ("utf", "al16", "al32", "ucs")
_NARROW: Final[Mapping[str, str]] = {
    "mssql": (
        "SELECT name FROM sys.dm_exec_describe_first_result_set(:query, NULL, 0)"
        " WHERE system_type_name LIKE 'varchar%' AND collation_name NOT LIKE '%UTF8'"
    ),
    "mysql": (
        "SELECT DISTINCT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        " AND character_set_name IS NOT NULL AND character_set_name NOT LIKE 'utf%' AND character_set_name <> 'ucs2'"
    ),
}
"""Columns that cannot hold Kazakh letters, where a database knows that of each."""
_WRITABLE: Final[Mapping[str, str]] = {
    "postgresql": (
        "SELECT count(DISTINCT (table_schema, table_name)) FROM information_schema.table_privileges"
        " WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE')"
        " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
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
        narrow: Columns, by name, that cannot.
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
    """Look at a staff's database and run its queries.

    Raises:
        SourceUnavailable: It cannot be reached, or a query fails.
        SnapshotRefused: A column is missing.
    """
    with database.transaction() as connection:
        contracts = roster.read(connection, mapping.contracts)
        leaves = None if mapping.leaves is None else roster.read(connection, mapping.leaves)
    with database.transaction() as connection:
        kind = connection.dialect.name
        encoding = str(_asked(connection, _ENCODING.get(kind, "")) or "")
        narrow = _narrow(connection, kind, mapping.contracts.query)
        holds = None if not encoding else encoding.lower().startswith(_HOLDS_ALL)
        writable, unproven = _writable(connection, kind), unproven_product(connection)
    columns = set(mapping.contracts.columns)
    found = [one for one in narrow if one in columns]
    return StaffGlimpse(kind, encoding, holds, found, writable, contracts, leaves, unproven)


def _asked(connection: Connection, statement: str, **values: str) -> Any:
    """The answer of a database that gives one; a right that the account lacks is no fault of the staff."""
    if not statement:
        return None
    try:
        with connection.begin_nested():
            return connection.execute(text(statement), values).scalar()
    except SQLAlchemyError:
        return None


def _narrow(connection: Connection, kind: str, query: str) -> Sequence[str]:
    statement = _NARROW.get("mysql" if kind == "mariadb" else kind, "")
    if not statement:
        return []
    try:
        values = {"query": query} if ":query" in statement else {}
        return [str(name) for (name,) in connection.execute(text(statement), values)]
    except SQLAlchemyError:
        return []


def _writable(connection: Connection, kind: str) -> int | None:
    if kind == "sqlite":
        file = connection.exec_driver_sql("SELECT file FROM pragma_database_list WHERE name = 'main'").scalar()
        return int(os.access(str(file), os.W_OK))
    found = _asked(connection, _WRITABLE.get(kind, ""))
    return None if found is None else int(found)
