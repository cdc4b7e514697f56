"""What reading and writing DER has in common: the faults of the reader, and the few forms that no library writes.

Source: X.690. asn1crypto reads; here is only what joins ready pieces.
"""

from __future__ import annotations

from asn1crypto import core, parser

READER_FAULTS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""What asn1crypto raises on bytes that are not what they claim to be (it documents ValueError only)."""


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
