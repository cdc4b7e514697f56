"""A MariaDB server for the tests, from Debian's package ``mariadb-server`` where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_DAEMON: Final = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
PRESENT: Final = Path(_DAEMON).is_file() and shutil.which("mariadb") is not None
NO_MARIADB: Final = pytest.mark.skipif(not PRESENT, reason="Debian's package mariadb-server is not installed")
_STARTED_SECONDS: Final = 60


class MariadbServer:
    """A running server on a Unix socket; spoken to by its own client, which knows DELIMITER."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def url(self, database: str, user: str = "root") -> str:
        """SQLAlchemy URL of a database."""
        return f"mysql+pymysql://{user}@localhost/{database}?unix_socket={self._socket}"

    def run(self, script: str, database: str = "") -> list[list[str]]:
        """The rows of a script's answers; NULL is the text NULL.

        Raises:
            CalledProcessError: The server refused a statement.
        """
        client = ["mariadb", "--no-defaults", "--batch", "--raw", "--skip-column-names", "--user=root"]
        options = ["--default-character-set=utf8mb4", f"--socket={self._socket}", database]
        done = subprocess.run(
            [*client, *filter(None, options)], input=script.encode(), capture_output=True, check=True, timeout=60
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
    """A fresh server without a network port, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="usrec-my-"))
    data, socket = folder / "data", folder / "s"
    plain = ["--no-defaults", f"--datadir={data}", "--user=root"]
    made = ["mariadb-install-db", *plain, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(made, check=True, capture_output=True, timeout=120)
    haste = ["--skip-networking", "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=8M"]
    server = subprocess.Popen(
        [_DAEMON, *plain, f"--socket={socket}", *haste], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        found = MariadbServer(socket)
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
