"""Which element a same-document reference "#id" means.

Source: XML Signature, section 4.4.3.2, and its Best Practices note on signature wrapping: without a DTD nothing says
which attributes are identifiers, so the usual ones are looked at and a value that occurs twice is refused.
"""

from __future__ import annotations

import re

from kzeds.errors import DuplicateIdError, UnexpectedReferenceError
from kzeds.xml import Element

WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
WSU_ID = f"{{{WSU}}}Id"

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,199}")
"""Identifiers that are accepted and made; a part of NCName (XML Namespaces) with nothing that needs escaping."""

_NAMES = (WSU_ID, "Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id")
"""Attributes that identify an element in one standard or another."""


def elements_with_id(root: Element, identifier: str) -> list[Element]:
    """Return every element of the document that any of the usual attributes gives this identifier."""
    holding = [element for element in root.iter("*") if identifier in element.values()]
    return [element for element in holding if any(element.get(name) == identifier for name in _NAMES)]


def resolve(root: Element, uri: str) -> Element:
    """Return the one element that "#id" means.

    Only wsu:Id and plain Id make an element referable; ID, id and xml:id count when twins are looked for.

    Raises:
        UnexpectedReferenceError: When the reference is not of this form or leads nowhere.
        DuplicateIdError: When more than one element has the identifier.
    """
    identifier = uri.removeprefix("#")
    if identifier == uri or not IDENTIFIER.fullmatch(identifier):
        raise UnexpectedReferenceError("the signature refers to something else than an element of this document")
    found = elements_with_id(root, identifier)
    if len(found) > 1:
        raise DuplicateIdError(f"{len(found)} elements share the identifier that the signature refers to")
    if not found or identifier not in (found[0].get(WSU_ID), found[0].get("Id")):
        raise UnexpectedReferenceError("the signature refers to an element that is not in the document")
    return found[0]
