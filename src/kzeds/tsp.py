"""Asking a time stamping authority for a timestamp (RFC 3161).

Source: RFC 3161, sections 2.4 and 3.4. The NCA's policies are 1.2.398.3.3.2.6.1 (GOST), .2 (RSA), .3 (GOSTGT) and .4
(GOST-2015). Only a hash of the data leaves this machine.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import core
from asn1crypto import tsp as asn1

from kzeds.certificate import Certificate
from kzeds.der import READER_FAULTS, element, elements, identifier, sequence
from kzeds.errors import MalformedAnswerError, TimestampRefusedError, UnsupportedAlgorithmError, WeakAlgorithmError
from kzeds.fetching import Fetch
from kzeds.timestamp import HASHES, Timestamp, verify_timestamp

MAXIMUM_SIZE = 1_000_000
"""Bytes of an answer that is read; one has about 3 000."""

REQUEST_TYPE = "application/timestamp-query"

POLICY_GOST_2015 = "1.2.398.3.3.2.6.4"
"""Policy of the NCA's timestamps with GOST-2015 keys."""

_NULL = b"\x05\x00"
_GRANTED = {"granted", "granted_with_mods"}


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    """A request, and the nonce that the answer has to repeat."""

    der: bytes
    nonce: int


def make_request(data: bytes, *, hash_name: str = "sha256", policy: str | None = None) -> TimestampRequest:
    """Ask for a timestamp over data, which itself does not leave; with a fresh nonce of 64 bits.

    Args:
        hash_name: "sha256", "sha384", "sha512", "gost2015" (GOST 34.11-2015, 512 bit) or "gost2004" (GOST 34.311-95).
        policy: OID that the authority has to work by; None leaves it to the authority.

    Raises:
        WeakAlgorithmError: SHA-1.
        UnsupportedAlgorithmError: Another hash.
    """
    if hash_name == "sha1":
        raise WeakAlgorithmError("a timestamp over SHA-1 proves little; none is asked for")
    if hash_name not in HASHES:
        raise UnsupportedAlgorithmError(f"hash {hash_name[:40]!r} is not built in", identifier=hash_name)
    oid, compute = HASHES[hash_name]
    nonce = secrets.randbits(63) | 1 << 62
    der = sequence(
        b"\x02\x01\x01",
        sequence(sequence(identifier(oid), _NULL), element(0x04, compute(data))),
        b"" if policy is None else identifier(policy),
        core.Integer(nonce).dump(),
        b"\x01\x01\xff",
    )
    return TimestampRequest(der, nonce)


def read_response(response: bytes) -> bytes:
    """Take the token out of an answer; nothing of it is proven yet.

    Raises:
        TimestampRefusedError: The authority did not grant it; its reason is in the message.
        MalformedAnswerError: The bytes are no answer, or too many.
    """
    if len(response) > MAXIMUM_SIZE:
        raise MalformedAnswerError(f"the timestamp answer has more than {MAXIMUM_SIZE} bytes")
    try:
        parts = elements(response)
        status = asn1.PKIStatusInfo.load(parts[0], strict=True)
        granted, failure = str(status["status"].native), status["fail_info"].native
    except READER_FAULTS:
        raise MalformedAnswerError("the bytes are not a timestamp answer that can be read") from None
    if granted not in _GRANTED:
        why = f" ({', '.join(sorted(map(str, failure)))})" if failure else ""
        raise TimestampRefusedError(f"the time stamping authority refused: {granted}{why}")
    if len(parts) != 2:
        raise MalformedAnswerError("the timestamp answer holds no token")
    return parts[1]


def fetch_timestamp(
    data: bytes,
    url: str,
    fetch: Fetch,
    authorities: Collection[Certificate],
    *,
    at: Callable[[], datetime],
    hash_name: str = "sha256",
    policy: str | None = None,
) -> Timestamp:
    """Ask a server for a timestamp over data, and check it.

    Source: RFC 3161, 2.4.1 (with a fresh nonce, asking for the certificate) and 3.4 (over HTTP).

    Args:
        data: Bytes of any length; only their hash leaves this machine.
        url: Of the time stamping authority, http or https.
        fetch: How to ask (`HttpFetch`).
        authorities: Trusted ones, one of which issued the certificate of the time stamping authority.
        at: The clock itself, which gives aware times; it is read when the answer is there.
        hash_name: "sha256", "sha384", "sha512", "gost2015" (GOST 34.11-2015, 512 bit) or "gost2004" (GOST 34.311-95).
        policy: OID that the authority has to work by (`kzeds.tsp.POLICY_GOST_2015`); None leaves it to the authority.

    Raises:
        UnreachableError: The server did not answer.
        MalformedAnswerError: What it sent is no answer, or has more than 1 000 000 bytes.
        TimestampError: It refused, or what it sent is for something else.
        WeakAlgorithmError: SHA-1 was asked for.
        UnsupportedAlgorithmError: Another hash was asked for.
        KzedsError: As :func:`verify_timestamp`.
    """
    request = make_request(data, hash_name=hash_name, policy=policy)
    token = read_response(fetch(url, request.der, content_type=REQUEST_TYPE))
    policies = None if policy is None else [policy]
    return verify_timestamp(token, data, authorities, at=at(), nonce=request.nonce, policies=policies)
