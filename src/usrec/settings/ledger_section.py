"""``[ledger]``: the agent's own database."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from usrec.settings.encryption_section import EncryptionSettings
from usrec.settings.section import SecretSettings, Section


class LedgerSettings(Section):
    """The agent's own database."""

    url: Annotated[str, Field(repr=False)]
    """``sqlite:///ledger.db`` or ``postgresql+psycopg://user@host/database``."""
    password: SecretSettings | None = None
    """The database user's password, where libpq's own password file is not used."""
    notify: bool = True
    """PostgreSQL wakes idle agents (LISTEN, NOTIFY); false behind a pooler that keeps that from them."""
    encryption: EncryptionSettings | None = None
    """Encryption of personal data at rest."""
