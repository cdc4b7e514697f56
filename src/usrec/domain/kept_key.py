"""Keys of HR's as the ledger can keep them: whatever HR writes there, its row must stop no other."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

LONGEST_KEY: Final = 200
"""Characters of a key; what is longer is refused by the rules."""


def kept_key(text: str) -> str:
    """The key; of one that is too long the beginning and a digest, by which it is still told from others.

    No index of PostgreSQL holds more than some 2,700 bytes: a longer key would fail all that is written with it.
    """
    if len(text) <= LONGEST_KEY:
        return text
    return f"{text[:LONGEST_KEY]}… SHA-256 {sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
