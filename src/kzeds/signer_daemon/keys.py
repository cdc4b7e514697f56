"""The daemon's keys: opened once, checked against the settings, and kept in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, SignerSettingsError
from kzeds.files import is_open_to_others, read_password
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from kzeds.signer_daemon.key_rule import KeyRule
from kzeds.signer_daemon.settings import Settings


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key and what may be signed with it."""

    rule: KeyRule
    key: SigningKey

    @property
    def certificate(self) -> Certificate:
        """The certificate of the key."""
        return self.key.certificate


def open_keys(settings: Settings) -> dict[str, HeldKey]:
    """Open every key of the settings.

    Raises:
        SignerSettingsError: When a key or password file is open to others, cannot be used, or belongs to another BIN.
    """
    return {name: _hold(rule) for name, rule in settings.keys.items()}


def number_of(certificate: Certificate) -> str | None:
    """The BIN of an organisation's certificate; the IIN of one that belongs to no organisation."""
    return certificate.bin or certificate.iin


def _hold(rule: KeyRule) -> HeldKey:
    try:
        key = _open(rule)
    except (KzedsError, OSError) as error:
        raise SignerSettingsError(f"[key.{rule.name}] cannot be used: {error}") from error
    if number_of(key.certificate) != rule.number:
        raise SignerSettingsError(
            f"[key.{rule.name}] number: the certificate {key.certificate.short_id} belongs to another BIN or IIN"
        )
    return HeldKey(rule, key)


def _open(rule: KeyRule) -> SigningKey:
    """Open a key where it is: in a token, or in a file."""
    if rule.token is not None:
        from kzeds.signers.token import open_token_key

        place = rule.token
        return open_token_key(place.library, token=place.label, key=place.key, pin=_password(rule))
    if rule.file is None:
        raise SignerSettingsError("neither a file nor a token is named")
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
