"""HR's staff by the queries of a mapping file: nothing in HR's system is changed, not even a mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import Connection

from usrec.domain.errors import SnapshotRefused
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.mapping.staff_mapping import RowMapping, StaffMapping
from usrec.domain.snapshot.staff import Look

MOST_ROWS: Final = 500_000
Rows: TypeAlias = Sequence[Mapping[str, Any]]
"""Cells by column, as the driver gave them."""
_MARIADB_TIMESTAMP: Final = 7
"""Its number in the protocol of MariaDB and MySQL; DATETIME, which is no instant, has another."""
_KEPT: Final = "The last snapshot stands; nothing was derived and no event is lost"


class StaffDatabase(Protocol):
    """Where the queries are run: HR's database, or tables that were fetched."""

    def transaction(self) -> AbstractContextManager[Connection]:
        """One state of the data.

        Raises:
            SourceUnavailable: It cannot be had.
        """

    def close(self) -> None:
        """Close idle connections."""


class SqlStaffRoster:
    """The ``StaffRoster`` port over any database that SQLAlchemy reads.

    Args:
        where: Source and mapping file, for messages.
    """

    def __init__(self, database: StaffDatabase, mapping: StaffMapping, where: str) -> None:
        self._database = database
        self._mapping = mapping
        self._where = where

    @property
    def where(self) -> str:
        """Source and mapping file, for messages."""
        return self._where

    def look(self, at: datetime) -> Look:
        """Every contract and leave, as of the day of ``at`` in Kazakhstan; both queries see one state of the data.

        Raises:
            SourceUnavailable: The HR database cannot be read.
            SnapshotRefused: A column is missing, or the rows contradict each other.
        """
        mapping = self._mapping
        contracts, leaves = self.rows()
        today = kazakhstan_date(at)
        rows = mapping.contract_rows(contracts, today, self._where)
        seconded = mapping.seconded(contracts, today, self._where)
        return Look(rows, None if leaves is None else mapping.leave_rows(leaves), at, seconded)

    def rows(self) -> tuple[Rows, Rows | None]:
        """The rows of both queries as they are; None where leaves are not asked for.

        Raises:
            SourceUnavailable: The HR database cannot be read.
            SnapshotRefused: A column is missing.
        """
        with self._database.transaction() as connection:
            return self.read(connection)

    def read(self, connection: Connection) -> tuple[Rows, Rows | None]:
        """As ``rows``, over a connection that somebody holds."""
        mapping = self._mapping
        contracts = self._read(connection, mapping.contracts)
        return contracts, None if mapping.leaves is None else self._read(connection, mapping.leaves)

    def _read(self, connection: Connection, rules: RowMapping) -> Rows:
        """The rows of a query, each with the columns that the mapping names, spelt as it spells them.

        Raises:
            SnapshotRefused: A column is missing, stands twice, or there are absurdly many rows.
        """
        result = connection.execution_options(no_parameters=True).exec_driver_sql(rules.query)
        types = [one[1] for one in result.cursor.description or ()]
        names = list(result.keys())
        places = {column: self._place(column, names) for column in rules.columns}
        rows = result.fetchmany(MOST_ROWS + 1)
        if len(rows) > MOST_ROWS:
            raise self._refused(f"the query returned more than {MOST_ROWS} rows", "Let it return one row a contract")
        instants = {place for place in places.values() if _is_instant(connection.dialect.name, types[place])}
        if not instants:
            return [{column: row[place] for column, place in places.items()} for row in rows]
        zoned = self._mapping.dates.instant
        return [
            {column: zoned(row[place]) if place in instants else row[place] for column, place in places.items()}
            for row in rows
        ]

    def close(self) -> None:
        """Close idle connections to the HR database."""
        self._database.close()

    def _place(self, column: str, names: Sequence[str]) -> int:
        """Databases differ on the case of names, so a column is found by its letters alone where that is clear."""
        exact = [place for place, name in enumerate(names) if name == column]
        found = exact or [place for place, name in enumerate(names) if name.casefold() == column.casefold()]
        if len(found) == 1:
            return found[0]
        what = "gives no column" if not found else "gives more than one column"
        raise self._refused(f"the query {what} {column}; it gives {', '.join(names)}", "Mend the query, or the mapping")

    def _refused(self, what: str, next_step: str) -> SnapshotRefused:
        return SnapshotRefused(what, where=self._where, kept=_KEPT, next_step=next_step)


def _is_instant(dialect: str, type_code: object) -> bool:
    """Whether a column holds instants that the driver gives without their zone, as the session's clock showed them."""
    if dialect == "oracle":
        return getattr(type_code, "name", "") == "DB_TYPE_TIMESTAMP_LTZ"
    return dialect in {"mysql", "mariadb"} and type_code == _MARIADB_TIMESTAMP
