"""The ledger as an administrator looks at it: also one that an agent would refuse. Nothing is made, nothing changed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from sqlalchemy import text

from usrec.adapters.persistence.chain_view import SqlChainView
from usrec.adapters.persistence.engine import READ_ONLY, connected, create_ledger_engine, is_in_memory
from usrec.adapters.persistence.inbox import FingerprintKey, SqlInbox
from usrec.adapters.persistence.rights import Shortfall, shortfalls
from usrec.adapters.persistence.schema import HEAD, current_revision
from usrec.adapters.persistence.view import SqlLedgerView
from usrec.adapters.persistence.writing import WriteBehind
from usrec.domain.errors import ConfigurationError, LedgerUnavailable
from usrec.domain.secret import Secret
from usrec.domain.source_event import EventId, SourceName

_STATISTICS: Final = text("SELECT name FROM sqlite_master WHERE name GLOB 'sqlite_stat[1-9]' ORDER BY name")


class LedgerProbe:
    """A ledger of any version, or of none.

    Raises:
        ConfigurationError: The address is not that of a ledger.
    """

    def __init__(self, url: str, password: Secret | None = None) -> None:
        self._engine = create_ledger_engine(url, password)
        if is_in_memory(self._engine):
            raise ConfigurationError("the address names no file, so that all would be lost with the process")

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for a database server."""
        return Path(str(self._engine.url.database)) if self._engine.dialect.name == "sqlite" else None

    @property
    def view(self) -> SqlLedgerView:
        """What it tells; to be asked only where it is at this program's version."""
        return SqlLedgerView(self._engine)

    @property
    def chain_view(self) -> SqlChainView:
        """The journal's chain; likewise."""
        return SqlChainView(self._engine, FingerprintKey())

    @property
    def is_current(self) -> bool:
        """Whether it is there, can be read, and is at this program's version. Asking makes no file."""
        try:
            return (self.file is None or self.file.exists()) and self.revision() == HEAD
        except LedgerUnavailable:
            return False

    def revision(self) -> str | None:
        """Its version, None when it has no tables.

        Raises:
            LedgerUnavailable: It cannot be reached, or its version not be read.
        """
        return current_revision(self._engine)

    def shortfalls(self) -> list[Shortfall]:
        """Rights that the account lacks, asked of the catalogue, which everybody may read.

        Raises:
            LedgerUnavailable: It cannot be reached.
        """
        return shortfalls(self._engine)

    def statistics(self) -> list[str]:
        """Tables in which an ``ANALYZE`` has left statistics in an SQLite file; a server keeps its own up to date.

        Source: https://www.sqlite.org/fileformat2.html#the_sqlite_stat1_table

        Raises:
            LedgerUnavailable: It cannot be reached.
        """
        if self.file is None:
            return []
        with connected(self._engine.execution_options(**{READ_ONLY: True})) as connection:
            return list(connection.scalars(_STATISTICS))

    def unknown(self, source: SourceName, keys: Collection[tuple[EventId, int]]) -> int:
        """How many of a source's keys were never taken, as far as this ledger knows; only where it is at this version.

        Raises:
            LedgerUnavailable: It cannot be reached.
        """
        wanted = {(source, event, revision) for event, revision in keys}
        with connected(self._engine.execution_options(**{READ_ONLY: True})) as connection:
            return len(wanted - set(SqlInbox(WriteBehind(connection), FingerprintKey()).known(wanted)))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
