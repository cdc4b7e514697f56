"""CMS (PKCS#7) signatures apart from what they sign, so that evidence opens in the NCA's public checker.

Source: RFC 5652 (SignedData, signed attributes), RFC 5035 (signingCertificateV2 is not written: its hash would have to
be one that every reader knows; the NCA's own timestamps carry only the older signingCertificate). GOST identifiers as
in those timestamps: the digest's own OID, and the OID of signatures in certificates, each with NULL parameters.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from asn1crypto import core, pem

from kzeds import rsa
from kzeds.algorithms import RSA_ENCRYPTION_OID, SHA256, describe_oid
from kzeds.certificate import Certificate
from kzeds.der import READER_FAULTS, element, identifier, moment, sequence
from kzeds.errors import (
    CertificateMissingError,
    DigestMismatchError,
    MalformedSignatureError,
    SignatureMismatchError,
    UnsupportedAlgorithmError,
    WeakAlgorithmError,
)
from kzeds.gost import eds
from kzeds.keyinfo import require_pinned
from kzeds.keys.signing_key import SigningKey
from kzeds.signed_parts import MAXIMUM_SIZE, SIGNED_DATA, SignedParts, read_signed

__all__ = [
    "ALGORITHMS",
    "MAXIMUM_SIZE",
    "CmsAlgorithm",
    "VerifiedSignature",
    "der_of",
    "sign_detached",
    "verify_detached",
]

_DATA = "1.2.840.113549.1.7.1"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_TIME = "1.2.840.113549.1.9.5"
_SHA256_OID = "2.16.840.1.101.3.4.2.1"
_RSA_SHA256_OID = "1.2.840.113549.1.1.11"
_NULL = b"\x05\x00"


@dataclass(frozen=True, slots=True)
class CmsAlgorithm:
    """How one kind of key signs in CMS.

    Attributes:
        digest_oid: Written into the signature.
        signature_oid: Likewise.
        verify: Takes the DER SubjectPublicKeyInfo, the signature and the data; says whether they fit.
    """

    key_oid: str
    digest_oid: str
    signature_oids: tuple[str, ...]
    digest: Callable[[bytes], bytes]
    verify: Callable[[bytes, bytes, bytes], bool]

    @property
    def signature_oid(self) -> str:
        """The one that is written."""
        return self.signature_oids[0]


def _gost(kind: eds.GostKind, digest_oid: str) -> CmsAlgorithm:
    verify = partial(eds.verify, kind)
    return CmsAlgorithm(kind.key_oid, digest_oid, (kind.signature_oid, kind.key_oid), partial(eds.digest, kind), verify)


ALGORITHMS = {
    one.key_oid: one
    for one in (
        _gost(eds.GOST_2015, "1.2.398.3.10.1.3.3"),
        _gost(eds.GOST_OF_2004, "1.2.398.3.10.1.3.1"),
        CmsAlgorithm(
            RSA_ENCRYPTION_OID, _SHA256_OID, (_RSA_SHA256_OID, RSA_ENCRYPTION_OID), SHA256.compute, rsa.verify_sha256
        ),
    )
}
"""By the OID of the key."""


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A detached signature that fits its content.

    Source: RFC 5652, 5.6 and 11.3 (signingTime).

    Attributes:
        certificate: The signer's.
        signing_time: What the signer says, UTC; proves nothing. None when it says nothing.
    """

    certificate: Certificate
    signing_time: datetime | None


def sign_detached(content: bytes, key: SigningKey, *, at: datetime) -> bytes:
    """A DER SignedData over `content`, which is not inside; the signer's certificate is.

    Source: RFC 5652; OIDs of the GOST kinds as in the NCA's own time stamps. messageDigest is the hash in the bytes of
    ds:DigestValue (64 or 32); the signature value is what `SigningKey.sign` gives (GOST: 128 or 64 bytes, r, then s,
    little-endian, without a SEQUENCE; RSA: PKCS#1 v1.5).

    Args:
        content: Any bytes, of any length.
        key: The signer's; whether it may sign today is the caller's question (`SigningKey.require_may_sign`).
        at: Moment of signing, aware; it is written into the signature in whole seconds, and proves nothing.

    Raises:
        TokenError, SignerUnreachableError: As `SigningKey.sign` does.
    """
    return sign_content(content, key, at=at)


def sign_content(
    content: bytes,
    key: SigningKey,
    *,
    at: datetime,
    content_type: str = _DATA,
    attached: bool = False,
    more: tuple[bytes, ...] = (),
) -> bytes:
    """A DER SignedData over a content of any type.

    Args:
        content_type: OID.
        attached: Whether the content goes inside.
        more: DER of further signed attributes.
    """
    algorithm = ALGORITHMS[key.algorithm.key_oid]
    attributes = _attributes(algorithm.digest(content), at, content_type, more)
    digest_algorithm = _algorithm(algorithm.digest_oid)
    signer = sequence(
        b"\x02\x01\x01",
        _issuer_and_serial(key.certificate),
        digest_algorithm,
        element(0xA0, attributes),
        _algorithm(algorithm.signature_oid),
        element(0x04, key.sign(element(0x31, attributes))),
    )
    signed = sequence(
        b"\x02\x01\x01" if content_type == _DATA else b"\x02\x01\x03",
        element(0x31, digest_algorithm),
        sequence(identifier(content_type), element(0xA0, element(0x04, content)) if attached else b""),
        element(0xA0, key.certificate.der),
        element(0x31, signer),
    )
    return sequence(identifier(SIGNED_DATA), element(0xA0, signed))


def der_of(signature: bytes) -> bytes:
    """The DER of a signature that may be in PEM, as NCALayer gives it; what is DER comes back as it is.

    Source: RFC 7468, section 9.

    Raises:
        MalformedSignatureError: It begins as PEM does and cannot be read.
    """
    if b"-----BEGIN" not in signature[:100]:
        return signature
    try:
        return bytes(pem.unarmor(signature)[2])
    except READER_FAULTS:
        raise MalformedSignatureError("the PEM text cannot be read") from None


def verify_detached(signature: bytes, content: bytes, *, trusted: Collection[Certificate] | None) -> VerifiedSignature:
    """Check a detached signature.

    Source: RFC 5652, 5.4 and 5.6; the forms of digest and signature value are those of `sign_detached`.

    Args:
        signature: DER of at most 1 000 000 bytes; `kzeds.cms.der_of` makes it of the PEM that NCALayer gives.
        content: The very bytes that were signed.
        trusted: The certificates that may have signed; None asks for mathematics only: judge the result's
            `certificate` yourself.

    Raises:
        MalformedSignatureError: It is not one SignedData with one signer, carries a content of its own, or names a
            signing time that is none.
        MalformedCertificateError: A certificate inside cannot be read.
        CertificateMissingError: The signer's certificate is neither inside nor among the trusted ones.
        UnsupportedAlgorithmError: Its algorithms are not built in, or not those of the key.
        UntrustedCertificateError: The signer is none of the trusted ones.
        WeakAlgorithmError: The signer's RSA key has less than 2048 bits.
        DigestMismatchError: It signs another content.
        SignatureMismatchError: It was not made by the signer's key.
    """
    parts = read_signed(signature)
    if parts.content is not None:
        raise MalformedSignatureError("the signature carries a content of its own; a detached one is expected")
    certificate = signer_of(parts, trusted or ())
    require_pinned(certificate, trusted)
    require_fit(parts, content, certificate)
    return VerifiedSignature(certificate, _signing_time(parts))


def _signing_time(parts: SignedParts) -> datetime | None:
    """RFC 5652, 11.3: in UTC. A time without a zone would be another one on each machine that reads it."""
    if _SIGNING_TIME not in parts.attributes:
        return None
    try:
        return moment(parts.attributes[_SIGNING_TIME].native)
    except READER_FAULTS:
        raise MalformedSignatureError("the signing time has no time zone, or is none") from None


def signer_of(parts: SignedParts, others: Collection[Certificate]) -> Certificate:
    """The certificate that the signer names, from inside the signature or among others.

    Raises:
        CertificateMissingError: It is in neither.
    """
    for certificate in (*parts.certificates, *others):
        if parts.is_signer(certificate):
            return certificate
    raise CertificateMissingError("the signer's certificate is neither in the signature nor among the trusted ones")


def require_fit(parts: SignedParts, content: bytes, certificate: Certificate) -> None:
    """Check that the signature is over `content` and was made by the key of `certificate`.

    Raises:
        UnsupportedAlgorithmError: Its algorithms are not built in, or not those of the key.
        WeakAlgorithmError: An RSA key below 2048 bits.
        MalformedSignatureError: A signed attribute is missing, or names another type of content.
        DigestMismatchError: It signs another content.
        SignatureMismatchError: It was not made by the key.
    """
    algorithm = _require_algorithm(parts, certificate)
    if certificate.key_oid == RSA_ENCRYPTION_OID and rsa.is_weak_key(certificate.public_key):
        raise WeakAlgorithmError("the signer's key is too short")
    attributes = parts.attributes
    if _MESSAGE_DIGEST not in attributes or _CONTENT_TYPE not in attributes:
        raise MalformedSignatureError("the signed attributes lack the content's digest or type")
    if attributes[_CONTENT_TYPE].dotted != parts.content_type:
        raise MalformedSignatureError("the signed attributes name another type of content")
    if not hmac.compare_digest(algorithm.digest(content), attributes[_MESSAGE_DIGEST].native):
        raise DigestMismatchError("the signature belongs to another content, or the content was changed")
    if not algorithm.verify(certificate.public_key, parts.signature, parts.covered):
        raise SignatureMismatchError(f"the signature was not made by the key of certificate {certificate.short_id}")


def _require_algorithm(parts: SignedParts, certificate: Certificate) -> CmsAlgorithm:
    algorithm = ALGORITHMS.get(certificate.key_oid)
    digest_fits = algorithm is not None and parts.digest_oid == algorithm.digest_oid
    if algorithm is None or not digest_fits or parts.signature_oid not in algorithm.signature_oids:
        raise UnsupportedAlgorithmError(
            f"{describe_oid(parts.signature_oid)} over {describe_oid(parts.digest_oid)} is not built in for this "
            "certificate's key",
            identifier=parts.signature_oid,
        )
    return algorithm


def _attributes(digest: bytes, at: datetime, content_type: str, more: tuple[bytes, ...]) -> bytes:
    """The attributes in the order of DER, without the SET around them."""
    time = core.UTCTime(at.astimezone(UTC).replace(microsecond=0)).dump()
    attributes = (
        sequence(identifier(_CONTENT_TYPE), element(0x31, identifier(content_type))),
        sequence(identifier(_SIGNING_TIME), element(0x31, time)),
        sequence(identifier(_MESSAGE_DIGEST), element(0x31, element(0x04, digest))),
        *more,
    )
    return b"".join(sorted(attributes))


def _algorithm(oid: str) -> bytes:
    return sequence(identifier(oid), _NULL)


def _issuer_and_serial(certificate: Certificate) -> bytes:
    return sequence(certificate.issuer, core.Integer(certificate.serial_number).dump())
