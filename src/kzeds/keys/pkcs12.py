"""Key files of the NCA: PKCS#12 with one key and its certificate.

Source: RFC 7292. The NCA's files are BER with indefinite lengths, protected by HMAC-SHA1, triple DES for the key and
40-bit RC2 for the certificate. Most programs say "invalid password" of whatever they cannot open; so the integrity
code is checked first here, which tells a wrong password from a damaged file and both from an algorithm that is not
built in.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Any

from asn1crypto import core
from asn1crypto import pkcs12 as asn1
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from kzeds import rsa
from kzeds.algorithms import (
    GOST_2004_SIGNATURE,
    GOST_2015_SIGNATURE,
    RSA_ENCRYPTION_OID,
    RSA_SHA256,
    SignatureAlgorithm,
    describe_oid,
)
from kzeds.certificate import Certificate
from kzeds.der import READER_FAULTS
from kzeds.errors import DamagedKeyFileError, MalformedCertificateError, UnknownKeyAlgorithmError, WrongPasswordError
from kzeds.gost import eds
from kzeds.keys.protection import INTEGRITY_KEY, MAXIMUM_ITERATIONS, decrypt, derive, require_bounded
from kzeds.keys.signing_key import SigningKey

MAXIMUM_SIZE = 1_000_000
"""Bytes; a key file of the NCA has about 4 000."""

MAXIMUM_NUMBER = 1_025
"""Octets of a number of an RSA key: that of 8192 bits with its sign."""

_HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")
_GOST_SIGNATURES = {one.key_oid: one for one in (GOST_2015_SIGNATURE, GOST_2004_SIGNATURE)}

_Opened = tuple[bytes, SignatureAlgorithm, Callable[[bytes], bytes]]
"""DER SubjectPublicKeyInfo of a private key, what it makes, and the function that makes it."""


def load_pkcs12(data: bytes, password: str) -> SigningKey:
    """Open a key file.

    An AUTH key opens too (so that it can be shown); `SigningKey.require_may_sign` is what refuses to sign with it.

    Source: RFC 7292; the NCA's key files for their protection (HMAC-SHA1, triple DES, RC2 of 40 bits: RFC 2268) and for
    the order of bytes: a private key of GOST 34.310-2015 is 64 bytes, little-endian; one of 2004 a DER INTEGER.

    Args:
        data: The whole file, DER or BER, at most 1 000 000 bytes; one of the NCA has about 4 000.
        password: Its password, as it is typed, without a line break (`read_password` reads one from a file); it is not
            kept and appears in no error.

    Raises:
        WrongPasswordError: When the password does not open the file.
        DamagedKeyFileError: When the bytes are no PKCS#12 file, or one that was cut or altered.
        UnknownKeyAlgorithmError: When the key or the protection is of an algorithm that is not built in.
    """
    if len(data) > MAXIMUM_SIZE:
        raise DamagedKeyFileError(f"not a key file: {len(data)} bytes, at most {MAXIMUM_SIZE} are expected")
    container, key_bag = _take_apart(data)
    _require_integrity(container, key_bag, password)
    public_key, algorithm, sign = _open_key(_clear_key(key_bag, password))
    return SigningKey(_certificate_of(public_key, container, password), algorithm, sign)


def _take_apart(data: bytes) -> tuple[Any, Any]:
    """Read the outer structure and return it with the one encrypted key (EncryptedPrivateKeyInfo)."""
    try:
        container = asn1.Pfx.load(data, strict=True)
        _require_frame(container)
        bags = [bag for content in _contents(container, "data") for bag in _bags(content["content"].native)]
        keys = [_encrypted_key(bag) for bag in bags if bag["bag_id"].native == "pkcs8_shrouded_key_bag"]
    except READER_FAULTS:
        raise DamagedKeyFileError("not a PKCS#12 key file, or one that was cut short or altered") from None
    if len(keys) != 1:
        raise DamagedKeyFileError(f"the key file holds {len(keys)} encrypted keys; exactly one is expected")
    return container, keys[0]


def _require_frame(container: Any) -> None:
    """What stands outside of all that the integrity code covers has one value only (RFC 7292, section 4)."""
    if container["version"].native != "v3" or container["auth_safe"]["content_type"].native != "data":
        raise ValueError("not PFX of version 3 with a password")


def _contents(container: Any, kind: str) -> Iterator[Any]:
    return (content for content in container.authenticated_safe if content["content_type"].native == kind)


def _bags(content: bytes) -> Any:
    return asn1.SafeContents.load(content, strict=True)


def _encrypted_key(bag: Any) -> Any:
    require_bounded(bag["bag_value"]["encryption_algorithm"])
    return bag["bag_value"]


def _require_integrity(container: Any, key_bag: Any, password: str) -> None:
    """Check the integrity code, which fits only the right password and an unaltered file."""
    try:
        fits = _mac_fits(container, password)
    except READER_FAULTS:
        raise DamagedKeyFileError("the integrity code of the key file cannot be read") from None
    if fits:
        return
    if _opens(container, key_bag, password):
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
    content = container["auth_safe"]["content"].native
    size = hashlib.new(algorithm.native, usedforsecurity=False).digest_size
    key = derive(password, mac_data["mac_salt"].native, iterations, INTEGRITY_KEY, algorithm.native, size=size)
    expected = hmac.digest(key, content, algorithm.native)
    return hmac.compare_digest(expected, mac_data["mac"]["digest"].native)


def _opens(container: Any, key_bag: Any, password: str) -> bool:
    """Say whether the password decrypts the key or, where that is what was damaged, the first of the rest."""
    try:
        _clear_key(key_bag, password)
    except (DamagedKeyFileError, UnknownKeyAlgorithmError):
        return _opens_the_rest(container, password)
    return True


def _opens_the_rest(container: Any, password: str) -> bool:
    try:
        content = next(_decrypted(container, password), None)
        return content is not None and bool(_bags(content)[0]["bag_id"].dotted)
    except (*READER_FAULTS, UnknownKeyAlgorithmError):
        return False


def _clear_key(key_bag: Any, password: str) -> bytes:
    """The decrypted PrivateKeyInfo, which is a structure of its own: a wrong password gives none."""
    try:
        clear = decrypt(key_bag["encryption_algorithm"], key_bag["encrypted_data"].native, password)
        core.Sequence.load(clear, strict=True)[1][0].dotted  # noqa: B018 -- reading it is the check
    except READER_FAULTS:
        raise DamagedKeyFileError("the encrypted key cannot be read") from None
    return clear


def _open_key(clear: bytes) -> _Opened:
    try:
        parsed = core.Sequence.load(clear, strict=True)
        oid, octets = parsed[1][0].dotted, parsed[2].native
        if oid in _GOST_SIGNATURES:
            _require_parameters(eds.KINDS[oid], parsed[1][1])
    except READER_FAULTS:
        raise DamagedKeyFileError("the encrypted key cannot be read") from None
    if oid in _GOST_SIGNATURES:
        return _open_gost(oid, octets)
    if oid == RSA_ENCRYPTION_OID:
        return _open_rsa(clear)
    raise UnknownKeyAlgorithmError(
        f"the key file opens, but its algorithm {describe_oid(oid)} is not built in", oid=oid
    )


def _require_parameters(kind: eds.GostKind, parameters: Any) -> None:
    """The curve, and the hash where one is named, are those of the kind."""
    expected = (("curve", kind.curve_oid), ("hash", kind.key_digest_oid))
    for place, (what, oid) in enumerate(expected[: max(1, len(parameters))]):
        found = parameters[place].dotted
        if found != oid:
            raise UnknownKeyAlgorithmError(f"the key's {what} {found} is not the one of {kind.name} keys", oid=found)


def _open_gost(oid: str, octets: bytes) -> _Opened:
    kind = eds.KINDS[oid]
    private_key = eds.read_private_key(kind, octets)
    return eds.public_key_of(kind, private_key), _GOST_SIGNATURES[oid], eds.signer(kind, private_key)


def _open_rsa(clear: bytes) -> _Opened:
    try:
        _require_bounded(clear)
        private_key = load_der_private_key(clear, None)
    except (*READER_FAULTS, UnsupportedAlgorithm):
        raise DamagedKeyFileError("the encrypted key cannot be read") from None
    if not isinstance(private_key, RSAPrivateKey) or private_key.key_size < rsa.MINIMUM_BITS:
        size = private_key.key_size if isinstance(private_key, RSAPrivateKey) else 0
        raise UnknownKeyAlgorithmError(f"the RSA key has {size} bits; the NCA issues keys of {rsa.MINIMUM_BITS}")
    public_key = private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public_key, RSA_SHA256, rsa.signer(private_key)


def _require_bounded(clear: bytes) -> None:
    """Refuse numbers of an absurd size before OpenSSL looks for their divisors, which takes their cube in time."""
    numbers = core.Sequence.load(core.Sequence.load(clear, strict=True)[2].native, strict=True)
    if any(len(numbers[place].contents) > MAXIMUM_NUMBER for place in range(len(numbers))):
        raise ValueError("a number of the key")


def _certificate_of(public_key: bytes, container: Any, password: str) -> Certificate:
    """Find the certificate of the key among those in the file."""
    try:
        certificates = [Certificate.from_der(der) for der in _certificates(container, password)]
    except (*READER_FAULTS, MalformedCertificateError):
        raise DamagedKeyFileError("the certificate in the key file cannot be read") from None
    for certificate in certificates:
        if certificate.public_key == public_key:
            return certificate
    raise DamagedKeyFileError("the key file holds no certificate of its key")


def _certificates(container: Any, password: str) -> Iterator[bytes]:
    """DER bytes of every certificate, wherever the file keeps them."""
    contents = [content["content"].native for content in _contents(container, "data")]
    for content in (*contents, *_decrypted(container, password)):
        for bag in _bags(content):
            if bag["bag_id"].native == "cert_bag":
                yield bytes(bag["bag_value"]["cert_value"])


def _decrypted(container: Any, password: str) -> Iterator[bytes]:
    """The contents that are encrypted as a whole, as the NCA's certificates are."""
    for content in _contents(container, "encrypted_data"):
        sealed = content["content"]["encrypted_content_info"]
        yield decrypt(sealed["content_encryption_algorithm"], sealed["encrypted_content"].native, password)
