"""Empty ledgers at the program's version, copied instead of migrated anew: a migration costs as much as many tests."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from usrec.adapters.persistence import create_ledger_engine
from usrec.adapters.persistence.schema import current_revision, upgrade, upgrade_sql


def make_ledger(url: str) -> None:
    """Do what ``usrec db upgrade`` does; a new file of SQLite is copied, on PostgreSQL the migrations' own SQL is run.

    Args:
        url: As the settings name it, of a file or a database.
    """
    place = make_url(url)
    file = Path(place.database or "")
    if place.get_backend_name() == "postgresql" and _is_empty(url):
        _run(url)
    elif place.get_backend_name() == "sqlite" and place.database and not file.exists():
        file.touch(mode=0o600)
        file.write_bytes(_migrated())
    else:
        _upgrade(url)


@cache
def _migrated() -> bytes:
    """The file of an empty ledger, made once for each worker."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        _upgrade(f"sqlite:///{file}")
        return file.read_bytes()


@cache
def _written() -> str:
    """All migrations as SQL, which makes the same ledger (``test_ledger_schema``); written once for each worker."""
    return upgrade_sql("postgresql://nobody@unreachable.invalid/ledger")


def _is_empty(url: str) -> bool:
    engine = create_ledger_engine(url)
    try:
        return current_revision(engine) is None
    finally:
        engine.dispose()


def _run(url: str) -> None:
    engine = create_ledger_engine(url)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute(_written())
        driver.commit()
    engine.dispose()


def _upgrade(url: str) -> None:
    engine = create_ledger_engine(url)
    upgrade(engine)
    engine.dispose()
