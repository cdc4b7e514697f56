"""The daemon's keys: opened once, checked against the settings, and kept in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, SignerSettingsError
from kzeds.files import is_open_to_others, read_password
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from kzeds.signer_daemon.settings import KeyRule, Settings

KeySource = Callable[[], SigningKey]
"""Opens a key: a file's, or a token's."""


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key and what may be signed with it."""

    rule: KeyRule
    key: SigningKey

    @property
    def certificate(self) -> Certificate:
        """The certificate of the key."""
        return self.key.certificate


def open_keys(settings: Settings, sources: Mapping[str, KeySource] | None = None) -> dict[str, HeldKey]:
    """Open every key of the settings.

    Args:
        settings: They say where the files are.
        sources: For keys that come from elsewhere, by name.

    Raises:
        SignerSettingsError: When a key or password file is open to others, cannot be used, or belongs to another BIN.
    """
    given = sources or {}
    return {name: _hold(rule, given.get(name)) for name, rule in settings.keys.items()}


def number_of(certificate: Certificate) -> str | None:
    """The BIN of an organisation's certificate; the IIN of one that belongs to no organisation."""
    return certificate.bin or certificate.iin


def _hold(rule: KeyRule, source: KeySource | None) -> HeldKey:
    try:
        key = _from_file(rule) if source is None else source()
    except (KzedsError, OSError) as error:
        raise SignerSettingsError(f"[key.{rule.name}] cannot be used: {error}") from error
    if number_of(key.certificate) != rule.number:
        raise SignerSettingsError(
            f"[key.{rule.name}] number: the certificate {key.certificate.short_id} belongs to another BIN or IIN"
        )
    return HeldKey(rule, key)


def _from_file(rule: KeyRule) -> SigningKey:
    _require_closed(rule.file)
    return load_pkcs12(rule.file.read_bytes(), _password(rule))


def _password(rule: KeyRule) -> str:
    if rule.password_file is not None:
        _require_closed(rule.password_file)
        return read_password(rule.password_file)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")  # noqa: TID251 -- systemd's own variable (systemd.exec(5))
    if not folder:
        raise SignerSettingsError(
            "its password is a systemd credential, and systemd gave this process none (LoadCredential=)"
        )
    return read_password(Path(folder) / str(rule.password_credential))


def _require_closed(path: Path) -> None:
    if is_open_to_others(path):
        raise SignerSettingsError(f"{path} is open to others than its owner; run: chmod 400 {path}")
