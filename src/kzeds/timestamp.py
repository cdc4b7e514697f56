"""Timestamps: what a token proves, and about which data.

Source: RFC 3161, RFC 5816; the NCA's tokens for what its authority really writes (the older signingCertificate
attribute with SHA-1, which only points at a certificate that signs the token anyway).

A timestamp proves that the data existed at its time, as long as one trusts the authority and its key. The certificate
is judged for the time in the token, not for today; its revocation is a question of its own.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from asn1crypto import tsp as asn1

from kzeds.certificate import Certificate
from kzeds.cms import require_fit, signer_of
from kzeds.der import READER_FAULTS, moment, number
from kzeds.errors import (
    MalformedSignatureError,
    TimestampMismatchError,
    UnsupportedAlgorithmError,
    WeakAlgorithmError,
)
from kzeds.gost import eds
from kzeds.issued import may_sign_answers
from kzeds.revocation.answer import CLOCK_SKEW
from kzeds.signed_parts import SignedParts, read_signed
from kzeds.trust import require_chain

TST_INFO = "1.2.840.113549.1.9.16.1.4"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"

_PURPOSES = "2.5.29.37"
_SHA1 = "1.3.14.3.2.26"


def _of_hashlib(name: str) -> Callable[[bytes], bytes]:
    return lambda data: hashlib.new(name, data, usedforsecurity=False).digest()


HASHES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "sha256": ("2.16.840.1.101.3.4.2.1", _of_hashlib("sha256")),
    "sha384": ("2.16.840.1.101.3.4.2.2", _of_hashlib("sha384")),
    "sha512": ("2.16.840.1.101.3.4.2.3", _of_hashlib("sha512")),
    "gost2015": ("1.2.398.3.10.1.3.3", partial(eds.digest, eds.GOST_2015)),
    "gost2004": ("1.2.398.3.10.1.3.1", partial(eds.digest, eds.GOST_OF_2004)),
    "sha1": (_SHA1, _of_hashlib("sha1")),
}
"""By name: OID and function."""

_BY_OID = dict(HASHES.values())


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A timestamp that holds for its data.

    Source: RFC 3161, 2.4.2 (TSTInfo).

    Attributes:
        time: When the data existed at the latest, UTC.
        accuracy: How far off the authority's clock may be, or None when it does not say.
        policy: OID under which it was made, dotted.
        serial_number: Given by the authority.
        digest_oid: Hash that the data is bound by, dotted.
        certificate: The authority's.
        token: The DER token, to keep as evidence.
    """

    time: datetime
    accuracy: timedelta | None
    policy: str
    serial_number: int
    digest_oid: str
    certificate: Certificate
    token: bytes = field(repr=False)


def verify_timestamp(
    token: bytes,
    data: bytes,
    authorities: Collection[Certificate],
    *,
    at: datetime,
    nonce: int | None = None,
    policies: Collection[str] | None = None,
    certificates: Collection[Certificate] = (),
    allow_weak: bool = False,
) -> Timestamp:
    """Check a token.

    Source: RFC 3161, 2.2 and 2.4.2, RFC 5816. The hash in it stands as in ds:DigestValue (of GOST, as a
    number little-endian): 64 bytes (Streebog-512), 32 (GOST 34.311-95, SHA-256) or those of SHA-384, SHA-512.

    Args:
        token: DER ContentInfo of at most 1 000 000 bytes; one has about 3 000.
        data: What it is said to be for, not hashed.
        authorities: Trusted ones, one of which issued the certificate of the time stamping authority.
        at: Now, aware: a token more than 5 minutes ahead is refused.
        nonce: Of the request; None for a token from elsewhere.
        policies: OIDs that are accepted; None accepts any.
        certificates: Where to look for the certificate when the token does not hold it.
        allow_weak: Accept SHA-1 over the data.

    Raises:
        MalformedSignatureError: It is no token.
        MalformedCertificateError: A certificate inside cannot be read.
        TimestampMismatchError: It is for other data, another request, by another policy, of the future, or its maker
            is not certified for timestamps.
        SignatureError: Its signature or the chain of its maker's certificate is not valid.
        CertificateError: A certificate was not valid at the time in the token.
        IndeterminateError: An algorithm is not built in, or the certificate is not at hand.
    """
    parts = read_signed(token)
    if parts.content_type != TST_INFO or parts.content is None:
        raise MalformedSignatureError("the bytes are a CMS signature, but not a timestamp")
    certificate = signer_of(parts, certificates)
    require_fit(parts, parts.content, certificate)
    _require_named(parts, certificate)
    told = _read(parts.content)
    _require_purpose(certificate)
    require_chain(certificate, authorities, at=told.time)
    _require_imprint(told, data, allow_weak=allow_weak)
    _require_asked(told, at, nonce, policies)
    return Timestamp(told.time, told.accuracy, told.policy, told.serial_number, told.digest_oid, certificate, token)


@dataclass(frozen=True, slots=True)
class _Told:
    """The TSTInfo."""

    time: datetime
    accuracy: timedelta | None
    policy: str
    serial_number: int
    digest_oid: str
    digest: bytes
    nonce: int | None


def _read(content: bytes) -> _Told:
    try:
        told = asn1.TSTInfo.load(content, strict=True)
        if any(one["critical"].native for one in told["extensions"] or ()):
            raise MalformedSignatureError("the timestamp has a critical extension, of which none is known here")
        imprint = told["message_imprint"]
        return _Told(
            moment(told["gen_time"].native),
            _accuracy(told["accuracy"].native),
            told["policy"].dotted,
            number(told["serial_number"].native),
            imprint["hash_algorithm"]["algorithm"].dotted,
            bytes(imprint["hashed_message"].native),
            told["nonce"].native,
        )
    except READER_FAULTS:
        raise MalformedSignatureError("the content of the timestamp cannot be read") from None


def _accuracy(value: Any) -> timedelta | None:
    if value is None:
        return None
    return timedelta(
        seconds=value["seconds"] or 0, milliseconds=value["millis"] or 0, microseconds=value["micros"] or 0
    )


def _require_named(parts: SignedParts, certificate: Certificate) -> None:
    """Check that the signed attributes name the certificate, so that no other can be put in its place."""
    try:
        if SIGNING_CERTIFICATE_V2 in parts.attributes:
            named = parts.attributes[SIGNING_CERTIFICATE_V2]["certs"][0]
            oid = named["hash_algorithm"]["algorithm"].dotted
        else:
            named, oid = parts.attributes[SIGNING_CERTIFICATE]["certs"][0], _SHA1
        fits = oid in _BY_OID and hmac.compare_digest(_BY_OID[oid](certificate.der), named["cert_hash"].native)
    except READER_FAULTS:
        raise MalformedSignatureError("the timestamp does not name the certificate of its maker") from None
    if not fits:
        raise TimestampMismatchError("the timestamp names another certificate than the one that signed it")


def _require_purpose(certificate: Certificate) -> None:
    """Check the extended key usage: timestamps alone, and critical (RFC 3161, 2.3); and the key usage, if any."""
    if certificate.purposes != (TIME_STAMPING,) or not certificate.extensions[_PURPOSES].critical:
        raise TimestampMismatchError(
            "the maker of the timestamp is not certified for timestamps, or for more than them"
        )
    if not may_sign_answers(certificate):
        raise TimestampMismatchError("the key of the timestamp's maker may not sign, by its key usage")


def _require_imprint(told: _Told, data: bytes, *, allow_weak: bool) -> None:
    if told.digest_oid == _SHA1 and not allow_weak:
        raise WeakAlgorithmError("the timestamp is bound to its data by SHA-1, which is too weak")
    if told.digest_oid not in _BY_OID:
        raise UnsupportedAlgorithmError(
            f"hash {told.digest_oid} of the timestamp is not built in", identifier=told.digest_oid
        )
    if not hmac.compare_digest(_BY_OID[told.digest_oid](data), told.digest):
        raise TimestampMismatchError("the timestamp is for other data")


def _require_asked(told: _Told, at: datetime, nonce: int | None, policies: Collection[str] | None) -> None:
    if nonce is not None and told.nonce != nonce:
        raise TimestampMismatchError("the timestamp is for another request: its nonce is not the one that was sent")
    if policies is not None and told.policy not in policies:
        raise TimestampMismatchError(f"the timestamp was made by policy {told.policy}, which was not asked for")
    if told.time > at + CLOCK_SKEW:
        raise TimestampMismatchError(f"the timestamp is from the future: {told.time:%Y-%m-%d %H:%M} UTC")
