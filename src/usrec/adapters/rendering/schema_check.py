"""What the XSD says against a document, in terms of our own fields and without their values.

libxml2's messages quote the offending text, which may be an IIN or a name; so they are never passed on. Its error type
and the element's path are enough to say which field is wrong and how.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from kzeds.xml import Element

_VALUE_FAULTS: Final = {
    "SCHEMAV_CVC_PATTERN_VALID": "does not have the form that the schema asks for",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "is too long",
    "SCHEMAV_CVC_MINLENGTH_VALID": "is too short",
    "SCHEMAV_CVC_LENGTH_VALID": "does not have the length that the schema asks for",
    "SCHEMAV_CVC_ENUMERATION_VALID": "is not among the values that the schema lists",
    "SCHEMAV_CVC_MININCLUSIVE_VALID": "is below the schema's minimum",
    "SCHEMAV_CVC_MINEXCLUSIVE_VALID": "is below the schema's minimum",
    "SCHEMAV_CVC_MAXINCLUSIVE_VALID": "is above the schema's maximum",
    "SCHEMAV_CVC_MAXEXCLUSIVE_VALID": "is above the schema's maximum",
    "SCHEMAV_CVC_TOTALDIGITS_VALID": "has too many digits",
    "SCHEMAV_CVC_FRACTIONDIGITS_VALID": "has too many digits after the point",
}
_DATATYPE: Final = "SCHEMAV_CVC_DATATYPE_VALID"
_INDEX: Final = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """One fault of a document.

    Attributes:
        path: Element names below the operation element, joined by ``/``; empty for the operation element itself.
        words: What is wrong, for a sentence that begins with the field's name; never the value.
        structural: The element itself is not expected there, or one is missing; no other value would help.
    """

    path: str
    words: str
    structural: bool


class SchemaCheck:
    """An XSD that may be used from any thread: libxml2 keeps the faults of a run in the schema, so runs take turns."""

    def __init__(self, schema: etree.XMLSchema) -> None:
        self._schema = schema
        self._turn = threading.Lock()

    def faults(self, document: Element) -> tuple[SchemaFault, ...]:
        """Everything that the XSD finds, in document order; empty for a valid document."""
        with self._turn:
            if self._schema.validate(document.getroottree()):
                return ()
            log: Iterable[Any] = self._schema.error_log  # type: ignore[assignment]  # lxml-stubs leave its entries out
            return tuple(_fault(entry.type_name, entry.path or "") for entry in log)


def _fault(kind: str, xpath: str) -> SchemaFault:
    words = "is not a valid value of its type" if kind.startswith(_DATATYPE) else _VALUE_FAULTS.get(kind)
    if words is None:
        return SchemaFault(_below_operation(xpath), "does not fit the schema's structure", structural=True)
    return SchemaFault(_below_operation(xpath), words, structural=False)


def _below_operation(xpath: str) -> str:
    """``contractData/position`` for ``/con:contractRequest/newContractData/contractData/position[1]``."""
    steps = _INDEX.sub("", xpath).split("/")[3:]
    return "/".join(step.rpartition(":")[2] for step in steps)
