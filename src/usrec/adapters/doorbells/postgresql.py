"""LISTEN on a PostgreSQL server, over a connection of its own.

Source: PostgreSQL's manual, "LISTEN", "NOTIFY" and "Asynchronous Notification"; libpq's connection parameters. The
connection commits each statement by itself, so that it never holds back the server's queue of notifications, and it
carries nothing else: a pool would hand it to others. A pooler that gives the server's connections to others after each
transaction (PgBouncer's transaction mode) takes LISTEN and never passes a notification on; ``is_heard`` finds out.
"""

from __future__ import annotations

import os
import select
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from usrec.domain.errors import DoorbellLost
from usrec.domain.secret import Secret
from usrec.ports.doorbell import Ring

CHANNELS: Final[Mapping[Ring, str]] = {Ring.READY: "usrec_ready", Ring.ROWS: "usrec_outbox"}
"""What is listened to; who rings knows the same names (the ledger's unit of work, the trigger of HR's table)."""

_SESSION: Final = {
    "connect_timeout": 10,
    "application_name": "usrec-agent doorbell",
    "client_encoding": "utf8",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
"""A server that is gone without a word is noticed within a minute or so."""


class PostgresqlDoorbell:
    """The ``Doorbell`` port.

    Args:
        name: The database as the settings name it.
        url: ``postgresql://user@host/database``, several hosts too.
        password: Of the database's user. Given to the driver at each connection and kept out of the address.
    """

    def __init__(self, name: str, ring: Ring, url: str, password: Secret | None = None) -> None:
        self._name = name
        self._ring = ring
        self._engine = _engine(url, password)
        self._connection: Connection | None = None
        self._ear, self._mouth = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._closed = False

    @property
    def name(self) -> str:
        """The database as the settings name it."""
        return self._name

    @property
    def ring(self) -> Ring:
        """What its rings are about."""
        return self._ring

    def wait(self, longest: timedelta) -> bool:
        """Whether it rang; True at once when the connection had to be made.

        Raises:
            DoorbellLost: The connection cannot be made, or was lost.
        """
        try:
            if self._connection is None:
                self._connection = _listening(self._engine, CHANNELS[self._ring])
                return True
            return self._rang(_driver(self._connection), longest)
        except (SQLAlchemyError, psycopg.Error, OSError, ValueError) as problem:
            self._hang_up()
            raise DoorbellLost(
                f"nothing wakes the agent early: {_first_line(problem)}",
                where=self._name,
                kept="Nothing is lost; the agent looks by itself ([delivery] poll)",
                next_step="Nothing; the connection is tried again by itself",
            ) from None

    def hush(self) -> None:
        """End a wait at once."""
        with suppress(BlockingIOError, OSError):
            os.write(self._mouth, b"!")

    def close(self) -> None:
        """Close the connection; a wait ends. May be called again."""
        if self._closed:
            return
        self._closed = True
        self.hush()
        self._hang_up()
        self._engine.dispose()
        os.close(self._mouth)
        os.close(self._ear)

    def _rang(self, driver: psycopg.Connection[Any], longest: timedelta) -> bool:
        """Wait for the server or for ``hush``; take in everything that has come."""
        come, _, _ = select.select([driver.fileno(), self._ear], [], [], longest.total_seconds())
        if self._ear in come:
            os.read(self._ear, 64)
        if driver.fileno() not in come:
            return False
        if list(driver.notifies(timeout=0)):
            return True
        driver.execute("SELECT 1")  # what came was no ring: the server's farewell, if this fails
        return bool(list(driver.notifies(timeout=0)))

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, psycopg.Error):
                connection.close()


def is_heard(url: str, password: Secret | None = None, *, within: timedelta = timedelta(seconds=2)) -> bool:
    """Whether what one connection rings is heard on another, as it must be between two programs.

    Raises:
        DoorbellLost: The server cannot be reached.
    """
    channel = f"usrec_probe_{uuid.uuid4().hex}"
    engine = _engine(url, password)
    try:
        with _listening(engine, channel) as hearing, engine.connect() as ringing:
            ringing.exec_driver_sql(f"NOTIFY {channel}")
            driver = _driver(hearing)
            return any(True for _ in driver.notifies(timeout=within.total_seconds(), stop_after=1))
    except (SQLAlchemyError, psycopg.Error) as problem:
        raise DoorbellLost(f"it cannot be asked: {_first_line(problem)}") from None
    finally:
        engine.dispose()


def _engine(url: str, password: Secret | None) -> Engine:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args={name: value for name, value in _SESSION.items() if name not in make_url(url).query},
    )
    if password is not None:
        event.listen(engine, "do_connect", partial(_log_in, password))
    return engine


def _log_in(password: Secret, _dialect: object, _record: object, _given: object, parameters: dict[str, Any]) -> None:
    parameters["password"] = password.reveal()


def _listening(engine: Engine, channel: str) -> Connection:
    connection = engine.connect()
    try:
        connection.exec_driver_sql(f"LISTEN {channel}")
    except BaseException:
        connection.close()
        raise
    return connection


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    driver: Any = connection.connection.driver_connection
    return driver  # type: ignore[no-any-return]  # SQLAlchemy does not know whose engine it is


def _first_line(problem: BaseException) -> str:
    """What the driver says, without SQLAlchemy's lines around it; it holds no row and no password."""
    original = getattr(problem, "orig", None) or problem
    return next(iter(str(original).splitlines()), type(problem).__name__)
