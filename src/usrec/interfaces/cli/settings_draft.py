"""A new settings file on the disk: what it is filled with, and what is made beside it."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError
from kzeds.test_pki import EMPLOYER_BIN, TestPki, make_test_pki
from usrec.adapters.system_clock import SystemClock
from usrec.domain.errors import ConfigurationError
from usrec.interfaces.cli.settings_file import Place
from usrec.settings.outline import NAME
from usrec.settings.rules import holds_password

SIMULATOR_URL: Final = "https://127.0.0.1:8443/bip-sync-wss-gost/"
SECRETS: Final = "secrets"
_KEPT: Final = "Nothing was changed"


def require_room(file: Path) -> None:
    """Make sure that a new file can be made.

    Raises:
        ConfigurationError: It exists, or its folder does not.
    """
    if file.exists() or file.is_symlink():
        raise ConfigurationError(
            "the settings file exists already",
            where=str(file),
            kept=_KEPT,
            next_step="Name another file, or move this one away",
        )
    if not file.parent.is_dir():
        raise ConfigurationError(
            "the folder for the settings does not exist", where=str(file.parent), kept=_KEPT, next_step="Make it first"
        )


def require_no_password(addresses: Mapping[str, str | None]) -> None:
    """Make sure that no address on the command line, by its option, holds a password.

    Raises:
        ConfigurationError: One does.
    """
    for option, url in addresses.items():
        if url is not None and holds_password(url):
            raise ConfigurationError(
                "an address on the command line may not hold a password: every user of this machine can read it",
                where=option,
                kept=f"{_KEPT}, but change that password",
                next_step='Leave it out and set password = { file = "..." } in the new file',
            )


def values_given(file: Path, given: Mapping[Place, Path | str | None]) -> dict[Place, Any]:
    """Settings from the command line: files as they are named from the settings' folder, passwords as files."""
    values: dict[Place, Any] = {}
    for place, value in given.items():
        if isinstance(value, Path):
            named = _from_folder(file.parent, value)
            values[place] = {"file": named} if place[-1].endswith("password") else named
        elif value is not None:
            values[place] = value
    return values


def _from_folder(folder: Path, file: Path) -> str:
    """Relative only where it lies in the folder: nobody has to count ``..``."""
    whole = Path(os.path.normpath(file.absolute()))
    return str(whole.relative_to(folder)) if whole.is_relative_to(folder) else str(whole)


def values_for_simulator(
    file: Path, pki: Path | None, employer_bin: str | None, gateway_url: str | None
) -> dict[Place, Any]:
    """Everything that the simulator needs. Test keys and a made-up password are made where they are missing.

    Args:
        gateway_url: Where the simulator is, which answers by OCSP beside the gateway; the usual place when absent.

    Raises:
        ConfigurationError: They cannot be made, or the folder for the keys holds something else.
    """
    keys = TestPki((pki or file.parent / "pki").absolute())
    bin_ = _bin_of(keys, employer_bin)
    password = file.parent / "sender.password"
    if not password.exists():
        write_new(password, f"{secrets.token_urlsafe(18)}\n")
    filled: dict[Place, Path | str | None] = {
        ("gateway", "url"): gateway_url or SIMULATOR_URL,
        ("gateway", "sender_id"): "simulator",
        ("gateway", "password"): password,
        ("gateway", "ca_file"): keys.tls_ca,
        ("gateway", "response_certificate"): keys.certificate_file("gateway"),
        ("employer", NAME, "bin"): bin_,
        ("employer", NAME, "key_file"): keys.key_file("employer"),
        ("employer", NAME, "key_password"): keys.password_file("employer"),
        ("ledger", "url"): "sqlite:///ledger.db",
        ("source", NAME, "url"): "sqlite:///hr.db",
        ("trust", "authorities"): keys.nca_ca,
        ("trust", "ocsp"): urljoin(gateway_url or SIMULATOR_URL, "/ocsp/"),
        ("trust", "ca_file"): keys.tls_ca,
        ("log", "format"): "text",
    }
    return values_given(file, filled)


def _bin_of(keys: TestPki, wanted: str | None) -> str | None:
    """The BIN in the test keys, which are made where there are none."""
    try:
        if not keys.directory.exists():
            make_test_pki(keys.directory, now=SystemClock().now(), employer_bin=wanted or EMPLOYER_BIN)
        return Certificate.load(keys.certificate_file("employer")).bin
    except (KzedsError, OSError) as problem:
        raise ConfigurationError(
            f"there are no test keys, and none could be made: {problem}",
            where=str(keys.directory),
            kept=_KEPT,
            next_step="Name a folder made by kzeds test-pki, or one that does not exist yet, with --pki",
        ) from None


def make_secrets_folder(file: Path) -> Path | None:
    """A folder beside the settings that only its owner may enter; None when it is there already."""
    folder = file.parent / SECRETS
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return None
    return folder


def write_new(file: Path, text: str) -> None:
    """Write a file that only its owner may read: all of it or nothing, and never over another one.

    Raises:
        ConfigurationError: It exists already, or cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        draft = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            file.hardlink_to(draft)
        finally:
            draft.unlink()
    except FileExistsError:
        require_room(file)
        raise
    except OSError as problem:
        raise ConfigurationError(
            f"it cannot be written: {problem.strerror}", where=str(file), kept=_KEPT, next_step="Check the folder"
        ) from None
