"""Putting a backup in the place of a ledger. It comes to life only in the transaction that holds what must be held.

Of SQLite the whole work is done on a file beside, which takes the ledger's name at the very end. On PostgreSQL the
tables stand without a version until then, and no agent takes such tables for its ledger.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from alembic import command
from sqlalchemy import URL, Connection, Engine, inspect, text

from usrec.adapters.persistence.care.archive import extract, private_folder, read_manifest
from usrec.adapters.persistence.care.backup import check_sqlite, close_sqlite, run_client
from usrec.adapters.persistence.engine import connected, create_ledger_engine
from usrec.adapters.persistence.inbox import FingerprintKey
from usrec.adapters.persistence.keys_in_use import as_it_is
from usrec.adapters.persistence.ledger import SqlUnitOfWork
from usrec.adapters.persistence.schema import alembic_config, is_known
from usrec.adapters.persistence.sealing import OPTION, Sealing, missing_keys
from usrec.domain.errors import ConfigurationError, UnsafeRequest
from usrec.domain.secret import Secret
from usrec.ports.backup import Manifest

Done = TypeVar("Done")
Mark = Callable[[SqlUnitOfWork, Manifest], Done]
"""Holds what must be held, within the transaction in which the ledger comes to life."""

_SET_VERSION: Final = text("INSERT INTO alembic_version (version_num) VALUES (:version)")
_SERVER_VERSION: Final = text("SELECT current_setting('server_version_num')::int / 10000")
_VERSION: Final = re.compile(rb"\) (\d+)\.(\d+)")
_SHAPE: Final = ("--no-owner", "--no-privileges")
_FENCED_SINCE: Final = (17, 6)
"""What it writes as text forbids psql to run other programs (CVE-2025-8714)."""
_NEW_SETTING_SINCE: Final = 17
_NEW_SETTING: Final = re.compile(rb"^SET transaction_timeout = 0;$", re.MULTILINE)
"""PostgreSQL 17, release notes: the setting is new, and its programs set it for every server."""
_HEAD: Final = 4096
"""Bytes at the beginning of a dump as text in which its settings stand."""
_SCHEMA: Final = text(
    "SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'alembic_version' AND relkind = 'r'"
    " ORDER BY pg_table_is_visible(oid) DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger is restored to.

    Attributes:
        url: Its address.
        replace: Whether a ledger that stands there is kept aside under another name; else it is refused.
        at: The present, aware UTC.
    """

    url: str
    sealing: Sealing
    at: datetime
    password: Secret | None = None
    replace: bool = False

    @property
    def suffix(self) -> str:
        """What the name of the one that is kept aside ends with."""
        return f"{self.at:before_%Y%m%d_%H%M%S}"


def restore(file: Path, place: Place, mark: Mark[Done]) -> tuple[Manifest, str, Done]:
    """Restore a backup.

    Returns:
        What the backup says of itself, under which name the former ledger is kept (empty where there was none), and
        what ``mark`` returned.

    Raises:
        ConfigurationError: The backup cannot be read, a key or a program is not at hand.
        LedgerUnavailable: The place cannot be written.
        UnsafeRequest: A ledger stands there, or the backup is damaged, or of another kind of database.
    """
    manifest = read_manifest(file)
    _require_fit(manifest, place, file)
    engine = create_ledger_engine(place.url, place.password)
    try:
        if engine.dialect.name == "sqlite":
            aside, done = _to_file(file, Path(str(engine.url.database)), place, mark)
        else:
            aside, done = _to_server(file, engine, place, mark)
    finally:
        engine.dispose()
    return manifest, aside, done


def _require_fit(manifest: Manifest, place: Place, file: Path) -> None:
    if lacking := [one for one in manifest.keys if one not in place.sealing.key_ids]:
        raise missing_keys(lacking)
    if not is_known(manifest.schema):
        raise UnsafeRequest(
            f"it is of version {manifest.schema}, which this program does not know",
            where=str(file),
            kept="Nothing was changed",
            next_step="Install the usrec-agent that made it, or a newer one",
        )
    wanted = "sqlite" if place.url.startswith("sqlite") else "postgresql"
    if manifest.dialect != wanted:
        raise UnsafeRequest(
            f"it is of a ledger on {manifest.dialect}, and [ledger] url names one on {wanted}",
            where=str(file),
            kept="Nothing was changed",
            next_step="Restore it to the kind of database that it came from",
        )


def _to_file(file: Path, target: Path, place: Place, mark: Mark[Done]) -> tuple[str, Done]:
    if target.exists() and target.stat().st_size and not place.replace:
        raise _stands_there(str(target))
    with private_folder(target.absolute()) as folder:
        content = folder / "ledger.db"
        manifest = extract(file, content)
        check_sqlite(content, file)
        engine = create_ledger_engine(f"sqlite:///{content}")
        try:
            done = _come_to_life(engine, manifest, place, mark)
        finally:
            engine.dispose()
        close_sqlite(content)
        aside = _keep_aside(target, place.suffix)
        content.replace(target)
        _sync_folder(target.absolute().parent)
    return aside, done


def _keep_aside(target: Path, suffix: str) -> str:
    """The former ledger under another name, with the two files that belong to it.

    The ledger goes first: without its log it would look whole, and would have forgotten what stands in there.
    """
    kept = target.with_name(f"{target.name}.{suffix}")
    there = target.exists()
    for end in ("", "-wal", "-shm"):
        part = target.with_name(target.name + end)
        if part.exists():
            part.replace(kept.with_name(kept.name + end))
    return str(kept) if there else ""


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _to_server(file: Path, engine: Engine, place: Place, mark: Mark[Done]) -> tuple[str, Done]:
    program = shutil.which("pg_restore")
    if program is None:
        raise _missing("pg_restore is not on this machine", "PATH")
    by_psql = _sets_too_much(program, engine)
    with connected(engine) as connection, connection.begin():
        aside = _schema_aside(connection, place)
    with private_folder(file.absolute()) as folder:
        manifest = extract(file, folder / "ledger")
        put_in = _put_in_by_psql if by_psql else _put_in
        put_in(program, folder / "ledger", engine.url, place.password)
    return aside, _come_to_life(engine, manifest, place, mark)


def _put_in(program: str, content: Path, url: URL, password: Secret | None) -> None:
    """Fill the empty database in one transaction."""
    into = ["--exit-on-error", "--single-transaction", f"--dbname={url.database}"]
    run_client([program, *_SHAPE, *into, str(content)], url, password)


def _put_in_by_psql(program: str, content: Path, url: URL, password: Secret | None) -> None:
    """The same on a server that does not know all that ``pg_restore`` would set."""
    plain = content.with_suffix(".sql")
    run_client([program, *_SHAPE, f"--file={plain}", str(content)], url, password)
    _leave_out_new_settings(plain)
    quietly = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction"]
    run_client([str(_psql_of(program)), *quietly, f"--file={plain}"], url, password)


def _missing(what: str, where: str) -> ConfigurationError:
    return ConfigurationError(
        what,
        where=where,
        kept="Nothing was changed",
        next_step="Install PostgreSQL's client programs of the server's version or newer",
    )


def _psql_of(program: str) -> Path:
    """That of the same version."""
    return Path(program).with_name("psql")


def _sets_too_much(program: str, engine: Engine) -> bool:
    """Whether the program sets what an older server refuses.

    Raises:
        ConfigurationError: It does, and it or psql cannot be used on such a server.
    """
    said = subprocess.run([program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 -- the program that is run next
    found = _VERSION.search(said.stdout)
    version = (int(found[1]), int(found[2])) if found is not None else (0, 0)
    with connected(engine) as connection:
        server: int = connection.execute(_SERVER_VERSION).scalar_one()
    if not version >= (_NEW_SETTING_SINCE, 0) > (server, 0):
        return False
    if version < _FENCED_SINCE:
        raise _missing(f"pg_restore {version[0]}.{version[1]} cannot fill a server of version {server} safely", program)
    if not _psql_of(program).exists():
        raise _missing("psql is not there, which a server older than pg_restore needs", str(_psql_of(program)))
    return True


def _leave_out_new_settings(plain: Path) -> None:
    """Make comments of them, in place; they stand before the first table."""
    with plain.open("r+b") as file:
        head = file.read(_HEAD)
        for line in _NEW_SETTING.findall(head):
            head = head.replace(line, b"--" + b" " * (len(line) - 2))
        file.seek(0)
        file.write(head)


def _schema_aside(connection: Connection, place: Place) -> str:
    """Rename the schema of the tables that stand there, and make an empty one of its name."""
    schema = connection.scalar(_SCHEMA)
    if schema is None:
        return ""
    if not place.replace:
        raise _stands_there(f"schema {schema}")
    quoted = connection.dialect.identifier_preparer.quote
    aside = f"{schema}_{place.suffix}"
    connection.execute(text(f"ALTER SCHEMA {quoted(schema)} RENAME TO {quoted(aside)}"))
    connection.execute(text(f"CREATE SCHEMA {quoted(schema)}"))
    return aside


def _come_to_life(engine: Engine, manifest: Manifest, place: Place, mark: Mark[Done]) -> Done:
    """In one transaction: the version, the way to this program's version, and what must be held."""
    with connected(engine.execution_options(**{OPTION: place.sealing})) as connection:
        transaction = connection.begin()
        if not _has_version(connection):
            connection.execute(_SET_VERSION, {"version": manifest.schema})
        command.upgrade(alembic_config(connection), "head")
        connection.execution_options(**{OPTION: as_it_is(connection, place.sealing)})
        work = SqlUnitOfWork(connection, transaction, FingerprintKey())
        done = mark(work, manifest)
        work.commit()
    return done


def _has_version(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        raise UnsafeRequest("no ledger is in it", kept="Nothing that stood there was changed")
    found: Any = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found is not None


def _stands_there(where: str) -> UnsafeRequest:
    return UnsafeRequest(
        "a ledger stands there already",
        where=where,
        kept="Nothing was changed",
        next_step="Add --replace to keep it aside under another name; nothing of it is deleted",
    )
