"""A time stamp inside a CMS signature: it proves that the signature existed at its time.

Source: RFC 3161, appendix A: the token is the unsigned attribute id-aa-timeStampToken of the signer, over the bytes of
the signature value (ETSI EN 319 122-1, 5.3, calls it a signature time stamp).
"""

from __future__ import annotations

from asn1crypto import cms as asn1

from kzeds.der import READER_FAULTS, element, elements, identifier, reread, sequence, spans
from kzeds.errors import MalformedSignatureError
from kzeds.signed_parts import SIGNED_DATA, read_signed

TOKEN = "1.2.840.113549.1.9.16.2.14"  # noqa: S105 - an OID
"""id-aa-timeStampToken."""

_UNSIGNED = 0xA1


def stamped_bytes(signature: bytes) -> bytes:
    """What a time stamp of this signature is over: the signature value of its one signer.

    Source: RFC 3161, appendix A. GOST: 128 or 64 bytes, r, then s, little-endian, as they stand in the signature; RSA:
    as long as the modulus.

    Args:
        signature: DER of at most 1 000 000 bytes.

    Raises:
        MalformedSignatureError: It is not a SignedData with one signer.
        MalformedCertificateError: A certificate inside cannot be read.
    """
    return read_signed(signature).signature


def add_timestamp(signature: bytes, token: bytes) -> bytes:
    """The signature with a token among the unsigned attributes of its signer.

    Source: RFC 3161, appendix A (id-aa-timeStampToken), RFC 5652, 5.3 (unsigned attributes).

    Args:
        signature: DER of at most 1 000 000 bytes, as `kzeds.sign_detached` makes it.
        token: DER ContentInfo over `stamped_bytes`, which the caller has checked (`Timestamp.token`).

    Returns:
        DER; what was signed stands in it unchanged.

    Raises:
        MalformedCertificateError: A certificate inside cannot be read.
        MalformedSignatureError: It is not a SignedData with one signer, or has unsigned attributes already.
    """
    read_signed(signature)
    try:
        *before, signers = _signed_data(signature)
        parts = elements(_inside(signers))
    except READER_FAULTS:
        raise MalformedSignatureError("the bytes are not a CMS signature that can be read") from None
    if parts[-1][0] == _UNSIGNED:
        raise MalformedSignatureError("the signature has unsigned attributes already; none is added")
    attribute = sequence(identifier(TOKEN), element(0x31, token))
    signer = sequence(*parts, element(_UNSIGNED, attribute))
    return sequence(identifier(SIGNED_DATA), element(0xA0, sequence(*before, element(0x31, signer))))


def timestamp_in(signature: bytes) -> bytes | None:
    """The token inside a signature, or None; nothing of it is proven yet.

    Source: RFC 3161, appendix A. `verify_timestamp(token, stamped_bytes(signature), ...)` proves it.

    Args:
        signature: DER of at most 1 000 000 bytes.

    Returns:
        DER ContentInfo.

    Raises:
        MalformedCertificateError: A certificate inside cannot be read.
        MalformedSignatureError: The signature cannot be read, or holds several tokens.
    """
    read_signed(signature)
    try:
        signer = asn1.ContentInfo.load(signature)["content"]["signer_infos"][0]
        found = [one for one in signer["unsigned_attrs"] or () if one["type"].dotted == TOKEN]
        tokens = [reread(token) for one in found for token in one["values"]]
    except READER_FAULTS:
        raise MalformedSignatureError("the unsigned attributes of the signature cannot be read") from None
    if len(tokens) > 1:
        raise MalformedSignatureError(f"the signature holds {len(tokens)} time stamps; at most one is expected")
    return tokens[0] if tokens else None


def _signed_data(signature: bytes) -> list[bytes]:
    """The parts of the SignedData; the last is the SET of signers."""
    return elements(_inside(elements(signature)[1]))


def _inside(outer: bytes) -> bytes:
    """The content of one element."""
    _, start, end = next(spans(outer))
    return outer[start:end]
