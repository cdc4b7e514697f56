"""The fast path: point multiplication by OpenSSL's libcrypto and hashing by libgcrypt, where the machine has them.

Sources: EC_POINT_mul(3) and BN_bn2bin(3) of OpenSSL 3; the manual of libgcrypt 1.10, "Hashing". Both are optional: a
library that is missing, too old, or gives one wrong byte in the self-test at loading is not used, and none is where
Python was built without ctypes. Multiplying the base point by a secret number goes through OpenSSL's ladder, which its
authors mean to be constant in time; nothing more is claimed here. Calls release Python's lock and may come from any
thread: each has numbers of its own, and what is shared, the group, is only read.

A public key that is met again and again, such as the gateway's, gets a table (EC_GROUP_precompute_mult(3)), with which
a signature is checked in less than half the time. Only what everybody may know goes through tables, never a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, final

from kzeds.gost import curves
from kzeds.gost.curves import GOST_2004, GOST_2015_512, Curve, Point
from kzeds.gost.gost34311 import gost34311
from kzeds.gost.libraries import buffer, declare, open_library
from kzeds.gost.streebog import streebog512

if TYPE_CHECKING:
    import ctypes

_LIBCRYPTO = ("libcrypto.so.3", "libcrypto.3.dylib")
_LIBGCRYPT = ("libgcrypt.so.20", "libgcrypt.20.dylib")

_STREEBOG_512, _GOST_34311 = 310, 308
"""libgcrypt's numbers: GCRY_MD_STRIBOG512, and GCRY_MD_GOSTR3411_94 with the test parameters."""

_FINISH_INITIALISATION, _TEST_ALGORITHM = 38, 8

_PROBE = bytes(range(200))

_USES_BEFORE_TABLE = 4
"""Making a table takes as long as four sums without it."""
_MOST_TABLES = 16
"""Of 200 kilobytes each; a program meets few keys again and again."""
_MOST_COUNTED = 1024
"""Points whose uses are counted."""
_FUNCTIONS = {
    "BN_CTX_new": "p",
    "BN_CTX_free": "-p",
    "BN_new": "p",
    "BN_clear_free": "-p",
    "BN_bin2bn": "psip",
    "BN_bn2binpad": "ipsi",
    "EC_GROUP_new_curve_GFp": "ppppp",
    "EC_GROUP_set_generator": "ipppp",
    "EC_POINT_new": "pp",
    "EC_POINT_clear_free": "-p",
    "EC_POINT_mul": "ipppppp",
    "EC_POINT_is_at_infinity": "ipp",
    "EC_POINT_set_affine_coordinates": "ippppp",
    "EC_POINT_get_affine_coordinates": "ippppp",
}

_TABLE_FUNCTIONS = {"EC_GROUP_precompute_mult": "ipp"}
_HASH_FUNCTIONS = {
    "gcry_check_version": "ss",
    "gcry_control": "uii",
    "gcry_md_algo_info": "uiipp",
    "gcry_md_hash_buffer": "-issz",
}


class _UnusableError(Exception):
    """The library is there and does not do what it should."""


@dataclass(frozen=True, slots=True)
class _Table:
    """Groups of one curve whose base points are the curve's own and another, each with its table."""

    base: int
    point: int


@final
class LibCrypto:
    """Point multiplication on one curve by OpenSSL."""

    def __init__(self, library: ctypes.CDLL, curve: Curve) -> None:
        self._library = library
        self._curve = curve
        self._group = self._make_group(curve.base)
        self._uses: dict[Point, int] = {}
        self._tables: dict[Point, _Table | None] = {}

    def multiply_base(self, number: int) -> Point | None:
        """`number` times the base point; None for the neutral element."""
        with self._workspace() as work:
            return work.multiply(self._group, number, None)

    def combine(self, base_times: int, times: int, point: Point) -> Point | None:
        """`base_times` times the base point plus `times` times `point`; nothing of it may be secret."""
        table = self._tables.get(point) or self._counted(point)
        if table is not None:
            return self._by_tables(table, base_times, times)
        with self._workspace() as work:
            return work.multiply(self._group, base_times, (times, point))

    def _counted(self, point: Point) -> _Table | None:
        """A new table, where this point was used often enough by now."""
        if len(self._uses) >= _MOST_COUNTED:
            self._uses.clear()
        uses = self._uses[point] = self._uses.get(point, 0) + 1
        if uses != _USES_BEFORE_TABLE or len(self._tables) >= _MOST_TABLES:
            return None
        self._tables[point] = table = self._make_table(point)
        return table

    def _make_table(self, point: Point) -> _Table | None:
        """Tables of the base point and of another; None where they are not to be had, or one sum of them is wrong."""
        try:
            table = _Table(self._make_group(self._curve.base, table=True), self._make_group(point, table=True))
            number, other = self._curve.n // 3, self._curve.n // 7
            with self._workspace() as work:
                right = work.multiply(self._group, number, (other, point))
            return table if self._by_tables(table, number, other) == right else None
        except (_UnusableError, AttributeError):
            return None

    def _by_tables(self, table: _Table, base_times: int, times: int) -> Point | None:
        """The sum in two steps. Without a second point OpenSSL would take its ladder, so each step has one.

        The first is one less times the base point plus the base point itself.
        """
        curve = self._curve
        with self._workspace() as work:
            one, base = work.number(1), work.point(table.base, curve.base)
            first = work.sum(table.base, (base_times - 1) % curve.n, one, base)
            return work.coordinates(table.point, work.sum(table.point, times, one, first))

    def _make_group(self, base: Point, *, table: bool = False) -> int:
        """The curve with a point as its base. The group lives as long as the process."""
        curve = self._curve
        with self._workspace() as work:
            numbers = [work.number(value) for value in (curve.p, curve.p - 3, curve.b)]
            group = self._library.EC_GROUP_new_curve_GFp(*numbers, work.context)
            if not group:
                raise _UnusableError
            point = work.point(group, base)
            work.require(self._library.EC_GROUP_set_generator(group, point, work.number(curve.n), work.number(1)))
            if table:
                declare(self._library, _TABLE_FUNCTIONS)
                work.require(self._library.EC_GROUP_precompute_mult(group, work.context))
        return int(group)

    @contextmanager
    def _workspace(self) -> Iterator[_Workspace]:
        work = _Workspace(self._library, self._curve.size)
        try:
            yield work
        finally:
            work.free()


@final
class _Workspace:
    """The numbers and points of one calculation, wiped at its end."""

    def __init__(self, library: ctypes.CDLL, size: int) -> None:
        self._library = library
        self._size = size
        self._numbers: list[int] = []
        self._points: list[int] = []
        self.context: int = self._given(library.BN_CTX_new())

    def free(self) -> None:
        for number in self._numbers:
            self._library.BN_clear_free(number)
        for point in self._points:
            self._library.EC_POINT_clear_free(point)
        self._library.BN_CTX_free(self.context)

    def number(self, value: int) -> int:
        raw = value.to_bytes(self._size, "big")
        found = self._given(self._library.BN_bin2bn(raw, len(raw), None))
        self._numbers.append(found)
        return found

    def point(self, group: int, at: Point) -> int:
        found = self._new_point(group)
        x, y = self.number(at[0]), self.number(at[1])
        self.require(self._library.EC_POINT_set_affine_coordinates(group, found, x, y, self.context))
        return found

    def multiply(self, group: int, base_times: int, other: tuple[int, Point] | None) -> Point | None:
        times, point = (None, None) if other is None else (self.number(other[0]), self.point(group, other[1]))
        return self.coordinates(group, self.sum(group, base_times, times, point))

    def sum(self, group: int, base_times: int, times: int | None, point: int | None) -> int:
        result = self._new_point(group)
        self.require(self._library.EC_POINT_mul(group, result, self.number(base_times), point, times, self.context))
        return result

    def coordinates(self, group: int, result: int) -> Point | None:
        if self._library.EC_POINT_is_at_infinity(group, result):
            return None
        x, y = self.number(0), self.number(0)
        self.require(self._library.EC_POINT_get_affine_coordinates(group, result, x, y, self.context))
        return self._value(x), self._value(y)

    def require(self, done: int) -> None:
        if done != 1:
            raise _UnusableError

    def _value(self, number: int) -> int:
        raw = buffer(self._size)
        if self._library.BN_bn2binpad(number, raw, self._size) != self._size:
            raise _UnusableError
        return int.from_bytes(raw.raw, "big")

    def _new_point(self, group: int) -> int:
        found = self._given(self._library.EC_POINT_new(group))
        self._points.append(found)
        return found

    @staticmethod
    def _given(address: int | None) -> int:
        if not address:
            raise MemoryError
        return address


@cache
def libcrypto(curve: Curve) -> LibCrypto | None:
    """OpenSSL's arithmetic on a curve, None where there is none that passes the self-test."""
    library = open_library(_LIBCRYPTO, _FUNCTIONS)
    if library is None:
        return None
    try:
        found = LibCrypto(library, curve)
        return found if _calculates_rightly(found, curve) else None
    except _UnusableError:
        return None


def _calculates_rightly(found: LibCrypto, curve: Curve) -> bool:
    """One multiplication is compared with plain Python, and a sum of two multiples with a third one."""
    number, other = curve.n // 3, curve.n // 7
    point = curves.combine(curve, 0, number, curve.base)
    if point is None or found.multiply_base(number) != point:
        return False
    return found.combine(number, other, point) == found.multiply_base((number + other * number) % curve.n)


@cache
def libgcrypt_hash(name: str) -> Callable[[bytes], bytes] | None:
    """Libgcrypt's ``streebog512`` or ``gost34311``, None where there is none that passes the self-test."""
    algorithm, size, plain = {
        "streebog512": (_STREEBOG_512, 64, streebog512),
        "gost34311": (_GOST_34311, 32, gost34311),
    }[name]
    library = _gcrypt()
    if library is None or library.gcry_md_algo_info(algorithm, _TEST_ALGORITHM, None, None):
        return None

    def compute(data: bytes) -> bytes:
        digest = buffer(size)
        library.gcry_md_hash_buffer(algorithm, digest, data, len(data))
        return digest.raw

    return compute if compute(_PROBE) == plain(_PROBE) else None


@cache
def _gcrypt() -> ctypes.CDLL | None:
    library = open_library(_LIBGCRYPT, _HASH_FUNCTIONS)
    if library is not None:
        library.gcry_check_version(None)
        library.gcry_control(_FINISH_INITIALISATION, 0)
    return library


def names() -> dict[str, str]:
    """What this process calculates with, for reports: "python" where a library is missing or failed its self-test."""
    return {
        "curves": "libcrypto" if libcrypto(GOST_2015_512) and libcrypto(GOST_2004) else "python",
        "streebog512": "libgcrypt" if libgcrypt_hash("streebog512") else "python",
        "gost34311": "libgcrypt" if libgcrypt_hash("gost34311") else "python",
    }
