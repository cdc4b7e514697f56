"""Empty ledgers at the program's version, copied instead of migrated anew: a migration costs as much as many tests."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from usrec.adapters.persistence import create_ledger_engine
from usrec.adapters.persistence.schema import upgrade


def make_ledger(url: str) -> None:
    """Do what ``usrec db upgrade`` does; a new file of SQLite is copied.

    Args:
        url: As the settings name it.
    """
    place = make_url(url)
    file = Path(place.database or "")
    if place.get_backend_name() == "sqlite" and place.database and not file.exists():
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


def _upgrade(url: str) -> None:
    engine = create_ledger_engine(url)
    upgrade(engine)
    engine.dispose()
