"""What a PKCS#11 library and its tokens can do, as `kzeds pkcs11 probe` reports it.

Without a PIN only the public part is read. With one, the token is logged in to once. Names and numbers of people are
masked: the report is meant to be sent to whoever helps.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kzeds.algorithms import describe_oid
from kzeds.certificate import Certificate
from kzeds.errors import KeyFileError, KzedsError, TokenError
from kzeds.keys.signing_key import require_may_sign
from kzeds.signers.pkcs11_token import (
    TokenCertificate,
    TokenKey,
    certificates_in,
    certificates_of,
    find_token,
    keys_in,
    load_library,
    lock_of,
    log_in,
    mechanism_names,
    token_in,
    tokens_in,
    translating,
)
from kzeds.signers.token import OpenKey, close, rsa_mechanism

if TYPE_CHECKING:
    import pkcs11

_SHOWN_DIGITS = 4


def probe(path: Path, *, label: str | None, pin: str | None, at: datetime, trial: bool) -> dict[str, Any]:
    """Report on a library, its slots and their tokens; with a PIN, also on the keys of one token.

    Args:
        path: The vendor's library.
        label: The only token to look at; it must be named when there are several and a PIN is given.
        pin: The user's PIN. It is tried once, also where the last one was wrong: a person is at the keyboard.
        at: When the certificates are to be valid.
        trial: Make one signature with each key that could sign, and check it.

    Raises:
        TokenError: `extra`, `library`, `token`, `ambiguous`, `pin`, `pin_locked` or `failed`.
    """
    library = load_library(path)
    with lock_of(path):
        return _report(library, path, label=label, pin=pin, at=at, trial=trial)


def _report(
    library: pkcs11._pkcs11.lib, path: Path, *, label: str | None, pin: str | None, at: datetime, trial: bool
) -> dict[str, Any]:
    chosen = _chosen(library, label) if pin is not None or label is not None else None
    opened = None if pin is None or chosen is None else _contents(chosen, pin, at=at, trial=trial)
    with translating("the slots cannot be listed"):
        slots = library.get_slots()
    wanted = [slot for slot in slots if chosen is None or slot.slot_id == chosen.slot.slot_id]
    return {"library": _library(library, path), "slots": [_slot(slot, opened) for slot in wanted]}


def _chosen(library: pkcs11._pkcs11.lib, label: str | None) -> pkcs11.Token:
    if label is not None:
        return find_token(library, label)
    found = tokens_in(library)
    if not found:
        raise TokenError("there is no token", reason="token")
    if len(found) > 1:
        labels = ", ".join(repr(token.label) for token in found)
        raise TokenError(f"there are several tokens: {labels}; name the one that the PIN is for", reason="ambiguous")
    return found[0]


def _library(library: pkcs11._pkcs11.lib, path: Path) -> dict[str, Any]:
    return {
        "file": str(path),
        "manufacturer": library.manufacturer_id,
        "description": library.library_description,
        "version": _version(library.library_version),
        "cryptoki": _version(library.cryptoki_version),
    }


def _slot(slot: pkcs11.Slot, opened: dict[str, Any] | None) -> dict[str, Any]:
    token = token_in(slot)
    return {
        "slot": slot.slot_id,
        "description": slot.slot_description,
        "token": None if token is None else _token(token) | (opened or {"keys": None, "other_certificates": None}),
    }


def _token(token: pkcs11.Token) -> dict[str, Any]:
    return {
        "label": token.label,
        "manufacturer": token.manufacturer_id,
        "model": token.model,
        "serial_number": token.serial.decode("ascii", "replace"),
        "firmware": _version(token.firmware_version),
        "pin": _pin_state(token.flags),
        "mechanisms": mechanism_names(token.slot),
    }


def _pin_state(flags: pkcs11.TokenFlag) -> str:
    from pkcs11 import TokenFlag

    if not flags & TokenFlag.USER_PIN_INITIALIZED:
        return "not set"
    if flags & TokenFlag.USER_PIN_LOCKED:
        return "locked"
    if flags & TokenFlag.USER_PIN_FINAL_TRY:
        return "one try is left"
    return "a wrong one was entered last" if flags & TokenFlag.USER_PIN_COUNT_LOW else "in order"


def _contents(token: pkcs11.Token, pin: str, *, at: datetime, trial: bool) -> dict[str, Any]:
    session = log_in(token, pin, careful=False)
    try:
        keys, certificates = keys_in(session), certificates_in(session)
        used = {one.identifier for one in keys}
        return {
            "keys": [_key(token, session, key, certificates, pin=pin, at=at, trial=trial) for key in keys],
            "other_certificates": [_stored(one, at) for one in certificates if one.identifier not in used],
        }
    finally:
        close(session)


def _key(
    token: pkcs11.Token,
    session: pkcs11.Session,
    key: TokenKey,
    certificates: list[TokenCertificate],
    *,
    pin: str,
    at: datetime,
    trial: bool,
) -> dict[str, Any]:
    """Report on a key: whose it is, whether it could sign for us, and whether it did."""
    own = certificates_of(key, certificates)
    report: dict[str, Any] = {"label": key.label, "id": key.identifier.hex(), "type": key.kind}
    report |= {"certificates": [_certificate(one, at) for one in own], "usable": False, "why_not": None, "trial": None}
    try:
        if not own:
            raise TokenError("the token holds no certificate of this key", reason="certificate")
        opened = OpenKey(session, key, rsa_mechanism(key, own[0], token), pin)
        require_may_sign(own[0], at)
        report["usable"] = True
    except KzedsError as error:
        report["why_not"] = str(error)
        return report
    if trial:
        report["trial"] = _tried(opened, own)
        report["usable"] = report["trial"] == "good"
    return report


def _tried(opened: OpenKey, certificates: list[Certificate]) -> str:
    try:
        fits = any(opened.fits(one) for one in certificates)
    except KeyFileError as error:
        return str(error)
    return "good" if fits else "the signature does not fit the certificate"


def _stored(found: TokenCertificate, at: datetime) -> dict[str, Any]:
    shown = {} if found.certificate is None else _certificate(found.certificate, at)
    return {"label": found.label, "id": found.identifier.hex(), "readable": found.certificate is not None, **shown}


def _certificate(certificate: Certificate, at: datetime) -> dict[str, Any]:
    return {
        "holder": masked_name(certificate.subject_common_name),
        "iin": masked_number(certificate.iin),
        "bin": masked_number(certificate.bin),
        "may_sign": certificate.may_sign,
        "key_algorithm": describe_oid(certificate.key_oid),
        "not_after": certificate.not_after.isoformat(),
        "in_date": certificate.not_before <= at <= certificate.not_after,
        "fingerprint": certificate.fingerprint,
    }


def masked_name(name: str) -> str:
    """Keep the first letter of each word."""
    return " ".join(f"{word[0]}." for word in name.split())


def masked_number(number: str | None) -> str | None:
    """Keep the last four digits."""
    return None if number is None else "*" * (len(number) - _SHOWN_DIGITS) + number[-_SHOWN_DIGITS:]


def _version(parts: tuple[int, int]) -> str:
    return f"{parts[0]}.{parts[1]}"
