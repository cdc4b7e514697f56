"""RC2 with a 40-bit key, for reading: the NCA's key files protect the certificate with it; libraries dropped it.

Source: RFC 2268. It protects nothing (a certificate is public); it only has to be read.
"""

from __future__ import annotations

from collections.abc import Sequence

BLOCK_SIZE = 8
"""Bytes of a block."""

_PI = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2"
    "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82"
    "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626"
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7"
    "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec"
    "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731"
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9"
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad"
)
"""PITABLE of the RFC, section 2."""

_ROTATIONS = (1, 2, 3, 5)


def decrypt_cbc(key: bytes, vector: bytes, content: bytes) -> bytes:
    """Decrypt; the padding is still there.

    Args:
        key: Whose length in bits is also the effective one.
        vector: 8 bytes.
        content: A whole number of blocks.
    """
    words = _expand(key)
    clear, before = bytearray(), int.from_bytes(vector, "little")
    for start in range(0, len(content), BLOCK_SIZE):
        block = int.from_bytes(content[start : start + BLOCK_SIZE], "little")
        clear += (_decrypt(words, block) ^ before).to_bytes(BLOCK_SIZE, "little")
        before = block
    return bytes(clear)


def _expand(key: bytes) -> Sequence[int]:
    """Sixty-four words (RFC 2268, section 2)."""
    buffer = bytearray(key)
    for place in range(len(key), 128):
        buffer.append(_PI[(buffer[-1] + buffer[place - len(key)]) & 255])
    buffer[128 - len(key)] = _PI[buffer[128 - len(key)]]
    for place in range(127 - len(key), -1, -1):
        buffer[place] = _PI[buffer[place + 1] ^ buffer[place + len(key)]]
    return [int.from_bytes(buffer[place : place + 2], "little") for place in range(0, 128, 2)]


def _decrypt(words: Sequence[int], block: int) -> int:
    """One block (RFC 2268, section 4): 5, 6 and 5 rounds of mixing with one of mashing between them."""
    parts = [block >> 16 * place & 0xFFFF for place in range(4)]
    for number in range(15, -1, -1):
        if number in (10, 4):
            for place in (3, 2, 1, 0):
                parts[place] = parts[place] - words[parts[place - 1] & 63] & 0xFFFF
        for place in (3, 2, 1, 0):
            turn, value = _ROTATIONS[place], parts[place]
            value = (value >> turn | value << 16 - turn) & 0xFFFF
            first, second, third = parts[place - 1], parts[place - 2], parts[place - 3]
            parts[place] = value - words[4 * number + place] - (first & second) - (~first & third) & 0xFFFF
    return sum(part << 16 * place for place, part in enumerate(parts))
