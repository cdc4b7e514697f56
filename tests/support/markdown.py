"""Reading our own documentation: headings, tables, code blocks and links of the small Markdown that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^(?P<fence>```)(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`]+)`")
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Block:
    """A fenced block of code.

    Attributes:
        save_as: The file that the sentence before it tells to save it as, if any.
    """

    language: str
    text: str
    save_as: str | None


def read(path: str) -> str:
    """A page of the documentation, or another file of the checkout when it begins with a slash."""
    return (ROOT / path[1:] if path.startswith("/") else DOCS / path).read_text("utf-8")


def pages() -> list[Path]:
    """Everything that people read on the way through the project."""
    loose = [ROOT / "README.md", ROOT / "CHANGELOG.md"]
    return [*loose, *sorted(DOCS.rglob("*.md")), *sorted((ROOT / "schemas").rglob("*.md"))]


def blocks(text: str) -> list[Block]:
    """The fenced blocks, in order."""
    found = []
    for match in _FENCE.finditer(text):
        told = re.search(r"Save this as `([^`]+)`[^\n]*\n+\Z", text[: match.start()])
        found.append(Block(match["language"], match["text"], told[1] if told else None))
    return found


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return _FENCE.sub("", text)


def headings(text: str) -> list[str]:
    """The headings, without their marks."""
    return [match[2].strip() for match in _HEADING.finditer(prose(text))]


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one of the same or a higher level."""
    outside = [match for match in _HEADING.finditer(text) if not _inside_fence(text, match.start())]
    place = next(place for place, match in enumerate(outside) if match[2].strip() == heading)
    level = len(outside[place][1])
    end = next((match.start() for match in outside[place + 1 :] if len(match[1]) <= level), len(text))
    return text[outside[place].end() : end]


def _inside_fence(text: str, position: int) -> bool:
    return any(match.start() < position < match.end() for match in _FENCE.finditer(text))


def anchor(heading: str) -> str:
    """The anchor that forges make of a heading."""
    plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return plain.replace(" ", "-")


def links(text: str) -> list[str]:
    """The targets of all links outside code."""
    return _LINK.findall(_CODE.sub("", prose(text)) if "`](" not in text else prose(text))


def table(text: str, first_heading: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading."""
    rows = [_cells(line) for line in prose(text).splitlines() if line.startswith("|")]
    begin = next(place for place, cells in enumerate(rows) if cells[0] == first_heading)
    width = len(rows[begin])
    return list(_rows_until_next_table(prose(text), rows[begin], width))


def _rows_until_next_table(text: str, head: Sequence[str], width: int) -> Iterator[list[str]]:
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("|") and _cells(line) == head:
            break
    for line in lines:
        if not line.startswith("|"):
            return
        cells = _cells(line)
        assert len(cells) == width, f"a row of another width: {line}"
        if not set(line) <= set("|-: "):
            yield cells


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELL.split(line.strip().strip("|"))]


def code(text: str) -> list[str]:
    """What stands in backticks, outside fenced blocks."""
    return _CODE.findall(prose(text))


def only_code(cell: str) -> str:
    """The one thing in backticks that a cell consists of."""
    found = re.fullmatch(r"`([^`]+)`", cell)
    assert found, f"not one piece of code: {cell!r}"
    return found[1]
