"""A ledger with very many submissions that wait to be sent, made by SQL in a minute instead of by intake in an hour.

A few rows are taken by a real agent, and one of them is copied with other ids, keys, people and numbers, through all
tables that hold something of it. Whatever columns these tables have, they are copied as they are. The journal is left
alone: that of a real ledger is linked by the time it has so many rows.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg
from sqlalchemy import make_url

from benchmarks.installation import Installation, agent
from benchmarks.rows import iin, rows
from support.hr_sides import PostgresqlHr, SqliteHr

_TABLES = ("submissions", "inbox", "contracts", "outbox", "write_backs", "contract_numbers")
_TAKEN_FIRST = 3
_WITHIN = "replace(replace(p.{column}, '{iin}', t.iin), '-{number}/2026', '-' || t.number || '/2026')"


class Books(Protocol):
    """The ledger's tables, by plain SQL of their own kind of database."""

    def columns(self, table: str) -> list[str]: ...
    def run(self, statement: str) -> None: ...
    def one(self, question: str) -> Any: ...
    def keep(self, copies: Iterator[tuple[int, str, str]]) -> None:
        """Put (number, id, IIN) into the temporary table ``copies``."""

    def finish(self) -> None: ...


class SqliteBooks:
    """In a file."""

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(str(make_url(url).database), isolation_level=None)
        for pragma in ("synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN")

    def columns(self, table: str) -> list[str]:
        return [one[0] for one in self._connection.execute(f"SELECT * FROM {table} LIMIT 0").description]  # noqa: S608

    def run(self, statement: str) -> None:
        self._connection.execute(statement)

    def one(self, question: str) -> Any:
        return self._connection.execute(question).fetchone()[0]

    def keep(self, copies: Iterator[tuple[int, str, str]]) -> None:
        self.run("CREATE TEMPORARY TABLE copies (number integer, id text, iin text)")
        self._connection.executemany("INSERT INTO copies VALUES (?, ?, ?)", copies)

    def finish(self) -> None:
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()


class PostgresqlBooks:
    """On a server."""

    def __init__(self, url: str) -> None:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(plain)

    def columns(self, table: str) -> list[str]:
        found = self._connection.execute(f"SELECT * FROM {table} LIMIT 0".encode()).description or []  # noqa: S608
        return [one.name for one in found]

    def run(self, statement: str) -> None:
        self._connection.execute(statement.encode())

    def one(self, question: str) -> Any:
        found = self._connection.execute(question.encode()).fetchone()
        assert found is not None
        return found[0]

    def keep(self, copies: Iterator[tuple[int, str, str]]) -> None:
        self.run("CREATE TEMPORARY TABLE copies (number integer, id text, iin text)")
        with self._connection.cursor().copy("COPY copies FROM STDIN") as copy:
            for one in copies:
                copy.write_row(one)

    def finish(self) -> None:
        self._connection.commit()
        self._connection.autocommit = True
        for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
            self.run(statement)
        self._connection.close()


def fill(place: Installation, waiting: int, known_to_hr: int) -> None:
    """Have so many submissions wait in the ledger; HR has the rows of those whose turn comes first.

    Args:
        place: New, with an empty ledger and no agent.
    """
    _take_a_few(place)
    books = _books(place)
    original = _untouched(books)
    books.keep(_copies(waiting))
    for table in _TABLES:
        _copy(books, table, original)
    books.finish()
    _enter(place, _first(place, known_to_hr))
    place.hired = waiting


def _take_a_few(place: Installation) -> None:
    with agent(place.place, delivery="workers = 1\npoll = 0.1\nrate = 1"):
        place.hire(_TAKEN_FIRST)
        while _told(place) < _TAKEN_FIRST or _unwatched(place):
            time.sleep(0.05)


def _told(place: Installation) -> int:
    return int(place.hr.execute("SELECT count(*) FROM usrec_outbox WHERE usrec_state IS NOT NULL")[0][0])


def _unwatched(place: Installation) -> int:
    """How many nobody has looked at since they were taken; copies of one would all be due for it at once."""
    return int(place.place.query("SELECT count(*) FROM submissions WHERE watch_at <= received_at")[0][0])


def _books(place: Installation) -> Books:
    url = place.place.ledger_url
    return SqliteBooks(url) if url.startswith("sqlite") else PostgresqlBooks(url)


def _copies(waiting: int) -> Iterator[tuple[int, str, str]]:
    for number in range(_TAKEN_FIRST, waiting + _TAKEN_FIRST):
        yield number, str(uuid.uuid4()), iin(number)


def _untouched(books: Books) -> int:
    """The number of a contract that was taken and not sent: the agent may send one a minute only."""
    waiting = "SELECT submission_id FROM outbox WHERE status = 'ready' AND attempts = 0"
    event = books.one(f"SELECT max(event_id) FROM submissions WHERE id IN ({waiting})")  # noqa: S608 -- constants
    return int(str(event).removeprefix("bench-"))


def _copy(books: Books, table: str, original: int) -> None:
    columns = [one for one in books.columns(table) if (table, one) != ("write_backs", "id")]
    values = ", ".join(_value(table, column, original) for column in columns)
    which = _WHICH[table].format(original=original, row=original + 1)
    books.run(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} p, copies t WHERE {which}")  # noqa: S608


_WHICH: Mapping[str, str] = {
    "submissions": "p.event_id = 'bench-{original}'",
    "inbox": "p.event_id = 'bench-{original}'",
    "contracts": "p.contract_key = 'K-{original}'",
    "contract_numbers": "p.contract_key = 'K-{original}'",
    "write_backs": "p.row_ref = '{row}'",
    "outbox": "p.contract_key = 'K-{original}'",
}
_CHANGED: Mapping[str, str] = {
    "submission_id": "t.id",
    "event_id": "'bench-' || t.number",
    "contract_key": "'K-' || t.number",
    "row_ref": "CAST(t.number + 1 AS text)",
}


def _value(table: str, column: str, original: int) -> str:
    if (table, column) == ("submissions", "id"):
        return "t.id"
    if column in {"details", "payload", "number"}:
        return _WITHIN.format(column=column, iin=iin(original), number=original)
    return _CHANGED.get(column, f"p.{column}")


def _first(place: Installation, count: int) -> list[int]:
    """The numbers of the contracts whose turn comes first."""
    found = place.place.query(
        "SELECT s.event_id FROM outbox o JOIN submissions s ON s.id = o.submission_id WHERE o.status = 'ready'"  # noqa: S608 -- constants
        f" ORDER BY o.priority, o.submission_id LIMIT {count}"
    )
    return [int(one[0].removeprefix("bench-")) for one in found]


def _enter(place: Installation, numbers: list[int]) -> None:
    """HR's own rows of them, taken already."""
    taken = datetime.now(UTC).isoformat()
    made = [(number + 1, taken, *next(rows(number, 1))) for number in numbers if number >= _TAKEN_FIRST]
    columns = "(row_id, taken_at, event_id, revision, event_type, contract_key, employer_bin, payload)"
    hr = place.hr
    if isinstance(hr, PostgresqlHr):
        insert = f"INSERT INTO usrec_outbox {columns} {hr.overriding} VALUES ({', '.join(['%s'] * 8)})"  # noqa: S608
        with hr.connection.transaction(), hr.connection.cursor() as cursor:
            cursor.executemany(insert.encode(), made)
    elif isinstance(hr, SqliteHr):
        hr.execute("BEGIN")
        hr._connection.executemany(f"INSERT INTO usrec_outbox {columns} VALUES ({', '.join('?' * 8)})", made)  # noqa: S608
        hr.execute("COMMIT")
