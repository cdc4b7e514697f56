"""What differs between the two dialects: who builds ``ON CONFLICT``, and how many values are asked for at once."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ARRAY, Column, ColumnElement, Executable, Table, any_, bindparam

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

InsertInto: TypeAlias = "Callable[[Table], postgresql.Insert]"
"""Both dialects' inserts have the same methods."""
IsOneOf: TypeAlias = Callable[[Column[Any], str], ColumnElement[bool]]
"""Whether a column has one of the values of a parameter."""


class PerDialect:
    """A statement for each dialect's name, built when it is asked for: an agent loads only the dialect that it uses."""

    def __init__(self, build: Callable[[str], Executable]) -> None:
        self._build = build
        self._built: dict[str, Executable] = {}

    def __getitem__(self, dialect: str) -> Executable:
        if dialect not in self._built:
            return self._built.setdefault(dialect, self._build(dialect))
        return self._built[dialect]


def per_dialect(build: Callable[[InsertInto], Executable]) -> PerDialect:
    """A statement whose insert is each dialect's own."""
    return PerDialect(lambda dialect: build(import_module(f"sqlalchemy.dialects.{dialect}").insert))


def for_many(build: Callable[[IsOneOf], Executable]) -> PerDialect:
    """A statement about many values, for each dialect's name.

    PostgreSQL takes them as one array: the statement's text, which the driver reads and the server plans, is the same
    for few as for many. SQLite has no arrays.
    """
    return PerDialect(lambda dialect: build(_in_array if dialect == "postgresql" else _in_list))


def _in_array(column: Column[Any], name: str) -> ColumnElement[bool]:
    return column == any_(bindparam(name, type_=ARRAY(column.type)))


def _in_list(column: Column[Any], name: str) -> ColumnElement[bool]:
    return column.in_(bindparam(name, expanding=True))
