"""Questions about the server and the session, in the words of each database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, make_url, text, update

from usrec.adapters.sources.conformance.finding import NotAsExpected, NotTried
from usrec.adapters.sources.hr_database import HrDatabase
from usrec.adapters.sources.outbox_schema import outbox_table
from usrec.adapters.sources.server_session import unproven_product
from usrec.domain.errors import SourceUnavailable
from usrec.domain.this_machine import is_this_machine

_CIPHER: Final[Mapping[str, str]] = {
    "postgresql": "SELECT CASE WHEN ssl THEN version END FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    "mysql": "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_VERSION'",
    "mssql": "SELECT NULLIF(encrypt_option, 'FALSE') FROM sys.dm_exec_connections WHERE session_id = @@SPID",
    "oracle": "SELECT NULLIF(sys_context('USERENV', 'NETWORK_PROTOCOL'), 'tcp') FROM dual",
}
_MYSQL_CIPHER: Final = (
    "SELECT VARIABLE_VALUE FROM performance_schema.session_status WHERE VARIABLE_NAME = 'Ssl_version'"
)
_LIMITS: Final[Mapping[str, str]] = {
    "postgresql": "SELECT current_setting('statement_timeout') || ', locks ' || current_setting('lock_timeout')",
    "mysql": "SELECT CONCAT(@@max_execution_time, ' ms, locks ', @@innodb_lock_wait_timeout, ' s')",
    "mariadb": "SELECT CONCAT(@@max_statement_time, ' s, locks ', @@innodb_lock_wait_timeout, ' s')",
    "mssql": "SELECT CONCAT('by the driver, locks ', @@LOCK_TIMEOUT, ' ms')",
}
_HERE: Final = "the database is on this machine: nothing goes over a network"
SESSION: Final[Mapping[str, str]] = {
    "postgresql": "SELECT pg_backend_pid()",
    "mysql": "SELECT CONNECTION_ID()",
    "oracle": "SELECT sid || ',' || serial# FROM v$session WHERE sid = sys_context('USERENV', 'SID')",
}
KILL: Final[Mapping[str, str]] = {
    "postgresql": "SELECT pg_terminate_backend({})",
    "mysql": "KILL {}",
    "oracle": "ALTER SYSTEM KILL SESSION '{}' IMMEDIATE",
}
"""SQL Server has none: it refuses KILL within a transaction."""


def family(kind: str) -> str:
    """MariaDB and MySQL answer to the same words."""
    return "mysql" if kind == "mariadb" else kind


def connected(database: HrDatabase) -> str:
    """The server's product and version."""
    with database.transaction() as connection:
        version = ".".join(map(str, getattr(connection.dialect, "server_version_info", None) or ()))
        unproven = unproven_product(connection)
        product = connection.dialect.name if unproven else proven_product(connection)
    note = f"; {unproven} was never tried by the makers of this program" if unproven else ""
    return f"{product} {version}, driver {connection.dialect.driver}{note}"


def proven_product(connection: Connection) -> str:
    """What the server calls itself, where that is known."""
    return "mariadb" if getattr(connection.dialect, "is_mariadb", False) else connection.dialect.name


def encrypted(database: HrDatabase, url: str) -> str:
    """By what the connection is encrypted."""
    parsed = make_url(url)
    if database.kind == "sqlite" or "unix_socket" in parsed.query:
        raise NotTried(_HERE)
    with database.transaction() as connection:
        is_mysql = family(database.kind) == "mysql" and proven_product(connection) != "mariadb"
        found = connection.execute(text(_MYSQL_CIPHER if is_mysql else _CIPHER[family(database.kind)])).scalar()
    if not found and is_this_machine(parsed.host or "localhost"):
        raise NotTried(_HERE)
    if not found:
        raise NotAsExpected("the connection is not encrypted")
    if database.kind == "postgresql" and parsed.query.get("sslmode") != "verify-full":
        raise NotAsExpected("encrypted, but nobody checks whose server it is: write ?sslmode=verify-full in the url")
    return f"encrypted ({found})"


def only_reads(database: HrDatabase, table: str) -> str:
    """A transaction that only reads refuses to write, tried on no row of ``table``; without one, that it begins."""
    if database.kind == "mssql":
        raise NotTried("SQL Server has no such transaction: the account's rights alone protect HR's data")
    if database.kind == "sqlite":
        raise NotTried("a file: what the account may write is said by the operating system")
    write = update(outbox_table(table)).values(usrec_state=None).where(text("1 = 0"))
    try:
        with database.transaction() as connection:
            if not table:
                return "the server accepted a transaction that only reads"
            connection.execute(write)
    except SourceUnavailable:
        return "a write in a transaction that only reads was refused"
    raise NotAsExpected("a write in a transaction that only reads was accepted")


def limited(database: HrDatabase) -> str:
    """The limits of a session."""
    if database.kind not in {*_LIMITS}:
        raise NotTried("set by the driver; the server does not tell" if database.kind == "oracle" else "a file")
    with database.transaction() as connection:
        kind = proven_product(connection) if family(database.kind) == "mysql" else database.kind
        return f"statements end after {connection.execute(text(_LIMITS[kind])).scalar()}"
