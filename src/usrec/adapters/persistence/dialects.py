"""The one difference between the two dialects that statements here must know: who builds ``ON CONFLICT``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

InsertInto: TypeAlias = Callable[[Table], postgresql.Insert]


def per_dialect(build: Callable[[InsertInto], Executable]) -> Mapping[str, Executable]:
    """A statement for each dialect's name. Both dialects' inserts have the same methods."""
    return {
        "postgresql": build(postgresql.insert),
        "sqlite": build(cast("InsertInto", sqlite.insert)),
    }
