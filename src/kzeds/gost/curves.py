"""The two curves of Kazakhstan's keys and their arithmetic in plain Python.

Sources: RFC 7836, appendix A.1 (id-tc26-gost-3410-2012-512-paramSetA, the curve of GOST 34.310-2015 keys); RFC 4357,
section 11.4 (CryptoPro-A of GOST R 34.10-2001, the curve of GOST 34.310-2004 keys). Both have a = p - 3 and cofactor 1.

Nothing here is constant in time: how long it takes depends on the numbers. Where a library of the machine can multiply
points (:mod:`kzeds.gost.native`), secret numbers never come here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

Point = tuple[int, int]
"""Affine x and y; the neutral element is None."""

_Jacobian = tuple[int, int, int]
_NEUTRAL: _Jacobian = (1, 1, 0)
_WINDOW = 6
"""Bits of a number that one look-up in the table of the base point answers."""


@dataclass(frozen=True)
class Curve:
    """y^2 = x^3 - 3x + b over the numbers modulo p, with a base point of prime order n.

    Attributes:
        name: What the standards call it.
        size: Bytes of a coordinate, of r and of s.
        p: Order of the field.
        b: The constant of the equation.
        n: Order of the base point.
        base: The base point.
    """

    name: str
    size: int
    p: int
    b: int
    n: int
    base: Point

    def holds(self, point: Point) -> bool:
        """Whether a point lies on the curve."""
        x, y = point
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - x * x * x + 3 * x - self.b) % self.p == 0


GOST_2015_512 = Curve(
    name="GOST 34.310-2015, 512 bit",
    size=64,
    p=2**512 - 569,
    b=0xE8C2505DEDFC86DDC1BD0B2B6667F1DA34B82574761CB0E879BD081CFD0B6265EE3CB090F30D27614CB4574010DA90DD862EF9D4EBEE4761503190785A71C760,
    n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF27E69532F48D89116FF22B8D4E0560609B4B38ABFAD2B85DCACDB1411F10B275,
    base=(
        3,
        0x7503CFE87A836AE3A61B8816E25450E6CE5E1C93ACF1ABC1778064FDCBEFA921DF1626BE4FD036E93D75E6A50E3A41E98028FE5FC235F5B889A589CB5215F2A4,
    ),
)

GOST_2004 = Curve(
    name="GOST 34.310-2004",
    size=32,
    p=2**256 - 617,
    b=0xA6,
    n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF6C611070995AD10045841B09B761B893,
    base=(1, 0x8D91E471E0989CDA27DF505A453F2B7635294F2DDF23E3B122ACC99C9E9F1E14),
)


def multiply_base(curve: Curve, number: int) -> Point | None:
    """`number` times the base point."""
    total, place = _NEUTRAL, 0
    table = _table(curve)
    while number:
        digit = number & ((1 << _WINDOW) - 1)
        if digit:
            total = _add_affine(curve.p, total, table[place][digit - 1])
        number >>= _WINDOW
        place += 1
    return _affine(curve.p, total)


def combine(curve: Curve, base_times: int, times: int, point: Point) -> Point | None:
    """`base_times` times the base point plus `times` times `point`, for a verification: nothing here is secret."""
    both = _affine(curve.p, _add_affine(curve.p, (*curve.base, 1), point))
    total = _NEUTRAL
    for bit in range(max(base_times.bit_length(), times.bit_length()) - 1, -1, -1):
        total = _double(curve.p, total)
        wanted = (base_times >> bit & 1, times >> bit & 1)
        if wanted == (1, 1):
            total = total if both is None else _add_affine(curve.p, total, both)
        elif wanted != (0, 0):
            total = _add_affine(curve.p, total, curve.base if wanted[0] else point)
    return _affine(curve.p, total)


@cache
def _table(curve: Curve) -> Sequence[Sequence[Point]]:
    """The multiples 1 to 63 of the base point times each power of 64."""
    rows, step = [], (*curve.base, 1)
    for _ in range(-(-curve.n.bit_length() // _WINDOW)):
        row = [step]
        (start,) = _to_affine(curve.p, [step])
        for _ in range((1 << _WINDOW) - 2):
            row.append(_add_affine(curve.p, row[-1], start))
        rows.append(row)
        step = _add_affine(curve.p, row[-1], start)
    flat = _to_affine(curve.p, [point for row in rows for point in row])
    width = (1 << _WINDOW) - 1
    return [flat[start : start + width] for start in range(0, len(flat), width)]


def _to_affine(p: int, points: Sequence[_Jacobian]) -> list[Point]:
    """Affine forms of points that are not neutral, with one inversion for all (Montgomery's trick)."""
    products = [1]
    for point in points:
        products.append(products[-1] * point[2] % p)
    inverse, found = pow(products[-1], -1, p), []
    for point, before in zip(reversed(points), reversed(products[:-1]), strict=True):
        one = inverse * before % p
        inverse = inverse * point[2] % p
        square = one * one % p
        found.append((point[0] * square % p, point[1] * square * one % p))
    return found[::-1]


def _affine(p: int, point: _Jacobian) -> Point | None:
    return _to_affine(p, [point])[0] if point[2] else None


def _double(p: int, point: _Jacobian) -> _Jacobian:
    """Twice a point, for a = -3 (formulas "dbl-2001-b" of the Explicit-Formulas Database)."""
    x, y, z = point
    delta, gamma = z * z % p, y * y % p
    beta = x * gamma % p
    alpha = 3 * (x - delta) * (x + delta) % p
    new_x = (alpha * alpha - 8 * beta) % p
    new_z = ((y + z) * (y + z) - gamma - delta) % p
    return new_x, (alpha * (4 * beta - new_x) - 8 * gamma * gamma) % p, new_z


def _add_affine(p: int, point: _Jacobian, other: Point) -> _Jacobian:
    """A point plus an affine one ("madd", with the cases that it leaves out)."""
    x, y, z = point
    if z == 0:
        return *other, 1
    square = z * z % p
    apart_x = (other[0] * square - x) % p
    apart_y = (other[1] * square * z - y) % p
    if apart_x == 0:
        return _double(p, point) if apart_y == 0 else _NEUTRAL
    apart_x2 = apart_x * apart_x % p
    apart_x3 = apart_x * apart_x2 % p
    shared = x * apart_x2 % p
    new_x = (apart_y * apart_y - apart_x3 - 2 * shared) % p
    return new_x, (apart_y * (shared - new_x) - y * apart_x3) % p, z * apart_x % p
