"""Letters that were lost or mixed up on the way out of an HR system: a text that only looks right.

A Kazakh letter that an export could not write becomes ``?`` or U+FFFD; a Latin letter typed on the wrong keyboard
looks like a Cyrillic one. The registry would take both, and the contract would stand there under another name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from usrec.domain.rules.finding import Finding, error

_LOST: Final = re.compile("\N{REPLACEMENT CHARACTER}|[Ѐ-ӿ]\\?|\\?[Ѐ-ӿ]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]")
_CYRILLIC: Final = re.compile("[Ѐ-ӿ]")


def check_letters(payload: Mapping[str, object]) -> Iterator[Finding]:
    """Findings about the letters of each text of a row; the words themselves are never repeated."""
    for name, value in payload.items():
        if not isinstance(value, str) or value.isascii():
            continue
        if _LOST.search(value):
            yield error("letters_lost", name, f"{name} has lost letters: a ? or a replacement mark stands in a word.")
        if any(_is_mixed(word) for word in _WORD.findall(value)):
            yield error("letters_mixed", name, f"{name} has Latin and Cyrillic letters in one word.")


def _is_mixed(word: str) -> bool:
    return bool(_CYRILLIC.search(word) and _LATIN.search(word))
