"""The SendMessage request of ShEP SyncChannel v10.

Sources: the published WSDL (element order, unqualified local elements, SOAP 1.1 document/literal) and working USREC
clients (``data`` is xs:string holding the signed document as text). lxml makes these bytes, not a SOAP toolkit: the
document inside is signed and must arrive as it is, and the envelope is signed and sent as it is.
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


def build_envelope(sender: Sender, message: SignedMessage, *, correlation_id: CorrelationId, at: datetime) -> bytes:
    """The unsigned envelope around a signed document; ``sessionId`` is left to ShEP."""
    envelope = etree.Element(etree.QName(SOAP, "Envelope"), nsmap={"soap": SOAP})
    body = etree.SubElement(envelope, etree.QName(SOAP, "Body"))
    wrapper = etree.SubElement(body, etree.QName(TYPES, "SendMessage"), nsmap={"typ": TYPES})
    request = etree.SubElement(wrapper, "request")
    info = etree.SubElement(request, "requestInfo")
    _leaf(info, "messageId", message.message_id)
    _leaf(info, "correlationId", correlation_id)
    _leaf(info, "serviceId", sender.service_id)
    _leaf(info, "messageDate", at.astimezone(KAZAKHSTAN).isoformat(timespec="milliseconds"))
    _append_sender(info, sender)
    _append_data(etree.SubElement(request, "requestData"), message.document.decode())
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


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
