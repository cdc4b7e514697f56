"""Text of strangers on a terminal: whatever is not a visible character is shown as its code.

Source: CWE-150 (escape sequences), CVE-2021-42574 (bidirectional controls), Default_Ignorable_Code_Point of the Unicode
Character Database (letters and marks that nobody sees).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

_UNSEEN = frozenset(
    map(
        chr,
        (
            *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)
"""What counts as printable and leaves no mark: fillers, joiners, variation selectors, the empty braille pattern."""


def show_controls(text: str) -> str:
    """The text with each control and invisible format character as its code, line breaks too."""
    return "".join(one if _is_seen(one) or _is_space(one) else f"\\u{{{ord(one):x}}}" for one in text)


def json_text(value: Any, *, indent: int | None = 2, default: Callable[[Any], Any] | None = None) -> str:
    """JSON in which every character outside of white space can be seen; it says the same.

    Args:
        default: As :func:`json.dumps` takes it.
    """
    return json.dumps(value, ensure_ascii=False, indent=indent, default=default).translate(_IN_JSON)


def visible(text: str) -> str:
    """One line in which every character can be seen: white space is one space, controls are their codes."""
    return show_controls(" ".join(text.split()))


def visible_lines(text: str) -> list[str]:
    """As `visible`, line by line; empty lines are left out."""
    return [line for line in map(visible, text.splitlines()) if line]


class _InJson(dict[int, str]):
    """How JSON shows each character; what was looked at once is remembered, since texts may be long."""

    def __missing__(self, code: int) -> str:
        one = chr(code)
        self[code] = shown = one if one == "\n" or _is_seen(one) else json.dumps(one)[1:-1]
        return shown


_IN_JSON = _InJson()


def _is_seen(character: str) -> bool:
    return character.isprintable() and character not in _UNSEEN


def _is_space(character: str) -> bool:
    return unicodedata.category(character) == "Zs"
