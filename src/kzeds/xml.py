"""The one XML parser of the project, and the way back to bytes.

Signed documents come from strangers, so the parser is hardened: no DTD, no entities, no network, no huge trees
(W3C XML Signature Best Practices, section 2; CWE-611, CWE-776). Everything that reads XML goes through `parse`.
"""

from __future__ import annotations

import threading
from typing import Any

from lxml import etree

from kzeds.errors import MalformedXmlError

Element = etree._Element  # noqa: SLF001 - lxml gives its element type no public name
"""The element type of lxml, for annotations."""

ElementTree = etree._ElementTree  # noqa: SLF001 - same
"""The document type of lxml, for annotations."""

MAXIMUM_NAMESPACES = 64
"""Namespace declarations in force at one place: canonicalization takes their square in time, for each element."""

MAXIMUM_ATTRIBUTES = 256
"""Attributes of one element, which canonicalization sorts in the square of their number."""

_UTF8_BOM = b"\xef\xbb\xbf"


class _Parsers(threading.local):
    """One parser for each thread: lxml lets nobody else use it meanwhile, and making one costs a third of a parse."""

    def __init__(self) -> None:
        self.one = etree.XMLParser(
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            dtd_validation=False,
            attribute_defaults=False,
            huge_tree=False,
            recover=False,
            strip_cdata=False,
        )


_parsers = _Parsers()


def parse(data: bytes, *, what: str = "XML document") -> Element:
    """Read a document and return its root element.

    Args:
        data: The whole document.
        what: What the document is, for the error message.

    Raises:
        MalformedXmlError: When the bytes are not well-formed XML, carry a document type definition, or pile up
            namespaces or attributes.
    """
    try:
        root = etree.fromstring(data, _parsers.one)  # noqa: TID251 - this is the hardened parser itself
    except etree.XMLSyntaxError as error:
        raise MalformedXmlError(f"{what} is not well-formed XML ({_place(error)})") from None
    except (ValueError, LookupError):
        raise MalformedXmlError(f"{what} is not in an encoding that can be read") from None
    about = None if root is None else root.getroottree().docinfo
    if about is None or about.internalDTD is not None:
        raise MalformedXmlError(f"{what} carries a document type definition (DTD), which is refused")
    if not _is_modest(data, about.encoding) and (
        _most_namespaces(root) > MAXIMUM_NAMESPACES or _most_attributes(root) > MAXIMUM_ATTRIBUTES
    ):
        raise MalformedXmlError(
            f"{what} has more than {MAXIMUM_NAMESPACES} namespaces or {MAXIMUM_ATTRIBUTES} attributes in one place"
        )
    return root


def to_bytes(root: Element, *, like: bytes) -> bytes:
    """Serialise a whole document in UTF-8 without touching its content.

    Nothing is indented. The XML declaration is kept when `like`, the bytes that the document was read from, had one
    (standalone="no", which is what leaving it out means, is left out); a document that was not in UTF-8 gets one.
    """
    tree = root.getroottree()
    encoding = (tree.docinfo.encoding or "UTF-8").upper()
    declared = like.removeprefix(_UTF8_BOM).startswith(b"<?xml") or encoding != "UTF-8"
    options: dict[str, Any] = {"standalone": True} if tree.docinfo.standalone else {}
    return bytes(etree.tostring(tree, encoding="UTF-8", xml_declaration=declared, **options))


def _is_modest(data: bytes, encoding: str | None) -> bool:
    """Whether the bytes alone show that nothing can be piled up: each declaration and each attribute is written out.

    That holds in UTF-8, where markup is ASCII and nothing else looks like it; no entity can bring more (no DTD). What
    libxml2 calls UTF-8 may be UTF-16, which has zero bytes, or EBCDIC, which begins otherwise: both are counted.
    """
    return (
        encoding == "UTF-8"
        and data[0] in b"<\xef"
        and b"\0" not in data
        and data.count(b"xmlns") <= MAXIMUM_NAMESPACES
        and data.count(b"=") <= MAXIMUM_ATTRIBUTES
    )


def _most_namespaces(root: Element) -> int:
    """The largest number of declarations in force at one place, repeated ones included."""
    most = current = 0
    for event, _ in etree.iterwalk(root, events=("start-ns", "end-ns")):
        current += 1 if event == "start-ns" else -1
        most = max(most, current)
    return most


def _most_attributes(root: Element) -> int:
    return max(len(element.attrib) for element in root.iter("*"))


def _place(error: etree.XMLSyntaxError) -> str:
    """Say where parsing stopped and why, without quoting the document."""
    log: Any = error.error_log
    entry = log.last_error
    return "no content" if entry is None else f"line {entry.line}, column {entry.column}, {entry.type_name}"
