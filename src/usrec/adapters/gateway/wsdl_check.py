"""Whether an endpoint's WSDL still describes the SyncChannel v10 that this agent speaks.

Asked at start-up. A WSDL proves nothing about tomorrow's answers, so its absence is a warning and never stops the line;
a changed operation is worth knowing before the first message is in doubt. Whatever the WSDL imports is fetched over the
same verified connection, from the same host.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import httpx

from kzeds.xml import Element, parse
from usrec.adapters.gateway.connection import Endpoint, Timeouts, open_client
from usrec.adapters.gateway.envelope import TYPES
from usrec.adapters.gateway.wsdl_reading import Wsdl, name_of

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
            source = _Source(client, endpoint.url)
            fault = _compare(Wsdl(source.load, source.root))
        except (httpx.HTTPError, _NotOfferedError) as error:
            return WsdlFinding(ok=False, text=f"the WSDL could not be fetched ({type(error).__name__}: {error})")
        except Exception as error:  # noqa: BLE001 -- whatever a strange WSDL is not, this check only warns
            return WsdlFinding(ok=False, text=f"the WSDL could not be understood ({type(error).__name__})")
    return WsdlFinding(not fault, fault or "the WSDL offers SendMessage of SyncChannel v10 as this agent uses it")


class _Source:
    """Where its documents are read: on the endpoint's own host, over the verified connection, within limits."""

    def __init__(self, client: httpx.Client, address: str) -> None:
        self.root = str(httpx.URL(address).copy_with(query=b"wsdl"))
        self._client = client
        self._fetched = 0

    def load(self, address: str) -> Element:
        """The root of one document.

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
        return parse(self._fetch(url), what="the WSDL")

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


def _compare(wsdl: Wsdl) -> str:
    """How the WSDL differs from what we send; empty where one of its bindings fits."""
    faults = [_fault_of(wsdl, request) for request in wsdl.requests(_OPERATION)]
    if "" in faults:
        return ""
    return faults[0] if faults else f"the WSDL offers no operation {_OPERATION}"


def _fault_of(wsdl: Wsdl, request: Element) -> str:
    if name_of(request) != f"{{{TYPES}}}{_OPERATION}":
        return f"the request element of {_OPERATION} is another one than SyncChannel v10 has"
    for path, sent in _SENT.items():
        offered = _elements(wsdl, request, path)
        if [name for name in offered if name in sent] != list(sent):
            return f"{path} no longer takes {', '.join(sent)} in this order"
        asked = [name for name, needed in offered.items() if needed and name not in sent]
        if asked:
            return f"{path} now asks for {', '.join(asked)}, which this agent does not send"
    return ""


def _elements(wsdl: Wsdl, element: Element, path: str) -> dict[str, bool]:
    """Names of the children at ``path``, in order, and whether each is mandatory."""
    for step in path.split("/"):
        element = wsdl.child(element, step)
    return {child.name: child.needed for child in wsdl.children(element)}
