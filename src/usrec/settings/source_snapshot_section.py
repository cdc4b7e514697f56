"""``[source.NAME]`` with ``kind = "snapshot"``: HR's staff, looked at from time to time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from usrec.settings.kinds import Day, Language, Number, Seconds
from usrec.settings.section import SecretSettings, Section

_FETCHED: Final = frozenset({"file", "http", "https"})


def is_fetched(url: str) -> bool:
    """Whether tables are fetched from this address, which is no database's."""
    return url.partition(":")[0].lower() in _FETCHED


class SnapshotSourceSettings(Section):
    """HR's staff, looked at from time to time: events follow from what has changed. Nothing is written there."""

    kind: Literal["snapshot"]
    """``snapshot``: queries of the mapping file, by an account that may only read."""
    url: Annotated[str, Field(repr=False)]
    """``postgresql://user@host/database``, ``sqlite:///hr.db``; also mariadb, mssql and oracle with their driver."""
    password: SecretSettings | None = None
    """The database user's password, where libpq's own password file is not used."""
    ca_file: Path | None = None
    """Authorities to trust for TLS, PEM; the system's when absent."""
    mapping: Path
    """The mapping file: which columns mean what."""
    every: Seconds = timedelta(minutes=15)
    """How often the staff is looked at."""
    lost_percent: Annotated[Number, Field(ge=0, le=100)] = 5
    """A look that lacks or ends more of the running contracts, or has more old ones that are new, is refused."""
    new_from: Day | None = None
    """What was signed or ended on this day or later is new at the first look; without it nothing is."""
    language: Language = "en"
    """Language of notes; none are written to HR's database."""
