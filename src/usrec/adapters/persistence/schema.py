"""The ledger's schema and its versions: made and upgraded by migrations only, never by the agent in passing.

An agent refuses a ledger of another version than its own, because a program that misreads the tables could send an
event twice. Migrations run under a lock and in one transaction: a ledger is at the old version or at the new one.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, inspect, text

from usrec.adapters.persistence.engine import READ_ONLY, connected, create_ledger_engine, is_in_memory
from usrec.adapters.persistence.failures import address_of
from usrec.domain.errors import LedgerSchemaError, LedgerUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "0025"
"""The version that this program works with; a test holds it to the newest migration, which need not be loaded here."""

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_UPGRADE_LOCK: Final = 0x75737265
"""PostgreSQL advisory lock of a running upgrade ("usre")."""


def head_revision() -> str:
    """The version that this program works with."""
    return HEAD


def current_revision(engine: Engine) -> str | None:
    """The ledger's version, None when it has no tables yet. Asking makes no file."""
    if _is_yet_to_be_made(engine):
        return None
    with connected(engine.execution_options(**{READ_ONLY: True})) as connection:
        return _revision(connection)


def require_current(engine: Engine) -> None:
    """Make sure that the ledger is at this program's version.

    Raises:
        LedgerSchemaError: It is older, newer or empty.
    """
    found = current_revision(engine)
    if found != HEAD:
        raise _other_version(engine, found)


def upgrade(engine: Engine) -> None:
    """Bring the ledger to this program's version; nothing happens when it is there.

    Raises:
        LedgerSchemaError: It is at a version that this program does not know.
    """
    from alembic import command

    _create_privately(engine)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        found = _revision(connection)
        if found is not None and not is_known(found):
            raise _other_version(engine, found)
        command.upgrade(alembic_config(connection), "head")


def upgrade_sql(url: str, since: str | None = None) -> str:
    """The SQL that brings a ledger to this version, for administrators who run it themselves. Connects to nothing.

    Args:
        since: The version that the ledger has; None when it is empty.

    Raises:
        LedgerSchemaError: This program does not know that version.
    """
    from alembic import command

    engine = create_ledger_engine(url)
    if since is not None and not is_known(since):
        raise _other_version(engine, since)
    written = StringIO()
    config = _config(written)
    config.attributes["dialect"] = engine.dialect.name
    command.upgrade(config, "head" if since is None else f"{since}:head", sql=True)
    return written.getvalue()


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings for work on an open connection."""
    config = _config(StringIO())
    config.attributes["connection"] = connection
    return config


def _config(output: StringIO) -> Config:
    from alembic.config import Config

    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _is_yet_to_be_made(engine: Engine) -> bool:
    if engine.dialect.name != "sqlite" or is_in_memory(engine):
        return False
    file = Path(str(engine.url.database))
    return file.parent.is_dir() and not file.exists() and not str(file).startswith("file:")


def is_known(revision: str) -> bool:
    """Whether this program knows the way from a version to its own."""
    return any(_SCRIPTS.glob(f"versions/{revision}_*.py"))


def _other_version(engine: Engine, found: str | None) -> LedgerSchemaError:
    older = found is None or is_known(found)
    return LedgerSchemaError(
        f"the ledger is at version {found or 'none'}, this program needs {HEAD}",
        where=address_of(engine.url),
        kept="Nothing was changed",
        next_step="Run: usrec db upgrade" if older else "Install the usrec-agent that made it, or a newer one",
    )


def _create_privately(engine: Engine) -> None:
    """Make a new SQLite file readable by its owner alone: it will hold personal data."""
    if engine.dialect.name != "sqlite" or is_in_memory(engine):
        return
    try:
        Path(str(engine.url.database)).touch(mode=0o600, exist_ok=True)
    except OSError as problem:
        raise LedgerUnavailable(
            f"the file cannot be made ({problem.strerror})",
            where=address_of(engine.url),
            next_step="Check that its folder exists and may be written",
        ) from problem
