"""Streebog-512, the hash of GOST R 34.11-2012, which Kazakhstan calls GOST 34.11-2015, in plain Python.

Source: RFC 6986 (sections 6 and 7 for the constants, 8 for the transformations). The RFC writes its 512-bit values with
the most significant byte first and hashes the *reversed* message; here a block is read as a little-endian number, which
comes to the same. The digest is given as the RFC's examples print it when read from the last byte, that is, as
libgcrypt, OpenSSL's engine and the NCA's provider put it on the wire.

S works byte by byte, P moves bytes, and L is linear in each 64-bit word: each byte contributes one value, looked up in
one of eight tables, to one word of the next state. The look-ups depend on the hashed bytes, so this is not constant in
time, which matters only where a secret is hashed.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from struct import Struct, unpack

DIGEST_SIZE = 64
"""Bytes of a digest."""

BLOCK_SIZE = 64
"""Bytes of a block."""

_MASK = (1 << 512) - 1

_PI = bytes.fromhex(
    "fceedd11cf6e3116fbc4fada23c5044d"
    "e977f0db932e99ba1736f1bb14cd5fc1"
    "f918655ae25cef21811c3c428b018e4f"
    "058402aee36a8fa0060bed987fd4d31f"
    "eb342c51eac848abf22a68a2fd3acecc"
    "b5700e56080c7612bf7213479cb75d87"
    "15a19629107b9ac7f391786f9d9eb2b1"
    "3275193dff358a7e6d54c680c3bd0d57"
    "dff524a93ea843c9d779d6f67c22b903"
    "e00fecde7a94b0bcdce828504e330a4a"
    "a79760731e0062441ab83882649f2641"
    "ad454692275e552f8ca3a57d69d5953b"
    "0758b34086ac1df730376be488d9e789"
    "e11b83494c3ff8fe8d53aa90cad88561"
    "207167a42d2b095bcb9b25d0bee56c52"
    "59a674d2e6f4b4c0d166afc2394b63b6"
)
"""The substitution S (RFC 6986, 6.2)."""

_MATRIX = unpack(
    ">64Q",
    bytes.fromhex(
        """
    8e20faa72ba0b470 47107ddd9b505a38 ad08b0e0c3282d1c d8045870ef14980e
    6c022c38f90a4c07 3601161cf205268d 1b8e0b0e798c13c8 83478b07b2468764
    a011d380818e8f40 5086e740ce47c920 2843fd2067adea10 14aff010bdd87508
    0ad97808d06cb404 05e23c0468365a02 8c711e02341b2d01 46b60f011a83988e
    90dab52a387ae76f 486dd4151c3dfdb9 24b86a840e90f0d2 125c354207487869
    092e94218d243cba 8a174a9ec8121e5d 4585254f64090fa0 accc9ca9328a8950
    9d4df05d5f661451 c0a878a0a1330aa6 60543c50de970553 302a1e286fc58ca7
    18150f14b9ec46dd 0c84890ad27623e0 0642ca05693b9f70 0321658cba93c138
    86275df09ce8aaa8 439da0784e745554 afc0503c273aa42a d960281e9d1d5215
    e230140fc0802984 71180a8960409a42 b60c05ca30204d21 5b068c651810a89e
    456c34887a3805b9 ac361a443d1c8cd2 561b0d22900e4669 2b838811480723ba
    9bcf4486248d9f5d c3e9224312c8c1a0 effa11af0964ee50 f97d86d98a327728
    e4fa2054a80b329c 727d102a548b194e 39b008152acb8227 9258048415eb419d
    492c024284fbaec0 aa16012142f35760 550b8e9e21f7a530 a48b474f9ef5dc18
    70a6a56e2440598e 3853dc371220a247 1ca76e95091051ad 0edd37c48a08a6d8
    07e095624504536c 8d70c431ac02a736 c83862965601dd1b 641c314b2b8ee083
    """
    ),
)
"""The matrix of L over GF(2), a row for each bit from the most significant one (RFC 6986, 6.4)."""

_CONSTANTS = bytes.fromhex(
    """
    b1085bda1ecadae9ebcb2f81c0657c1f2f6a76432e45d016714eb88d7585c4fc
    4b7ce09192676901a2422a08a460d31505767436cc744d23dd806559f2a64507
    6fa3b58aa99d2f1a4fe39d460f70b5d7f3feea720a232b9861d55e0f16b50131
    9ab5176b12d699585cb561c2db0aa7ca55dda21bd7cbcd56e679047021b19bb7
    f574dcac2bce2fc70a39fc286a3d843506f15e5f529c1f8bf2ea7514b1297b7b
    d3e20fe490359eb1c1c93a376062db09c2b6f443867adb31991e96f50aba0ab2
    ef1fdfb3e81566d2f948e1a05d71e4dd488e857e335c3c7d9d721cad685e353f
    a9d72c82ed03d675d8b71333935203be3453eaa193e837f1220cbebc84e3d12e
    4bea6bacad4747999a3f410c6ca923637f151c1f1686104a359e35d7800fffbd
    bfcd1747253af5a3dfff00b723271a167a56a27ea9ea63f5601758fd7c6cfe57
    ae4faeae1d3ad3d96fa4c33b7a3039c02d66c4f95142a46c187f9ab49af08ec6
    cffaa6b71c9ab7b40af21f66c2bec6b6bf71c57236904f35fa68407a46647d6e
    f4c70e16eeaac5ec51ac86febf240954399ec6c7e6bf87c9d3473e33197a93c9
    0992abc52d822c3706476983284a05043517454ca23c4af38886564d3a14d493
    9b1f5b424d93c9a703e7aa020c6e41414eb7f8719c36de1e89b4443b4ddbc49a
    f4892bcb929b069069d18d2bd1a5c42f36acc2355951a8d9a47f0dd4bf02e71e
    378f5a541631229b944c9ad8ec165fde3a7d3a1b258942243cd955b7e00d0984
    800a440bdbb2ceb17b2b8a9aa6079c540e38dc92cb1f2a607261445183235adb
    abbedea680056f52382ae548b2e4f3f38941e71cff8a78db1fffe18a1b336103
    9fe76702af69334b7a1e6c303b7652f43698fad1153bb6c374b4c7fb98459ced
    7bcd9ed0efc889fb3002c6cd635afe94d8fa6bbbebab07612001802114846679
    8a1d71efea48b9caefbacd1d7d476e98dea2594ac06fd85d6bcaa4cd81f32d1b
    378ee767f11631bad21380b00449b17acda43c32bcdf1d77f82012d430219f9b
    5d80ef9d1891cc86e71da4aa88e12852faf417d5d9b21b9948bc924af11bd720
    """
)
"""The constants C1 to C12, 64 bytes each, most significant byte first (RFC 6986, 6.5)."""

_ROUND_KEYS = tuple(
    int.from_bytes(_CONSTANTS[place : place + 64], "big") << 512 for place in range(0, len(_CONSTANTS), 64)
)
"""In the upper half, where the key is."""

_WORDS_AS_BYTES = Struct(16 * "8s")
_WORDS = Struct("<16Q")


def streebog512(data: bytes) -> bytes:
    """The digest of `data`, 64 bytes, in the order in which ds:DigestValue holds them; a number of it is little-endian.

    Source: RFC 6986, section 8; the order is that of libgcrypt and of the NCA's provider.
    """
    tables = _tables()
    state = length = checksum = 0
    whole = len(data) // BLOCK_SIZE * BLOCK_SIZE
    for start in range(0, whole, BLOCK_SIZE):
        block = int.from_bytes(data[start : start + BLOCK_SIZE], "little")
        state = _compress(tables, state, block, length)
        length += 512
        checksum = checksum + block & _MASK
    rest = data[whole:]
    last = int.from_bytes(rest + b"\x01", "little")
    state = _compress(tables, state, last, length)
    state = _compress(tables, state, length + 8 * len(rest), 0)
    state = _compress(tables, state, checksum + last & _MASK, 0)
    return state.to_bytes(DIGEST_SIZE, "little")


def _compress(tables: tuple[list[int], ...], state: int, block: int, length: int) -> int:
    """The compression function g of RFC 6986, section 8; key and text go through each round together."""
    key = _transform(tables, state ^ length) & _MASK
    both = key << 512 | block
    for constant in _ROUND_KEYS:
        both = _transform(tables, both ^ both >> 512 ^ constant)
    return (both ^ both >> 512) & _MASK ^ state ^ block


def _transform(tables: tuple[list[int], ...], both: int) -> int:
    """S, P and L of two states, the second above the first.

    A word of a result comes from those bytes of the state's eight words that have its number.
    """
    t0, t1, t2, t3, t4, t5, t6, t7 = tables
    words = _WORDS_AS_BYTES.unpack(both.to_bytes(2 * BLOCK_SIZE, "little"))
    columns = chain(zip(*words[:8]), zip(*words[8:]))  # noqa: B905 - all have 8 bytes, and asking costs 6 %
    mixed = [
        t0[b0] ^ t1[b1] ^ t2[b2] ^ t3[b3] ^ t4[b4] ^ t5[b5] ^ t6[b6] ^ t7[b7]
        for b0, b1, b2, b3, b4, b5, b6, b7 in columns
    ]
    return int.from_bytes(_WORDS.pack(*mixed), "little")


@cache
def _tables() -> tuple[list[int], ...]:
    """For each byte of a word, counted from the least significant one, what its 256 values contribute after S and L."""
    return tuple(_table(_MATRIX[56 - 8 * place : 64 - 8 * place]) for place in range(8))


def _table(rows: tuple[int, ...]) -> list[int]:
    """L of S of each byte, from the eight rows of the matrix for its bits, the most significant one first."""
    images = [0]
    for row in reversed(rows):
        images += [image ^ row for image in images]
    return [images[value] for value in _PI]
