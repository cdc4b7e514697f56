"""A table of its own for the trials, like the outbox: HR's rows and HR's table are never touched."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from usrec.adapters.sources.hr_database import HrDatabase
from usrec.adapters.sources.outbox_ddl import outbox_ddl
from usrec.adapters.sources.outbox_schema import INSTANT, outbox_table
from usrec.adapters.sources.outbox_table import KnownKeys, OutboxTableSource
from usrec.domain.secret import Secret
from usrec.domain.source_event import SourceName

_COMMENT: Final = re.compile(r"--.*$", re.MULTILINE)
_DDL: Final = {"mysql": "mariadb"}


class Scratch:
    """The table, HR who writes to it, and the agent who reads it.

    Args:
        url: Where it is made, by an account that may do so.
    """

    def __init__(self, name: SourceName, url: str, password: Secret | None) -> None:
        self._name, self._url, self._password = name, url, password
        self.called = f"usrec_conformance_{secrets.token_hex(4)}"
        self.table = outbox_table(self.called)
        self.table.c.entered_at.type = INSTANT
        self.hr = self.database()
        self._open: list[OutboxTableSource] = []

    def database(self) -> HrDatabase:
        """Sessions of their own."""
        return HrDatabase(self._name, self._url, writable=True, password=self._password)

    def make(self) -> None:
        """Make the table by the SQL of the kit, without its index.

        Raises:
            SourceUnavailable: The account may not, or the server does not understand it.
        """
        ddl = _COMMENT.sub("", outbox_ddl(_DDL.get(self.hr.kind, self.hr.kind)))
        statement = ddl[ddl.index("CREATE TABLE") :].partition(";")[0]
        with self.hr.transaction(write=True) as connection:
            connection.exec_driver_sql(statement.replace("usrec_outbox", self.called))

    def drop(self) -> None:
        """Drop the table.

        Raises:
            SourceUnavailable: It is still there.
        """
        with self.hr.transaction(write=True) as connection:
            connection.exec_driver_sql(f"DROP TABLE {self.called}")

    def close(self) -> None:
        """Close all sessions."""
        for source in self._open:
            source.close()
        self.hr.close()

    def source(self, known: KnownKeys | None = None) -> OutboxTableSource:
        """The agent; one that may only read where ``known`` is given."""
        made = OutboxTableSource(
            self._name, self._url, table=self.called, writable=known is None, known=known, password=self._password
        )
        self._open.append(made)
        return made

    def enter(self, event_id: str, **cells: Any) -> None:
        """A row of HR's, committed."""
        with self.entering(event_id, **cells):
            pass

    @contextmanager
    def entering(self, event_id: str, **cells: Any) -> Iterator[None]:
        """A row of HR's that is committed at the end of the block."""
        with self.hr.transaction(write=True) as connection:
            connection.execute(insert(self.table).values(event_id=event_id, **({"payload": "{}"} | cells)))
            yield

    @contextmanager
    def changing(self, event_id: str) -> Iterator[None]:
        """A change of a row of HR's that is committed at the end of the block."""
        with self.hr.transaction(write=True) as connection:
            self.change(connection, event_id)
            yield

    def change(self, connection: Connection, event_id: str) -> None:
        """Another payload, not committed."""
        table = self.table
        connection.execute(update(table).where(table.c.event_id == event_id).values(payload="[]"))

    def cells(self, event_id: str, *columns: str) -> Any:
        """Cells of a row, as HR reads them."""
        wanted = select(*(self.table.c[name] for name in columns)).where(self.table.c.event_id == event_id)
        with self.hr.transaction() as connection:
            return connection.execute(wanted).one()
