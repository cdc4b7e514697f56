"""From settings to a service that answers: keys are opened, certificates read, rules bound together."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, SignerSettingsError
from kzeds.files import write_atomically
from kzeds.signer_daemon.keys import HeldKey, open_keys
from kzeds.signer_daemon.log import SigningLog
from kzeds.signer_daemon.policy import Policy, Trust
from kzeds.signer_daemon.quota import QuotaBook
from kzeds.signer_daemon.service import Records, SigningService
from kzeds.signer_daemon.settings import EnvelopeRule, Settings, require_safe
from kzeds.trust import load_authorities

BOOK: Final = "quota.sqlite3"
LOG: Final = "signatures.log"
CERTIFICATES: Final = "certificates"
"""Folder of the certificates of all keys that the daemon ever had: what they signed is sent again after a renewal."""


def open_records(state: Path) -> Records:
    """Open the log and the counts in the folder of the settings.

    Raises:
        SignerSettingsError: When they cannot be used, or the folder is open to others.
        OSError: When they cannot be opened.
    """
    if not state.is_dir():
        raise SignerSettingsError(f"state: there is no folder {state}; make it, for the daemon's user alone (mode 700)")
    if state.stat().st_mode & 0o077:
        raise SignerSettingsError(f"state: {state} is open to others; run: chmod 700 {state}")
    if state.stat().st_uid != os.geteuid():
        raise SignerSettingsError(f"state: {state} belongs to another user than the daemon's; run: chown USER {state}")
    book = QuotaBook(state / BOOK)
    try:
        return Records(SigningLog(state / LOG, book.log_end()), book)
    except BaseException:
        book.close()
        raise


def make_service(
    settings: Settings,
    *,
    records: Records,
    clock: Callable[[], datetime],
) -> SigningService:
    """Open the keys, remember their certificates and bind the rules.

    Raises:
        SignerSettingsError: When a key or a certificate cannot be used.
        OSError: When a certificate cannot be kept.
    """
    keys = open_keys(settings)
    for held in keys.values():
        _remember(held.certificate, settings.state / CERTIFICATES)
    return SigningService(keys, make_policy(settings, keys), settings.users, records=records, clock=clock)


def make_policy(settings: Settings, keys: Mapping[str, HeldKey]) -> Policy:
    """Bind the rules to the certificates that they name.

    Raises:
        SignerSettingsError: When a certificate cannot be used.
    """
    own = [held.certificate for held in keys.values()]
    folder = settings.state / CERTIFICATES
    envelopes = {name: (rule, _trust(rule, own, folder)) for name, rule in settings.envelopes.items()}
    return Policy(settings.operations, envelopes, settings.statements)


def _remember(certificate: Certificate, folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{certificate.fingerprint}.cer"
    if not file.exists():
        write_atomically(file, certificate.der)


def _trust(rule: EnvelopeRule, own: Sequence[Certificate], folder: Path) -> Trust:
    try:
        kept = sorted(folder.glob("*.cer")) if folder.is_dir() else []
        for path in (*rule.certificates, *_all_of(rule.authorities)):
            require_safe(path)
        further = [one for path in (*kept, *rule.certificates) for one in Certificate.load_all(path)]
        authorities = [] if rule.authorities is None else load_authorities(rule.authorities)
    except (KzedsError, OSError) as error:
        raise SignerSettingsError(f"[envelope.{rule.name}] cannot be used: {error}") from error
    return Trust([*own, *further], authorities)


def _all_of(folder: Path | None) -> list[Path]:
    """A folder and what lies in it: whoever may put a file there is trusted as an authority is."""
    return [] if folder is None else [folder, *folder.iterdir()]
