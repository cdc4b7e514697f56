"""What the agent's account needs at run time, and what of it is missing.

Sources: PostgreSQL's manual, "Privileges" (``SELECT ... FOR UPDATE`` needs UPDATE) and "System Information Functions".
Making and upgrading the tables needs an owner; the agent itself does with less. Nobody has to trust it with more: what
it may not do with the journal, no mistake in it can do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, text

from usrec.adapters.persistence.engine import READ_ONLY, connected, is_in_memory

_READ: Final = ("SELECT",)
_ADD: Final = ("SELECT", "INSERT")
_CHANGE: Final = ("SELECT", "INSERT", "UPDATE")
_ALL: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")

RIGHTS: Final[Mapping[str, tuple[str, ...]]] = {
    "alembic_version": _READ,
    "ledger_meta": _READ,
    "encryption_keys": _ADD,
    "inbox": _ADD,
    "submissions": _CHANGE,
    "messages": _ADD,
    "documents": _ADD,
    "contracts": _CHANGE,
    "contract_numbers": _ADD,
    "journal": _ADD,
    "journal_batches": _ADD,
    "journal_heads": _ADD,
    "outbox": _ALL,
    "signing_requests": _ALL,
    "attempts": _CHANGE,
    "acknowledgements": _ADD,
    "questions": _ADD,
    "write_backs": _ALL,
    "alerts": _CHANGE,
    "alert_deliveries": _ALL,
    "permits": _ALL,
    "alert_sinks": _CHANGE,
    "told_notices": ("SELECT", "INSERT", "DELETE"),
    "agents": _ALL,
    "employer_stops": ("SELECT", "INSERT", "DELETE"),
    "mass_batches": _CHANGE,
    "mass_members": _CHANGE,
    "pair_halves": _ADD,
    "snapshot_looks": _CHANGE,
    "snapshot_stories": _CHANGE,
    "snapshot_events": ("SELECT", "INSERT", "DELETE"),
    "intake_rows": _ALL,
    "imported_contracts": _ALL,
    "audit_runs": _CHANGE,
    "snapshot_puzzles": ("SELECT", "INSERT", "DELETE"),
    "intake_requests": ("SELECT", "INSERT", "DELETE"),
    "intake_calls": _ALL,
}
"""By table; a test holds it to the statements of this package."""

PRUNING: Final[Mapping[str, tuple[str, ...]]] = {
    "inbox": ("SELECT", "UPDATE"),
    "submissions": ("SELECT", "UPDATE"),
    "messages": ("SELECT", "UPDATE"),
    "attempts": ("SELECT", "UPDATE"),
    "questions": ("SELECT", "UPDATE"),
    "acknowledgements": ("SELECT", "UPDATE"),
    "documents": ("SELECT", "DELETE"),
    "snapshot_stories": ("SELECT", "UPDATE"),
    "audit_runs": ("SELECT", "UPDATE"),
    "alerts": ("SELECT", "DELETE"),
    "alert_deliveries": ("SELECT", "DELETE"),
    "journal": _ADD,
}
"""What ``usrec retention apply`` needs; the agent's own account should not have it."""

ENCRYPTING: Final[Mapping[str, tuple[str, ...]]] = {
    "ledger_meta": ("SELECT", "UPDATE"),
    "encryption_keys": ("SELECT", "INSERT", "DELETE"),
    "inbox": ("SELECT", "UPDATE"),
    "submissions": ("SELECT", "UPDATE"),
    "messages": ("SELECT", "UPDATE"),
    "signing_requests": ("SELECT", "UPDATE"),
    "documents": ("SELECT", "UPDATE"),
    "attempts": ("SELECT", "UPDATE"),
    "questions": ("SELECT", "UPDATE"),
    "snapshot_stories": ("SELECT", "UPDATE"),
    "snapshot_events": ("SELECT", "UPDATE"),
    "audit_runs": ("SELECT", "UPDATE"),
    "acknowledgements": ("SELECT", "UPDATE"),
}
"""What ``usrec ledger encrypt`` needs; likewise."""

_SCHEMA: Final = text(
    "SELECT relnamespace::regnamespace::text AS schema, quote_ident(current_user) AS role,"
    " has_schema_privilege(relnamespace, 'USAGE') AS usable,"
    " current_setting('server_encoding') AS encoding, current_setting('transaction_read_only') = 'on' AS read_only"
    " FROM pg_class WHERE relname = 'alembic_version' AND relkind = 'r' ORDER BY pg_table_is_visible(oid) DESC LIMIT 1"
)
_MISSING: Final = text(
    "SELECT wanted.name, string_agg(wanted.privilege, ', ' ORDER BY wanted.place) AS privileges"
    " FROM unnest(CAST(:names AS text[]), CAST(:privileges AS text[])) WITH ORDINALITY"
    " AS wanted (name, privilege, place)"
    " JOIN pg_class ON pg_class.relname = wanted.name AND pg_class.relnamespace = CAST(:schema AS regnamespace)"
    " WHERE NOT has_table_privilege(pg_class.oid, wanted.privilege) GROUP BY wanted.name ORDER BY min(wanted.place)"
)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Something that the agent needs and does not have.

    Attributes:
        what: What is missing, one phrase.
        remedy: SQL, or what else to do about it.
    """

    what: str
    remedy: str


def shortfalls(engine: Engine, rights: Mapping[str, tuple[str, ...]] = RIGHTS) -> list[Shortfall]:
    """What the account of ``engine`` lacks; tables that do not exist yet are no matter of rights.

    Args:
        rights: What it should have, by table.

    Raises:
        LedgerUnavailable: The ledger cannot be reached.
    """
    if is_in_memory(engine):
        return []
    if engine.dialect.name == "sqlite":
        return list(_of_file(Path(str(engine.url.database))))
    with connected(engine.execution_options(**{READ_ONLY: True})) as connection:
        return list(_of_role(connection, rights))


def _of_file(file: Path) -> Iterator[Shortfall]:
    """SQLite writes the file, and others beside it."""
    if file.exists() and not os.access(file, os.R_OK | os.W_OK):
        yield Shortfall(f"the right to read and write {file}", f"chown the file to the agent's user: {file}")
    if not os.access(file.parent, os.W_OK | os.X_OK):
        yield Shortfall(f"the right to write the folder {file.parent}", f"chown the folder: {file.parent}")


def _of_role(connection: Connection, rights: Mapping[str, tuple[str, ...]]) -> Iterator[Shortfall]:
    found = connection.execute(_SCHEMA).mappings().one_or_none()
    if found is None:
        return
    schema, role = found["schema"], found["role"]
    if found["read_only"]:
        yield Shortfall("a server that takes writes", "name the primary server in [ledger] url")
    if found["encoding"] != "UTF8":
        yield Shortfall("a database in UTF8", "make a new one: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0;")
    if not found["usable"]:
        yield Shortfall(f"USAGE on schema {schema}", f"GRANT USAGE ON SCHEMA {schema} TO {role};")
    wanted = [(name, privilege) for name, privileges in rights.items() for privilege in privileges]
    names, privileges = [name for name, _ in wanted], [privilege for _, privilege in wanted]
    missing = connection.execute(_MISSING, {"names": names, "privileges": privileges, "schema": schema})
    for table, lacking in missing:
        yield Shortfall(f"{lacking} on {table}", f"GRANT {lacking} ON {schema}.{table} TO {role};")
