"""What differs between the two dialects: who builds ``ON CONFLICT``, and how many values are asked for at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from sqlalchemy import ARRAY, Column, ColumnElement, Executable, Table, any_, bindparam
from sqlalchemy.dialects import postgresql, sqlite

InsertInto: TypeAlias = Callable[[Table], postgresql.Insert]
IsOneOf: TypeAlias = Callable[[Column[Any], str], ColumnElement[bool]]
"""Whether a column has one of the values of a parameter."""


def per_dialect(build: Callable[[InsertInto], Executable]) -> Mapping[str, Executable]:
    """A statement for each dialect's name. Both dialects' inserts have the same methods."""
    return {
        "postgresql": build(postgresql.insert),
        "sqlite": build(cast("InsertInto", sqlite.insert)),
    }


def for_many(build: Callable[[IsOneOf], Executable]) -> Mapping[str, Executable]:
    """A statement about many values, for each dialect's name.

    PostgreSQL takes them as one array: the statement's text, which the driver reads and the server plans, is the same
    for few as for many. SQLite has no arrays.
    """
    return {"postgresql": build(_in_array), "sqlite": build(_in_list)}


def _in_array(column: Column[Any], name: str) -> ColumnElement[bool]:
    return column == any_(bindparam(name, type_=ARRAY(column.type)))


def _in_list(column: Column[Any], name: str) -> ColumnElement[bool]:
    return column.in_(bindparam(name, expanding=True))
