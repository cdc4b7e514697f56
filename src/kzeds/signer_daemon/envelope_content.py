"""What may stand in the Body of an envelope beside the document: the texts that the settings name, and nothing else.

A signature over a Body covers all of it. An envelope that is looked at in one place only would carry a good document
and the employer's signature over whatever else somebody put beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from kzeds.references import WSU_ID
from kzeds.xml import Element

TEXT_LONGEST: Final = 255
"""Characters of a text beside the document: identifiers, a time, a password."""

Steps = tuple[str, ...]


def holds_only(content: Element, known: Collection[Steps], document: Steps) -> bool:
    """Say whether an envelope holds the document and short texts at known places, each at most once.

    Args:
        content: The one element of the Body.
        known: Where texts may stand, from below `content`.
        document: Where the document stands; its own text and attributes are not looked at.
    """
    body = content.getparent()
    if body is None or set(body.attrib) - {WSU_ID} or not _is_blank(body.text) or not _is_blank(content.tail):
        return False
    seen = set()
    for steps, leaf in _leaves(content, ()):
        is_known = leaf is not None and steps in known and not leaf.attrib and len(leaf.text or "") <= TEXT_LONGEST
        if steps in seen or not (steps == document or is_known):
            return False
        seen.add(steps)
    return True


def _leaves(element: Element, steps: Steps) -> Iterator[tuple[Steps, Element | None]]:
    """Each element without elements in it, by its path; None for one that has more than elements in it."""
    if not len(element):
        yield steps, element
        return
    if element.attrib or not _is_blank(element.text) or not all(_is_blank(one.tail) for one in element):
        yield steps, None
    for one in element:
        yield from _leaves(one, (*steps, str(one.tag)))


def _is_blank(text: str | None) -> bool:
    return not (text or "").strip()
