"""Bytes of a CMS signature that no mathematics looks at: here they may say one thing only.

Source: RFC 5652, 5.1 and 5.3 (versions 1 and 3), 5.4 (the digest algorithms are those of the signers), 10.1.
"""

from __future__ import annotations

from typing import Final

from kzeds.der import READER_FAULTS, spans
from kzeds.errors import MalformedSignatureError

_BY_ISSUER: Final = b"\x02\x01\x01"
_BY_KEY_ID: Final = b"\x02\x01\x03"
_KEY_ID: Final = 0x80
_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_PARAMETERS: Final[tuple[list[bytes], ...]] = ([], [b"\x05\x00"])


def require_plain(signature: bytes) -> None:
    """Check the versions and algorithm identifiers of a DER SignedData with one signer.

    Raises:
        MalformedSignatureError: One of them says something else than the signature needs.
    """
    try:
        (signed,) = _inside(_inside(signature)[1])
        version, algorithms, *_, signers = _inside(signed)
        (one,) = _inside(signers)
        its_version, who, digest, *others = _inside(one)
        cipher = next(part for part in others if part[0] == _SEQUENCE)
        parameters = [_inside(identifier)[1:] for identifier in (digest, cipher)]
        named = _inside(algorithms) if algorithms[0] == _SET else []
    except (*READER_FAULTS, StopIteration):
        raise MalformedSignatureError("the bytes are not a CMS signature that can be read") from None
    expected = _BY_KEY_ID if who[0] == _KEY_ID else _BY_ISSUER
    plain = (version, its_version, named) == (expected, expected, [digest])
    if not plain or any(found not in _PARAMETERS for found in parameters):
        raise MalformedSignatureError("its versions or algorithms are not those of one plain signature")


def _inside(outer: bytes) -> list[bytes]:
    """The elements inside one element of any tag, each with its header."""
    ((_, begin, end),) = spans(outer)
    content = outer[begin:end]
    return [content[start:stop] for start, _, stop in spans(content)]
