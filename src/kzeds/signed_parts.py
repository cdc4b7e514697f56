"""Taking a CMS SignedData with one signer apart, whole and at once.

Source: RFC 5652, section 5. asn1crypto reads late, so everything that is used is read here, where its faults are
caught; what comes out are plain bytes, numbers and OIDs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms as asn1

from kzeds.certificate import Certificate
from kzeds.der import READER_FAULTS, reread
from kzeds.errors import MalformedSignatureError

MAXIMUM_SIZE = 1_000_000
"""Bytes of a signature that is read; one has about 2 000."""

SIGNED_DATA = "1.2.840.113549.1.7.2"


@dataclass(frozen=True, slots=True)
class SignedParts:
    """What a SignedData with one signer holds; nothing of it is proven yet.

    Attributes:
        content_type: OID of the type of content.
        content: The content, or None when it is elsewhere (a detached signature).
        certificates: All that are inside.
        issuer: DER name of the signer's issuer, with `serial_number`; or None, and `key_id` says who signed.
        serial_number: Of the signer's certificate.
        key_id: Its subject key identifier.
        digest_oid: Algorithm of the signer's digest.
        signature_oid: Algorithm of the signature.
        attributes: The signed attributes, each with exactly one value, as asn1crypto's value of that type.
        covered: DER of the signed attributes, over which the signature is made.
        signature: The raw signature.
    """

    content_type: str
    content: bytes | None
    certificates: tuple[Certificate, ...]
    issuer: bytes | None
    serial_number: int | None
    key_id: bytes | None
    digest_oid: str
    signature_oid: str
    attributes: Mapping[str, Any]
    covered: bytes
    signature: bytes

    def is_signer(self, certificate: Certificate) -> bool:
        """Say whether this certificate is the one that the signer names."""
        if self.key_id is not None:
            return self.key_id == certificate.key_id
        return self.serial_number == certificate.serial_number and self.issuer == certificate.issuer


def read_signed(signature: bytes) -> SignedParts:
    """Take a DER ContentInfo with SignedData apart.

    Raises:
        MalformedSignatureError: It is none, or has not exactly one signer with signed attributes.
        MalformedCertificateError: A certificate inside cannot be read.
    """
    if len(signature) > MAXIMUM_SIZE:
        raise MalformedSignatureError(f"the signature has more than {MAXIMUM_SIZE} bytes")
    try:
        container = asn1.ContentInfo.load(signature, strict=True)
        if container["content_type"].dotted != SIGNED_DATA:
            raise MalformedSignatureError("the bytes are CMS, but not SignedData")
        signed = container["content"]
        signers = list(signed["signer_infos"])
        if len(signers) != 1:
            raise MalformedSignatureError(f"the signature has {len(signers)} signers; exactly one is expected")
        _require_nothing_more(container, signed, signed["encap_content_info"], signers[0])
        return SignedParts(
            **_content(signed["encap_content_info"]),
            certificates=tuple(Certificate.from_der(reread(one.chosen)) for one in signed["certificates"] or ()),
            **_signer(signers[0]),
        )
    except READER_FAULTS:
        raise MalformedSignatureError("the bytes are not a CMS signature that can be read") from None


def _require_nothing_more(*structures: Any) -> None:
    """asn1crypto passes over parts that a structure has no name for; nobody would ever see them."""
    if any(len(one) > len(one._fields) for one in structures):
        raise ValueError("something lies behind the last part of a structure")


def _content(inside: Any) -> dict[str, Any]:
    content = inside["content"]
    return {"content_type": inside["content_type"].dotted, "content": bytes(content) if content else None}


def _signer(signer: Any) -> dict[str, Any]:
    by_key = signer["sid"].name == "subject_key_identifier"
    named = signer["sid"].chosen
    return {
        "issuer": None if by_key else reread(named["issuer"].chosen),
        "serial_number": None if by_key else int(named["serial_number"].native),
        "key_id": named.native if by_key else None,
        "digest_oid": signer["digest_algorithm"]["algorithm"].dotted,
        "signature_oid": signer["signature_algorithm"]["algorithm"].dotted,
        "attributes": _attributes(signer["signed_attrs"]),
        "covered": reread(signer["signed_attrs"], 0x31),
        "signature": signer["signature"].native,
    }


def _attributes(signed: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in signed:
        oid = attribute["type"].dotted
        if oid in found or len(attribute["values"]) != 1:
            raise ValueError("an attribute is there twice, or has not one value")
        found[oid] = attribute["values"][0]
        _ = found[oid].native
    return found
