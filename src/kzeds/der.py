"""What reading and writing DER has in common: the faults of the reader, and the few forms that no library writes.

Source: X.690. asn1crypto reads; here is only what joins ready pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asn1crypto import core, parser

READER_FAULTS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""What asn1crypto raises on bytes that are not what they claim to be (it documents ValueError only)."""


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension of a certificate, a CRL or an answer; `value` is what its OCTET STRING holds."""

    critical: bool
    value: bytes


def element(tag: int, content: bytes) -> bytes:
    """One DER element of a one-byte tag."""
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = length.to_bytes(-(-length.bit_length() // 8), "big")
    return bytes([tag, 128 | len(size)]) + size + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of elements."""
    return element(0x30, b"".join(parts))


def bit_string(content: bytes) -> bytes:
    """A BIT STRING of whole bytes."""
    return element(0x03, b"\0" + content)


def identifier(oid: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    return bytes(core.ObjectIdentifier(oid).dump())


def elements(sequence_of: bytes) -> list[bytes]:
    """The elements inside a SEQUENCE, each with its header.

    Raises:
        ValueError: When the bytes are not one.
    """
    content = parser.parse(sequence_of, strict=True)[4]
    found = []
    while content:
        length = parser.peek(content)
        found.append(content[:length])
        content = content[length:]
    return found


def reread(value: Any, tag: int = 0x30) -> bytes:
    """The DER of a constructed value, just as it was read.

    asn1crypto 1.5.1 writes a value anew whenever the last byte of its length is 0x80, which it takes for the mark of
    indefinite length (its issue 249); that fails on keys that it does not know, so `dump()` is not used on what was
    read.
    """
    return element(tag, value.contents or b"")


def extensions(content: bytes) -> dict[str, Extension]:
    """Read the content of an Extensions SEQUENCE (without its header), by dotted OID.

    The values stay as they are: an authority that writes one wrongly (the NCA's older OCSP responders have an empty
    ocsp-nocheck where NULL has to be) does not make the rest unreadable.

    Raises:
        ValueError: When the bytes are something else, or name an extension twice (RFC 5280, 4.2).
    """
    found: dict[str, Extension] = {}
    for one in elements(sequence(content)):
        parts = elements(one)
        oid = core.ObjectIdentifier.load(parts[0], strict=True).dotted
        critical = len(parts) == 3 and bool(core.Boolean.load(parts[1], strict=True).native)
        value = core.OctetString.load(parts[-1], strict=True).native
        if oid in found or len(parts) not in {2, 3}:
            raise ValueError("an extension is there twice, or has more parts than it may have")
        found[oid] = Extension(critical, value)
    return found
