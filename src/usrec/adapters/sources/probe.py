"""One look at an HR database for the administrator: the table, its columns, the account's rights, what waits.

Nothing is changed and nothing locked. Source of the questions on PostgreSQL: its manual, "Access Privilege Inquiry
Functions", which answer from the catalogue whatever the account may read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Connection, Executable, Table, func, inspect, select, text, update
from sqlalchemy.exc import DBAPIError, NoSuchTableError

from usrec.adapters.sources.hr_database import HrDatabase
from usrec.adapters.sources.outbox_row import EVENT_COLUMNS, OutboxKey, habits_of, read_instant, read_key
from usrec.adapters.sources.outbox_schema import outbox_table
from usrec.adapters.sources.server_session import SERVERS
from usrec.adapters.sources.texts import as_text
from usrec.domain.secret import Secret
from usrec.domain.source_event import SourceName

_READ: Final = ("row_id", *EVENT_COLUMNS)
_POSTGRESQL_COLUMNS: Final = text(
    "SELECT attname, has_column_privilege(attrelid, attnum, 'SELECT'), has_column_privilege(attrelid, attnum, 'UPDATE')"
    " FROM pg_attribute WHERE attrelid = to_regclass(:named) AND attnum > 0 AND NOT attisdropped"
)
LAST: Final = 1000
_SQLITE_COLUMNS: Final = text("SELECT name FROM pragma_table_info(:named)")


@dataclass(frozen=True, slots=True)
class Rights:
    """What the account may do with a column."""

    read: bool
    write: bool


@dataclass(frozen=True, slots=True)
class OutboxGlimpse:
    """What was found at a source.

    Attributes:
        exists: The table or view is there, as far as the account can see.
        missing: Columns that the agent needs and the table lacks.
        unreadable: Columns that the account may not read.
        unwritable: Columns that the agent writes and the account may not; empty for a read-only source.
        waiting: Rows that are not taken yet; None where that is not known by a mark in the row.
        oldest: When HR entered the first of them; None where there is none, or its row does not tell.
        taken: Event ids and revisions of the last rows that are marked as taken, at most a thousand.
    """

    exists: bool
    missing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    unwritable: tuple[str, ...] = ()
    waiting: int | None = None
    oldest: datetime | None = None
    taken: tuple[OutboxKey, ...] = ()


def look_at_outbox(
    name: SourceName, url: str, *, table: str, writable: bool, password: Secret | None = None
) -> OutboxGlimpse:
    """Look at a source's table.

    Raises:
        ConfigurationError: The URL cannot be used.
        SourceUnavailable: The database cannot be reached or read.
    """
    database, outbox = HrDatabase(name, url, writable=writable, password=password), outbox_table(table)
    try:
        with database.transaction(write=writable and database.kind in SERVERS) as connection:
            return _look(connection, outbox, writable=writable)
    finally:
        database.close()


def _look(connection: Connection, outbox: Table, *, writable: bool) -> OutboxGlimpse:
    columns = _columns(connection, outbox)
    if not columns:
        return OutboxGlimpse(exists=False)
    written = [column.name for column in outbox.c if column.name not in _READ] if writable else []
    missing = tuple(one for one in (*_READ, *written) if one not in columns)
    unreadable = tuple(one for one in (*_READ, *written) if one in columns and not columns[one].read)
    unwritable = tuple(one for one in written if one in columns and not columns[one].write)
    if missing or unreadable or not writable:
        return OutboxGlimpse(exists=True, missing=missing, unreadable=unreadable, unwritable=unwritable)
    waiting, oldest = _waiting(connection, outbox)
    taken = _taken(connection, outbox)
    return OutboxGlimpse(exists=True, unwritable=unwritable, waiting=waiting, oldest=oldest, taken=taken)


def _columns(connection: Connection, outbox: Table) -> Mapping[str, Rights]:
    """The table's columns and the account's rights on each; empty where there is no such table."""
    if connection.dialect.name == "sqlite":
        rights = Rights(read=True, write=_may_write_file(connection))
        return {name: rights for (name,) in connection.execute(_SQLITE_COLUMNS, {"named": outbox.name})}
    if connection.dialect.name in SERVERS:
        return _tried(connection, outbox)
    named = connection.dialect.identifier_preparer.format_table(outbox)
    found = connection.execute(_POSTGRESQL_COLUMNS, {"named": named})
    return {name: Rights(read=read, write=write) for name, read, write in found}


def _tried(connection: Connection, outbox: Table) -> Mapping[str, Rights]:
    """Rights by statements that touch no row: servers judge them before they look for rows."""
    try:
        there = {str(one["name"]).lower() for one in inspect(connection).get_columns(outbox.name, outbox.schema)}
    except NoSuchTableError:
        return {}
    except DBAPIError as problem:
        if problem.connection_invalidated:
            raise
        return {}
    return {column.name: _rights(connection, outbox, column) for column in outbox.c if column.name in there}


def _rights(connection: Connection, outbox: Table, column: Column[Any]) -> Rights:
    read = _is_allowed(connection, select(column).where(text("1 = 0")))
    written = update(outbox).values({column.name: column}).where(text("1 = 0"))
    return Rights(read=read, write=column.name not in _READ and _is_allowed(connection, written))


def _is_allowed(connection: Connection, statement: Executable) -> bool:
    try:
        connection.execute(statement).close()
    except DBAPIError as problem:
        if problem.connection_invalidated:
            raise
        return False
    return True


def _may_write_file(connection: Connection) -> bool:
    """SQLite writes a journal beside the file, so that the folder counts too."""
    file = Path(connection.exec_driver_sql("SELECT file FROM pragma_database_list WHERE name = 'main'").scalar_one())
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)


def _waiting(connection: Connection, outbox: Table) -> tuple[int, datetime | None]:
    untaken = outbox.c.taken_at.is_(None)
    number = connection.scalar(select(func.count()).select_from(outbox).where(untaken)) or 0
    first = select(as_text(outbox.c.entered_at)).where(untaken).order_by(outbox.c.row_id).limit(1)
    entered: Any = connection.scalar(first)
    return number, read_instant(entered, habits_of(connection.dialect.name))


def _taken(connection: Connection, outbox: Table) -> tuple[OutboxKey, ...]:
    texts = [as_text(outbox.c[name]) for name in ("event_id", "revision")]
    last = select(outbox.c.row_id, *texts).where(outbox.c.taken_at.is_not(None)).order_by(outbox.c.row_id.desc())
    habits = habits_of(connection.dialect.name)
    return tuple(read_key(cells, habits) for cells in connection.execute(last.limit(LAST)).mappings())
