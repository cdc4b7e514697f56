"""What time the ledger's database server tells; one on this machine goes by the clock in question, and tells none."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import URL, Engine, text

from usrec.adapters.persistence.engine import READ_ONLY, connected
from usrec.domain.clock_trust import Witness
from usrec.domain.errors import UsrecError
from usrec.domain.this_machine import is_this_machine

_TIME: Final = text("SELECT clock_timestamp()")


class LedgerTime:
    """Implements the port ``TimeWitness``."""

    name: Final = Witness.LEDGER

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def tell(self) -> datetime | None:
        """The server's time; None from this machine, from SQLite, and without an answer."""
        if not is_elsewhere(self._engine.url):
            return None
        try:
            with connected(self._engine.execution_options(**{READ_ONLY: True})) as connection:
                told: datetime = connection.execute(_TIME).scalar_one()
        except UsrecError:
            return None
        return told


def is_elsewhere(url: URL) -> bool:
    """Whether a database is on another machine, as far as its address tells."""
    host = url.host or str(url.query.get("host", ""))
    return url.get_backend_name() == "postgresql" and not (not host or host.startswith("/") or is_this_machine(host))
