"""GOST 34.311-95, the hash of GOST R 34.11-94 with the standard's own test parameters, in plain Python.

Source: RFC 5831 (the hash), RFC 5830 (the cipher GOST 28147-89 inside), RFC 4357, section 11.2 (the substitution
"TestParamSet" of GOST R 34.11-94, the one that the NCA uses; CryptoPro's is another one). Numbers are read with their
least significant byte first; the digest is given as libgcrypt and the NCA's provider give it. Not constant in time.
"""

from __future__ import annotations

from functools import cache, reduce
from operator import getitem, xor

DIGEST_SIZE = 32
"""Bytes of a digest."""

BLOCK_SIZE = 32
"""Bytes of a block."""

_MASK32 = (1 << 32) - 1
_MASK64 = (1 << 64) - 1
_MASK256 = (1 << 256) - 1

_SUBSTITUTION = (
    "4a92d80e6b1c7f53",
    "eb4c6dfa23810759",
    "581da342efc7609b",
    "7da1089fe46cb253",
    "6c715fd84a9e03b2",
    "4ba0721d36859cfe",
    "db413f590ae7682c",
    "1fd057a4923e6b8c",
)
"""A row for each half-byte, from the least significant one."""

_C3 = 0xFF00FFFF000000FFFF0000FF00FFFF0000FF00FF00FF00FFFF00FF00FF00FF00
"""The one constant of the key generation that is not zero (RFC 5831, section 5)."""


def gost34311(data: bytes) -> bytes:
    """The digest of `data`, 32 bytes, in the order in which ds:DigestValue holds them; a number of it is little-endian.

    Source: RFC 5831 with the test parameters; the order is that of libgcrypt and of the NCA's provider.
    """
    state = checksum = 0
    for start in range(0, len(data), BLOCK_SIZE):
        block = int.from_bytes(data[start : start + BLOCK_SIZE], "little")
        state = _compress(state, block)
        checksum = checksum + block & _MASK256
    state = _compress(state, 8 * len(data))
    return _compress(state, checksum).to_bytes(DIGEST_SIZE, "little")


def _compress(state: int, block: int) -> int:
    """One step: four keys, four encrypted quarters, and the mixing."""
    mixed = 0
    for place, key in enumerate(_keys(state, block)):
        mixed |= _encrypt(state >> 64 * place & _MASK64, key) << 64 * place
    mixed = block ^ _shift(mixed, 12)
    mixed = state ^ _shift(mixed, 1)
    return reduce(xor, map(getitem, _last_shift(), mixed.to_bytes(32, "little")))


def _keys(state: int, block: int) -> list[list[int]]:
    """The four keys, each as eight words in the order of their use."""
    keys = []
    for step in range(4):
        if step:
            state = _a(state) ^ (_C3 if step == 2 else 0)
            block = _a(_a(block))
        mixed = (state ^ block).to_bytes(32, "little")
        keys.append([int.from_bytes(mixed[word::8], "little") for word in range(8)])
    return keys


def _a(value: int) -> int:
    """A of RFC 5831: the quarters move down by one, and the first two together become the last."""
    return value >> 64 | ((value ^ value >> 64) & _MASK64) << 192


def _encrypt(block: int, key: list[int]) -> int:
    """GOST 28147-89 in its simplest mode: 24 rounds forward through the key, 8 backward."""
    low, high = block & _MASK32, block >> 32
    first, second, third, fourth = _substitution()
    for word in (*key, *key, *key, *reversed(key)):
        total = low + word & _MASK32
        total = first[total & 255] ^ second[total >> 8 & 255] ^ third[total >> 16 & 255] ^ fourth[total >> 24]
        low, high = high ^ total, low
    return low << 32 | high


@cache
def _substitution() -> tuple[tuple[int, ...], ...]:
    """For each byte of a word: its two substituted half-bytes in place, rotated left by 11."""
    tables = []
    for place in range(4):
        low, high = (
            bytes.fromhex("".join(f"0{digit}" for digit in _SUBSTITUTION[2 * place + half])) for half in (0, 1)
        )
        words = ((high[value >> 4] << 4 | low[value & 15]) << 8 * place for value in range(256))
        tables.append(tuple((word << 11 | word >> 21) & _MASK32 for word in words))
    return tuple(tables)


def _shift(value: int, times: int) -> int:
    """Psi of RFC 5831, `times` over: a register of sixteen 16-bit words with feedback."""
    for _ in range(times):
        feedback = value ^ value >> 16 ^ value >> 32 ^ value >> 48 ^ value >> 192 ^ value >> 240
        value = value >> 16 | (feedback & 0xFFFF) << 240
    return value


@cache
def _last_shift() -> tuple[list[int], ...]:
    """For each byte of a 256-bit value, what its 256 values contribute to psi 61 times over, which is linear."""
    return tuple(_images(8 * place) for place in range(BLOCK_SIZE))


def _images(lowest_bit: int) -> list[int]:
    images = [0]
    for bit in range(lowest_bit, lowest_bit + 8):
        moved = _shift(1 << bit, 61)
        images += [image ^ moved for image in images]
    return images
