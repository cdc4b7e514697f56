"""The HR department's side of an event source, once for each kind of source, so that one suite runs on all."""

import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import create_engine, make_url

from support.mariadb import MariadbServer
from usrec.adapters.inmemory.source import InMemorySource
from usrec.adapters.sources.outbox_ddl import outbox_ddl
from usrec.adapters.sources.outbox_table import OutboxTableSource
from usrec.domain.source_event import EventId, SourceName
from usrec.ports.event_source import EventSource

NAME = SourceName("hr")
Known = Callable[[Collection[tuple[EventId, int]]], Collection[tuple[EventId, int]]]


@dataclass(frozen=True)
class Status:
    """What HR reads beside its row."""

    state: str | None
    code: str | None
    message: str | None
    findings: str | None
    contract_id: str | None
    record_id: str | None
    legal_date: date | None
    noted_at: datetime | None


class HrSide(Protocol):
    """What HR does to its own rows, and the source that reads them."""

    def source(self, *, writable: bool = True, known: Known | None = None) -> EventSource: ...
    def enter(self, event_id: str, *, row_id: int | None = None, **columns: Any) -> str: ...
    def edit(self, row_ref: str, *, payload: str, revision: int | None = None) -> None: ...
    def delete(self, row_ref: str) -> None: ...
    def status_of(self, row_ref: str) -> Status | None: ...
    def go_offline(self) -> None: ...
    def close(self) -> None: ...


class InMemoryHr:
    """HR in memory; the source must be asked for before the first row is entered."""

    def __init__(self) -> None:
        self._source = InMemorySource(NAME)

    def source(self, *, writable: bool = True, known: Known | None = None) -> EventSource:
        self._source = InMemorySource(NAME, writable=writable, known=known)
        return self._source

    def enter(self, event_id: str, *, row_id: int | None = None, **columns: Any) -> str:
        return self._source.enter(event_id, row_id=row_id, **columns)

    def edit(self, row_ref: str, *, payload: str, revision: int | None = None) -> None:
        self._source.edit(row_ref, payload=payload, revision=revision)

    def delete(self, row_ref: str) -> None:
        self._source.delete(row_ref)

    def status_of(self, row_ref: str) -> Status | None:
        note = self._source.status_of(row_ref)
        if note is None:
            return None
        return Status(
            note.state,
            note.code,
            note.message,
            note.findings,
            note.contract_id,
            note.record_id,
            note.legal_date,
            note.noted_at,
        )

    def go_offline(self) -> None:
        self._source.online = False

    def close(self) -> None:
        """Nothing is open."""


class SqlHr:
    """HR with SQL of its own: what it shares with the adapter is the DDL, nothing else."""

    overriding = ""

    def __init__(self, url: str) -> None:
        self.url = url
        self._sources: list[OutboxTableSource] = []

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement of HR, with ``?`` for each value, in a transaction of its own."""
        raise NotImplementedError

    def source(self, *, writable: bool = True, known: Known | None = None) -> OutboxTableSource:
        source = OutboxTableSource(NAME, self.url, writable=writable, known=known)
        self._sources.append(source)
        return source

    def enter(self, event_id: str, *, row_id: int | None = None, **columns: Any) -> str:
        cells = {"event_id": event_id, "payload": "{}"} | columns | ({} if row_id is None else {"row_id": row_id})
        names, marks = ", ".join(cells), ", ".join("?" * len(cells))
        insert = f"INSERT INTO usrec_outbox ({names}) {self.overriding} VALUES ({marks}) RETURNING row_id"  # noqa: S608 -- column names of the tests
        return str(self.execute(insert, *cells.values())[0][0])

    def edit(self, row_ref: str, *, payload: str, revision: int | None = None) -> None:
        self.execute("UPDATE usrec_outbox SET payload = ? WHERE row_id = ?", payload, int(row_ref))
        if revision is not None:
            raised = "UPDATE usrec_outbox SET revision = ?, taken_at = NULL WHERE row_id = ?"
            self.execute(raised, revision, int(row_ref))

    def delete(self, row_ref: str) -> None:
        self.execute("DELETE FROM usrec_outbox WHERE row_id = ?", int(row_ref))

    def status_of(self, row_ref: str) -> Status | None:
        query = (
            "SELECT usrec_state, usrec_code, usrec_message, usrec_findings, usrec_contract_id, usrec_record_id,"
            " usrec_legal_date, usrec_noted_at FROM usrec_outbox WHERE row_id = ?"
        )
        cells = self.execute(query, int(row_ref))[0]
        state, code, message, findings, contract_id, record_id, legal_date, noted_at = cells
        if state is None:
            return None
        day = date.fromisoformat(legal_date) if isinstance(legal_date, str) else legal_date
        noted = datetime.fromisoformat(noted_at) if isinstance(noted_at, str) else noted_at
        return Status(state, code, message, findings, contract_id, record_id, day, noted.astimezone(UTC))

    def go_offline(self) -> None:
        """Nothing answers at the address any more."""
        raise NotImplementedError

    def close(self) -> None:
        for source in self._sources:
            source.close()


class SqliteHr(SqlHr):
    """HR with a SQLite file."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(outbox_ddl("sqlite"))

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values).fetchall()

    def go_offline(self) -> None:
        self._path.rename(self._path.with_suffix(".elsewhere"))

    def close(self) -> None:
        super().close()
        self._connection.close()


class MariadbHr(SqlHr):
    """HR with a database of its own on a MariaDB server; times there are UTC without a zone.

    Args:
        database: Made anew.
    """

    def __init__(self, server: MariadbServer, database: str) -> None:
        super().__init__(server.url(database))
        made = f"CREATE OR REPLACE DATABASE {database} DEFAULT CHARACTER SET utf8mb4; USE {database};"
        server.run(made + outbox_ddl("mariadb"))
        self._engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        self._connection = self._engine.connect()
        self.slow = create_engine(self.url)
        """For a transaction that commits late."""

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        found = self._connection.exec_driver_sql(statement.replace("?", "%s"), values)
        return [tuple(map(_zoned, row)) for row in found] if found.returns_rows else []

    def go_offline(self) -> None:
        self.execute("RENAME TABLE usrec_outbox TO elsewhere")

    def close(self) -> None:
        super().close()
        self._connection.close()
        self._engine.dispose()
        self.slow.dispose()


def _zoned(cell: Any) -> Any:
    return cell.replace(tzinfo=UTC) if isinstance(cell, datetime) else cell


class PostgresqlHr(SqlHr):
    """HR with a database of its own on a PostgreSQL server.

    Args:
        url: SQLAlchemy URL of an empty database.
    """

    overriding = "OVERRIDING SYSTEM VALUE"

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.connection = self.connect()
        self.connection.execute(outbox_ddl("postgresql").encode())

    def connect(self, *, autocommit: bool = True) -> psycopg.Connection[tuple[Any, ...]]:
        """One more connection of the HR system."""
        plain = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(plain, autocommit=autocommit)

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(statement.replace("?", "%s").encode(), values)
        return cursor.fetchall() if cursor.description else []

    def go_offline(self) -> None:
        self.connection.execute("ALTER TABLE usrec_outbox RENAME TO elsewhere")

    def close(self) -> None:
        super().close()
        self.connection.close()
