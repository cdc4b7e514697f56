"""GOST keys and signatures as the NCA writes them: which hash goes with which key, and their forms in files.

Source: the OIDs under 1.2.398.3.10.1 that the NCA registers; its own provider and test certificates for the forms that
no published text gives. All numbers in them are little-endian but one (the private key of 2004). Hashes have their
bytes as libgcrypt gives them; the examples of the standards print the same, read from its last byte.

| | GOST 34.310-2015, 512 bit | GOST 34.310-2004 |
|---|---|---|
| hash | Streebog-512, 64 bytes | GOST 34.311-95, test parameters, 32 bytes |
| hash as a number in the equations | little-endian | little-endian |
| signature | 128 bytes, r and s | 64 bytes, r and s |
| public key in a certificate | OCTET STRING, 128 bytes, x and y | OCTET STRING, 64 bytes, x and y |
| private key in a key file | OCTET STRING, 64 bytes | INTEGER, big-endian as DER has it |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from asn1crypto import core

from kzeds.der import READER_FAULTS, bit_string, identifier, sequence
from kzeds.errors import DamagedKeyFileError, MalformedCertificateError, UnsupportedAlgorithmError
from kzeds.gost import native, scheme
from kzeds.gost.curves import GOST_2004, GOST_2015_512, Curve, Point
from kzeds.gost.gost34311 import gost34311
from kzeds.gost.scheme import Arithmetic
from kzeds.gost.streebog import streebog512


@dataclass(frozen=True)
class GostKind:
    """One of the two kinds of keys.

    Attributes:
        name: What a person calls it.
        curve: With the sizes of its numbers.
        key_oid: Algorithm of the key.
        curve_oid: Its curve, the only one of this kind.
        key_digest_oid: Hash that the key's parameters name.
        signature_oid: Algorithm of signatures in certificates, CRLs and OCSP answers.
        hash_name: For :func:`kzeds.gost.native.libgcrypt_hash`.
        plain_hash: The same in plain Python.
    """

    name: str
    curve: Curve
    key_oid: str
    curve_oid: str
    key_digest_oid: str
    signature_oid: str
    hash_name: str
    plain_hash: Callable[[bytes], bytes]


GOST_2015 = GostKind(
    name="GOST 34.310-2015",
    curve=GOST_2015_512,
    key_oid="1.2.398.3.10.1.1.2.2",
    curve_oid="1.2.398.3.10.1.1.2.2.1",
    key_digest_oid="1.2.398.3.10.1.3.3",
    signature_oid="1.2.398.3.10.1.1.2.3.2",
    hash_name="streebog512",
    plain_hash=streebog512,
)

GOST_OF_2004 = GostKind(
    name="GOST 34.310-2004",
    curve=GOST_2004,
    key_oid="1.2.398.3.10.1.1.1.1",
    curve_oid="1.2.398.3.10.1.1.1.1.1",
    key_digest_oid="1.2.398.3.10.1.3.1.1.0",
    signature_oid="1.2.398.3.10.1.1.1.2",
    hash_name="gost34311",
    plain_hash=gost34311,
)

KINDS = {kind.key_oid: kind for kind in (GOST_2015, GOST_OF_2004)}


def digest(kind: GostKind, data: bytes) -> bytes:
    """The hash of `data`, 64 or 32 bytes, in the order above: by libgcrypt where it can, else in plain Python."""
    return (native.libgcrypt_hash(kind.hash_name) or kind.plain_hash)(data)


def signer(kind: GostKind, private_key: int) -> Callable[[bytes], bytes]:
    """A function that signs with this key and keeps the key to itself; it may be called from any thread.

    It takes the data, not a hash, and gives r, then s, little-endian: 128 or 64 bytes.
    """
    arithmetic = _arithmetic(kind.curve)

    def sign(data: bytes) -> bytes:
        return scheme.sign(arithmetic, private_key, digest(kind, data))

    return sign


def verify(kind: GostKind, public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Say whether `signature` (r and then s, little-endian) over `data` was made by the key of this public key.

    Args:
        public_key: DER SubjectPublicKeyInfo with x, then y, little-endian, 64 or 32 bytes each.
        signature: r, then s, little-endian, 128 or 64 bytes; one of another length is not valid.
        data: What was signed, not hashed.

    Raises:
        MalformedCertificateError: When the bytes are not a public key of this kind.
        UnsupportedAlgorithmError: When they are a key of another kind, or on another curve.
    """
    point = read_public_key(kind, public_key)
    return scheme.verify(_arithmetic(kind.curve), point, digest(kind, data), signature)


@lru_cache(maxsize=64)
def read_public_key(kind: GostKind, public_key: bytes) -> Point:
    """The point in a DER SubjectPublicKeyInfo; it lies on the curve.

    Raises:
        MalformedCertificateError: When the bytes are not a public key of this kind.
        UnsupportedAlgorithmError: When they are a key of another kind, on another curve or with another hash.
    """
    try:
        parsed = core.Sequence.load(public_key, strict=True)
        _require_kind(kind, parsed[0])
        coordinates = core.OctetString.load(parsed[1].contents[1:], strict=True).native
    except READER_FAULTS:
        raise MalformedCertificateError("the certificate's public key cannot be read") from None
    size = kind.curve.size
    point = int.from_bytes(coordinates[:size], "little"), int.from_bytes(coordinates[size:], "little")
    if len(coordinates) != 2 * size or not kind.curve.holds(point):
        raise MalformedCertificateError("the certificate's public key is not a point of its curve")
    if write_public_key(kind, point) != public_key:
        raise MalformedCertificateError("the certificate's public key is not in its one form (DER)")
    return point


def write_public_key(kind: GostKind, point: Point) -> bytes:
    """The DER SubjectPublicKeyInfo of a point."""
    size = kind.curve.size
    raw = core.OctetString(b"".join(part.to_bytes(size, "little") for part in point)).dump()
    return sequence(algorithm_of(kind), bit_string(raw))


def read_private_key(kind: GostKind, key_octets: bytes) -> int:
    """The number in the privateKey field of a PKCS#8 structure.

    Raises:
        DamagedKeyFileError: When it holds something else.
    """
    number = 0
    try:
        if kind is GOST_2015:
            raw = core.OctetString.load(key_octets, strict=True).native
            number = int.from_bytes(raw, "little") if len(raw) == kind.curve.size else 0
        else:
            number = core.Integer.load(key_octets, strict=True).native
    except (ValueError, TypeError):
        number = 0
    if not 0 < number < kind.curve.n:
        raise DamagedKeyFileError("the private key in the file is not a number of its curve")
    return number


def write_private_key(kind: GostKind, private_key: int) -> bytes:
    """The privateKey field of a PKCS#8 structure."""
    if kind is GOST_2015:
        return bytes(core.OctetString(private_key.to_bytes(kind.curve.size, "little")).dump())
    return bytes(core.Integer(private_key).dump())


def public_key_of(kind: GostKind, private_key: int) -> bytes:
    """The DER SubjectPublicKeyInfo that belongs to a private key.

    Raises:
        ValueError: The number is not a private key of the curve.
    """
    return write_public_key(kind, scheme.public_key_of(_arithmetic(kind.curve), private_key))


def algorithm_of(kind: GostKind) -> bytes:
    """The DER AlgorithmIdentifier of a key: its OID with curve and hash."""
    parameters = sequence(identifier(kind.curve_oid), identifier(kind.key_digest_oid))
    return sequence(identifier(kind.key_oid), parameters)


def _require_kind(kind: GostKind, algorithm: Any) -> None:
    identifiers = [part.dotted for part in (algorithm[0], algorithm[1][0], algorithm[1][1])]
    if identifiers != [kind.key_oid, kind.curve_oid, kind.key_digest_oid]:
        raise UnsupportedAlgorithmError(
            f"the certificate's key is not {kind.name} on its curve with its hash", identifier=identifiers[0]
        )


@cache
def _arithmetic(curve: Curve) -> Arithmetic:
    return Arithmetic(curve)
