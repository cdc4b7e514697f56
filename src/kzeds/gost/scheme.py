"""GOST R 34.10 signatures in the form of the NCA: sign and verify, both curves.

Sources: RFC 7091, section 6 (the equations); the NCA's own provider for what the RFC leaves open. On the wire a
signature is r and then s, each a little-endian number of the curve's size (128 bytes on the 512-bit curve, 64 on the
other): the byte-reverse of the RFC's form. The hash is read as a little-endian number too.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import final

from kzeds.gost import curves, native
from kzeds.gost.curves import Curve, Point
from kzeds.gost.nonce import hedged_nonces


@final
class Arithmetic:
    """Multiplies points: by OpenSSL where it can, else in plain Python.

    Args:
        plain: Plain Python even where OpenSSL is at hand, for tests and benchmarks.
    """

    def __init__(self, curve: Curve, *, plain: bool = False) -> None:
        self.curve = curve
        self._native = None if plain else native.libcrypto(curve)

    def multiply_base(self, number: int) -> Point | None:
        """`number` times the base point."""
        if self._native is not None:
            return self._native.multiply_base(number)
        return curves.multiply_base(self.curve, number)

    def combine(self, base_times: int, times: int, point: Point) -> Point | None:
        """`base_times` times the base point plus `times` times `point`."""
        if self._native is not None:
            return self._native.combine(base_times, times, point)
        return curves.combine(self.curve, base_times, times, point)


def sign(
    arithmetic: Arithmetic, key: int, digest: bytes, *, fresh: Callable[[int], bytes] = secrets.token_bytes
) -> bytes:
    """The signature over a hash, r and s little-endian.

    Python's integers are as long as their value, and how long a multiplication takes tells that length. A multiple of
    the order is added to the secret numbers, which changes no result and gives all of them one length (the remedy of
    Brumley and Tuveri, "Remote Timing Attacks are Still Practical", 2011).

    Args:
        key: The private key, from 1 to n - 1.
        digest: Of the curve's size.
        fresh: Random bytes for the nonce.
    """
    curve = arithmetic.curve
    hashed, widening = _number_of(digest, curve), 3 * curve.n
    for nonce in hedged_nonces(key, digest, below=curve.n, fresh=fresh):
        point = arithmetic.multiply_base(nonce)
        r = 0 if point is None else point[0] % curve.n
        s = (r * (key + widening) + (nonce + widening) * hashed) % curve.n
        if r and s:
            return r.to_bytes(curve.size, "little") + s.to_bytes(curve.size, "little")
    raise AssertionError("unreachable: nonces never end")


def verify(arithmetic: Arithmetic, public_key: Point, digest: bytes, signature: bytes) -> bool:
    """Whether the signature over a hash was made with the private key of `public_key`, a point of the curve."""
    curve = arithmetic.curve
    if len(signature) != 2 * curve.size:
        return False
    r = int.from_bytes(signature[: curve.size], "little")
    s = int.from_bytes(signature[curve.size :], "little")
    if not (0 < r < curve.n and 0 < s < curve.n):
        return False
    inverse = pow(_number_of(digest, curve), -1, curve.n)
    point = arithmetic.combine(s * inverse % curve.n, -r * inverse % curve.n, public_key)
    return point is not None and point[0] % curve.n == r


def public_key_of(arithmetic: Arithmetic, key: int) -> Point:
    """The public key of a private one.

    Raises:
        ValueError: The number is not a private key of this curve.
    """
    point = arithmetic.multiply_base(key) if 0 < key < arithmetic.curve.n else None
    if point is None:
        raise ValueError("the number is not a private key of this curve")
    return point


def _number_of(digest: bytes, curve: Curve) -> int:
    return int.from_bytes(digest, "little") % curve.n or 1
