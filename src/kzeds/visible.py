"""Text of strangers on a terminal: whatever is not a visible character is shown as its code.

Source: CWE-150 (escape sequences), CVE-2021-42574 (bidirectional controls).
"""

from __future__ import annotations

import unicodedata


def show_controls(text: str) -> str:
    """The text with each control and invisible format character as its code, line breaks too."""
    return "".join(one if one.isprintable() or _is_space(one) else f"\\u{{{ord(one):x}}}" for one in text)


def visible(text: str) -> str:
    """One line in which every character can be seen: white space is one space, controls are their codes."""
    return show_controls(" ".join(text.split()))


def visible_lines(text: str) -> list[str]:
    """As `visible`, line by line; empty lines are left out."""
    return [line for line in map(visible, text.splitlines()) if line]


def _is_space(character: str) -> bool:
    return unicodedata.category(character) == "Zs"
