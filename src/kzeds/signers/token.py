"""A key in a PKCS#11 token (smart card, USB token, HSM), which signs without leaving it.

Source: OASIS PKCS #11 2.40: CKM_SHA256_RSA_PKCS, or CKM_RSA_PKCS over the DigestInfo of RFC 8017, 9.2, where the token
does not hash. RSA only. PKCS#11 has no mechanism for the NCA's GOST algorithms: CKM_GOSTR3410 is Russian, and what the
vendors of Kazakhstan's tokens offer is their own; such a key is refused, with the list of what its token offers.

Example::

    key = open_token_key(Path("/usr/lib/softhsm/libsofthsm2.so"), token="HR", key="employer", pin=pin)
    signer = KeySigner(key)
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from kzeds.algorithms import RSA_SHA256, describe_oid
from kzeds.certificate import Certificate
from kzeds.errors import SignerUnreachableError, SignerUntrustworthyError, TokenError, UnknownKeyAlgorithmError
from kzeds.keys.signing_key import SigningKey
from kzeds.signers.pkcs11_token import (
    BY_IDENTIFIER,
    TokenKey,
    certificates_in,
    certificates_of,
    find_token,
    keys_in,
    load_library,
    lock_of,
    log_in,
    mechanism_names,
    translating,
)

if TYPE_CHECKING:
    import pkcs11

_TRIAL = b"kzeds: does this key belong to this certificate?"
_SHA256_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""DER of DigestInfo up to the 32 bytes of a SHA-256 hash (RFC 8017, 9.2, note 1)."""

_FINAL = frozenset({"pin", "pin_locked", "pin_tries"})
"""Reasons after which nothing is tried any more: the next try could lock the token."""


def open_token_key(library: Path, *, token: str, key: str, pin: str) -> SigningKey:
    """Log in to a token and take the key of that name with its certificate; one signature is made and checked.

    The session is kept. When it is lost (token pulled out, library started anew), the next signature logs in again,
    once; a PIN that was refused is not tried a second time. A library makes one signature at a time, whatever the
    threads.

    Source: OASIS PKCS #11 2.40 (CKM_SHA256_RSA_PKCS, CKM_RSA_PKCS), RFC 8017, 9.2. Signatures are as long as the
    modulus, big-endian.

    Args:
        library: The vendor's PKCS#11 library (`.so`).
        token: Label of the token.
        key: Label of the key, or ``id:`` and its CKA_ID in hexadecimal. Its certificate has the same CKA_ID.
        pin: The user's PIN; it is in no error and no repr.

    Returns:
        A key whose `sign` raises `SignerUnreachableError` when the token is gone, and `TokenError` as below.

    Raises:
        TokenError: `extra`, `library`, `token`, `pin`, `pin_locked`, `pin_tries`, `key`, `certificate`, `mismatch`,
            `ambiguous` or `failed`: see its message.
        UnknownKeyAlgorithmError: When the key is not RSA; the message lists the token's mechanisms.
    """
    held = _HeldKey(library, token, key, pin)
    return SigningKey(held.certificate, RSA_SHA256, held.sign)


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A key in a session that is logged in, and what it is used with."""

    session: pkcs11.Session
    key: TokenKey
    mechanism: pkcs11.Mechanism
    pin: str = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """Return the raw signature, not checked.

        Raises:
            TokenError: `failed`; `pin` or `pin_locked` where the token asks for the PIN each time.
        """
        import pkcs11

        if self.mechanism is pkcs11.Mechanism.RSA_PKCS:
            data = _SHA256_DIGEST_INFO + hashlib.sha256(data).digest()
        again: dict[str, Any] = {"pin": self.pin} if self.key.always_asks else {}
        with translating(f"key {self.key.label!r} does not sign"):
            return bytes(self.key.handle.sign(data, mechanism=self.mechanism, **again))

    def fits(self, certificate: Certificate) -> bool:
        """Say whether it is this certificate's key, by a signature over a fixed text."""
        return RSA_SHA256.verify(certificate.public_key, self.sign(_TRIAL), _TRIAL)


@final
class _HeldKey:
    """Keeps a key open and opens it again when the token was away."""

    def __init__(self, library: Path, token: str, key: str, pin: str) -> None:
        self._place = library, token, key
        self._pin = pin
        self._alone = lock_of(library)
        self._refused: TokenError | None = None
        self._open: OpenKey | None
        with self._alone:
            self._open, self.certificate = self._opened()

    def sign(self, data: bytes) -> bytes:
        """Return the raw signature over `data`, checked against the certificate."""
        with self._alone:
            if self._refused is not None:
                raise TokenError(str(self._refused), reason=self._refused.reason)
            signature = self._signature(data)
        if not RSA_SHA256.verify(self.certificate.public_key, signature, data):
            raise SignerUntrustworthyError(f"token {self._place[1]!r} returned something that is not our signature")
        return signature

    def _signature(self, data: bytes) -> bytes:
        """Sign; when that fails, log in again and sign once more: PKCS#1 v1.5 leaves nothing behind in the token."""
        if self._open is not None:
            try:
                return self._open.sign(data)
            except TokenError as error:
                self._give_up(error)
        try:
            return self._opened_again().sign(data)
        except TokenError as error:
            self._give_up(error)
            raise SignerUnreachableError(f"the token is not there or does not answer: {error}") from None

    def _opened_again(self) -> OpenKey:
        opened, certificate = self._opened()
        if certificate != self.certificate:
            close(opened.session)
            raise SignerUntrustworthyError(f"token {self._place[1]!r} now holds another certificate for the key")
        self._open = opened
        return opened

    def _give_up(self, error: TokenError) -> None:
        """Let go of the session; after a refused PIN, for good."""
        self._let_go()
        if error.reason in _FINAL:
            self._refused = error
            raise error

    def _let_go(self) -> None:
        if self._open is not None:
            close(self._open.session)
        self._open = None

    def _opened(self) -> tuple[OpenKey, Certificate]:
        library, label, name = self._place
        token = find_token(load_library(library), label)
        session = log_in(token, self._pin, careful=True)
        try:
            return pair(session, token, name, self._pin)
        except Exception:
            close(session)
            raise


def pair(session: pkcs11.Session, token: pkcs11.Token, name: str, pin: str) -> tuple[OpenKey, Certificate]:
    """Find a key and the one certificate that belongs to it.

    Raises:
        TokenError: `key`, `certificate`, `mismatch` or `ambiguous`.
        UnknownKeyAlgorithmError: When the key is not RSA.
    """
    key = _named(keys_in(session), name, token.label)
    certificates = certificates_of(key, certificates_in(session))
    if not certificates:
        raise TokenError(f"token {token.label!r} holds no certificate for key {name!r}", reason="certificate")
    opened = OpenKey(session, key, rsa_mechanism(key, certificates[0], token), pin)
    fitting = [one for one in certificates if opened.fits(one)]
    if not fitting:
        raise TokenError(f"token {token.label!r}: the certificate does not belong to key {name!r}", reason="mismatch")
    if len(fitting) > 1:
        raise TokenError(f"token {token.label!r} holds {len(fitting)} certificates of key {name!r}", reason="ambiguous")
    return opened, fitting[0]


def rsa_mechanism(key: TokenKey, certificate: Certificate, token: pkcs11.Token) -> pkcs11.Mechanism:
    """Choose how the token makes an RSA signature with SHA-256.

    Raises:
        TokenError: `key` when the key may not sign at all.
        UnknownKeyAlgorithmError: When the key is not RSA, or the token offers neither mechanism.
    """
    from pkcs11 import Mechanism

    offered = mechanism_names(token.slot)
    usable = [one for one in (Mechanism.SHA256_RSA_PKCS, Mechanism.RSA_PKCS) if one.name in offered]
    if certificate.key_oid != RSA_SHA256.key_oid or key.kind != "RSA" or not usable:
        raise UnknownKeyAlgorithmError(
            f"token {token.label!r}: key {key.label!r} ({describe_oid(certificate.key_oid)}, PKCS#11 type {key.kind}) "
            f"cannot be used: only RSA by SHA256_RSA_PKCS or RSA_PKCS is built in. It offers {', '.join(offered)}",
            oid=certificate.key_oid,
        )
    if not key.can_sign:
        raise TokenError(f"token {token.label!r}: key {key.label!r} is not one for signing (CKA_SIGN)", reason="key")
    return usable[0]


def close(session: pkcs11.Session) -> None:
    """Close a session; that it is gone already is no matter."""
    import pkcs11

    with contextlib.suppress(pkcs11.PKCS11Error):
        session.close()


def _named(keys: list[TokenKey], name: str, token: str) -> TokenKey:
    if name.startswith(BY_IDENTIFIER):
        found = [one for one in keys if one.identifier.hex() == name.removeprefix(BY_IDENTIFIER).lower()]
    else:
        found = [one for one in keys if one.label == name]
    if not found:
        raise TokenError(f"token {token!r} holds no private key {name!r}", reason="key")
    if len(found) > 1:
        identifiers = ", ".join(f"{BY_IDENTIFIER}{one.identifier.hex()}" for one in found)
        raise TokenError(
            f"token {token!r} holds {len(found)} keys {name!r}; name the one that you mean by its identifier: "
            f"{identifiers}",
            reason="ambiguous",
        )
    return found[0]
