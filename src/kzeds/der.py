"""What reading and writing DER has in common: the faults of the reader, and the few forms that no library writes.

Source: X.690. asn1crypto reads; here is only what joins ready pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import core

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
    outer = list(spans(sequence_of))
    if len(outer) != 1 or sequence_of[0] != 0x30:
        raise ValueError("the bytes are not one SEQUENCE")
    content = sequence_of[outer[0][1] :]
    return [content[start:end] for start, _, end in spans(content)]


def spans(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Where the elements that lie one behind the other begin, where their contents begin, and where they end.

    Raises:
        ValueError: When the bytes are not elements of DER with one-byte tags.
    """
    start, size = 0, len(content)
    while start < size:
        if start + 2 > size or content[start] & 0x1F == 0x1F:
            raise ValueError("an element is cut short, or has a long tag")
        length, inside = content[start + 1], start + 2
        if length >= 128:
            inside += length - 128
            length = int.from_bytes(content[start + 2 : inside])
            if not 0 < inside - start - 2 <= 4:
                raise ValueError("an element has no definite length, or an absurd one")
        end = inside + length
        if end > size:
            raise ValueError("an element is cut short")
        yield start, inside, end
        start = end


def reread(value: Any, tag: int = 0x30) -> bytes:
    """The DER of a constructed value, just as it was read.

    asn1crypto 1.5.1 writes a value anew whenever the last byte of its length is 0x80, which it takes for the mark of
    indefinite length (its issue 249); that fails on keys that it does not know, so `dump()` is not used on what was
    read.
    """
    return element(tag, value.contents or b"")


def outer_signature(whole: bytes, signed: Any, bits: Any) -> bytes:
    """The signature of a certificate that is what was signed, the algorithm that stands in it, that, and nothing else.

    Raises:
        ValueError: When it names another algorithm outside (RFC 5280, 4.1.1.2), or has more parts.
    """
    signature = octets(bits)
    if whole != sequence(reread(signed), reread(signed["signature"]), bit_string(signature)):
        raise ValueError("something beside what was signed")
    return signature


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


def octets(bits: Any) -> bytes:
    """The content of a BIT STRING of whole bytes, which signatures are.

    Raises:
        ValueError: When some bits of the last byte do not count.
    """
    content: bytes = bits.contents
    if content[0] != 0:
        raise ValueError("a BIT STRING does not end with a whole byte")
    return content[1:]


def extension_value(extra: Mapping[str, Extension], oid: str, kind: type[Any]) -> Any:
    """An extension's value as asn1crypto's `kind`, or None when it is not there; raises any of `READER_FAULTS`."""
    return kind.load(extra[oid].value, strict=True) if oid in extra else None


def number(value: int) -> int:
    """The number of a certificate or a list; RFC 5280 allows 20 octets (4.1.2.2 and 5.2.3).

    Raises:
        ValueError: When it has more than 64 octets, with which nobody can do anything.
    """
    if value.bit_length() > 512:
        raise ValueError("a number has more than 64 octets")
    return value


def moment(value: object) -> datetime:
    """A time as asn1crypto gives it, in UTC.

    Raises:
        TypeError: When it is before year 1, or has no time zone.
    """
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("a date before year 1, or without a time zone")
    return value.astimezone(UTC)
