"""Whether an endpoint's WSDL still describes the SyncChannel v10 that this agent speaks.

Asked at start-up, beside the line. A WSDL proves nothing about tomorrow's answers, so its absence is a warning and
never stops anything; a changed operation is worth knowing soon. zeep reads the WSDL, offline: it is handed
the bytes that were fetched over the same verified connection, from the same host, and may fetch nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import httpx

from kzeds.xml import parse
from usrec.adapters.gateway.connection import Endpoint, Timeouts, open_client
from usrec.adapters.gateway.envelope import TYPES

_OPERATION: Final = "SendMessage"
_SENT: Final = {
    "request/requestInfo": ("messageId", "correlationId", "serviceId", "messageDate", "sender"),
    "request/requestInfo/sender": ("senderId", "password"),
    "request/requestData": ("data",),
}
"""What our envelopes hold, in this order; the WSDL may have optional elements between."""

_CAP_BYTES: Final = 1024 * 1024
_MOST_DOCUMENTS: Final = 20
_PATIENCE: Final = Timeouts(connect=timedelta(seconds=5), read=timedelta(seconds=10))


@dataclass(frozen=True, slots=True)
class WsdlFinding:
    """What the check found.

    Attributes:
        ok: The endpoint describes the operation as we use it.
        text: The same for a person.
    """

    ok: bool
    text: str


class _NotOfferedError(Exception):
    """A document of the WSDL cannot be had."""


def check_wsdl(endpoint: Endpoint) -> WsdlFinding:
    """Fetch ``<url>?wsdl`` and compare it with what we send. Never raises for anything the endpoint does.

    Raises:
        ConfigurationError: The endpoint's address or authorities cannot be used.
    """
    with open_client(replace(endpoint, timeouts=_PATIENCE)) as client:
        try:
            fault = _compare(_read(_Source(client, endpoint.url)))
        except (httpx.HTTPError, _NotOfferedError) as error:
            return WsdlFinding(ok=False, text=f"the WSDL could not be fetched ({type(error).__name__}: {error})")
        except Exception as error:  # noqa: BLE001 -- zeep raises anything on a strange WSDL, and this check only warns
            return WsdlFinding(ok=False, text=f"the WSDL could not be understood ({type(error).__name__})")
    return WsdlFinding(not fault, fault or "the WSDL offers SendMessage of SyncChannel v10 as this agent uses it")


class _Source:
    """Where zeep gets documents from: the endpoint's own host, over the verified connection, within limits."""

    def __init__(self, client: httpx.Client, address: str) -> None:
        self.root = str(httpx.URL(address).copy_with(query=b"wsdl"))
        self._client = client
        self._fetched = 0

    def load(self, address: str) -> bytes:
        """One document (the name is the one that zeep calls).

        Raises:
            _NotOfferedError: It lies on another host, is missing or too large, or there are too many.
            MalformedXmlError: It is no XML, or carries a DTD.
        """
        url, home = httpx.URL(address), httpx.URL(self.root)
        if (url.scheme, url.host, url.port) != (home.scheme, home.host, home.port):
            raise _NotOfferedError("it imports a document from another host, which is not followed")
        self._fetched += 1
        if self._fetched > _MOST_DOCUMENTS:
            raise _NotOfferedError(f"it imports more than {_MOST_DOCUMENTS} documents")
        content = self._fetch(url)
        parse(content, what="the WSDL")
        return content

    def _fetch(self, url: httpx.URL) -> bytes:
        content = bytearray()
        with self._client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                raise _NotOfferedError(f"HTTP status {response.status_code}")
            for portion in response.iter_raw():
                content += portion
                if len(content) > _CAP_BYTES:
                    raise _NotOfferedError(f"it has more than {_CAP_BYTES} bytes")
        return bytes(content)


def _read(source: Any) -> Any:
    """The WSDL as zeep understands it; of a transport zeep needs only ``load``, whatever its annotation says."""
    from zeep.settings import Settings
    from zeep.wsdl import Document

    return Document(source.root, source, settings=Settings(forbid_dtd=True, forbid_entities=True))


def _compare(wsdl: Any) -> str:
    """How the WSDL differs from what we send; empty where one of its bindings fits."""
    faults = [_fault_of(binding.all()[_OPERATION]) for binding in wsdl.bindings.values() if _OPERATION in binding.all()]
    if "" in faults:
        return ""
    return faults[0] if faults else f"the WSDL offers no operation {_OPERATION}"


def _fault_of(operation: Any) -> str:
    root = operation.input.body
    if root.qname.text != f"{{{TYPES}}}{_OPERATION}":
        return f"the request element of {_OPERATION} is another one than SyncChannel v10 has"
    for path, sent in _SENT.items():
        offered = _elements(root, path)
        if [name for name in offered if name in sent] != list(sent):
            return f"{path} no longer takes {', '.join(sent)} in this order"
        asked = [name for name, needed in offered.items() if needed and name not in sent]
        if asked:
            return f"{path} now asks for {', '.join(asked)}, which this agent does not send"
    return ""


def _elements(element: Any, path: str) -> dict[str, bool]:
    """Qualified names of the children at ``path``, in order, and whether each is mandatory."""
    for step in path.split("/"):
        element = next(child for _, child in element.type.elements if child.qname.text == step)
    return {child.qname.text: child.min_occurs > 0 for _, child in element.type.elements}
