"""Compiled statements that outlive their engine: those of all engines of a kind of database are one.

An engine keeps what it has compiled, but a test process opens thousands of engines and asks the same of each; half of
a test's time went into compiling again. What is shared is keyed as SQLAlchemy keys it, with the kind of database in
place of the engine's own dialect; kinds other than the ledger's two share nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import pytest
from sqlalchemy import Dialect, Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from usrec.adapters.persistence import bulk

_SHARING: Final = (SQLiteDialect_pysqlite, PGDialect_psycopg)
_MOST: Final = 4000


class _Compiled:
    """What an engine takes for its own cache."""

    def __init__(self, shared: LRUCache[Any, Any], kind: type[Dialect]) -> None:
        self._shared, self._kind = shared, kind

    def get(self, key: tuple[Any, ...]) -> Any:
        return self._shared.get((self._kind, *key[1:]))

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        self._shared[self._kind, *key[1:]] = compiled

    def clear(self) -> None:
        """Others go on with what is there."""


def share_compiled_statements(patch: pytest.MonkeyPatch) -> None:
    """From now on engines of a kind share what they compile."""
    shared: LRUCache[Any, Any] = LRUCache(_MOST)
    caches: dict[type[Dialect], _Compiled] = {kind: _Compiled(shared, kind) for kind in _SHARING}

    def cache(engine: Engine) -> Any:
        return caches.get(type(engine.dialect), engine.__dict__["_own_compiled"])

    def keep(engine: Engine, own: Any) -> None:
        engine.__dict__["_own_compiled"] = own

    patch.setattr(Engine, "_compiled_cache", property(cache, keep), raising=False)
    patch.setattr(bulk, "_prepared", _prepared_of_a_kind())


def _prepared_of_a_kind() -> Callable[[Any, tuple[str, ...], Dialect], Any]:
    """The statements for many rows, which keep what they have compiled themselves."""
    first: dict[type[Dialect], Dialect] = {}
    prepare = lru_cache(maxsize=_MOST)(bulk._Prepared)

    def prepared(statement: Any, names: tuple[str, ...], dialect: Dialect) -> Any:
        known = first.setdefault(type(dialect), dialect) if type(dialect) in _SHARING else dialect
        return prepare(statement, names, known)

    return prepared
