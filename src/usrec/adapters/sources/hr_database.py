"""The HR system's database, where the agent is a guest: short transactions, no waiting, nothing created.

Every failure becomes :class:`SourceUnavailable` with one sentence that names the source. Neither the password, nor the
statement's values, nor a server's DETAIL line (which repeats the offending row) gets into it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, ExceptionContext, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from usrec.adapters.sources.server_session import SERVERS, server_engine
from usrec.domain.errors import ConfigurationError, SourceUnavailable
from usrec.domain.secret import Secret
from usrec.domain.source_event import SourceName

_CONNECT_SECONDS: Final = 10
_SQLITE_WAIT_SECONDS: Final = 5.0
_TABLE_STEP: Final = "Check the address, the account's rights and the table (schemas/hr-outbox)"
_QUERY_STEP: Final = "Check the address, the account's rights and the queries of the mapping file"
_LONG_NUMBER: Final = re.compile(r"[0-9]{6,}")
_VALUE: Final = re.compile(r"(entry|value:?|value is) ('[^']*'?|\([^)]*\)?)")
_POSTGRESQL_SESSION: Final = (
    "SELECT set_config('TimeZone', '{zone}', true), set_config('DateStyle', 'ISO, YMD', true),"
    " set_config('lock_timeout', '5s', true), set_config('statement_timeout', '60s', true)"
)
_POSTGRESQL_READ_ONLY: Final = f"{_POSTGRESQL_SESSION}, set_config('transaction_read_only', 'on', true)"
"""Held for one transaction only, so that a connection pooler between us and the server is not surprised."""
_SESSION_ZONE: Final[Mapping[str, str]] = {
    "mysql": "SET SESSION time_zone = '{offset}'",
    "mariadb": "SET SESSION time_zone = '{offset}'",
    "oracle": "ALTER SESSION SET TIME_ZONE = '{offset}'",
}
"""Where a session of the table's own transactions keeps UTC."""


class HrDatabase:
    """One HR database: SQLite, PostgreSQL, or one of ``server_session.SERVERS``.

    Args:
        name: The source's name in the settings.
        url: SQLAlchemy URL, such as ``sqlite:///file`` or ``postgresql://user@host/database``.
        password: Of the database's user. Given to the driver at each connection and kept out of the address.
        writable: Open it for changes too.
        by_query: Read by queries of the administrator's, not from the outbox table; for messages.
        zone: For queries: the time zone of the session, so that they make no day of an instant in UTC.

    Raises:
        ConfigurationError: The URL is none that can be used, or its driver is missing. Nothing is opened yet.
    """

    def __init__(
        self,
        name: SourceName,
        url: str,
        *,
        writable: bool,
        password: Secret | None = None,
        by_query: bool = False,
        zone: timedelta | None = None,
    ) -> None:
        self._url = _parse(name, url)
        self._kind = self._url.get_backend_name()
        self._where = f"source {name} ({_shown(self._url)})"
        self._zone = zone
        self._next_step = _QUERY_STEP if by_query else _TABLE_STEP
        self._engine = _engine(name, self._url, writable=writable)
        event.listen(self._engine, "begin", self._prepare)
        event.listen(self._engine, "handle_error", _stumbled)
        if password is not None:
            event.listen(self._engine, "do_connect", partial(_log_in, password, self._kind))

    @property
    def kind(self) -> str:
        """SQLAlchemy's name of the database, such as ``postgresql``."""
        return self._kind

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[Connection]:
        """One transaction, committed at the end of the block.

        Raises:
            SourceUnavailable: The database cannot be reached, read or written; nothing was changed.
        """
        try:
            with self._connected().execution_options(usrec_write=write) as connection, connection.begin():
                yield connection
        except (SQLAlchemyError, UnicodeDecodeError, OSError, _StumbledError) as problem:
            raise SourceUnavailable(
                f"the HR database did not answer as expected: {_reason(problem)}",
                where=self._where,
                kept="No event is lost; the agent asks again by itself",
                next_step=self._next_step,
            ) from None

    def close(self) -> None:
        """Close idle connections."""
        self._engine.dispose()

    def _connected(self) -> Connection:
        try:
            return self._engine.connect()
        except (SQLAlchemyError, OSError):
            raise
        except Exception as problem:  # noqa: BLE001 -- see _StumbledError
            raise _StumbledError(problem) from None

    def _prepare(self, connection: Connection) -> None:
        write = bool(connection.get_execution_options().get("usrec_write"))
        for statement in _beginning(self._kind, self._zone, write=write):
            connection.exec_driver_sql(statement)


class _StumbledError(Exception):
    """A driver met bytes that no server of its kind sends; it raises anything then, but none of its own errors.

    Whoever answers in the place of one source must not end the whole agent.
    """

    def __init__(self, problem: Exception) -> None:
        super().__init__(f"its answer is none of such a server ({type(problem).__name__})")


def _stumbled(context: ExceptionContext) -> _StumbledError | None:
    original = context.original_exception
    known = context.sqlalchemy_exception is not None or isinstance(original, SQLAlchemyError | OSError | UnicodeError)
    if known or not isinstance(original, Exception):
        return None
    context.is_disconnect = True
    return _StumbledError(original)


def _beginning(kind: str, zone: timedelta | None, *, write: bool) -> Sequence[str]:
    """What begins a transaction."""
    if kind == "sqlite":
        return ["BEGIN IMMEDIATE" if write else "BEGIN"]
    if kind == "postgresql":
        return [(_POSTGRESQL_SESSION if write else _POSTGRESQL_READ_ONLY).format(zone=_posix(zone))]
    begins = SERVERS[kind].writing if write else SERVERS[kind].reading
    if zone is None or kind not in _SESSION_ZONE:
        return begins
    return [_SESSION_ZONE[kind].format(offset=_offset(zone)), *begins]


def _posix(zone: timedelta | None) -> str:
    """A zone's name for PostgreSQL, which counts westwards in such names; of whole hours one that clients know."""
    if zone is None:
        return "UTC"
    hours, rest = divmod(zone, timedelta(hours=1))
    offset = _offset(zone)
    return f"<{offset}>{'-' if offset[0] == '+' else '+'}{offset[1:]}" if rest else f"Etc/GMT{-hours:+}"


def _offset(zone: timedelta) -> str:
    minutes = abs(zone) // timedelta(minutes=1)
    return f"{'-' if zone < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _engine(name: SourceName, url: URL, *, writable: bool) -> Engine:
    kind = url.get_backend_name()
    if kind == "sqlite":
        return _sqlite_engine(url, writable=writable)
    return server_engine(url, f"[source.{name}] url") if kind in SERVERS else _postgresql_engine(url)


def _parse(name: SourceName, url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.get_backend_name() not in {"sqlite", "postgresql", *SERVERS}:
        raise ConfigurationError(
            "the url of the HR database cannot be used",
            where=f"[source.{name}] url",
            next_step="Write sqlite:///path/to/file or postgresql://user@host/database"
            + "".join(f", {kind}://..." for kind in SERVERS),
        )
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ConfigurationError("the url names no SQLite file", where=f"[source.{name}] url")
    return parsed


def _shown(url: URL) -> str:
    return url.set(query={}).render_as_string(hide_password=True)


def _sqlite_engine(url: URL, *, writable: bool) -> Engine:
    path = Path(url.database or "").absolute()

    def connect() -> sqlite3.Connection:
        return _open_sqlite(path, writable=writable)

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


def _open_sqlite(path: Path, *, writable: bool) -> sqlite3.Connection:
    """Open an existing file; a mistyped path must not create an empty HR database."""
    if not path.is_file():
        raise sqlite3.OperationalError("there is no such file")
    mode = "rw" if writable else "ro"
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode={mode}", uri=True, timeout=_SQLITE_WAIT_SECONDS, isolation_level=None
    )
    connection.text_factory = _decode
    return connection


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _postgresql_engine(url: URL) -> Engine:
    defaults = {"connect_timeout": _CONNECT_SECONDS, "application_name": "usrec-agent", "client_encoding": "utf8"}
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_size=1,
        hide_parameters=True,
        connect_args={"prepare_threshold": None}
        | {key: value for key, value in defaults.items() if key not in url.query},
    )


def _log_in(
    password: Secret, kind: str, _dialect: object, _record: object, _given: object, parameters: dict[str, Any]
) -> None:
    """PyMySQL knows text as Latin-1 only; ODBC's password stands in a text, where braces hold what would end it."""
    revealed = password.reveal()
    match kind:
        case "mysql" | "mariadb":
            parameters["password"] = revealed.encode()
        case "mssql":
            parameters["password"] = f"{{{revealed.replace('}', '}}')}}}"
        case _:
            parameters["password"] = revealed


def _reason(problem: Exception) -> str:
    """The first line of what the driver says, two of oracledb, whose first one gives no reason.

    Values in it and long numbers are masked: an IIN could be one.
    """
    original = getattr(problem, "orig", None) or problem
    primary = getattr(getattr(original, "diag", None), "message_primary", None)
    lines = (primary or str(original)).strip().splitlines() or [""]
    first_line = " ".join(lines[: 2 if lines[0].startswith("DPY-") else 1])
    return _LONG_NUMBER.sub("***", _VALUE.sub(r"\1 ***", first_line)) or type(original).__name__
