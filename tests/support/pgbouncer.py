"""PgBouncer in front of the tests' PostgreSQL server: found on the machine, or where $PGBOUNCER says."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import make_url

from support.unpacked import environment, starts
from support.workplace import wait_until

_PORT: Final = 6432


def _found() -> str | None:
    program = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer")
    return program if program is not None and starts(program) else None


PROGRAM: Final = _found()
needs_pgbouncer = pytest.mark.skipif(
    PROGRAM is None, reason="PgBouncer is neither on PATH nor named by $PGBOUNCER, or does not start"
)


@contextmanager
def pooled(url: str, mode: str) -> Iterator[str]:
    """The address of a database by way of a pooler.

    Args:
        url: On a server that a Unix socket leads to.
        mode: ``session`` or ``transaction``.
    """
    there = make_url(url)
    folder = Path(tempfile.mkdtemp(prefix="usrec-pooler-"))
    user = Path(str(there.query["host"])).owner() if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host={there.query['host']} user={there.username}\n[pgbouncer]\nlisten_addr =\n"
        f"unix_socket_dir = {folder}\nlisten_port = {_PORT}\nauth_type = any\npool_mode = {mode}\n"
        f"logfile = {folder / 'log'}\n",
        "utf-8",
    )
    settings.chmod(0o644)
    assert PROGRAM is not None
    command = [PROGRAM, "-q", str(settings)]
    with subprocess.Popen(command, env=environment(PROGRAM), user=user, cwd="/") as process:
        try:
            wait_until((folder / f".s.PGSQL.{_PORT}").exists, "the pooler")
            way = {"host": str(folder), "port": str(_PORT)}
            yield there.update_query_dict(way).render_as_string(hide_password=False)
        finally:
            process.terminate()
            process.wait(20)
            shutil.rmtree(folder)
