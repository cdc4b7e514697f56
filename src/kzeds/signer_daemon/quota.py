"""How many documents were signed on which day, kept so that no crash forgets one.

A document is counted, durably (SQLite, write-ahead log, a sync for each commit), before its signature is made: after a
crash the count may be one too high for what was in hand, never too low. The same document, by its canonical digest, is
counted once and for all: to sign it again says nothing new.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from kzeds.errors import SignerRefusedError, SignerSettingsError
from kzeds.kazakhstan_time import KAZAKHSTAN

ALL: Final = ""
"""Stands for all operations of a key together."""

_WAIT: Final = timedelta(seconds=5)
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS signed (
    key TEXT NOT NULL, digest BLOB NOT NULL, day TEXT NOT NULL, operation TEXT NOT NULL, PRIMARY KEY (key, digest)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS signed_by_day ON signed (key, day, operation);
CREATE TABLE IF NOT EXISTS raised (
    key TEXT NOT NULL, operation TEXT NOT NULL, day TEXT NOT NULL, quota INTEGER NOT NULL,
    PRIMARY KEY (key, operation, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_end (one INTEGER PRIMARY KEY CHECK (one = 1), lines INTEGER NOT NULL, digest TEXT);
"""


class Allowance(Protocol):
    """What is counted by itself: a key's documents, or its statements."""

    @property
    def name(self) -> str:
        """In the counts, and in what a person writes."""
        ...

    @property
    def daily_quota(self) -> int:
        """How many new ones there may be on one day in Kazakhstan."""
        ...

    @property
    def operation_quota(self) -> Mapping[str, int]:
        """The same for single operations."""
        ...


@dataclass(frozen=True, slots=True)
class Count:
    """How a key stands on one day.

    Attributes:
        used: New documents so far.
        quota: How many there may be.
    """

    used: int
    quota: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A place that was taken for a document.

    Attributes:
        is_new: It was counted; False when it had been signed before.
        count: After it.
    """

    is_new: bool
    count: Count


@dataclass(frozen=True, slots=True)
class Counted:
    """A document as the log says that it was counted."""

    key: str
    digest: bytes
    day: date
    operation: str


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where the log ended when a document was counted; it may only have grown since."""

    lines: int
    digest: str


def day_of(at: datetime) -> date:
    """The calendar day in Kazakhstan."""
    return at.astimezone(KAZAKHSTAN).date()


class QuotaBook:
    """The counts of all keys, in one file. Safe in threads, and beside a `raise` in another process.

    Args:
        file: Made when it is not there, unless `must_exist`.

    Raises:
        SignerSettingsError: When it is not there, or is something else.
    """

    def __init__(self, file: Path, *, must_exist: bool = False) -> None:
        if must_exist and not file.is_file():
            raise SignerSettingsError(f"{file} is not there: the signer daemon has never run with these settings")
        self._file = file
        self._lock = threading.Lock()
        with self._naming():
            self._database = _open(file)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def take(self, rule: Allowance, operation: str, digest: bytes, *, day: date, log_end: LogEnd) -> Taken:
        """Count a document, unless it was counted before; it is on the disk when this returns.

        Raises:
            SignerRefusedError: When the day's quota is used up (reason ``quota``).
            SignerSettingsError: When it cannot be written; nothing was counted.
        """
        with self._change() as database:
            known = database.execute("SELECT 1 FROM signed WHERE key = ? AND digest = ?", (rule.name, digest))
            if known.fetchone():
                return Taken(is_new=False, count=self._count(rule, ALL, day))
            self._require_room(rule, operation, day)
            database.execute("INSERT INTO signed VALUES (?, ?, ?, ?)", (rule.name, digest, day.isoformat(), operation))
            _note(database, log_end)
            return Taken(is_new=True, count=self._count(rule, ALL, day))

    def raise_to(self, key: str, operation: str, quota: int, *, day: date, log_end: LogEnd) -> None:
        """Let a key sign more on one day."""
        with self._change() as database:
            database.execute("REPLACE INTO raised VALUES (?, ?, ?, ?)", (key, operation, day.isoformat(), quota))
            _note(database, log_end)

    def count(self, rule: Allowance, operation: str, day: date) -> Count:
        """How a key stands with one operation, or with `ALL`; an operation without a quota has the key's."""
        with self._lock, self._naming():
            return self._count(rule, operation, day)

    def recount(self, documents: Iterable[Counted], log_end: LogEnd) -> int:
        """Count what the log says was signed and the counts do not know; returns how many documents that were."""
        with self._change() as database:
            rows = [(one.key, one.digest, one.day.isoformat(), one.operation) for one in documents]
            added = (
                database.executemany("INSERT OR IGNORE INTO signed VALUES (?, ?, ?, ?)", rows).rowcount if rows else 0
            )
            if added:
                _note(database, log_end)
            return added

    def lacks(self, documents: Iterable[Counted]) -> int:
        """How many of these documents are not counted; a daemon that goes on counts each before its line is written."""
        told = {(one.key, one.digest) for one in documents}
        with self._lock, self._naming():
            known = set(self._database.execute("SELECT key, digest FROM signed"))
        return len(told - known)

    def log_end(self) -> LogEnd | None:
        """Where the log ended at the last count; None before the first."""
        with self._lock, self._naming():
            row = self._database.execute("SELECT lines, digest FROM log_end").fetchone()
        return None if row is None else LogEnd(*row)

    def note(self, log_end: LogEnd) -> None:
        """Keep where the log ends."""
        with self._change() as database:
            _note(database, log_end)

    def _require_room(self, rule: Allowance, operation: str, day: date) -> None:
        for what in (operation, ALL) if operation in rule.operation_quota else (ALL,):
            count = self._count(rule, what, day)
            if count.used >= count.quota:
                raise SignerRefusedError(_used_up(rule.name, what, count, day), reason="quota")

    def _count(self, rule: Allowance, operation: str, day: date) -> Count:
        key, on = rule.name, day.isoformat()
        one = "" if operation == ALL else " AND operation = :operation"
        values = {"key": key, "day": on, "operation": operation}
        used = self._database.execute(f"SELECT count(*) FROM signed WHERE key = :key AND day = :day{one}", values)  # noqa: S608 -- one of two constants
        raised = self._database.execute(
            "SELECT max(quota) FROM raised WHERE key = :key AND day = :day AND operation = :operation", values
        )
        usual = rule.operation_quota.get(operation, rule.daily_quota)
        return Count(used.fetchone()[0], max(usual, raised.fetchone()[0] or 0))

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise SignerSettingsError(f"{self._file} cannot be used: {error}") from error

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._naming():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise


def _open(file: Path) -> sqlite3.Connection:
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    database = sqlite3.connect(file, timeout=_WAIT.total_seconds(), isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.executescript(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _note(database: sqlite3.Connection, log_end: LogEnd) -> None:
    database.execute("REPLACE INTO log_end VALUES (1, ?, ?)", (log_end.lines, log_end.digest))


def _used_up(key: str, operation: str, count: Count, day: date) -> str:
    which = f"the key {key!r}" if operation == ALL else f"the operation {operation!r} with the key {key!r}"
    more = "" if operation == ALL else f" --operation {operation}"
    return (
        f"the daily quota of {which} is used up: {count.used} of {count.quota} new documents on {day}, Kazakhstan's "
        "calendar. Nothing was signed and nothing is lost: it goes on at midnight in Kazakhstan, and stored signatures "
        "are sent again as before. If so many documents are right, whoever answers for the key raises it for today, on "
        f"the signer's machine: kzeds signer-daemon raise --key {key}{more} --to NUMBER --reason TEXT. If they are "
        "not, stop the agent first and look at what it wants to sign"
    )
