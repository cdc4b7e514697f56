"""Making a backup of a ledger while agents work on it: one consistent moment, checked before it counts as made.

SQLite: its online backup (https://sqlite.org/backup.html), then ``PRAGMA integrity_check`` of the copy. PostgreSQL:
``pg_dump`` in its custom format, on the snapshot that the manifest was read from (``pg_export_snapshot``). The version
row is left out of the dump: until a restore has held what must be held, no agent takes the tables for its ledger.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from sqlite3 import DatabaseError
from sqlite3 import connect as connect_sqlite
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, func, select, text

from usrec.adapters.persistence.care.archive import digest_of, extract, private_folder, write_backup
from usrec.adapters.persistence.chain_tables import journal_batches
from usrec.adapters.persistence.columns import metadata
from usrec.adapters.persistence.engine import READ_ONLY, connected, create_ledger_engine, is_in_memory
from usrec.adapters.persistence.failures import address_of
from usrec.adapters.persistence.inbox import FingerprintKey
from usrec.adapters.persistence.keys_in_use import keys_in_use
from usrec.adapters.persistence.schema import HEAD
from usrec.adapters.persistence.sealing import OPTION, Sealing
from usrec.adapters.persistence.tables import journal
from usrec.domain.chain import ledger_id
from usrec.domain.errors import ConfigurationError, LedgerUnavailable, UnsafeRequest
from usrec.domain.secret import Secret
from usrec.ports.backup import Manifest

_LAST_LINE: Final = select(func.coalesce(func.max(journal.c.seq), 0))
_LAST_BATCH: Final = (
    select(journal_batches.c.number, journal_batches.c.hash).order_by(journal_batches.c.number.desc()).limit(1)
)
_VARIABLES: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "dbname": "PGDATABASE",
    "password": "PGPASSWORD",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
"""What an address may say, in libpq's words and in its variables (PostgreSQL's manual, "Environment Variables")."""


@dataclass(frozen=True, slots=True)
class Source:
    """The ledger that is backed up."""

    engine: Engine
    sealing: Sealing
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes a backup, when, and what is written on it."""

    release: str
    at: datetime
    label: str = ""


def back_up(source: Source, file: Path, maker: Maker) -> Manifest:
    """Write a backup of the ledger to ``file``, and read it back.

    Raises:
        ConfigurationError: It cannot be written, or ``pg_dump`` is not there.
        LedgerUnavailable: The ledger cannot be read.
        UnsafeRequest: What was written is not what the ledger holds.
    """
    if is_in_memory(source.engine):
        raise ConfigurationError("a ledger in memory has no backup", where="[ledger] url")
    with private_folder(file.absolute()) as folder:
        content = folder / "ledger"
        content.touch(mode=0o600)
        make = _of_sqlite if source.engine.dialect.name == "sqlite" else _of_postgresql
        manifest = make(source, content, maker)
        write_backup(file, manifest, content)
        extract(file, folder / "read-back")
    return manifest


def verify(file: Path) -> Manifest:
    """Read a backup to its end and look into it.

    Raises:
        ConfigurationError: It cannot be read.
        UnsafeRequest: It is damaged or changed, or the ledger in it is.
    """
    with private_folder(file.absolute()) as folder:
        manifest = extract(file, folder / "ledger")
        if manifest.dialect == "sqlite":
            check_sqlite(folder / "ledger", file)
        else:
            _check_dump(folder / "ledger", file)
    return manifest


def check_sqlite(content: Path, file: Path) -> None:
    """Make sure that an SQLite file is whole.

    Raises:
        UnsafeRequest: It is not.
    """
    try:
        with closing(connect_sqlite(f"file:{content}?mode=ro", uri=True)) as copy:
            found = [row[0] for row in copy.execute("PRAGMA integrity_check")]
    except DatabaseError as problem:
        found = [str(problem)]
    if found != ["ok"]:
        raise UnsafeRequest(
            f"the ledger in it is damaged: {found[0]}",
            where=str(file),
            kept="Nothing was changed",
            next_step="Take another backup",
        )


def _of_sqlite(source: Source, content: Path, maker: Maker) -> Manifest:
    _copy_sqlite(source.engine, content)
    engine = create_ledger_engine(f"sqlite:///{content}")
    with connected(engine.execution_options(**{READ_ONLY: True, OPTION: source.sealing})) as connection:
        told = _told(connection, maker)
    engine.dispose()
    close_sqlite(content)
    check_sqlite(content, content)
    return _weighed(told, content)


def _copy_sqlite(engine: Engine, content: Path) -> None:
    with connected(engine.execution_options(**{READ_ONLY: True})) as connection:
        driver: Any = connection.connection.driver_connection
        try:
            with closing(connect_sqlite(content)) as copy:
                driver.backup(copy)
        except DatabaseError as problem:
            raise LedgerUnavailable(
                f"it cannot be copied: {problem}",
                where=address_of(engine.url),
                kept="The ledger was not touched, and no half backup was left",
                next_step="Check the disks of the ledger and of the backup",
            ) from None


def close_sqlite(content: Path) -> None:
    """Let an SQLite database be one file, without the two that stand beside it while it is in use."""
    with closing(connect_sqlite(content)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")


def _of_postgresql(source: Source, content: Path, maker: Maker) -> Manifest:
    program = shutil.which("pg_dump")
    if program is None:
        raise ConfigurationError(
            "pg_dump is not on this machine",
            where="PATH",
            kept="Nothing was written",
            next_step="Install PostgreSQL's client programs of the server's version or newer, or run it where they are",
        )
    options = {READ_ONLY: True, "isolation_level": "REPEATABLE READ", OPTION: source.sealing}
    with connected(source.engine.execution_options(**options)) as connection, connection.begin():
        snapshot: str = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        chosen = ["--format=custom", "--no-owner", "--no-privileges", "--exclude-table-data=*.alembic_version"]
        where = [f"--snapshot={snapshot}", f"--file={content}"]
        run_client([program, *chosen, *where], source.engine.url, source.password)
        told = _told(connection, maker)
    return _weighed(told, content)


def run_client(command: list[str], url: URL, password: Secret | None) -> None:
    """Run one of PostgreSQL's programs against the ledger's server; the password is in no argument.

    Raises:
        LedgerUnavailable: It failed.
    """
    environment = {**os.environ, **_address(url, password)}  # noqa: TID251 -- what libpq reads beside its arguments
    done = subprocess.run(  # noqa: S603 -- the client program of PostgreSQL, without a shell
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise LedgerUnavailable(
            f"{Path(command[0]).name} ended with {done.returncode}: {_first_line(done.stderr)}",
            where=address_of(url),
            kept="Nothing that stood there was changed",
            next_step="Is it of the server's version or newer, and may the account read every table?",
        )


def _first_line(said: bytes) -> str:
    """What it complains of; the lines behind it may quote rows, which hold personal data."""
    return next(iter(said.decode(errors="replace").strip().splitlines()), "without a word")


def _address(url: URL, password: Secret | None) -> Mapping[str, str]:
    """The address of the settings in the variables of libpq, several servers too."""
    _, given = url.get_dialect()().create_connect_args(url)
    if password is not None:
        given["password"] = password.reveal()
    return {_VARIABLES[name]: str(value) for name, value in given.items() if name in _VARIABLES and value}


def _told(connection: Connection, maker: Maker) -> Manifest:
    """All but the weight of the content."""
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if version != HEAD:
        raise UnsafeRequest("the ledger is at another version", next_step="Run: usrec db upgrade")
    last = connection.execute(_LAST_BATCH).first()
    return Manifest(
        ledger=ledger_id(FingerprintKey().read(connection)),
        schema=version,
        dialect=connection.dialect.name,
        made_at=maker.at,
        release=maker.release,
        counts={
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in sorted(metadata.tables.items())
        },
        journal_lines=connection.execute(_LAST_LINE).scalar_one(),
        head=0 if last is None else last[0],
        head_hash="" if last is None else last[1],
        keys=list(keys_in_use(connection)),
        size=0,
        sha256="",
        label=maker.label,
    )


def _weighed(told: Manifest, content: Path) -> Manifest:
    return replace(told, size=content.stat().st_size, sha256=digest_of(content))


def _check_dump(content: Path, file: Path) -> None:
    """``pg_restore`` reads the table of contents; its absence leaves the check to the digest."""
    program = shutil.which("pg_restore")
    if program is None:
        return
    done = subprocess.run(  # noqa: S603 -- as above
        [program, "--list", str(content)], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise UnsafeRequest(
            "pg_restore cannot read the ledger in it",
            where=str(file),
            kept="Nothing was changed",
            next_step="Is pg_restore of the version that made it, or newer? Otherwise take another backup",
        )
