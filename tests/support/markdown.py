"""Reading our own documentation: headings, tables, code blocks and links of the small Markdown that it uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_SAVE_AS = re.compile(r"(?:Save this as|Сохраните это как|Мұны мына атпен сақтаңыз:) `([^`]+)`[^`]*\Z")
_CELL_END = re.compile(r"(?<!\\)\|")


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
    """A page of the documentation."""
    return (DOCS / path).read_text("utf-8")


def pages() -> list[Path]:
    """Everything that people read on their way through the project."""
    loose = [ROOT / "README.md", ROOT / "CHANGELOG.md"]
    return [*loose, *sorted(DOCS.rglob("*.md")), *sorted((ROOT / "schemas").rglob("*.md"))]


def blocks(text: str) -> list[Block]:
    """The fenced blocks, in order."""
    found = []
    for match in _FENCE.finditer(text):
        told = _SAVE_AS.search(text[: match.start()])
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
    fences = [match.span() for match in _FENCE.finditer(text)]
    real = [one for one in _HEADING.finditer(text) if not any(begin < one.start() < end for begin, end in fences)]
    place = next(place for place, one in enumerate(real) if one[2].strip() == heading)
    level = len(real[place][1])
    end = next((one.start() for one in real[place + 1 :] if len(one[1]) <= level), len(text))
    return text[real[place].end() : end]


def anchor(heading: str) -> str:
    """The anchor that forges make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links(text: str) -> list[str]:
    """The targets of all links."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(text))


def table(text: str, first_heading: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading."""
    lines = prose(text).splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith("|") and cells(line)[0] == first_heading)
    return [cells(line) for line in takewhile(lambda line: line.startswith("|"), lines[begin + 2 :])]


def cells(line: str) -> list[str]:
    """The cells of one line of a table."""
    return [cell.strip().replace("\\|", "|") for cell in _CELL_END.split(line.strip()[1:-1])]


def code(text: str) -> list[str]:
    """What stands in backticks, outside fenced blocks."""
    return re.findall(r"`([^`]+)`", prose(text))


def only_code(cell: str) -> str:
    """The one thing in backticks that a cell consists of."""
    found = re.fullmatch(r"`([^`]+)`", cell)
    assert found, f"not one piece of code: {cell!r}"
    return found[1]
