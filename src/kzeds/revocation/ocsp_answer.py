"""OCSP answers: what they hold, and who made them.

Source: RFC 6960, section 4.2. asn1crypto reads late, so everything that is used is read here at once, where its faults
are caught.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import core
from asn1crypto import ocsp as asn1

from kzeds import der
from kzeds.certificate import Certificate
from kzeds.der import READER_FAULTS, Extension, element, extensions, identifier, moment, octets, reread, sequence
from kzeds.errors import KzedsError, MalformedAnswerError, MalformedCertificateError, RevocationUnknownError
from kzeds.issued import may_sign_answers, require_issued, require_signature

MAXIMUM_SIZE = 100_000
"""Bytes of an answer that is read; one has about 2 000."""

NONCE = "1.3.6.1.5.5.7.48.1.2"
NO_CHECK = "1.3.6.1.5.5.7.48.1.5"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"

_SHA1 = "1.3.14.3.2.26"
_NULL = b"\x05\x00"
_HASHES: dict[str, Callable[[bytes], Any]] = {
    _SHA1: lambda data: hashlib.sha1(data, usedforsecurity=False),
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}
"""Hashes that name an issuer; SHA-1 does no harm there, because the answer is bound to the issuer by its signature."""


@dataclass(frozen=True, slots=True)
class CertificateId:
    """How OCSP names a certificate: hashes of its issuer's name and key, and its serial number."""

    hash_oid: str
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial_number: int

    @classmethod
    def of(cls, serial_number: int, issuer: Certificate, hash_oid: str) -> CertificateId:
        """Name a certificate of an issuer."""
        compute = _HASHES[hash_oid]
        return cls(hash_oid, compute(issuer.subject).digest(), compute(_key_bits(issuer)).digest(), serial_number)

    def is_of(self, issuer: Certificate) -> bool:
        """Say whether this authority is meant."""
        return self.hash_oid in _HASHES and self == CertificateId.of(self.serial_number, issuer, self.hash_oid)

    def to_der(self) -> bytes:
        """The DER CertID."""
        return sequence(
            sequence(identifier(self.hash_oid), _NULL),
            element(0x04, self.issuer_name_hash),
            element(0x04, self.issuer_key_hash),
            core.Integer(self.serial_number).dump(),
        )


@dataclass(frozen=True, slots=True)
class SingleAnswer:
    """What an answer says of one certificate: "good", "revoked" or "unknown"."""

    certificate_id: CertificateId
    status: str
    revoked_at: datetime | None
    reason: str | None
    this_update: datetime
    next_update: datetime | None
    extensions: Mapping[str, Extension]


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """A successful answer that could be read; nothing of it is proven until `require_from`.

    Attributes:
        singles: One for each certificate that it speaks of.
        produced_at: When it was signed, UTC.
        responder: DER name of the responder, or SHA-1 of its key.
        certificates: DER of the certificates inside; only the responder's is looked at.
        extensions: Of the whole answer.
    """

    singles: tuple[SingleAnswer, ...]
    produced_at: datetime
    responder: bytes
    certificates: tuple[bytes, ...] = field(repr=False)
    extensions: Mapping[str, Extension]
    signature_oid: str
    signature: bytes = field(repr=False)
    signed_part: bytes = field(repr=False)

    @property
    def nonce(self) -> bytes | None:
        """The nonce, or None; some responders leave the OCTET STRING around it out."""
        found = self.extensions.get(NONCE)
        return None if found is None else found.value

    def require_from(self, issuer: Certificate, at: datetime) -> Certificate:
        """Check that the authority itself, or a responder that it certified for this, made the answer.

        Args:
            at: Moment at which the responder's certificate has to be valid.

        Returns:
            The responder's certificate.

        Raises:
            RevocationUnknownError: Neither did, or the responder may not answer (purpose, key usage, dates,
                ocsp-nocheck).
            WeakAlgorithmError: The signature is too weak.
            UnsupportedAlgorithmError: Its algorithm is not built in.
            SignatureMismatchError: The responder did not sign it.
        """
        responder = self._responder(issuer)
        if responder != issuer:
            _require_delegated(responder, issuer)
        responder.require_valid_at(at)
        require_signature(responder, self.signature_oid, self.signature, self.signed_part, what="OCSP answer")
        return responder

    def _responder(self, issuer: Certificate) -> Certificate:
        for certificate in (issuer, *_readable(self.certificates)):
            if self.responder in {certificate.subject, _key_hash(certificate)}:
                return certificate
        raise RevocationUnknownError("the OCSP answer does not hold the certificate of its responder")


def read_ocsp(data: bytes) -> OcspAnswer:
    """Read a DER answer.

    Raises:
        MalformedAnswerError: The bytes are none, or too many.
        RevocationUnknownError: It is a refusal ("try_later"), or of a type other than basic.
    """
    if len(data) > MAXIMUM_SIZE:
        raise MalformedAnswerError(f"the OCSP answer has more than {MAXIMUM_SIZE} bytes")
    try:
        return _read(data)
    except READER_FAULTS:
        raise MalformedAnswerError("the bytes are not an OCSP answer that can be read") from None


def _require_delegated(responder: Certificate, issuer: Certificate) -> None:
    require_issued(responder, issuer)
    if OCSP_SIGNING not in responder.purposes:
        raise RevocationUnknownError("the signer of the OCSP answer is not certified for it (OCSPSigning)")
    if not may_sign_answers(responder):
        raise RevocationUnknownError("the key of the OCSP responder may not sign, by its key usage")
    if NO_CHECK not in responder.extensions:
        raise RevocationUnknownError("the OCSP responder could be revoked itself: its certificate lacks ocsp-nocheck")


def _readable(certificates: tuple[bytes, ...]) -> list[Certificate]:
    found = []
    for one in certificates:
        try:
            found.append(Certificate.from_der(one))
        except KzedsError:
            continue
    return found


def _key_bits(certificate: Certificate) -> bytes:
    """The public key without its algorithm."""
    try:
        return bytes(core.Sequence.load(certificate.public_key)[1].contents[1:])
    except READER_FAULTS:
        raise MalformedCertificateError("the certificate's public key cannot be read") from None


def _key_hash(certificate: Certificate) -> bytes:
    return hashlib.sha1(_key_bits(certificate), usedforsecurity=False).digest()


def _read(data: bytes) -> OcspAnswer:
    parsed = asn1.OCSPResponse.load(data, strict=True)
    status = parsed["response_status"].native
    if status != "successful":
        raise RevocationUnknownError(f"the OCSP responder refused to answer: {status}")
    if parsed["response_bytes"]["response_type"].native != "basic_ocsp_response":
        raise RevocationUnknownError("the OCSP answer is of an unknown type")
    basic = asn1.BasicOCSPResponse.load(bytes(parsed["response_bytes"]["response"]), strict=True)
    signed = basic["tbs_response_data"]
    if not len(signed["responses"]):
        raise ValueError("the answer is about no certificate")
    named = signed["responder_id"]
    return OcspAnswer(
        singles=tuple(_read_single(one) for one in signed["responses"]),
        produced_at=moment(signed["produced_at"].native),
        responder=named.chosen.native if named.name == "by_key" else reread(named.chosen.chosen),
        certificates=tuple(reread(one) for one in basic["certs"] or ()),
        extensions=extensions(signed["response_extensions"].contents or b""),
        signature_oid=basic["signature_algorithm"]["algorithm"].dotted,
        signature=octets(basic["signature"]),
        signed_part=reread(signed),
    )


def _read_single(one: Any) -> SingleAnswer:
    about, status = one["cert_id"], one["cert_status"]
    revoked = status.chosen if status.name == "revoked" else None
    reason = None if revoked is None else revoked["revocation_reason"].native or "unspecified"
    next_update = one["next_update"].native
    return SingleAnswer(
        CertificateId(
            about["hash_algorithm"]["algorithm"].dotted,
            about["issuer_name_hash"].native,
            about["issuer_key_hash"].native,
            der.number(about["serial_number"].native),
        ),
        status.name,
        None if revoked is None else moment(revoked["revocation_time"].native),
        None if reason is None else str(reason),
        moment(one["this_update"].native),
        None if next_update is None else moment(next_update),
        extensions(one["single_extensions"].contents or b""),
    )
