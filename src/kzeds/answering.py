"""What an authority answers about its certificates, for the test PKI: CRLs, deltas, OCSP answers, timestamps.

Source: RFC 5280, section 5, RFC 6960, RFC 3161, in the forms of the NCA's published test material: reasons on entries,
number and key identifier on lists, OCSP by name of the responder without nextUpdate, tokens with the certificate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import core
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import tsp as asn1_tsp
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from kzeds import rsa, timestamp
from kzeds.algorithms import GOST_2004_SIGNATURE, GOST_2015_SIGNATURE, RSA_SHA256
from kzeds.certificate import Certificate
from kzeds.cms import ALGORITHMS, sign_content
from kzeds.der import bit_string, element, extensions, identifier, reread, sequence
from kzeds.gost import eds
from kzeds.gost.keypair import GostPrivateKey
from kzeds.issuing import Authority
from kzeds.keys.signing_key import SigningKey
from kzeds.revocation import ocsp_answer

REASONS = {
    "unspecified": 0,
    "key_compromise": 1,
    "ca_compromise": 2,
    "affiliation_changed": 3,
    "superseded": 4,
    "cessation_of_operation": 5,
    "certificate_hold": 6,
    "remove_from_crl": 8,
    "privilege_withdrawn": 9,
}
"""RFC 5280, 5.3.1."""

POLICY = "1.2.398.3.3.2.6"
"""The arc of the NCA's policies for timestamps."""

_NUMBER, _REASON, _DELTA, _ISSUER_KEY_ID = "2.5.29.20", "2.5.29.21", "2.5.29.27", "2.5.29.35"
_SHA256 = "2.16.840.1.101.3.4.2.1"
_NULL = b"\x05\x00"


@dataclass(frozen=True, slots=True)
class Revoked:
    """That a certificate was revoked: when (aware) and why, one of `REASONS`."""

    at: datetime
    reason: str = "unspecified"


def key_of(authority: Authority) -> SigningKey:
    """The key of an authority that has an RSA or GOST key, in the form in which answers are signed.

    Raises:
        TypeError: It has another key.
    """
    certificate = Certificate.from_der(authority.certificate.public_bytes(Encoding.DER))
    if isinstance(authority.key, RSAPrivateKey):
        return SigningKey(certificate, RSA_SHA256, rsa.signer(authority.key))
    if not isinstance(authority.key, GostPrivateKey):
        raise TypeError("the authority has neither an RSA nor a GOST key")
    algorithm = GOST_2015_SIGNATURE if authority.key.kind is eds.GOST_2015 else GOST_2004_SIGNATURE
    return SigningKey(certificate, algorithm, authority.key.sign)


def make_crl(
    key: SigningKey,
    revoked: Mapping[int, Revoked],
    *,
    number: int,
    this_update: datetime,
    next_update: datetime,
    base_number: int | None = None,
    more: bytes = b"",
) -> bytes:
    """Make a DER list.

    Args:
        key: Of the authority.
        revoked: By serial number.
        number: Of this list.
        base_number: Of the complete list that a delta adds to; None for a complete list.
        more: DER of further extensions.
    """
    issuer = key.certificate
    extra = _extension(_NUMBER, core.Integer(number).dump()) + more
    if issuer.key_id is not None:
        extra = _extension(_ISSUER_KEY_ID, sequence(element(0x80, issuer.key_id))) + extra
    if base_number is not None:
        extra += _extension(_DELTA, core.Integer(base_number).dump(), critical=True)
    entries = b"".join(_entry(serial, one) for serial, one in revoked.items())
    return _signed(
        key,
        b"\x02\x01\x01",
        _signature_algorithm(key),
        issuer.subject,
        _x509_time(this_update),
        _x509_time(next_update),
        sequence(entries) if entries else b"",
        element(0xA0, sequence(extra)),
    )


def make_ocsp_answer(
    key: SigningKey,
    issuer: Certificate,
    request: bytes,
    *,
    at: datetime,
    revoked: Mapping[int, Revoked],
    unknown: Collection[int] = (),
    next_update: datetime | None = None,
    with_nonce: bool = True,
) -> bytes:
    """Answer a DER request.

    Args:
        key: Of the responder, or of the authority itself.
        issuer: The authority; certificates of others are unknown.
        at: Both the time of signing and the time that the answer speaks of.
        revoked: By serial number; everything else is good.
        unknown: Serial numbers that the responder does not know.
        with_nonce: Whether the request's nonce is repeated.

    Raises:
        ValueError: The bytes are no request.
    """
    asked = asn1_ocsp.OCSPRequest.load(request, strict=True)["tbs_request"]
    singles = []
    for one in asked["request_list"]:
        about = _certificate_id(one["req_cert"])
        is_known = about.is_of(issuer) and about.serial_number not in unknown
        status = _status(revoked.get(about.serial_number)) if is_known else b"\x82\x00"
        until = b"" if next_update is None else element(0xA0, _time(next_update))
        singles.append(sequence(about.to_der(), status, _time(at), until))
    nonce = extensions(asked["request_extensions"].contents or b"").get(ocsp_answer.NONCE) if with_nonce else None
    extra = b"" if nonce is None else element(0xA1, sequence(_extension(ocsp_answer.NONCE, nonce.value)))
    responder = element(0xA1, key.certificate.subject)
    signed = _signed(key, responder, _time(at), sequence(*singles), extra, certificate=key.certificate != issuer)
    basic = sequence(identifier("1.3.6.1.5.5.7.48.1.1"), element(0x04, signed))
    return sequence(b"\x0a\x01\x00", element(0xA0, basic))


def make_timestamp(key: SigningKey, request: bytes, *, at: datetime, serial_number: int = 1) -> bytes:
    """Answer a DER request with a timestamp, under the policy that it asks for.

    Args:
        key: Of the time stamping authority.
        at: The time in it.

    Raises:
        ValueError: The bytes are no request.
    """
    asked = asn1_tsp.TimeStampReq.load(request, strict=True)
    policy = asked["req_policy"].dotted if asked["req_policy"] else POLICY
    nonce = asked["nonce"].native
    told = sequence(
        b"\x02\x01\x01",
        identifier(policy),
        reread(asked["message_imprint"]),
        core.Integer(serial_number).dump(),
        _time(at),
        b"" if nonce is None else core.Integer(nonce).dump(),
    )
    named = sequence(sequence(sequence(element(0x04, hashlib.sha256(key.certificate.der).digest()))))
    attribute = sequence(identifier(timestamp.SIGNING_CERTIFICATE_V2), element(0x31, named))
    token = sign_content(told, key, at=at, content_type=timestamp.TST_INFO, attached=True, more=(attribute,))
    return sequence(sequence(b"\x02\x01\x00"), token)


def refuse_timestamp() -> bytes:
    """An answer that grants nothing: rejection, badAlg."""
    return sequence(sequence(b"\x02\x01\x02", b"\x03\x02\x07\x80"))


def _signed(key: SigningKey, *parts: bytes, certificate: bool = False) -> bytes:
    content = sequence(*parts)
    inside = element(0xA0, sequence(key.certificate.der)) if certificate else b""
    return sequence(content, _signature_algorithm(key), bit_string(key.sign(content)), inside)


def _signature_algorithm(key: SigningKey) -> bytes:
    return sequence(identifier(ALGORITHMS[key.algorithm.key_oid].signature_oid), _NULL)


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    return sequence(identifier(oid), b"\x01\x01\xff" if critical else b"", element(0x04, value))


def _entry(serial_number: int, one: Revoked) -> bytes:
    reason = sequence(_extension(_REASON, bytes([0x0A, 1, REASONS[one.reason]])))
    return sequence(core.Integer(serial_number).dump(), _x509_time(one.at), reason)


def _certificate_id(about: Any) -> ocsp_answer.CertificateId:
    return ocsp_answer.CertificateId(
        about["hash_algorithm"]["algorithm"].dotted,
        about["issuer_name_hash"].native,
        about["issuer_key_hash"].native,
        int(about["serial_number"].native),
    )


def _status(revoked: Revoked | None) -> bytes:
    if revoked is None:
        return b"\x80\x00"
    return element(0xA1, _time(revoked.at) + element(0xA0, bytes([0x0A, 1, REASONS[revoked.reason]])))


def _x509_time(moment: datetime) -> bytes:
    return bytes(core.UTCTime(moment.astimezone(UTC).replace(microsecond=0)).dump())


def _time(moment: datetime) -> bytes:
    return bytes(core.GeneralizedTime(moment.astimezone(UTC).replace(microsecond=0)).dump())
