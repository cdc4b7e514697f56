"""A ledger's encryption as its administrator sees it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from usrec.adapters.persistence.care.places import PLACES
from usrec.adapters.persistence.care.reencrypt import BATCH, Standing, forget_keys, reencrypt, standing
from usrec.adapters.persistence.engine import READ_ONLY, connected, create_ledger_engine
from usrec.adapters.persistence.keys_in_use import as_it_is, keys_in_use, require_keys
from usrec.adapters.persistence.rights import ENCRYPTING, shortfalls
from usrec.adapters.persistence.schema import require_current
from usrec.adapters.persistence.sealing import Sealing
from usrec.adapters.persistence.view import SqlLedgerView
from usrec.domain.errors import ConfigurationError
from usrec.domain.secret import Secret

_TABLES: Final = sorted({place.table.name for place in PLACES})
_FILE_SPACE: Final = text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
_TABLE_SPACE: Final = text("SELECT pg_total_relation_size(to_regclass(:name))")


class SealedLedger:
    """Asked and changed under the account of the ledger's owner.

    Raises:
        ConfigurationError: The address is not that of a ledger.
        LedgerSchemaError: It is at another version.
    """

    def __init__(self, url: str, password: Secret | None, sealing: Sealing) -> None:
        self._engine = create_ledger_engine(url, password)
        self._sealing = sealing
        try:
            require_current(self._engine)
        except BaseException:
            self._engine.dispose()
            raise

    def standing(self) -> Sequence[Standing]:
        """How everything is stored, by column."""
        return standing(self._engine)

    def space(self) -> int:
        """Bytes that have to be read for :meth:`standing`, about: those of the tables, or of the file."""
        with connected(self._engine.execution_options(**{READ_ONLY: True})) as connection:
            if connection.dialect.name == "sqlite":
                return int(connection.scalar(_FILE_SPACE) or 0)
            return sum(int(connection.scalar(_TABLE_SPACE, {"name": name}) or 0) for name in _TABLES)

    def keys_in_use(self) -> Sequence[str]:
        """Ids of the keys under which values may be stored, first used first."""
        with connected(self._engine.execution_options(**{READ_ONLY: True})) as connection:
            return keys_in_use(connection)

    def everything_is_closed(self) -> bool:
        """Whether the ledger's own key stands encrypted, and so everything has to."""
        with connected(self._engine.execution_options(**{READ_ONLY: True})) as connection:
            return as_it_is(connection, self._sealing) is not self._sealing

    def store_anew(self, now: datetime, batch: int = BATCH, *, own_key: bool = True) -> int:
        """Store everything as the keys at hand would; returns how many values that were.

        Args:
            own_key: The ledger's own key, too.

        Raises:
            ConfigurationError: A key of its values is not at hand, or the account lacks a right.
            InvariantViolation: A value stands plain where everything was encrypted: it is not taken for ours.
        """
        if missing := shortfalls(self._engine, ENCRYPTING):
            raise ConfigurationError(
                f"this account may not do it: it lacks {'; '.join(one.what for one in missing)}",
                where="[ledger]",
                kept="Nothing was changed; the agent's own account is not meant to have these rights",
                next_step="Give the command as the ledger's owner, named in the variable USREC_LEDGER__URL",
            )
        found = require_keys(self._engine, self._sealing, now)
        sealing = found if found.closes else self._sealing
        return reencrypt(self._engine, sealing, lambda _, __: None, batch, own_key=own_key)

    def forget_keys(self) -> Sequence[str]:
        """Forget keys under which nothing is stored; returns those that are still needed beside the present one."""
        return forget_keys(self._engine, self._sealing)

    def agents_live(self, now: datetime, silence: timedelta) -> bool:
        """Whether an agent gave a sign of life lately: one with former settings may still use a former key."""
        signs = SqlLedgerView(self._engine).heartbeats()
        return any(one.gone_at is None and now - one.beat_at <= silence for one in signs)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
