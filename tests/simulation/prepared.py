"""The ledger's statements, compiled once and run on the bare driver: same SQL, same values, a fraction of the time.

SQLAlchemy works out anew at each execution what never changes between two of them. Over a hundred thousand seeds that
is most of what the simulation costs. Here each statement of the SQLite ledger is compiled by SQLAlchemy once for each
set of parameters it is given, and run with the processors that SQLAlchemy itself would use. That both ways are the same
is held by a test, which plays seeds over both (`test_simulation`).
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

from sqlalchemy import Connection, Engine, RootTransaction, exc

from usrec.adapters.persistence import SqlLedger, SqlUnitOfWork
from usrec.adapters.persistence.failures import address_of, failure_of

Values = Mapping[str, Any]
_MISSING: Final = object()


class _Result:
    """What the callers use of SQLAlchemy's result."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: Sequence[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> Sequence[Any]:
        return self._rows

    def first(self) -> Any:
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> Any:
        if len(self._rows) > 1:
            raise exc.MultipleResultsFound
        return self.first()

    def one(self) -> Any:
        (row,) = self._rows
        return row

    def scalar_one(self) -> Any:
        return self.one()[0]


class _Prepared:
    """A statement for one set of parameters."""

    def __init__(self, statement: Any, values: Values, dialect: Any, *, many: bool) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=sorted(values), for_executemany=many)
        if getattr(compiled, "insert_prefetch", ()) or getattr(compiled, "update_prefetch", ()):
            raise NotImplementedError(f"values that SQLAlchemy makes up: {compiled}")
        state = compiled.construct_expanded_state(dict(values))
        given = compiled.construct_params(dict(values))
        expanded = state.parameter_expansion.items()
        lists = {name: (whole, place) for whole, names in expanded for place, name in enumerate(names)}
        self.sql = state.statement
        processors = {**compiled._bind_processors, **state.processors}
        takes = [
            (*lists.get(name, (name, None)), name in values or name in lists, given.get(name), processors.get(name))
            for name in state.positiontup or ()
        ]
        self.parameters = _taking(takes)
        columns = getattr(compiled, "_result_columns", None) or ()
        makes = [one.type._cached_result_processor(dialect, None) for one in columns]
        self.rows = _making([one.keyname for one in columns], makes) if columns else None


def _taking(takes: Sequence[tuple[str, int | None, bool, Any, Any]]) -> Callable[[Values], list[Any]]:
    """A function that lists a statement's parameters in order, written for this statement alone.

    Args:
        takes: Name, place in a list, whether it is given at each call, the value otherwise, how it is stored.
    """
    known: dict[str, Any] = {}
    parts = []
    for number, (name, place, is_given, default, processor) in enumerate(takes):
        known |= {f"p{number}": processor, f"d{number}": default}
        value = f"v[{name!r}]" + ("" if place is None else f"[{place}]") if is_given else f"d{number}"
        parts.append(value if processor is None else f"p{number}({value})")
    return cast("Callable[[Values], list[Any]]", eval(f"lambda v: [{', '.join(parts)}]", known))  # noqa: S307 -- our own text


def _making(names: Sequence[str], makes: Sequence[Any]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """A function that makes rows of what the driver fetched, written for this statement alone."""
    known: dict[str, Any] = {f"p{number}": one for number, one in enumerate(makes)}
    known["Row"] = namedtuple("Row", names, rename=True)
    parts = [f"r[{number}]" if one is None else f"p{number}(r[{number}])" for number, one in enumerate(makes)]
    text = f"lambda rows: [Row({', '.join(parts)}) for r in rows]"
    return cast("Callable[[Sequence[Any]], Sequence[Any]]", eval(text, known))  # noqa: S307 -- our own text


class PreparedConnection:
    """What the ledger's repositories use of SQLAlchemy's connection."""

    def __init__(self, engine: Engine) -> None:
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
        self.engine = engine
        self.driver: sqlite3.Connection = driver
        self.dialect = engine.dialect
        self._prepared: dict[tuple[Any, ...], _Prepared] = {}

    def execute(self, statement: Any, values: Any = None) -> _Result:
        """Run a statement, once or for each of many rows."""
        if isinstance(values, list):
            return self._many(statement, values)
        values = values or {}
        prepared = self._prepare(statement, values, many=False)
        cursor = self._run(self.driver.execute, prepared.sql, prepared.parameters(values))
        return _Result(prepared.rows(cursor.fetchall()) if prepared.rows else (), cursor.rowcount)

    def exec_driver_sql(self, statement: str, parameters: Sequence[Any], _: Any = None) -> _Result:
        """Run a statement that is compiled already."""
        return _Result((), self._run(self.driver.executemany, statement, parameters).rowcount)

    def scalar(self, statement: Any, values: Any = None) -> Any:
        row = self.execute(statement, values).first()
        return None if row is None else row[0]

    def scalars(self, statement: Any, values: Any = None) -> Sequence[Any]:
        return [row[0] for row in self.execute(statement, values)]

    def _many(self, statement: Any, values: list[Values]) -> _Result:
        if not values:
            return _Result((), 0)
        prepared = self._prepare(statement, values[0], many=True)
        if prepared.rows:
            each = [self.execute(statement, one) for one in values]
            return _Result([row for one in each for row in one], sum(one.rowcount for one in each))
        cursor = self._run(self.driver.executemany, prepared.sql, [prepared.parameters(one) for one in values])
        return _Result((), cursor.rowcount)

    def _prepare(self, statement: Any, values: Values, *, many: bool) -> _Prepared:
        shape = tuple([(name, len(value)) if type(value) in (list, tuple) else name for name, value in values.items()])
        key = (statement, many, shape)
        found = self._prepared.get(key)
        if found is None:
            found = self._prepared[key] = _Prepared(statement, values, self.dialect, many=many)
        return found

    def _run(self, execute: Callable[..., sqlite3.Cursor], sql: str, parameters: Any) -> sqlite3.Cursor:
        try:
            return execute(sql, parameters)
        except sqlite3.Error as problem:
            wrapped = exc.DBAPIError.instance(sql, None, problem, sqlite3.Error, hide_parameters=True)
            raise failure_of(problem, cast("Exception", wrapped), address_of(self.engine.url)) from problem

    def get_execution_options(self) -> Mapping[str, Any]:
        return self.engine.get_execution_options()

    def commit(self) -> None:
        self.driver.execute("COMMIT")

    def close(self) -> None:
        """It is used again."""


class PreparedLedger(SqlLedger):
    """The ledger on SQLite in memory with prepared statements. Its units of work have one connection, one at a time."""

    def __init__(self, connection: PreparedConnection) -> None:
        super().__init__(connection.engine)
        self.connection = connection
        self.work = SqlUnitOfWork(cast("Connection", connection), cast("RootTransaction", connection), self._key)

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """Start a transaction; it rolls back unless it was committed."""
        self.start()
        try:
            yield self.work
        finally:
            self.end()

    def start(self) -> None:
        """Begin."""
        self.connection.driver.execute("BEGIN IMMEDIATE")

    def end(self) -> None:
        """Roll back what was not committed."""
        self.work.writing.forget()
        if self.connection.driver.in_transaction:
            self.connection.driver.execute("ROLLBACK")
