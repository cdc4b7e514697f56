"""Sessions on MariaDB, MySQL, SQL Server and Oracle: which driver, TLS that is verified, limits on every wait.

A server on this machine may be reached without TLS; any other one not. The drivers' own switches that turn the check
of a certificate off are refused. MariaDB is run for real in the tests; MySQL, SQL Server and Oracle never were.

Sources: MariaDB's manual ("SET TRANSACTION", "max_statement_time", comments that only one product executes),
Microsoft's ("DSN and connection string keywords" of ODBC Driver 18, "SET LOCK_TIMEOUT"), python-oracledb's ("TLS",
"call_timeout").
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from usrec.domain.errors import ConfigurationError
from usrec.domain.this_machine import is_this_machine

_CONNECT_SECONDS: Final = 10
_STATEMENT_SECONDS: Final = 60
_ANSWER_SECONDS: Final = 90
"""After so long without a byte the server counts as gone."""
_NAMED: Final = re.compile(r"[\w.$#-]+|\[[0-9A-Fa-f:]+\]")
"""Host, service and SID, which are put into a text with brackets."""


@dataclass(frozen=True, slots=True)
class Server:
    """How one kind of database is spoken to.

    Attributes:
        driver: The one driver that is taken: for each it is known how it checks a certificate.
        extra: What is installed for it: ``pip install "usrec-agent[...]"``.
        options: What may stand behind the ``?`` of the address.
        connected: Statements for each new connection.
        reading: Statements at the beginning of a transaction that only reads.
        writing: The same of one that writes.
    """

    driver: str
    extra: str
    options: frozenset[str]
    connected: Sequence[str]
    reading: Sequence[str] = ()
    writing: Sequence[str] = ()


_MARIADB_SESSION: Final = (
    "SET SESSION time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), lock_wait_timeout = 5,"
    " innodb_lock_wait_timeout = 5 /*M! , max_statement_time = 60 */ /*!50708 , max_execution_time = 60000 */"
)
_ORACLE_SESSION: Final = (
    "ALTER SESSION SET TIME_ZONE = '+00:00' NLS_DATE_FORMAT = 'YYYY-MM-DD\"T\"HH24:MI:SS'"
    " NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6'"
    " NLS_TIMESTAMP_TZ_FORMAT = 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6TZH:TZM' NLS_NUMERIC_CHARACTERS = '.,'"
)
_MARIADB: Final = Server(
    driver="pymysql",
    extra="mariadb",
    options=frozenset({"ssl_ca", "ssl_cert", "ssl_key", "unix_socket"}),
    connected=(_MARIADB_SESSION, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"),
    reading=("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",),
    writing=("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION"),
)
"""A writing transaction is READ COMMITTED: it locks no gaps, so that HR's inserts never wait for the agent."""

SERVERS: Final[Mapping[str, Server]] = {
    "mariadb": _MARIADB,
    "mysql": _MARIADB,
    "mssql": Server(
        driver="pyodbc",
        extra="mssql",
        options=frozenset({"ServerCertificate", "HostNameInCertificate", "MultiSubnetFailover"}),
        connected=("SET LOCK_TIMEOUT 5000", "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"),
    ),
    "oracle": Server(
        driver="oracledb",
        extra="oracle",
        options=frozenset({"service_name", "ssl_ca"}),
        connected=(_ORACLE_SESSION,),
        reading=("SET TRANSACTION READ ONLY",),
    ),
}
"""By SQLAlchemy's name. SQL Server knows no transaction that only reads: there the account's rights alone protect."""

_PRODUCTS: Final = {"mysql": "MySQL", "mariadb": "MySQL", "mssql": "SQL Server", "oracle": "Oracle"}


def server_engine(url: URL, where: str) -> Engine:
    """An engine for one of :data:`SERVERS`; nothing is connected yet.

    Raises:
        ConfigurationError: The driver is not installed, or the address asks for what is not done.
    """
    server = SERVERS[url.get_backend_name()]
    arguments = _arguments(url, server, where)
    plain = url.set(drivername=f"{url.get_backend_name()}+{server.driver}", query=_odbc(url) if _is_mssql(url) else {})
    try:
        engine = create_engine(plain, pool_pre_ping=True, pool_size=1, hide_parameters=True, connect_args=arguments)
    except ModuleNotFoundError:
        what = f"the driver {server.driver} for {url.get_backend_name()} is not installed"
        raise _refused(
            what, where, f'Install it beside this program: pip install "usrec-agent[{server.extra}]"'
        ) from None
    except (ImportError, SQLAlchemyError) as problem:
        what = f"the driver {server.driver} for {url.get_backend_name()} cannot be loaded: {problem}"
        raise _refused(what, where, "Install what it needs: docs/how-to/databases.md") from None
    event.listen(engine, "connect", _connected(server))
    return engine


def _arguments(url: URL, server: Server, where: str) -> dict[str, Any]:
    _, _, driver = url.drivername.partition("+")
    if driver not in {"", server.driver}:
        what = f"the driver {driver} cannot be used: how it checks the server's certificate was never looked at"
        raise _refused(what, where, f"Write {url.get_backend_name()}+{server.driver}://...")
    foreign = sorted(set(url.query) - server.options)
    if foreign:
        known = ", ".join(sorted(server.options))
        raise _refused(f"the address has options that are not known: {', '.join(foreign)}", where, f"Known: {known}")
    match url.get_backend_name():
        case "oracle":
            return _oracle(url, where)
        case "mssql":
            return {"timeout": _CONNECT_SECONDS}
        case _:
            return _mariadb(url, where)


def _mariadb(url: URL, where: str) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": _CONNECT_SECONDS,
        "read_timeout": _ANSWER_SECONDS,
        "write_timeout": _ANSWER_SECONDS,
        "program_name": "usrec-agent",
    }
    if "unix_socket" in url.query:
        return usual | {"unix_socket": url.query["unix_socket"]}
    return usual | ({"ssl": _verified(url, where)} if _needs_tls(url) else {"ssl_disabled": True})


def _oracle(url: URL, where: str) -> dict[str, Any]:
    service, sid = str(url.query.get("service_name", "")), url.database or ""
    if bool(service) == bool(sid) or not all(map(_NAMED.fullmatch, (url.host or "", service or sid))):
        raise _refused("the address names no database", where, "Write oracle://user@host:2484/?service_name=NAME")
    tls = _needs_tls(url)
    host, port = (url.host or "").strip("[]"), url.port or (2484 if tls else 1521)
    database = f"(SERVICE_NAME={service})" if service else f"(SID={sid})"
    address = f"(ADDRESS=(PROTOCOL={'tcps' if tls else 'tcp'})(HOST={host})(PORT={port}))"
    security = "(SECURITY=(SSL_SERVER_DN_MATCH=ON))" if tls else ""
    given = {"dsn": f"(DESCRIPTION={address}(CONNECT_DATA={database}){security})", "tcp_connect_timeout": 10.0}
    return given | ({"ssl_context": _verified(url, where), "ssl_server_dn_match": True} if tls else {})


def _odbc(url: URL) -> dict[str, str | tuple[str, ...]]:
    """Driver 18 checks the certificate and its name unless it is told not to."""
    tls = "yes" if _needs_tls(url) else "optional"
    fixed = {"driver": "ODBC Driver 18 for SQL Server", "Encrypt": tls, "TrustServerCertificate": "no"}
    return {**url.query, **fixed, "APP": "usrec-agent"}


def _is_mssql(url: URL) -> bool:
    return url.get_backend_name() == "mssql"


def _needs_tls(url: URL) -> bool:
    return "ssl_ca" in url.query or not is_this_machine(url.host or "localhost")


def _verified(url: URL, where: str) -> ssl.SSLContext:
    file, certificate = url.query.get("ssl_ca"), url.query.get("ssl_cert")
    try:
        context = ssl.create_default_context(cafile=None if file is None else str(file))
        if certificate is not None:
            context.load_cert_chain(str(certificate), None if "ssl_key" not in url.query else str(url.query["ssl_key"]))
    except (OSError, ssl.SSLError) as problem:
        what = f"ssl_ca, ssl_cert or ssl_key in the address cannot be read: {problem.strerror or 'no PEM'}"
        raise _refused(what, where, "Name PEM files that the agent may read") from None
    return context


def _connected(server: Server) -> Any:
    def prepare(connection: Any, _record: object) -> None:
        if server.driver == "pyodbc":
            connection.timeout = _STATEMENT_SECONDS
        if server.driver == "oracledb":
            connection.call_timeout = _STATEMENT_SECONDS * 1000
        cursor = connection.cursor()
        for statement in server.connected:
            cursor.execute(statement)
        cursor.close()

    return prepare


def _refused(what: str, where: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(what, where=where, kept="Nothing was read", next_step=next_step)


def unproven_address(url: str) -> str:
    """The product's name where an address alone tells that it was never run by the makers of this program."""
    kind = url.partition(":")[0].partition("+")[0]
    return _PRODUCTS[kind] if kind in {"mssql", "oracle"} else ""


def unproven_product(connection: Connection) -> str:
    """The product's name where it was never run by the makers of this program; empty where it was."""
    kind = connection.dialect.name
    if kind not in SERVERS or getattr(connection.dialect, "is_mariadb", False):
        return ""
    return _PRODUCTS[kind]
