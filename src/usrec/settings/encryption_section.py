"""Settings of the encryption at rest."""

from __future__ import annotations

from usrec.settings.section import SecretSettings, Section


class EncryptionSettings(Section):
    """Personal data in the ledger is encrypted at rest (AES-256-GCM). Without this table it is not."""

    key: SecretSettings
    """The key: 64 hexadecimal digits, as ``openssl rand -hex 32`` prints them. Keep a copy apart from the backups."""
    old_keys: tuple[SecretSettings, ...] = ()
    """Keys that were in use before; they only open what they closed."""
