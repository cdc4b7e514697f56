"""The ledgers that the behavioural suites run on: the same code on each, so that none is the odd one out."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, make_url, text

from support.fresh_ledger import make_ledger
from support.line import Line, empty_ledger
from support.mariadb import MariadbServer, running_mariadb
from support.postgresql import PostgresqlServer
from usrec.adapters.persistence import SqlLedger, create_ledger_engine, open_ledger
from usrec.adapters.persistence.columns import metadata

FILE = "sqlite-file"
MEMORY = "sqlite-memory"
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)

MakeUrl = Callable[[str], str]


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariadbServer]:
    """One MariaDB server for each worker."""
    with running_mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_ledger_url(postgresql_server: PostgresqlServer) -> str:
    """Make one database for each worker; making one for each test would take a second each time."""
    url = postgresql_server.new_database()
    make_ledger(url)
    return url


@pytest.fixture
def new_ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> MakeUrl:
    """Make the address of a migrated, empty ledger of a kind."""

    def make(kind: str) -> str:
        if kind == MEMORY:
            return "sqlite://"
        if kind == FILE:
            url = f"sqlite:///{tmp_path / 'ledger.db'}"
            make_ledger(url)
            return url
        shared: str = request.getfixturevalue("postgresql_ledger_url")
        _empty(shared)
        return shared

    return make


def _empty(url: str) -> None:
    """Delete all rows. As a replica would, the session passes by the guards and the foreign keys."""
    kept = {"ledger_meta"}
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in metadata.tables.values():
            if table.name not in kept:
                connection.execute(table.delete())


def _opened(url: str) -> Iterator[SqlLedger]:
    ledger = empty_ledger() if url == "sqlite://" else open_ledger(url)
    yield ledger
    ledger.close()


@pytest.fixture(params=[FILE, MEMORY, POSTGRESQL])
def ledger(request: pytest.FixtureRequest, new_ledger_url: MakeUrl) -> Iterator[SqlLedger]:
    """Give a ledger of each kind."""
    yield from _opened(new_ledger_url(request.param))


@pytest.fixture(params=[FILE, POSTGRESQL])
def shared_ledger(request: pytest.FixtureRequest, new_ledger_url: MakeUrl) -> Iterator[SqlLedger]:
    """Give a ledger that several agents can use at once."""
    yield from _opened(new_ledger_url(request.param))


@pytest.fixture(params=[FILE, POSTGRESQL])
def empty_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Give an engine on a database without any table."""
    if request.param == FILE:
        engine = create_ledger_engine(f"sqlite:///{tmp_path / 'empty.db'}")
        yield engine
        engine.dispose()
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    url = server.new_database()
    engine = create_ledger_engine(url)
    yield engine
    engine.dispose()
    server.drop_database(url)


@pytest.fixture
def sqlite_memory() -> Iterator[SqlLedger]:
    """Give a second ledger, of another key."""
    ledger = open_ledger("sqlite://")
    yield ledger
    ledger.close()


@pytest.fixture
def line() -> Iterator[Line]:
    """Give a line whose ledger is in memory."""
    made = Line()
    yield made
    made.close()
