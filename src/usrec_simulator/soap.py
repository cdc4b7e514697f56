"""SOAP 1.1 envelopes of ShEP SyncChannel v10: reading requests, writing answers and faults.

Source: the public WSDL facts in `schemas/shep/sync-v10` (element order, unqualified local elements, `guid` with
braces). Reading is as lax as the gateway is known to be (any prefix, `<request xmlns="">`, a sessionId without braces,
`data` escaped or as CDATA) and strict about order and names.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Final, Literal

from lxml import etree

from kzeds.xml import Element, parse
from usrec_simulator.clock import KAZAKHSTAN
from usrec_simulator.codes import text_of
from usrec_simulator.errors import MessageFormError

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES: Final = "http://bip.bee.kz/SyncChannel/v10/Types"
WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
WSDL_SOAP: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
XS: Final = "http://www.w3.org/2001/XMLSchema"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

SOAP_ACTIONS: Final = frozenset({"", "SendMessage"})
"""What working clients send; the header may also be absent."""

_GUID: Final = re.compile(r"(\{)?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?(1)\})")
_INFO: Final = (
    "messageId",
    "correlationId",
    "serviceId",
    "messageDate",
    "routeId",
    "sender",
    "properties",
    "sessionId",
)

WsdlPart = Literal["SyncChannel.wsdl", "SyncChannelInterface.wsdl"]


@dataclass(frozen=True, slots=True)
class Message:
    """One received SendMessage request."""

    message_id: str
    correlation_id: str | None
    service_id: str
    sender_id: str
    password: str | None = field(repr=False)
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status answer (HTTP 200); `data` is the text of an inner XML document, absent on refusals."""

    code: str
    message_id: str
    correlation_id: str | None
    session_id: str
    at: datetime
    data: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """A SOAP fault (HTTP 500) with an ErrorInfo detail."""

    code: str
    reason: str
    session_id: str
    at: datetime


def body_of(envelope: Element) -> Element:
    """Return the one soap:Body of an envelope.

    Raises:
        MessageFormError: This is no SOAP 1.1 envelope with exactly one body.
    """
    bodies = envelope.findall(f"{{{SOAP}}}Body") if envelope.tag == f"{{{SOAP}}}Envelope" else []
    if len(bodies) != 1:
        raise MessageFormError("a SOAP 1.1 envelope with one Body is expected")
    return bodies[0]


def read_message(body: Element) -> Message:
    """Read the SendMessage request that a body holds.

    Raises:
        MessageFormError: An element is missing, unknown, out of order or of the wrong form.
    """
    request = _child(_child(body, f"{{{TYPES}}}SendMessage"), "request")
    _expect_order(request, ("requestInfo", "requestData"))
    info = _child(request, "requestInfo")
    _expect_order(info, _INFO, repeatable=frozenset({"properties"}))
    _check_date(_text(info, "messageDate"))
    _check_session(info.findtext("sessionId"))
    sender = _child(info, "sender")
    _expect_order(sender, ("senderId", "password"))
    return Message(
        message_id=_text(info, "messageId"),
        correlation_id=info.findtext("correlationId") or None,
        service_id=_text(info, "serviceId"),
        sender_id=(sender.findtext("senderId") or "").strip(),
        password=sender.findtext("password"),
        data=_data(_child(request, "requestData")),
    )


def render_answer(answer: Answer) -> bytes:
    """Write the envelope of a status answer, unsigned."""
    info = [_leaf("messageId", answer.message_id)]
    if answer.correlation_id is not None:
        info.append(_leaf("correlationId", answer.correlation_id))
    info.append(_leaf("responseDate", _stamp(answer.at)))
    status = _node("status", _leaf("code", answer.code), _leaf("message", text_of(answer.code)))
    info += [status, _leaf("sessionId", answer.session_id)]
    data = _node("responseData") if answer.data is None else _node("responseData", _text_data(answer.data))
    response = _node("response", _node("responseInfo", *info), data)
    return _envelope(_node(f"{{{TYPES}}}SendMessageResponse", response))


def render_fault(fault: Fault) -> bytes:
    """Write the envelope of a fault, unsigned: faultcode := errorCode, faultstring := errorMessage."""
    info = _node(
        f"{{{TYPES}}}SendMessageFault1_SendMessageFault",
        _leaf("errorCode", fault.code),
        _leaf("errorMessage", text_of(fault.code)),
        _leaf("errorData", fault.reason),
        _leaf("errorDate", _stamp(fault.at)),
        _leaf("sessionId", fault.session_id),
    )
    code, text = _leaf("faultcode", fault.code), _leaf("faultstring", text_of(fault.code))
    return _envelope(_node(f"{{{SOAP}}}Fault", code, text, _node("detail", info)))


def wsdl(part: WsdlPart, endpoint: str) -> bytes:
    """Return a part of the WSDL with the addresses of this server in it."""
    source = files("usrec_simulator").joinpath("schemas", "shep", "sync-v10", part)
    root = parse(source.read_bytes(), what=part)
    for imported in root.findall(f"{{{WSDL}}}import"):
        imported.set("location", f"{endpoint}?wsdl=SyncChannelInterface.wsdl")
    for address in root.iter(f"{{{WSDL_SOAP}}}address"):
        address.set("location", endpoint)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _envelope(content: Element) -> bytes:
    envelope = _node(f"{{{SOAP}}}Envelope", _node(f"{{{SOAP}}}Body", content))
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def _node(tag: str, *children: Element) -> Element:
    element = etree.Element(tag, nsmap={"soap": SOAP, "typ": TYPES} if tag.startswith("{") else None)
    element.extend(children)
    return element


def _leaf(tag: str, text: str) -> Element:
    element = etree.Element(tag)
    element.text = text
    return element


def _text_data(text: str) -> Element:
    element = etree.Element("data", nsmap={"xs": XS, "xsi": XSI})
    element.set(f"{{{XSI}}}type", "xs:string")
    element.text = text
    return element


def _stamp(instant: datetime) -> str:
    return instant.astimezone(KAZAKHSTAN).isoformat(timespec="milliseconds")


def _child(parent: Element, tag: str) -> Element:
    child = parent.find(tag)
    if child is None:
        raise MessageFormError(f"element {etree.QName(tag).localname} is missing or qualified wrongly")
    return child


def _text(parent: Element, tag: str) -> str:
    text = (_child(parent, tag).text or "").strip()
    if not text:
        raise MessageFormError(f"element {tag} is empty")
    return text


def _expect_order(parent: Element, names: tuple[str, ...], *, repeatable: frozenset[str] = frozenset()) -> None:
    last = -1
    for child in parent.iterchildren("*"):
        place = names.index(child.tag) if child.tag in names else -1
        if place < last or (place == last and child.tag not in repeatable):
            raise MessageFormError(f"a child of {etree.QName(parent).localname} is unknown or out of order")
        last = place


def _check_date(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise MessageFormError("messageDate is not an xs:dateTime") from error


def _check_session(text: str | None) -> None:
    if text and _GUID.fullmatch(text.strip()) is None:
        raise MessageFormError("sessionId is not a guid")


def _data(request_data: Element) -> bytes:
    data = request_data.find("data")
    if data is None or len(data) or not (data.text or "").strip():
        raise MessageFormError("data does not hold a document as text")
    return (data.text or "").strip().encode()
