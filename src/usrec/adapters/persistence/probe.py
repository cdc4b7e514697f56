"""The ledger as an administrator looks at it: also one that an agent would refuse. Nothing is made, nothing changed."""

from __future__ import annotations

from pathlib import Path

from usrec.adapters.persistence.chain_view import SqlChainView
from usrec.adapters.persistence.engine import create_ledger_engine, is_in_memory
from usrec.adapters.persistence.inbox import FingerprintKey
from usrec.adapters.persistence.rights import Shortfall, shortfalls
from usrec.adapters.persistence.schema import current_revision
from usrec.adapters.persistence.view import SqlLedgerView
from usrec.domain.errors import ConfigurationError
from usrec.domain.secret import Secret


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

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
