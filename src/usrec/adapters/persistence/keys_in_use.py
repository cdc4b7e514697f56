"""Which keys a ledger's values were encrypted with: an agent without one of them would find out half-way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, Executable, select

from usrec.adapters.persistence.dialects import InsertInto, per_dialect
from usrec.adapters.persistence.engine import READ_ONLY, connected
from usrec.adapters.persistence.sealing import Sealing, is_closed, missing_keys
from usrec.adapters.persistence.tables import encryption_keys, ledger_meta


def _unless_known(insert_into: InsertInto) -> Executable:
    return insert_into(encryption_keys).on_conflict_do_nothing()


_KEYS: Final = select(encryption_keys.c.id).order_by(encryption_keys.c.used_since, encryption_keys.c.id)
_OWN_KEY: Final = select(ledger_meta.c.fingerprint_key)
_USE: Final = per_dialect(_unless_known)


def keys_in_use(connection: Connection) -> Sequence[str]:
    """Ids of the keys under which values may be stored, first used first."""
    return list(connection.scalars(_KEYS))


def as_it_is(connection: Connection, sealing: Sealing) -> Sealing:
    """``sealing`` as this ledger has it: where its own key stands encrypted, a plain value is damage."""
    own: bytes | None = connection.scalar(_OWN_KEY)
    return sealing.refusing_plain() if own is not None and is_closed(own) else sealing


def require_keys(engine: Engine, sealing: Sealing, now: datetime) -> Sealing:
    """Make sure that every key of the ledger is at hand, and note the one that is to be used from now on.

    Returns:
        ``sealing`` as this ledger has it.

    Raises:
        ConfigurationError: A key is not at hand. Nothing was written.
    """
    with connected(engine.execution_options(**{READ_ONLY: True})) as connection:
        used, found = keys_in_use(connection), as_it_is(connection, sealing)
    if lacking := [one for one in used if one not in sealing.key_ids]:
        raise missing_keys(lacking)
    if sealing.closes and sealing.key_ids[0] not in used:
        with connected(engine) as connection, connection.begin():
            connection.execute(_USE[connection.dialect.name], {"id": sealing.key_ids[0], "used_since": now})
    return found
