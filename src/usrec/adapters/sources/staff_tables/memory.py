"""Fetched tables as a database for one look: SQLite in memory, where the queries of the mapping file are run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, StaticPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from usrec.adapters.sources.staff_tables.reader import FetchedRow, TableReader, refused
from usrec.domain.mapping.staff_mapping import TableMapping

_LARGEST_NUMBER: Final = 2**63 - 1
_NEXT: Final = "Correct the query, or what [tables] of the mapping file names"


class TablesInMemory:
    """In the place of HR's database, for the roster: every transaction fetches the tables anew and forgets them."""

    def __init__(self, tables: Sequence[TableMapping], reader: TableReader, where: str) -> None:
        self._tables = tables
        self._reader = reader
        self._where = where

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """The tables as they are now; nothing can be written.

        Raises:
            SourceUnavailable: A table cannot be had, or the query does not fit them.
        """
        fetched = [(table, self._reader.rows(table)) for table in self._tables]
        engine = create_engine("sqlite://", poolclass=StaticPool, hide_parameters=True)
        try:
            with engine.connect() as connection:
                for table, rows in fetched:
                    _fill(connection, table, rows)
                connection.exec_driver_sql("PRAGMA query_only = ON")
                yield connection
        except SQLAlchemyError as problem:
            reason = str(getattr(problem, "orig", None) or type(problem).__name__).partition("\n")[0]
            raise refused(f"the query does not fit the tables: {reason}", self._where, _NEXT) from None
        finally:
            engine.dispose()

    def close(self) -> None:
        """Let go of what fetches the tables."""
        self._reader.close()


def _fill(connection: Connection, table: TableMapping, rows: Sequence[FetchedRow]) -> None:
    columns = ", ".join(_quoted(name) for name in table.columns)
    places = ", ".join("?" for _ in table.columns)
    name = _quoted(table.name)
    connection.exec_driver_sql(f"CREATE TABLE {name} ({columns})")
    if rows:
        cells = [tuple(_cell(row.get(column)) for column in table.columns) for row in rows]
        connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({places})", cells)  # noqa: S608 -- quoted names


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _cell(value: Any) -> str | int | float | None:
    """Truth as the texts that a code map names; what holds further values as JSON."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() if abs(value) > _LARGEST_NUMBER:
            return str(value)
        case None | str() | int() | float():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
