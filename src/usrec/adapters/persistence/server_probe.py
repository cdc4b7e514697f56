"""One look at the ledger's PostgreSQL server: would it keep what it says that it has committed?

Sources: PostgreSQL's manual, "Write Ahead Log" (``synchronous_commit``), "Replication" (``synchronous_standby_names``),
"Statement Behavior" (timeouts), "pg_stat_replication". Any account may ask all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from usrec.adapters.persistence.engine import LOCK_WAIT, READ_ONLY, connected, create_ledger_engine
from usrec.domain.secret import Secret

_MILLISECOND: Final = timedelta(milliseconds=1)
_LOOK: Final = text(
    "SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby,"
    " current_setting('synchronous_commit') AS synchronous_commit, current_setting('fsync') = 'on' AS fsync,"
    " current_setting('synchronous_standby_names') AS waits_for,"
    " (SELECT count(*) FROM pg_stat_replication) AS replicas,"
    " (SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout') AS statement_timeout,"
    " (SELECT setting::bigint FROM pg_settings WHERE name = 'lock_timeout') AS lock_timeout,"
    " clock_timestamp() AS clock, pg_backend_pid() AS session"
)
_SESSION: Final = text("SELECT pg_backend_pid()")


@dataclass(frozen=True, slots=True)
class ServerGlimpse:
    """What was found.

    Attributes:
        version: Major version.
        standby: It follows another server and takes no writes.
        synchronous_commit: Its value for the agent's sessions.
        fsync: Commits are forced to the disk.
        replicas: How many servers follow it.
        waits_for_replica: A commit waits for one of them.
        statement_timeout: How long a statement may take; None where nothing limits it.
        own_settings: The session has the settings that the agent asks for, and is no other connection's as well.
        clock: The server's.
    """

    version: int
    standby: bool
    synchronous_commit: str
    fsync: bool
    replicas: int
    waits_for_replica: bool
    statement_timeout: timedelta | None
    own_settings: bool
    clock: datetime


def look_at_server(url: str, password: Secret | None = None) -> ServerGlimpse:
    """Look at the server of a ledger on PostgreSQL.

    A pooler in transaction mode gives the session that one connection has just left to the next one that asks.

    Raises:
        ConfigurationError: The address is not that of a ledger.
        LedgerUnavailable: It cannot be reached.
    """
    engine = create_ledger_engine(url, password)
    try:
        with connected(engine.execution_options(**{READ_ONLY: True})) as connection:
            found = connection.execute(_LOOK).mappings().one()
            connection.commit()
            with connected(engine) as another:
                shared = another.execute(_SESSION).scalar_one() == found["session"]
    finally:
        engine.dispose()
    limit = found["statement_timeout"] * _MILLISECOND
    return ServerGlimpse(
        version=found["version"] // 10000,
        standby=found["standby"],
        synchronous_commit=found["synchronous_commit"],
        fsync=found["fsync"],
        replicas=found["replicas"],
        waits_for_replica=bool(found["waits_for"]) and found["synchronous_commit"] not in {"off", "local"},
        statement_timeout=limit or None,
        own_settings=found["lock_timeout"] * _MILLISECOND == LOCK_WAIT and not shared,
        clock=found["clock"],
    )
