"""What a document itself says, line by line, because a summary written by somebody else could lie."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from kzeds.visible import visible
from kzeds.xml import Element, parse

_INDENT = "  "


def value_lines(document: bytes) -> list[str]:
    """Every element of a document as "name: text", indented as deep as it lies, then its attributes as "@name: text".

    Comments are left out: a signature over the whole document does not cover them. It covers processing instructions,
    those around the root element too.

    Raises:
        MalformedXmlError: When the document cannot be read.
    """
    root = parse(document, what="document")
    before, behind = list(root.itersiblings(preceding=True))[::-1], list(root.itersiblings())
    return [*_instructions(before), *_lines(root, 0), *_instructions(behind)]


def _instructions(around: list[Element]) -> Iterator[str]:
    for one in around:
        if isinstance(one, etree._ProcessingInstruction):  # noqa: SLF001 - lxml gives the type no public name
            yield f"?{visible(str(one.target))} {visible(one.text or '')}"


def _lines(element: Element, depth: int) -> Iterator[str]:
    text = visible(element.text or "")
    yield f"{_INDENT * depth}{_name(element.tag)}:{f' {text}' if text else ''}"
    for name, value in element.attrib.items():
        yield f"{_INDENT * (depth + 1)}@{_name(name)}: {visible(str(value))}"
    for child in element:
        if isinstance(child, etree._ProcessingInstruction):  # noqa: SLF001 - lxml gives the type no public name
            yield from (f"{_INDENT * (depth + 1)}{line}" for line in _instructions([child]))
        elif not isinstance(child, etree._Comment):  # noqa: SLF001 - same
            yield from _lines(child, depth + 1)
        if tail := visible(child.tail or ""):
            yield f"{_INDENT * (depth + 1)}... {tail}"


def _name(tag: str | bytes) -> str:
    return visible(etree.QName(tag).localname)
