"""Writes of many rows: the statement is compiled once, and each row costs no more than its own values.

SQLAlchemy works out anew for each row of an executemany what never changes between two of them: which parameters a
statement has, and how each is stored. Here that is done once for a statement and the names of its values. Text, order
and stored values are those that SQLAlchemy itself makes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Dialect

from usrec.domain.errors import InvariantViolation

Values: TypeAlias = Mapping[str, Any]
"""What is written of one row, by name."""
Stored: TypeAlias = Callable[[Any], Any]
"""A value as the driver takes it."""

_COUNTED: Final = {"preserve_rowcount": True}
_MOST: Final = 512
"""Statements that are kept; there are some dozens, each with one or two sets of names."""


def write_rows(connection: Connection, statement: Any, rows: Sequence[Values]) -> int:
    """Insert, update or delete; returns how many rows the database wrote.

    Args:
        rows: At least one; all with the same names.

    Raises:
        InvariantViolation: The statement has parameters that the rows do not name, or lists of them; or a value is
            not of its column's kind.
    """
    prepared = _prepared(statement, tuple(rows[0]), connection.dialect)
    try:
        parameters = prepared.parameters(rows)
    except ValueError as wrong:
        raise InvariantViolation(str(wrong), kept="Nothing of this transaction was written") from None
    done = connection.exec_driver_sql(prepared.text, parameters, _COUNTED)
    return done.rowcount


class _Prepared:
    """A statement for rows with certain names."""

    def __init__(self, statement: Any, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=sorted(names), for_executemany=True)
        self.text = str(compiled)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        left = [name for name, bind in binds.items() if bind.required and name not in names]
        if left or compiled.post_compile_params:
            raise InvariantViolation(f"a statement for many rows lacks values: {', '.join(sorted(left))}")
        ordered = ((name, binds[name]) for name in compiled.positiontup or binds)
        self._takes = [
            (name, name in names, _stored(bind.type, dialect), bind.effective_value) for name, bind in ordered
        ]
        self._names = [name for name, *_ in self._takes]
        self._by_place = compiled.positiontup is not None

    def parameters(self, rows: Sequence[Values]) -> list[Any]:
        """What the driver is given for each row."""
        columns = [self._column(take, rows) for take in self._takes]
        places = zip(*columns, strict=True)
        return list(places) if self._by_place else [dict(zip(self._names, one, strict=True)) for one in places]

    def _column(self, take: tuple[str, bool, Stored | None, Any], rows: Sequence[Values]) -> list[Any]:
        name, given, stored, fixed = take
        if not given:
            return [fixed if stored is None else stored(fixed)] * len(rows)
        if stored is None:
            return [row[name] for row in rows]
        return [stored(row[name]) for row in rows]


@lru_cache(maxsize=_MOST)
def _prepared(statement: Any, names: tuple[str, ...], dialect: Dialect) -> _Prepared:
    return _Prepared(statement, names, dialect)


def _stored(kind: Any, dialect: Dialect) -> Stored | None:
    found: Stored | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found
