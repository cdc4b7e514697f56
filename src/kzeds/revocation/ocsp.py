"""OCSP: asking an authority about one certificate, and judging what it answers.

Source: RFC 6960, RFC 8954 (nonce). The NCA's responders sign with a key of their own, which the same authority
certified for this purpose (extended key usage OCSPSigning), name themselves by name and give no nextUpdate. Their
certificates carry ocsp-nocheck; one without it could itself be revoked unseen, so its answers are not taken.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kzeds.certificate import Certificate
from kzeds.der import element, identifier, sequence
from kzeds.errors import CertificateError, RevocationUnknownError
from kzeds.revocation.answer import (
    Revocation,
    RevocationAnswer,
    answer_or_unknown,
    require_authority,
    require_fresh,
    require_known,
    require_young,
    unless_stale,
)
from kzeds.revocation.ocsp_answer import NONCE, CertificateId, OcspAnswer, SingleAnswer, read_ocsp

MAXIMUM_AGE = timedelta(days=1)
"""How old an answer may be unless the caller says otherwise."""

REQUEST_TYPE = "application/ocsp-request"

ANSWER_TYPE = "application/ocsp-response"

EXTENDED_REVOKE = "1.3.6.1.5.5.7.48.1.9"
_NEVER_ISSUED = datetime(1970, 1, 1, tzinfo=UTC)
"""Revocation time by which a responder with the extension above says that there is no such certificate."""

HASH_OIDS = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1"}
"""Hashes that a request may use."""


@dataclass(frozen=True, slots=True)
class OcspRequest:
    """A question, and the nonce that its answer has to repeat."""

    der: bytes
    nonce: bytes


def make_request(certificate: Certificate, issuer: Certificate, *, hash_name: str = "sha256") -> OcspRequest:
    """Ask about one certificate, with a fresh nonce of 16 bytes.

    Args:
        hash_name: "sha256" or "sha1", which some responders want.
    """
    nonce = secrets.token_bytes(16)
    asked = CertificateId.of(certificate.serial_number, issuer, HASH_OIDS[hash_name])
    extra = sequence(sequence(identifier(NONCE), element(0x04, element(0x04, nonce))))
    return OcspRequest(sequence(sequence(sequence(sequence(asked.to_der())), element(0xA2, extra))), nonce)


def judge_ocsp(
    certificate: Certificate,
    issuer: Certificate,
    answer: bytes | OcspAnswer,
    *,
    at: datetime,
    nonce: bytes | None = None,
    max_age: timedelta = MAXIMUM_AGE,
) -> RevocationAnswer:
    """Say what an answer says of a certificate; never raises a `KzedsError`.

    Source: RFC 6960, 3.2 and 4.2, RFC 8954. The answer's signature has the form of `SigningKey.sign` (GOST: 128 or 64
    bytes, r, then s, little-endian).

    Args:
        certificate: The one in question.
        issuer: The authority that issued it; the caller trusts it.
        answer: Of an OCSP responder, DER, at most 100 000 bytes.
        at: The moment of the question, aware.
        nonce: Of the request; an answer with another one is a replay. One without any is judged by its age.
        max_age: Older answers are `UNKNOWN`, whatever they promise themselves.
    """

    def judge() -> RevocationAnswer:
        read = read_ocsp(answer) if isinstance(answer, bytes) else answer
        require_authority(certificate, issuer, at)
        responder = read.require_from(issuer, read.produced_at)
        if nonce is not None and read.nonce is not None and read.nonce not in {nonce, element(0x04, nonce)}:
            raise RevocationUnknownError("the OCSP answer repeats another nonce: it is a replay")
        require_known("the OCSP answer", read.extensions, {NONCE, EXTENDED_REVOKE})
        single = _single(read, certificate, issuer)
        require_known("the OCSP answer", single.extensions, set())
        return unless_stale(_answer(single), lambda: _require_dates(single, responder, at, max_age))

    return answer_or_unknown("OCSP", judge)


def _require_dates(single: SingleAnswer, responder: Certificate, at: datetime, max_age: timedelta) -> None:
    """Check the dates; the end of the responder's certificate makes an answer old, as its own date does."""
    require_fresh("the OCSP answer", single.this_update, single.next_update, at)
    require_young("the OCSP answer", single.this_update, at, max_age)
    try:
        responder.require_valid_at(at)
    except CertificateError as error:
        raise RevocationUnknownError(f"the OCSP answer is by a key whose {error}") from None


def _single(read: OcspAnswer, certificate: Certificate, issuer: Certificate) -> SingleAnswer:
    """What is said of this certificate; of several answers the worst counts."""
    about = [
        one
        for one in read.singles
        if one.certificate_id.serial_number == certificate.serial_number and one.certificate_id.is_of(issuer)
    ]
    if not about:
        raise RevocationUnknownError("the OCSP answer is about another certificate")
    return min(about, key=lambda one: ("revoked", "unknown", "good").index(one.status))


def _answer(single: SingleAnswer) -> RevocationAnswer:
    if single.status == "unknown":
        return RevocationAnswer(
            Revocation.UNKNOWN,
            "OCSP",
            "the responder does not know the certificate",
            as_of=single.this_update,
            is_denied=True,
        )
    if single.status == "good":
        return RevocationAnswer(
            Revocation.GOOD,
            "OCSP",
            "the responder says so",
            as_of=single.this_update,
            next_update=single.next_update,
        )
    return RevocationAnswer(
        Revocation.REVOKED,
        "OCSP",
        _why_revoked(single),
        revoked_at=single.revoked_at,
        revocation_reason=single.reason,
        as_of=single.this_update,
        next_update=single.next_update,
    )


def _why_revoked(single: SingleAnswer) -> str:
    """Say when, or that the responder knows of no such certificate (RFC 6960, 4.4.8)."""
    if single.revoked_at == _NEVER_ISSUED:
        return "the responder says that the authority never issued it"
    return f"revoked on {single.revoked_at:%Y-%m-%d %H:%M} UTC ({single.reason})"
