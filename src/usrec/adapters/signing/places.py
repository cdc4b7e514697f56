"""The places where a key can be, and how a signer is had from each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from kzeds.certificate import Certificate
from kzeds.errors import (
    DamagedKeyFileError,
    KzedsError,
    SignerUnreachableError,
    TokenError,
    UnknownKeyAlgorithmError,
    WrongPasswordError,
)
from kzeds.signers.base import KeySigner, Signer
from usrec.adapters.signing.faults import KeyFault, KeyUnusableError
from usrec.adapters.signing.pkcs12 import load_key
from usrec.domain.secret import Secret

_NOT_PLUGGED_IN: Final = "token"
_Answer = TypeVar("_Answer")
ReadSecret = Callable[[], Secret]
"""Reads a password or PIN when it is needed; raises ConfigurationError."""


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where a key is.

    Attributes:
        where: The same in words, for messages.
        open: Gives its signer and its certificate. Raises ConfigurationError when it cannot be used and
            SignerUnreachableError when whoever holds it does not answer.
        lasting: A failure lasts until the settings are read anew: a wrong PIN must not be tried again and again.
        names_body: The signer takes the identifier of a SOAP Body that it is given.
        file: The key's own file, None where there is none on this machine.
        kind: ``file``, ``signer_daemon``, ``ncanode`` or ``token``.
    """

    where: str
    open: Callable[[], tuple[Signer, Certificate]]
    lasting: bool = True
    names_body: bool = True
    file: Path | None = None
    kind: str = "file"


def key_file_place(file: Path, password: ReadSecret) -> KeyPlace:
    """A PKCS#12 file that is read into this process."""

    def opened() -> tuple[Signer, Certificate]:
        key = load_key(file, password())
        return KeySigner(key), key.certificate

    return KeyPlace(str(file), opened, file=file)


def daemon_place(socket: Path, key: str, *, timeout: timedelta) -> KeyPlace:
    """A key of the signer daemon; nothing of it is read into this process."""
    where = f"signer daemon {socket}, key {key}"

    def opened() -> tuple[Signer, Certificate]:
        from kzeds.signers.daemon_client import SocketSigner

        signer = SocketSigner(socket, key, timeout=timeout)
        return signer, _answered(lambda: signer.certificate, where, "Look at the daemon's settings and log")

    return KeyPlace(where, opened, lasting=False, kind="signer_daemon")


def ncanode_place(
    url: str,
    file: Path,
    password: ReadSecret,
    *,
    alias: str | None = None,
    ca_file: Path | None = None,
    timeout: timedelta = timedelta(seconds=10),
) -> KeyPlace:
    """A key file that NCANode signs with."""
    where = f"NCANode {url}, key file {file}"

    def opened() -> tuple[Signer, Certificate]:
        from kzeds.signers.ncanode import NcanodeSigner

        secret = password().reveal()
        content = _content(file)

        def ask() -> tuple[Signer, Certificate]:
            signer = NcanodeSigner(url, content, secret, alias=alias, ca_file=ca_file, timeout=timeout)
            return signer, signer.certificate

        return _answered(ask, where, "Look at [employer.NAME.ncanode] and at NCANode's own log")

    return KeyPlace(where, opened, lasting=False, names_body=False, file=file, kind="ncanode")


def token_place(library: Path, *, token: str, key: str, pin: ReadSecret) -> KeyPlace:
    """A key in a PKCS#11 token."""
    where = f"token {token}, key {key}"

    def opened() -> tuple[Signer, Certificate]:
        from kzeds.signers.token import open_token_key

        secret = pin().reveal()
        found = _answered(
            lambda: open_token_key(library, token=token, key=key, pin=secret),
            where,
            "Run kzeds pkcs11 probe, and compare with [employer.NAME.token]",
        )
        return KeySigner(found), found.certificate

    return KeyPlace(where, opened, kind="token")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        what = f"the key file cannot be read ({error.strerror})"
        step = "Check its path and permissions"
        raise KeyUnusableError(KeyFault.UNREADABLE, what, where=str(file), next_step=step) from None


def _answered(ask: Callable[[], _Answer], where: str, advice: str) -> _Answer:
    """What a key that others hold answers, in this package's errors.

    Raises:
        KeyUnusableError: It cannot be used as the settings name it.
        SignerUnreachableError: Nobody answers.
    """
    try:
        return ask()
    except SignerUnreachableError:
        raise
    except KzedsError as error:
        if isinstance(error, TokenError) and error.reason == _NOT_PLUGGED_IN:
            raise SignerUnreachableError(str(error)) from None
        raise KeyUnusableError(_fault_of(error), str(error), where=where, next_step=advice) from None


def _fault_of(error: KzedsError) -> KeyFault:
    match error:
        case WrongPasswordError():
            return KeyFault.WRONG_PASSWORD
        case DamagedKeyFileError():
            return KeyFault.DAMAGED
        case UnknownKeyAlgorithmError():
            return KeyFault.UNKNOWN_ALGORITHM
        case _:
            return KeyFault.REFUSED
