"""Part of the composition root: other agents on the same ledger, those that live and those that died.

A second agent on one SQLite ledger is refused here by a lock on a file beside it; PostgreSQL takes many.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from usrec.domain.errors import ConfigurationError, LedgerUnavailable
from usrec.settings import LoadedSettings

if TYPE_CHECKING:
    from usrec.adapters.persistence import SqlLedger


@contextmanager
def sole_agent(settings: LoadedSettings) -> Iterator[None]:
    """Refuse a second agent on one SQLite ledger for as long as this one runs.

    Raises:
        ConfigurationError: Another agent runs on the same file.
        LedgerUnavailable: Nothing can be written beside the file.
    """
    url = settings.database_url(settings.values.ledger.url)
    scheme, _, path = url.partition(":///")
    if not scheme.startswith("sqlite") or not path:
        yield
        return
    with _lock_file(Path(f"{path}.lock")) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(
                "another agent already runs on this ledger",
                where=path,
                next_step="Stop it first, or use PostgreSQL, which takes many agents",
            ) from None
        yield


def _lock_file(file: Path) -> IO[str]:
    """Open for nobody else: who may open it could hold the lock."""
    try:
        return open(file, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode=0o600))
    except OSError as problem:
        raise LedgerUnavailable(
            f"the lock of the ledger cannot be opened ({problem.strerror})",
            where=str(file),
            next_step="Check that its folder exists and that the agent's user may write there",
        ) from None


def rescue_dead_leases(ledger: SqlLedger) -> None:
    """Free what dead processes had claimed, so that a restart need not wait for their leases to run out.

    On SQLite no other agent can live (:func:`sole_agent`); on PostgreSQL only processes of this very host are judged.
    A wrong judgement does no harm: the fence keeps a process that lives after all from writing.
    """
    with ledger.begin() as work:
        owners = work.outbox.lease_owners()
        owners = {*owners, *work.alert_sinks.owners()}
        dead = [owner for owner in owners if ledger.dialect == "sqlite" or _is_dead_here(owner)]
        if dead:
            work.outbox.free_leases(dead)
            work.alert_sinks.free(dead)
            work.commit()


def _is_dead_here(owner: str) -> bool:
    host, _, pid = owner.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
