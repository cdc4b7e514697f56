"""The ledger without prepared statements: what production runs, slower; a test plays seeds over both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from simulation.prepared import PreparedConnection, PreparedLedger
from usrec.adapters.persistence import SqlLedger, SqlUnitOfWork


class PlainLedger(PreparedLedger):
    """Each statement goes through SQLAlchemy, as in production."""

    def __init__(self, connection: PreparedConnection) -> None:
        super().__init__(connection)
        self._began: AbstractContextManager[SqlUnitOfWork] | None = None
        self._unit: Any = None
        self.work = _Current(lambda: self._unit)  # type: ignore[assignment]

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """A transaction of its own."""
        with SqlLedger.begin(self) as work:
            yield work

    def start(self) -> None:
        """Begin."""
        self._began = self.begin()
        self._unit = self._began.__enter__()

    def end(self) -> None:
        """Roll back what was not committed."""
        if self._began is not None:
            self._began.__exit__(None, None, None)
        self._began = None


class _Current:
    """Stands for what a function finds when it is called."""

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find

    def commit(self) -> None:
        self._find().commit()

    def __getattr__(self, repository: str) -> Any:
        return _Repository(lambda: getattr(self._find(), repository))


class _Repository:
    """A repository of the transaction that runs at the moment."""

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            return getattr(self._find(), name)(*args, **kwargs)

        return call
