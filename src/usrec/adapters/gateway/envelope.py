"""The SendMessage request of ShEP SyncChannel v10.

Sources: the published WSDL (element order, unqualified local elements, SOAP 1.1 document/literal) and working USREC
clients (``data`` is xs:string holding the signed document as text). lxml makes these bytes, not a SOAP toolkit: the
document inside is signed and must arrive as it is, and the envelope is signed and sent as it is. It is made once for a
sender; each message fills in four texts, escaped as lxml escapes them (tests compare the two byte by byte).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from lxml import etree

from kzeds.xml import Element
from usrec.domain.kazakhstan_time import KAZAKHSTAN
from usrec.domain.message import CorrelationId, SignedMessage
from usrec.domain.secret import Secret

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES: Final = "http://bip.bee.kz/SyncChannel/v10/Types"
XS: Final = "http://www.w3.org/2001/XMLSchema"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

_PRIVATE_USE: Final = range(0xE000, 0xF900)
"""Characters that mean nothing to anybody else (Unicode, Private Use Area)."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends to which service, as registered with ShEP.

    Attributes:
        service_id: Of USREC in ShEP's register.
        password: None where ShEP was told to ask for none.
    """

    service_id: str
    sender_id: str
    password: Secret | None = field(default=None, repr=False)


class EnvelopeForm:
    """The unsigned envelope of one sender: built once, and filled in for each message. Safe in threads."""

    def __init__(self, sender: Sender) -> None:
        mark = _unlike(sender)
        built = etree.tostring(_envelope(sender, mark), encoding="UTF-8", xml_declaration=True)
        self._parts = built.split(mark.encode())

    def fill(self, message: SignedMessage, *, correlation_id: CorrelationId, at: datetime) -> bytes:
        """The envelope around a signed document; ``sessionId`` is left to ShEP."""
        stamp = at.astimezone(KAZAKHSTAN).isoformat(timespec="milliseconds")
        texts = (message.message_id.encode(), correlation_id.encode(), stamp.encode(), message.document)
        before_id, before_chain, before_date, before_data, end = self._parts
        first, chain, date, data = map(_escaped, texts)
        return b"".join((before_id, first, before_chain, chain, before_date, date, before_data, data, end))


def _escaped(text: bytes) -> bytes:
    """UTF-8 text as it stands in an element, in the spelling of libxml2."""
    text = text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    return text.replace(b"\r", b"&#13;")


def _unlike(sender: Sender) -> str:
    """A character that none of the sender's texts holds."""
    held = sender.service_id + sender.sender_id + (sender.password.reveal() if sender.password else "")
    return next(mark for mark in map(chr, _PRIVATE_USE) if mark not in held)


def _envelope(sender: Sender, mark: str) -> Element:
    """The envelope with ``mark`` in each place that is filled in later."""
    envelope = etree.Element(etree.QName(SOAP, "Envelope"), nsmap={"soap": SOAP})
    body = etree.SubElement(envelope, etree.QName(SOAP, "Body"))
    wrapper = etree.SubElement(body, etree.QName(TYPES, "SendMessage"), nsmap={"typ": TYPES})
    request = etree.SubElement(wrapper, "request")
    info = etree.SubElement(request, "requestInfo")
    _leaf(info, "messageId", mark)
    _leaf(info, "correlationId", mark)
    _leaf(info, "serviceId", sender.service_id)
    _leaf(info, "messageDate", mark)
    _append_sender(info, sender)
    _append_data(etree.SubElement(request, "requestData"), mark)
    return envelope


def _append_sender(info: Element, sender: Sender) -> None:
    element = etree.SubElement(info, "sender")
    _leaf(element, "senderId", sender.sender_id)
    if sender.password is not None:
        _leaf(element, "password", sender.password.reveal())


def _append_data(parent: Element, document: str) -> None:
    data = etree.SubElement(parent, "data", nsmap={"xs": XS, "xsi": XSI})
    data.set(etree.QName(XSI, "type"), "xs:string")
    data.text = document


def _leaf(parent: Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text
