"""``[source.NAME]``: an HR database."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from usrec.settings.kinds import Language
from usrec.settings.section import SecretSettings, Section


class SourceSettings(Section):
    """One HR database."""

    kind: Literal["outbox"]
    """``outbox``: a table that HR fills."""
    url: Annotated[str, Field(repr=False)]
    """``sqlite:///hr.db`` or ``postgresql+psycopg://user@host/database``."""
    password: SecretSettings | None = None
    """The database user's password, where libpq's own password file is not used."""
    table: str = "usrec_outbox"
    """Name of the outbox table."""
    read_only: bool = False
    """The account may only read: nothing is marked and no status is written back."""
    language: Language = "en"
    """Language of what is written to HR's rows."""
    notify: bool = True
    """PostgreSQL wakes the agent when HR commits a row (LISTEN); false behind a pooler that keeps that from it."""
