"""Connections to the ledger's database, set up so that what was committed stays committed.

Sources: SQLite's manual on WAL (``synchronous=FULL`` makes each commit durable; ``NORMAL`` may lose the last ones at a
power cut); SQLAlchemy's recipe for the pysqlite driver, whose own BEGIN comes too late. On SQLite each unit of work
begins with BEGIN IMMEDIATE, so that it waits for its turn at the start and never fails half-way with "locked".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from usrec.adapters.persistence.failures import address_of, translate_failures
from usrec.domain.errors import ConfigurationError, LedgerUnavailable
from usrec.domain.secret import Secret

LOCK_WAIT: Final = timedelta(seconds=10)
"""How long a transaction waits for another one before the ledger counts as unavailable."""

READ_ONLY: Final = "usrec_read_only"
"""Execution option of connections that only read: on SQLite they never wait for the writer."""

_MILLISECONDS: Final = LOCK_WAIT // timedelta(milliseconds=1)

_CONNECTIONS: Final = 15
"""Opened when they are needed and kept; the lines of many employers wait for one rather than open more."""

_PREPARED_AFTER: Final = 2
"""The server keeps the plan of what one connection asks more often; the one used last is used first."""

_DEAD_PEER: Final = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""A server that is gone without a word is noticed within a minute (libpq's words: seconds, milliseconds the last)."""

_LET_GO: Final = timedelta(minutes=1) // timedelta(milliseconds=1)
"""An agent that is stopped in the middle of a transaction loses it, so that its locks hold nobody else up."""

_POSTGRESQL_SETTINGS: Final = (
    f"SET TimeZone = 'UTC'; SET lock_timeout = {_MILLISECONDS}; SET idle_in_transaction_session_timeout = {_LET_GO}"
)
"""Set in the session: poolers refuse connections that ask for them at the start."""

_SQLITE_SETTINGS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


def create_ledger_engine(url: str, password: Secret | None = None) -> Engine:
    """An engine for ``sqlite:///FILE``, ``sqlite://`` (in memory) or ``postgresql://...`` (psycopg 3).

    Args:
        password: Of the database's user. Given to the driver at each connection and kept out of the engine's address.

    Raises:
        ConfigurationError: The address cannot be read or names another kind of database.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        engine = _postgresql(parsed.set(drivername="postgresql+psycopg"))
    elif _names_no_file(parsed):
        engine = _sqlite(parsed, {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0})
    else:
        engine = _sqlite(parsed, {})
    if password is not None:
        event.listen(engine, "do_connect", partial(_log_in, password))
    translate_failures(engine)
    return engine


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """A connection of the engine's pool; what was not committed at its end is rolled back.

    Raises:
        LedgerUnavailable: All connections are in use for too long.
    """
    try:
        connection = engine.connect()
    except PoolTimeoutError as problem:
        raise busy(engine) from problem
    with connection:
        yield connection


def busy(engine: Engine) -> LedgerUnavailable:
    """Other threads of this process had it for too long."""
    return LedgerUnavailable(
        "all its connections are in use",
        where=address_of(engine.url),
        kept="Nothing was begun",
        next_step="A running agent tries again by itself; a command has to be given again",
    )


def is_in_memory(engine: Engine) -> bool:
    """Whether the ledger lives and dies with this process."""
    return engine.dialect.name == "sqlite" and _names_no_file(engine.url)


def _names_no_file(url: URL) -> bool:
    return url.database in {None, "", ":memory:"}


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _wrong_address() from None
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise _wrong_address()
    return parsed


def _wrong_address() -> ConfigurationError:
    return ConfigurationError(
        "the address is not that of a ledger",
        where="[ledger] url",
        next_step="Write sqlite:////folder/ledger.db or postgresql://user@host/database",
    )


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_use_lifo=True,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,
        connect_args={
            "connect_timeout": LOCK_WAIT // timedelta(seconds=1),
            "application_name": "usrec-agent",
            "client_encoding": "utf8",
            "prepare_threshold": _PREPARED_AFTER,
            **_DEAD_PEER,
        },
    )
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _set_up_postgresql(connection: Any, _record: object) -> None:
    connection.autocommit = True
    connection.execute(_POSTGRESQL_SETTINGS)
    connection.autocommit = False


def _log_in(password: Secret, _dialect: object, _record: object, _given: object, parameters: dict[str, Any]) -> None:
    parameters["password"] = password.reveal()


def _sqlite(url: URL, pool: dict[str, Any]) -> Engine:
    engine = create_engine(
        url.set(drivername="sqlite"),
        hide_parameters=True,
        connect_args={"timeout": LOCK_WAIT.total_seconds(), "check_same_thread": False},
        pool_timeout=LOCK_WAIT.total_seconds(),
        **pool,
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for setting in _SQLITE_SETTINGS:
        connection.execute(setting)


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
