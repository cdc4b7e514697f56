"""Paths to one text of a document, and reading it so that nobody can read another one there.

A path is element names from below the root, joined by ``/``, such as ``employer/bin``; a name with a namespace is
``{namespace}name``, and the last may be an attribute, ``@bin``. At each step there has to be exactly one element of
that local name, in whatever namespace: two readers of a document then agree on what it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from kzeds.xml import Element

TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
"""An attribute that says that an element is of another type than its name says."""

_NAME: Final = r"(?:\{[^{}\s]+\})?[^\s/{}@]+"
_PATH: Final = re.compile(rf"{_NAME}(?:/{_NAME})*(?:/@{_NAME})?|@{_NAME}")
_STEP: Final = re.compile(rf"@?{_NAME}")


class NotThereError(Exception):
    """The document has not exactly one plain text at a path. The message quotes nothing of the document."""


@dataclass(frozen=True, slots=True)
class TextPath:
    """A path, as it stands in the settings, and its steps."""

    text: str
    steps: tuple[str, ...]
    attribute: str | None

    @classmethod
    def parse(cls, text: str) -> TextPath | None:
        """Read a path; None when it is none."""
        if not _PATH.fullmatch(text):
            return None
        steps = _STEP.findall(text)
        attribute = steps.pop()[1:] if steps[-1].startswith("@") else None
        return cls(text, tuple(steps), attribute)

    def read(self, root: Element, *, alone: bool = False) -> str:
        """The text at this path below `root`.

        Args:
            root: Of the document.
            alone: Nothing else may stand beside the element, and it may not point elsewhere (``href`` of SOAP 1.1,
                section 5.4.1): of all attributes it may have xsi:type only.

        Raises:
            NotThereError: When there is none, or more than one that could be meant.
        """
        element = root
        for step in self.steps:
            element = self._only([one for one in element if _is_namesake(one.tag, step)], step)
        if alone and (element.getprevious() is not None or element.getnext() is not None):
            raise NotThereError(f"there is something beside {self.text}")
        if alone and set(element.attrib) - {TYPE}:
            raise NotThereError(f"there is an element with attributes at {self.text}")
        if self.attribute is None:
            return self._text(element)
        names = [name for name in element.attrib if _is_namesake(name, self.attribute)]
        if names != [self.attribute]:
            raise NotThereError(f"there is not exactly one attribute at {self.text}")
        return str(element.attrib[self.attribute])

    def _only(self, found: list[Element], step: str) -> Element:
        if len(found) != 1 or found[0].tag != step:
            raise NotThereError(f"there is not exactly one element at {self.text}")
        return found[0]

    def _text(self, element: Element) -> str:
        if len(element):
            raise NotThereError(f"there is more than a text at {self.text}")
        return element.text or ""


def is_name(text: str) -> bool:
    """Say whether this is an element's name, with or without a namespace."""
    return re.fullmatch(_NAME, text) is not None


def _is_namesake(tag: object, name: str) -> bool:
    return isinstance(tag, str) and etree.QName(tag).localname == etree.QName(name).localname
