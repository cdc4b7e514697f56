"""Key files of the NCA: PKCS#12 with one key and its certificate.

Source: RFC 7292. The NCA's files are BER with indefinite lengths, protected by HMAC-SHA1, triple DES for the key and
40-bit RC2 for the certificate. `cryptography` opens those that hold an RSA key, but says "invalid password" of whatever
it cannot open; so the integrity code is checked here first, which tells a wrong password from a damaged file and
both from an algorithm that is not built in.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

from asn1crypto import pkcs12 as asn1
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    pkcs12,
)

from kzeds import rsa
from kzeds.algorithms import RSA_SHA256, describe_oid
from kzeds.certificate import READER_FAULTS, Certificate
from kzeds.errors import (
    DamagedKeyFileError,
    KzedsError,
    MalformedCertificateError,
    UnknownKeyAlgorithmError,
    WrongPasswordError,
)
from kzeds.keys.signing_key import SigningKey

MAXIMUM_SIZE = 1_000_000
"""Bytes; a key file of the NCA has about 4 000."""

MAXIMUM_ITERATIONS = 2_000_000
"""A larger count in a file is damage or malice: it would only keep the machine busy. The NCA uses 1024."""

_MAC_KEY = 3
"""Purpose of the derived bytes: integrity (RFC 7292, appendix B.3)."""

_HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")

_OID = re.compile(r"\d+(?:\.\d+){3,}")


def load_pkcs12(data: bytes, password: str) -> SigningKey:
    """Open a key file.

    An AUTH key opens too (so that it can be shown); `SigningKey.require_may_sign` is what refuses to sign with it.

    Args:
        data: The whole file.
        password: Its password; it is not kept and appears in no error.

    Raises:
        WrongPasswordError: When the password does not open the file.
        DamagedKeyFileError: When the bytes are no PKCS#12 file, or one that was cut or altered.
        UnknownKeyAlgorithmError: When the key or the protection is of an algorithm that is not built in.
    """
    if len(data) > MAXIMUM_SIZE:
        raise DamagedKeyFileError(f"not a key file: {len(data)} bytes, at most {MAXIMUM_SIZE} are expected")
    container, key_bag = _take_apart(data)
    _require_integrity(container, key_bag, password)
    private_key = _open_key(key_bag, password)
    if private_key.key_size < rsa.MINIMUM_BITS:
        raise UnknownKeyAlgorithmError(
            f"the RSA key has {private_key.key_size} bits; the NCA issues keys of {rsa.MINIMUM_BITS}"
        )
    certificate = _certificate_of(private_key, data, password)
    return SigningKey(certificate, RSA_SHA256, rsa.signer(private_key))


def _take_apart(data: bytes) -> tuple[Any, bytes]:
    """Read the outer structure and return it with the one encrypted key (DER EncryptedPrivateKeyInfo)."""
    try:
        container = asn1.Pfx.load(data, strict=True)
        bags = [
            bag
            for content in container.authenticated_safe
            if content["content_type"].native == "data"
            for bag in asn1.SafeContents.load(content["content"].native, strict=True)
        ]
        keys = [_encrypted_key(bag) for bag in bags if bag["bag_id"].native == "pkcs8_shrouded_key_bag"]
    except READER_FAULTS:
        raise DamagedKeyFileError("not a PKCS#12 key file, or one that was cut short or altered") from None
    if len(keys) != 1:
        raise DamagedKeyFileError(f"the key file holds {len(keys)} encrypted keys; exactly one is expected")
    return container, keys[0]


def _encrypted_key(bag: Any) -> bytes:
    iterations = bag["bag_value"]["encryption_algorithm"].kdf_iterations
    if not 0 < iterations <= MAXIMUM_ITERATIONS:
        raise ValueError("iteration count")
    return bytes(bag["bag_value"].untag().dump())


def _require_integrity(container: Any, key_bag: bytes, password: str) -> None:
    """Check the integrity code, which fits only the right password and an unaltered file."""
    try:
        fits = _mac_fits(container, password)
    except READER_FAULTS:
        raise DamagedKeyFileError("the integrity code of the key file cannot be read") from None
    if fits:
        return
    if _opens(key_bag, password):
        raise DamagedKeyFileError("the password is right, but the file was altered: its integrity code differs")
    raise WrongPasswordError("the password does not open the key file")


def _mac_fits(container: Any, password: str) -> bool:
    mac_data = container["mac_data"]
    if mac_data.native is None:
        raise ValueError("no integrity code")
    algorithm = mac_data["mac"]["digest_algorithm"]["algorithm"]
    if algorithm.native not in _HASHES:
        raise UnknownKeyAlgorithmError(
            f"the key file is protected by {algorithm.dotted}, which is not built in", oid=algorithm.dotted
        )
    iterations = mac_data["iterations"].native
    if not 0 < iterations <= MAXIMUM_ITERATIONS:
        raise ValueError("iteration count")
    key = derive(password, mac_data["mac_salt"].native, iterations, _MAC_KEY, algorithm.native)
    content = container["auth_safe"]["content"].native
    expected = hmac.digest(key, content, algorithm.native)
    return hmac.compare_digest(expected, mac_data["mac"]["digest"].native)


def derive(password: str, salt: bytes, iterations: int, purpose: int, hash_name: str) -> bytes:
    """Derive one hash-length of bytes from a password (RFC 7292, appendix B.2).

    Args:
        password: Taken as UTF-16, big-endian, with a closing zero character.
        salt: As in the file.
        iterations: As in the file.
        purpose: 1 encryption key, 2 initial vector, 3 integrity key.
        hash_name: Name for `hashlib`.
    """
    block = hashlib.new(hash_name, usedforsecurity=False).block_size
    secret = password.encode("utf-16-be") + b"\0\0"
    value = bytes([purpose]) * block + _fill(salt, block) + _fill(secret, block)
    for _ in range(iterations):
        value = hashlib.new(hash_name, value, usedforsecurity=False).digest()
    return value


def _fill(value: bytes, block: int) -> bytes:
    """Repeat `value` up to a whole number of blocks."""
    length = -(-len(value) // block) * block
    return (value * (length // len(value) + 1))[:length] if value else b""


def _opens(key_bag: bytes, password: str) -> bool:
    """Say whether the password decrypts the key, whatever its algorithm."""
    try:
        _open_key(key_bag, password)
    except UnknownKeyAlgorithmError as error:
        return bool(error.oid)
    except KzedsError:
        return False
    return True


def _open_key(key_bag: bytes, password: str) -> RSAPrivateKey:
    try:
        private_key = load_der_private_key(key_bag, password.encode())
    except UnsupportedAlgorithm as error:
        found = _OID.search(str(error))
        oid = found[0] if found else ""
        raise UnknownKeyAlgorithmError(
            f"the key file opens, but its algorithm {describe_oid(oid) or 'is unknown and'} is not built in", oid=oid
        ) from None
    except (ValueError, TypeError):
        raise DamagedKeyFileError("the encrypted key cannot be read") from None
    if not isinstance(private_key, RSAPrivateKey):
        raise UnknownKeyAlgorithmError("the key file opens, but its key is not RSA")
    return private_key


def _certificate_of(private_key: RSAPrivateKey, data: bytes, password: str) -> Certificate:
    """Find the certificate of the key among those in the file."""
    public_key = private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        content = pkcs12.load_pkcs12(data, password.encode())
        found = [content.cert, *content.additional_certs]
        certificates = [Certificate.from_der(one.certificate.public_bytes(Encoding.DER)) for one in found if one]
    except (ValueError, TypeError, UnsupportedAlgorithm, MalformedCertificateError):
        raise DamagedKeyFileError("the certificate in the key file cannot be read") from None
    for certificate in certificates:
        if certificate.public_key == public_key:
            return certificate
    raise DamagedKeyFileError("the key file holds no certificate of its key")
