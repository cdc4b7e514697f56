"""The secret number of one signature: hedged, so that neither a bad random source nor a fault repeats one.

Source: RFC 6979, sections 3.2 and 3.6: HMAC-DRBG seeded with the key, the hash, and fresh randomness.
Without the randomness it would be deterministic; with a broken random source it still differs for every message.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator

FRESH_BYTES = 32
"""Bytes of randomness in each seed."""


def hedged_nonces(key: int, digest: bytes, *, below: int, fresh: Callable[[int], bytes]) -> Iterator[int]:
    """Numbers from 1 up to, not including, `below`, all different in practice; the first one that fits is used.

    Args:
        key: The private key.
        digest: Of what is signed.
        below: The order of the group.
        fresh: Gives so many random bytes.
    """
    bits = below.bit_length()
    size = -(-bits // 8)
    seed = (
        key.to_bytes(size, "big") + (int.from_bytes(digest, "big") % below).to_bytes(size, "big") + fresh(FRESH_BYTES)
    )
    value, secret = b"\x01" * 64, b"\x00" * 64
    for mark in (b"\x00", b"\x01"):
        secret = _hmac(secret, value + mark + seed)
        value = _hmac(secret, value)
    while True:
        drawn = b""
        while len(drawn) < size:
            value = _hmac(secret, value)
            drawn += value
        number = int.from_bytes(drawn[:size], "big") >> (8 * size - bits)
        if 0 < number < below:
            yield number
        secret = _hmac(secret, value + b"\x00")
        value = _hmac(secret, value)


def _hmac(secret: bytes, data: bytes) -> bytes:
    return hmac.digest(secret, data, hashlib.sha512)
