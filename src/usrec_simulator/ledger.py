"""The simulator's SQLite file: one connection, one writer, a commit before every answer.

WAL lets `usrec-simulator registry` read while the server writes. synchronous=NORMAL survives the death of the process
(also SIGKILL), which is what the tests need of a registry.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from usrec_simulator.errors import ConfigurationError

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS record (
  row_id INTEGER PRIMARY KEY AUTOINCREMENT,
  operation TEXT NOT NULL,
  record_id TEXT UNIQUE,
  contract_id TEXT,
  employer TEXT NOT NULL,
  employee TEXT,
  number TEXT,
  event_date TEXT NOT NULL,
  begin_date TEXT,
  digest TEXT,
  details TEXT NOT NULL DEFAULT '{}',
  warnings TEXT NOT NULL DEFAULT '',
  registered_at TEXT NOT NULL,
  times_received INTEGER NOT NULL DEFAULT 1,
  times_changed INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS one_contract ON record (contract_id)
  WHERE operation IN ('conclusion', 'legacy_contract');
CREATE INDEX IF NOT EXISTS by_number ON record (employer, number);
CREATE INDEX IF NOT EXISTS by_contract ON record (contract_id, operation);
CREATE INDEX IF NOT EXISTS by_digest ON record (digest);
CREATE TABLE IF NOT EXISTS document (
  document_id TEXT PRIMARY KEY
);
CREATE TABLE IF NOT EXISTS fault_count (
  rule TEXT PRIMARY KEY,
  matched INTEGER NOT NULL,
  fired INTEGER NOT NULL
);
"""


class Ledger:
    """An open registry file; transactions exclude one another."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_SCHEMA)
            self._connection.execute("SELECT details FROM record LIMIT 0")
        except sqlite3.Error as error:
            raise ConfigurationError(
                f"{path} cannot be used as the registry's database: {error}; a file that an earlier version made does"
                " not fit, start with a new one"
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection inside BEGIN IMMEDIATE; commit at the end, roll back on any error."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
