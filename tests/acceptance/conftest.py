"""Installations for the acceptance tests, on SQLite files or on the suite's PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.hr_sides import PostgresqlHr, SqlHr, SqliteHr
from support.postgresql import PostgresqlServer
from support.workplace import MakeWorkplace, Workplace


@pytest.fixture
def make_workplace(request: pytest.FixtureRequest, tmp_path: Path, pki: Path) -> Iterator[MakeWorkplace]:
    """Make an installation with an empty ledger; HR's and the ledger's databases are of the same kind."""
    made: list[Workplace] = []
    databases: list[str] = []

    def new_database() -> str:
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        databases.append(server.new_database())
        return databases[-1]

    def make(kind: str = "sqlite", **settings: Any) -> Workplace:
        hr: SqlHr = SqliteHr(tmp_path / "hr.db") if kind == "sqlite" else PostgresqlHr(new_database())
        ledger_url = f"sqlite:///{tmp_path / 'ledger.db'}" if kind == "sqlite" else new_database()
        made.append(Workplace(tmp_path, hr, ledger_url, pki, **settings))
        made[-1].make_ledger()
        return made[-1]

    yield make
    for workplace in made:
        workplace.close()
    for url in databases:
        request.getfixturevalue("postgresql_server").drop_database(url)
