"""Writes of a transaction that wait, so that many rows of one kind go in one statement.

The application says what it writes one record at a time. What is only written, and asked for by nobody before the
transaction ends, is collected here by table and sent with the commit: one executemany where many records wrote the
same. Nothing else changes:

- Within a table the writes keep their order; a table comes after those that its rows refer to.
- A question that names a table of which something waits is asked when all that waits has been sent.
- A statement that is run at once comes after everything that was written before it.
- What a row count proves is still proven. The error comes with the commit, or with the question that sent the write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Executable

from usrec.adapters.persistence.bulk import write_rows
from usrec.adapters.persistence.columns import metadata

Row: TypeAlias = dict[str, Any]
Send: TypeAlias = Callable[[list[Any]], None]
"""Writes what was collected of one kind, in order."""

_WORD: Final = re.compile(r"\w+")


class WriteBehind:
    """A connection whose writes may wait until the transaction ends. It belongs to one unit of work.

    Attributes:
        has_written: Something was sent that is no question, whether or not it changed a row.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[str, list[tuple[Executable | Send, list[Any]]]] = {}
        self.has_written = False
        self.dialect = connection.dialect

    def get_execution_options(self) -> Mapping[str, Any]:
        """Those of the connection."""
        return self._connection.get_execution_options()

    def later(self, statement: Any, *rows: Row) -> None:
        """Insert, update or delete when the transaction ends; every row of a statement has the same keys."""
        self._collect(statement.table.name, statement, rows)

    def later_by(self, table: str, send: Send, *items: Any) -> None:
        """Let ``send`` write these to ``table`` when the transaction ends, with others of their kind."""
        self._collect(table, send, items)

    def _collect(self, table: str, how: Executable | Send, items: Sequence[Any]) -> None:
        waiting = self._waiting.setdefault(table, [])
        if waiting and waiting[-1][0] == how:
            waiting[-1][1].extend(items)
        elif items:
            waiting.append((how, list(items)))

    def execute(self, statement: Executable, values: Any = None) -> Any:
        """Run a statement now; returns SQLAlchemy's result."""
        self._send_before(statement)
        return self._connection.execute(statement, values)

    def changed(self, statement: Executable, values: Any = None) -> int:
        """Run a statement now; returns how many rows it wrote."""
        self._send_before(statement)
        self.has_written = True
        if isinstance(values, list):
            return write_rows(self._connection, statement, values)
        count: int = self._connection.execute(statement, values).rowcount
        return count

    def scalar(self, statement: Executable, values: Any = None) -> Any:
        """The first value of the first row, None when there is none."""
        self._send_before(statement)
        return self._connection.scalar(statement, values)

    def scalars(self, statement: Executable, values: Any = None) -> Any:
        """The first value of each row."""
        self._send_before(statement)
        return self._connection.scalars(statement, values)

    def _send_before(self, statement: Executable) -> None:
        self.has_written = self.has_written or not statement.is_select
        if self._waiting and (not statement.is_select or not _named(statement).isdisjoint(self._waiting)):
            self.send()

    def send(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, {}
        self.has_written = self.has_written or bool(waiting)
        for table in sorted(waiting, key=_place):
            for how, items in waiting[table]:
                if isinstance(how, Executable):
                    write_rows(self._connection, how, items)
                else:
                    how(items)

    def forget(self) -> None:
        """The transaction was rolled back: nothing waits any more."""
        self._waiting = {}


AnyConnection: TypeAlias = Connection | WriteBehind
"""For what only reads."""


@lru_cache(maxsize=1)
def _places() -> Mapping[str, int]:
    return {table.name: place for place, table in enumerate(metadata.sorted_tables)}


def _place(table: str) -> int:
    """Tables behind those that their rows refer to."""
    return _places()[table]


@lru_cache(maxsize=4096)
def _named(statement: Executable) -> frozenset[str]:
    """The tables whose names stand anywhere in a statement's text."""
    return frozenset(_WORD.findall(str(statement))) & _places().keys()
