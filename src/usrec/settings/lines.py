"""On which line of a TOML file a setting stands, found without a TOML parser of our own.

The file is read line by line with ``tomllib``: the first beginning of it that parses and holds the setting ends with
the setting. Its value may take several lines; its first line follows the last beginning that parsed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from usrec.settings.outline import Steps

_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


def line_of(text: str, path: Steps) -> int | None:
    """The line of a setting; of the table that lacks it when it is missing, None where not even that is there.

    Args:
        text: A whole TOML document without faults of syntax.
    """
    beginnings = list(_beginnings(text))
    for length in range(len(path), 0, -1):
        for line, _, tree in beginnings:
            if _holds(tree, path[:length]):
                return line
    return None


def place_of(problem: tomllib.TOMLDecodeError, text: str) -> tuple[str, int]:
    """What is wrong with the syntax, and the line: of what never ends, the one where it may have begun."""
    found = _PLACE.search(str(problem))
    if found is None:
        return str(problem), max((last for _, last, _ in _beginnings(text)), default=0) + 1
    return f"column {found[2]}: {str(problem)[: found.start()]}", int(found[1])


def _beginnings(text: str) -> Iterator[tuple[int, int, Mapping[str, Any]]]:
    """Each beginning of the file that parses, with first and last line of what it has more than the one before."""
    lines = text.splitlines()
    first = 1
    for number, line in enumerate(lines, start=1):
        if first == number and line.strip()[:1] in {"", "#"}:
            first = number + 1
            continue
        try:
            tree = tomllib.loads("\n".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue
        yield first, number, tree
        first = number + 1


def _holds(tree: Any, path: Steps) -> bool:
    for step in path:
        if isinstance(step, int):
            if not isinstance(tree, Sequence) or isinstance(tree, str) or step >= len(tree):
                return False
        elif not isinstance(tree, Mapping) or step not in tree:
            return False
        tree = tree[step]
    return True
