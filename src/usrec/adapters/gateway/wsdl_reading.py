"""A WSDL 1.1 as far as a request's elements need it: bindings, port types, messages and the schema behind them.

Sources: W3C WSDL 1.1, sections 2.1-2.5; XML Schema 1.0, Part 1, sections 3.3, 3.4, 3.7 and 3.8. Nothing is validated:
what is not defined where it should be is an error, and whoever asks only warns. A SOAP library would say the same, at
the price of a tenth of the agent's start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from kzeds.xml import Element

_WSDL: Final = "{http://schemas.xmlsoap.org/wsdl/}"
_XSD: Final = "{http://www.w3.org/2001/XMLSchema}"
_LINKS: Final = {
    f"{_WSDL}import": "location",
    f"{_XSD}import": "schemaLocation",
    f"{_XSD}include": "schemaLocation",
    f"{_XSD}redefine": "schemaLocation",
}
"""Elements that name further documents, and the attribute that says where they are."""
_WSDL_KINDS: Final = frozenset(f"{_WSDL}{kind}" for kind in ("binding", "portType", "message"))
_XSD_KINDS: Final = frozenset(f"{_XSD}{kind}" for kind in ("element", "complexType", "group"))
_DEEPEST: Final = 50
"""Definitions within definitions; one that holds itself has no end."""


class NotDefinedError(LookupError):
    """Something that the WSDL speaks of is not in it."""


@dataclass(frozen=True, slots=True)
class Child:
    """An element that may stand in another.

    Attributes:
        name: As it is written in a message: with its namespace in braces where it is qualified.
        needed: A message without it is not valid.
    """

    name: str
    needed: bool
    definition: Element


class Wsdl:
    """What the documents define, by kind and qualified name.

    Args:
        load: The root element of a document, by its address.

    Raises:
        Exception: Whatever ``load`` raises.
    """

    def __init__(self, load: Callable[[str], Element], address: str) -> None:
        self._load = load
        self._read: set[str] = set()
        self._defined: dict[tuple[str, str], Element] = {}
        self._take(address)

    def _take(self, address: str) -> None:
        if address in self._read:
            return
        self._read.add(address)
        document = self._load(address)
        self._define(document, _WSDL_KINDS)
        for schema in document.iter(f"{_XSD}schema"):
            self._define(schema, _XSD_KINDS)
        for link in document.iter(*_LINKS):
            location = link.get(_LINKS[str(link.tag)])
            if location:
                self._take(urljoin(address, location))

    def _define(self, within: Element, kinds: frozenset[str]) -> None:
        for one in within:
            if one.tag in kinds:
                self._defined[str(one.tag), _qualified(within.get("targetNamespace"), one.get("name", ""))] = one

    def requests(self, operation: str) -> Iterator[Element]:
        """The element that the operation's request is, by each binding that offers it.

        Raises:
            NotDefinedError: What a binding speaks of is missing.
        """
        for (kind, _), binding in list(self._defined.items()):
            if kind == f"{_WSDL}binding" and any(one.get("name") == operation for one in _operations(binding)):
                yield self._request(self._named(f"{_WSDL}portType", binding, "type"), operation)

    def _request(self, port_type: Element, operation: str) -> Element:
        for one in _operations(port_type):
            entered = one.find(f"{_WSDL}input")
            if one.get("name") == operation and entered is not None:
                part = self._named(f"{_WSDL}message", entered, "message").find(f"{_WSDL}part")
                if part is not None:
                    return self._named(f"{_XSD}element", part, "element")
        raise NotDefinedError(f"the request of {operation}")

    def children(self, element: Element) -> list[Child]:
        """The elements that may stand in an element, in their order; none in one of text.

        Raises:
            NotDefinedError: A definition is missing.
        """
        inner = element.find(f"{_XSD}complexType")
        if inner is None and element.get("type") is not None:
            inner = self._defined.get((f"{_XSD}complexType", _resolved(element, "type")))
        return [] if inner is None else list(self._within(inner, needed=True, depth=0))

    def child(self, element: Element, name: str) -> Element:
        """The definition of one of them.

        Raises:
            NotDefinedError: There is none of this name.
        """
        for one in self.children(element):
            if one.name == name:
                return one.definition
        raise NotDefinedError(name)

    def _within(self, definition: Element, *, needed: bool, depth: int) -> Iterator[Child]:
        if depth > _DEEPEST:
            raise NotDefinedError("the end of a definition that holds itself")
        for one in definition:
            match str(one.tag).removeprefix(_XSD):
                case "element":
                    yield self._child(one, needed=needed and one.get("minOccurs") != "0")
                case "sequence" | "all" | "complexContent" | "restriction":
                    yield from self._within(one, needed=needed and one.get("minOccurs") != "0", depth=depth + 1)
                case "choice":
                    yield from self._within(one, needed=False, depth=depth + 1)
                case "extension":
                    base = self._named(f"{_XSD}complexType", one, "base")
                    yield from self._within(base, needed=needed, depth=depth + 1)
                    yield from self._within(one, needed=needed, depth=depth + 1)
                case "group":
                    group = self._named(f"{_XSD}group", one, "ref")
                    yield from self._within(group, needed=needed and one.get("minOccurs") != "0", depth=depth + 1)
                case _:
                    pass

    def _child(self, one: Element, *, needed: bool) -> Child:
        if one.get("ref") is not None:
            return Child(_resolved(one, "ref"), needed, self._named(f"{_XSD}element", one, "ref"))
        schema = next(one.iterancestors(f"{_XSD}schema"))
        is_qualified = one.get("form", schema.get("elementFormDefault", "unqualified")) == "qualified"
        name = one.get("name", "")
        return Child(_qualified(schema.get("targetNamespace"), name) if is_qualified else name, needed, one)

    def _named(self, kind: str, within: Element, attribute: str) -> Element:
        name = _resolved(within, attribute)
        found = self._defined.get((kind, name))
        if found is None:
            raise NotDefinedError(name)
        return found


def name_of(element: Element) -> str:
    """The qualified name of a global element: its namespace in braces, then its name."""
    return _qualified(next(element.iterancestors(f"{_XSD}schema")).get("targetNamespace"), element.get("name", ""))


def _operations(within: Element) -> Iterator[Element]:
    return within.iterchildren(f"{_WSDL}operation")


def _qualified(namespace: str | None, name: str) -> str:
    return f"{{{namespace}}}{name}" if namespace else name


def _resolved(within: Element, attribute: str) -> str:
    """The qualified name that an attribute holds with a prefix."""
    prefix, _, name = within.get(attribute, "").rpartition(":")
    return _qualified(within.nsmap.get(prefix or None), name)
