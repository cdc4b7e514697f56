"""The envelope is what the published WSDL describes, and the signed document arrives in it untouched."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from kzeds.xml import Element, parse
from usrec.adapters.gateway.envelope import SOAP, TYPES, XS, XSI, EnvelopeForm, Sender
from usrec.domain.message import CorrelationId, MessageId, SignedMessage
from usrec.domain.secret import Secret

ZEEP: Any = importlib.import_module("zeep")
WSDL = Path(__file__).parents[3] / "schemas" / "shep" / "sync-v10" / "SyncChannel.wsdl"
AT = datetime(2026, 11, 20, 5, 0, 0, 250_000, tzinfo=UTC)
SENDER = Sender("contract", "company", Secret("пароль <&>"))
DOCUMENT = "<a>Инженер &amp; «аналитик»\r\n]]&gt; &#13; <!-- c --></a>"
REQUEST_INFO = ["messageId", "correlationId", "serviceId", "messageDate", "sender"]


def message(document: str = DOCUMENT) -> SignedMessage:
    return SignedMessage(document.encode(), "digest", None, MessageId("message-1"), AT, "fingerprint", AT)


def build(document: str = DOCUMENT, sender: Sender = SENDER) -> Element:
    raw = EnvelopeForm(sender).fill(message(document), correlation_id=CorrelationId("chain-1"), at=AT)
    return parse(raw)


def only_child(element: Element) -> Element:
    (child,) = element
    return child


@pytest.fixture(scope="module")
def wsdl() -> Any:
    return ZEEP.Client(str(WSDL))


def structure(element: Element) -> tuple[object, ...]:
    """Names, types, texts and children, without prefixes."""
    kind = element.get(f"{{{XSI}}}type")
    if kind is not None:
        prefix, _, name = kind.rpartition(":")
        kind = f"{{{element.nsmap[prefix or None]}}}{name}"
    return element.tag, kind, element.text, tuple(structure(child) for child in element)


def zeep_request(document: str = DOCUMENT) -> dict[str, Any]:
    sender = {"senderId": "company", "password": "пароль <&>"}
    info = {"messageId": "message-1", "correlationId": "chain-1", "serviceId": "contract", "messageDate": AT}
    return {
        "requestInfo": info | {"sender": sender},
        "requestData": {"data": ZEEP.xsd.AnyObject(ZEEP.xsd.String(), document)},
    }


def test_structure_is_the_one_that_zeep_builds_from_the_wsdl(wsdl: Any) -> None:
    theirs = wsdl.create_message(wsdl.service, "SendMessage", request=zeep_request())
    ours = build()
    for root in (theirs, ours):
        (stamp,) = root.iter("messageDate")
        assert datetime.fromisoformat(stamp.text or "") == AT
        stamp.text = "the same instant"
    assert structure(only_child(ours)) == structure(only_child(theirs))
    assert only_child(ours).tag == f"{{{SOAP}}}Body"


def test_zeep_reads_every_value_back(wsdl: Any) -> None:
    operation = next(iter(wsdl.wsdl.bindings.values())).get("SendMessage")
    read = operation.input.body.parse(only_child(only_child(build())), wsdl.wsdl.types).request
    assert read.requestInfo.messageId == "message-1"
    assert read.requestInfo.correlationId == "chain-1"
    assert read.requestInfo.serviceId == "contract"
    assert read.requestInfo.messageDate == AT
    assert (read.requestInfo.sender.senderId, read.requestInfo.sender.password) == ("company", "пароль <&>")
    assert read.requestInfo.sessionId is None
    assert read.requestData.data == DOCUMENT


def test_local_elements_are_unqualified_and_the_wrapper_is_not() -> None:
    wrapper = only_child(only_child(build()))
    assert wrapper.tag == f"{{{TYPES}}}SendMessage"
    request = only_child(wrapper)
    assert [child.tag for child in request] == ["requestInfo", "requestData"]
    assert [child.tag for child in request[0]] == REQUEST_INFO


def test_message_date_carries_kazakhstans_offset() -> None:
    (stamp,) = build().iter("messageDate")
    assert stamp.text == "2026-11-20T10:00:00.250+05:00"


def test_data_is_a_string_with_the_document_as_text() -> None:
    (data,) = build().iter("data")
    assert data.get(f"{{{XSI}}}type") == "xs:string"
    assert data.nsmap["xs"] == XS
    assert not len(data)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff")))
def test_any_document_arrives_to_the_byte(text: str) -> None:
    element = etree.Element("a")
    element.text = text + "\r\n\t"
    document = etree.tostring(element, encoding="UTF-8").decode()
    (data,) = build(document).iter("data")
    assert (data.text or "").encode() == document.encode()


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff")))
def test_what_is_filled_in_has_the_spelling_of_lxml(text: str) -> None:
    """Golden bytes: the same as if the whole envelope were built anew for each message."""
    content = f"{text}\r\n\t<&>'\"]]>"
    filled = EnvelopeForm(SENDER).fill(message(content), correlation_id=CorrelationId(text), at=AT)
    root = parse(filled)
    for name, value in (("messageId", "message-1"), ("correlationId", text), ("data", content)):
        (element,) = root.iter(name)
        assert (element.text or "") == value
        element.text = value
    assert etree.tostring(root, encoding="UTF-8", xml_declaration=True) == filled


def test_a_senders_own_texts_are_never_places_to_fill_in() -> None:
    sender = Sender("\ue000 service", "company \ue001", Secret("\ue002"))
    root = build(sender=sender)
    texts = [next(root.iter(name)).text for name in ("messageId", "serviceId", "senderId", "password", "data")]
    assert texts == ["message-1", "\ue000 service", "company \ue001", "\ue002", DOCUMENT]


@pytest.mark.parametrize("document", ["<a/>\n", '<?xml version="1.0"?>\n<a/>', " <a/> "])
def test_blanks_around_the_document_are_kept(document: str) -> None:
    (data,) = build(document).iter("data")
    assert data.text == document


def test_a_sender_without_a_password_sends_none() -> None:
    (sender,) = build(sender=Sender("contract", "company")).iter("sender")
    assert [child.tag for child in sender] == ["senderId"]


def test_no_repr_shows_the_senders_password() -> None:
    assert "пароль" not in repr(SENDER)
