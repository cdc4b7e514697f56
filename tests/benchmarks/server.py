"""A PostgreSQL server for a benchmark: as it comes, waiting for the disk at each commit, unlike that of the tests."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.postgresql import PostgresqlServer, started


@contextmanager
def plain_server() -> Iterator[PostgresqlServer]:
    """A fresh server with its own defaults, gone afterwards."""
    handle = started(Path(tempfile.gettempdir()) / f"usrec-pg-{uuid.uuid4().hex[:12]}")
    try:
        yield PostgresqlServer(handle.get_uri())
    finally:
        handle.cleanup()
