"""Text without what must not be shown: no identification number, no document.

It stands by itself, because commands that only print need it, and no log.
"""

from __future__ import annotations

import re
from typing import Final

_MADE_ID: Final = r"\b(?:[0-9a-f]{64}|[0-9a-f]{36,40}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"
"""A SHA-256 digest, the number of a certificate or an id of ours: twelve digits in a row there are chance, and whoever
compares it needs them."""
_TWELVE_DIGITS: Final = re.compile(rf"({_MADE_ID})|(?<!\d)\d{{8}}(\d{{4}})(?!\d)")
_MARKUP: Final = re.compile(r"<[^<>]+>.*</[^<>]+>|<[^<>]+>", re.DOTALL)
"""From the first tag to the last closing one, with what stands between them; or a single tag."""


def mask(text: str) -> str:
    """``text`` without identification numbers and markup."""
    return _MARKUP.sub("<...>", _TWELVE_DIGITS.sub(lambda found: found[1] or f"********{found[2]}", text))
