"""CMS (PKCS#7) signatures apart from what they sign, so that evidence opens in the NCA's public checker.

Source: RFC 5652 (SignedData, signed attributes), RFC 5035 (signingCertificateV2 is not written: its hash would have to
be one that every reader knows, and the NCA's own timestamps do without it). GOST identifiers as in those timestamps:
the digest's own OID, and the OID of signatures in certificates, each with NULL parameters.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from asn1crypto import cms as asn1
from asn1crypto import core

from kzeds import rsa
from kzeds.algorithms import RSA_ENCRYPTION_OID, SHA256, describe_oid
from kzeds.certificate import Certificate
from kzeds.der import READER_FAULTS, element, identifier, sequence
from kzeds.errors import (
    CertificateMissingError,
    DigestMismatchError,
    MalformedSignatureError,
    SignatureMismatchError,
    UnsupportedAlgorithmError,
)
from kzeds.gost import eds
from kzeds.keyinfo import require_pinned
from kzeds.keys.signing_key import SigningKey

MAXIMUM_SIZE = 1_000_000
"""Bytes of a signature that is read; one has about 2 000."""

_DATA = "1.2.840.113549.1.7.1"
_SIGNED_DATA = "1.2.840.113549.1.7.2"
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

    Attributes:
        certificate: The signer's.
        signing_time: What the signer says, UTC; proves nothing. None when it says nothing.
    """

    certificate: Certificate
    signing_time: datetime | None


def sign_detached(content: bytes, key: SigningKey, *, at: datetime) -> bytes:
    """A DER SignedData over `content`, which is not inside; the signer's certificate is.

    Args:
        at: Moment of signing, aware; it is written into the signature.
    """
    algorithm = ALGORITHMS[key.algorithm.key_oid]
    attributes = _attributes(algorithm.digest(content), at)
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
        b"\x02\x01\x01",
        element(0x31, digest_algorithm),
        sequence(identifier(_DATA)),
        element(0xA0, key.certificate.der),
        element(0x31, signer),
    )
    return sequence(identifier(_SIGNED_DATA), element(0xA0, signed))


def verify_detached(signature: bytes, content: bytes, *, trusted: Collection[Certificate] | None) -> VerifiedSignature:
    """Check a detached signature.

    Args:
        trusted: The certificates that may have signed; None asks for mathematics only.

    Raises:
        MalformedSignatureError: It is not one SignedData with one signer, or it carries a content of its own.
        CertificateMissingError: The signer's certificate is neither inside nor among the trusted ones.
        UnsupportedAlgorithmError: Its algorithms are not built in, or not those of the key.
        UntrustedCertificateError: The signer is none of the trusted ones.
        DigestMismatchError: It signs another content.
        SignatureMismatchError: It was not made by the signer's key.
    """
    signed, signer = _read(signature)
    certificate = _certificate_of(signer, signed, trusted)
    require_pinned(certificate, trusted)
    algorithm = _require_algorithm(signer, certificate)
    try:
        attributes = {attribute["type"].dotted: attribute["values"] for attribute in signer["signed_attrs"]}
        digest = attributes[_MESSAGE_DIGEST][0].native
        told = attributes[_CONTENT_TYPE][0].dotted
        time = attributes[_SIGNING_TIME][0].native if _SIGNING_TIME in attributes else None
        covered = b"\x31" + signer["signed_attrs"].dump()[1:]
        value = signer["signature"].native
    except READER_FAULTS:
        raise MalformedSignatureError("the signed attributes cannot be read, or lack the content's digest") from None
    if told != signed["encap_content_info"]["content_type"].dotted:
        raise MalformedSignatureError("the signed attributes name another type of content")
    if not hmac.compare_digest(algorithm.digest(content), digest):
        raise DigestMismatchError("the signature belongs to another content, or the content was changed")
    if not algorithm.verify(certificate.public_key, value, covered):
        raise SignatureMismatchError(f"the signature was not made by the key of certificate {certificate.short_id}")
    return VerifiedSignature(certificate, time.astimezone(UTC) if isinstance(time, datetime) else None)


def _read(signature: bytes) -> tuple[Any, Any]:
    if len(signature) > MAXIMUM_SIZE:
        raise MalformedSignatureError(f"the signature has more than {MAXIMUM_SIZE} bytes")
    try:
        container = asn1.ContentInfo.load(signature, strict=True)
        if container["content_type"].dotted != _SIGNED_DATA:
            raise MalformedSignatureError("the bytes are CMS, but not SignedData")
        signed = container["content"]
        signers = list(signed["signer_infos"])
        inside = signed["encap_content_info"]["content"].native
    except READER_FAULTS:
        raise MalformedSignatureError("the bytes are not a CMS signature that can be read") from None
    if inside is not None:
        raise MalformedSignatureError("the signature carries a content of its own; a detached one is expected")
    if len(signers) != 1:
        raise MalformedSignatureError(f"the signature has {len(signers)} signers; exactly one is expected")
    return signed, signers[0]


def _certificate_of(signer: Any, signed: Any, trusted: Collection[Certificate] | None) -> Certificate:
    inside = [Certificate.from_der(one.chosen.dump()) for one in signed["certificates"] or ()]
    for certificate in (*inside, *(trusted or ())):
        if _is_meant(signer["sid"], certificate):
            return certificate
    raise CertificateMissingError("the signer's certificate is neither in the signature nor among the trusted ones")


def _is_meant(sid: Any, certificate: Certificate) -> bool:
    if sid.name == "subject_key_identifier":
        return bool(sid.native == certificate.key_id)
    named = sid.chosen
    return bool(
        named["serial_number"].native == certificate.serial_number and named["issuer"].dump() == certificate.issuer
    )


def _require_algorithm(signer: Any, certificate: Certificate) -> CmsAlgorithm:
    found = (signer["digest_algorithm"]["algorithm"].dotted, signer["signature_algorithm"]["algorithm"].dotted)
    algorithm = ALGORITHMS.get(certificate.key_oid)
    if algorithm is None or found[0] != algorithm.digest_oid or found[1] not in algorithm.signature_oids:
        raise UnsupportedAlgorithmError(
            f"{describe_oid(found[1])} over {describe_oid(found[0])} is not built in for this certificate's key",
            identifier=found[1],
        )
    return algorithm


def _attributes(digest: bytes, at: datetime) -> bytes:
    """The attributes in the order of DER, without the SET around them."""
    moment = core.UTCTime(at.astimezone(UTC).replace(microsecond=0)).dump()
    attributes = (
        sequence(identifier(_CONTENT_TYPE), element(0x31, identifier(_DATA))),
        sequence(identifier(_SIGNING_TIME), element(0x31, moment)),
        sequence(identifier(_MESSAGE_DIGEST), element(0x31, element(0x04, digest))),
    )
    return b"".join(sorted(attributes))


def _algorithm(oid: str) -> bytes:
    return sequence(identifier(oid), _NULL)


def _issuer_and_serial(certificate: Certificate) -> bytes:
    return sequence(certificate.issuer, core.Integer(certificate.serial_number).dump())
