"""The one difference between the two dialects that statements here must know: who builds ``ON CONFLICT``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Executable, Table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

InsertInto: TypeAlias = "Callable[[Table], postgresql.Insert]"
"""Both dialects' inserts have the same methods."""


class PerDialect:
    """A statement for each dialect's name, built when it is asked for: an agent loads only the dialect that it uses."""

    def __init__(self, build: Callable[[InsertInto], Executable]) -> None:
        self._build = build
        self._built: dict[str, Executable] = {}

    def __getitem__(self, dialect: str) -> Executable:
        if dialect not in self._built:
            made = self._build(import_module(f"sqlalchemy.dialects.{dialect}").insert)
            return self._built.setdefault(dialect, made)
        return self._built[dialect]


def per_dialect(build: Callable[[InsertInto], Executable]) -> PerDialect:
    """A statement whose insert is each dialect's own."""
    return PerDialect(build)
