"""What time an HR database's server tells; one on this machine goes by the clock in question, and tells none."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import make_url, text

from usrec.adapters.sources.hr_database import HrDatabase
from usrec.domain.clock_trust import Witness
from usrec.domain.errors import SourceUnavailable
from usrec.domain.secret import Secret
from usrec.domain.source_event import SourceName
from usrec.domain.this_machine import is_this_machine

_TIME: Final = text("SELECT clock_timestamp()")


class SourceTime:
    """Implements the port ``TimeWitness``."""

    name: Final = Witness.SOURCE

    def __init__(self, name: SourceName, url: str, password: Secret | None = None) -> None:
        parsed = make_url(url)
        host = parsed.host or str(parsed.query.get("host", ""))
        here = not host or host.startswith("/") or is_this_machine(host)
        elsewhere = parsed.get_backend_name() == "postgresql" and not here
        self._database = HrDatabase(name, url, writable=False, password=password) if elsewhere else None

    def tell(self) -> datetime | None:
        """The server's time; None from this machine, from SQLite, and without an answer."""
        if self._database is None:
            return None
        try:
            with self._database.transaction() as connection:
                told: datetime = connection.execute(_TIME).scalar_one()
        except SourceUnavailable:
            return None
        finally:
            self._database.close()
        return told
