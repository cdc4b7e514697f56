"""A MariaDB server for the tests, from Debian's package ``mariadb-server``, or where $MARIADBD says."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from support.health_client import free_port
from support.made_certificates import make_server
from support.unpacked import environment, starts

_DAEMON: Final = os.environ.get("MARIADBD") or shutil.which("mariadbd") or "/usr/sbin/mariadbd"
_BASE: Final = Path(_DAEMON).parents[1]
_CLIENT: Final = str(_BASE / "bin" / "mariadb")
_ENVIRONMENT: Final = environment(_DAEMON)
PRESENT: Final = starts(_DAEMON) and starts(_CLIENT)
NO_MARIADB: Final = pytest.mark.skipif(
    not PRESENT, reason="MariaDB is neither installed nor named by $MARIADBD, or does not start"
)
_STARTED_SECONDS: Final = 60


class MariadbServer:
    """A running server on a Unix socket; spoken to by its own client, which knows DELIMITER."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "s"
        self._port, now = free_port(), datetime.now(UTC)
        self.authority = make_server(folder / "tls", now - timedelta(days=1), now + timedelta(days=1))
        """The folder with `tls-ca.pem`."""

    @property
    def options(self) -> list[str]:
        """Where the server listens, and with what certificate."""
        files = [f"--ssl-{name}={self.authority / file}" for name, file in (("cert", "tls.pem"), ("key", "tls.key"))]
        return [f"--socket={self._socket}", f"--port={self._port}", "--bind-address=127.0.0.1", *files]

    def tcp(self, database: str, user: str) -> str:
        """SQLAlchemy URL of a database over TCP."""
        return f"mysql+pymysql://{user}@127.0.0.1:{self._port}/{database}"

    def url(self, database: str, user: str = "root") -> str:
        """SQLAlchemy URL of a database."""
        return f"mysql+pymysql://{user}@localhost/{database}?unix_socket={self._socket}"

    def run(self, script: str, database: str = "") -> list[list[str]]:
        """The rows of a script's answers; NULL is the text NULL.

        Raises:
            CalledProcessError: The server refused a statement.
        """
        client = [_CLIENT, "--no-defaults", "--batch", "--raw", "--skip-column-names", "--user=root"]
        options = ["--default-character-set=utf8mb4", f"--socket={self._socket}", database]
        done = subprocess.run(
            [*client, *filter(None, options)],
            input=script.encode(),
            capture_output=True,
            check=True,
            timeout=60,
            env=_ENVIRONMENT,
        )
        return [line.split("\t") for line in done.stdout.decode().splitlines()]

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            self.run("SELECT 1")
        except subprocess.CalledProcessError:
            return False
        return True


@contextmanager
def running_mariadb() -> Iterator[MariadbServer]:
    """A fresh server for this machine alone, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="usrec-my-"))
    data, found = folder / "data", MariadbServer(folder)
    plain = ["--no-defaults", f"--basedir={_BASE}", f"--datadir={data}", "--user=root"]
    made = [str(_BASE / "bin" / "mariadb-install-db"), *plain]
    made += ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(made, check=True, capture_output=True, timeout=120, env=_ENVIRONMENT)
    haste = ["--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=8M"]
    server = subprocess.Popen(
        [_DAEMON, *plain, *found.options, *haste],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
    )
    try:
        for _ in range(_STARTED_SECONDS * 10):
            if found.is_up():
                break
            try:
                server.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            raise RuntimeError("mariadbd ended at its start")
        yield found
    finally:
        server.terminate()
        server.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)
