from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from kzeds.xml import parse
from support.employer_messages import as_text, conclusion, envelope, message_info
from usrec_simulator.errors import MessageFormError
from usrec_simulator.soap import (
    SOAP,
    TYPES,
    Answer,
    Fault,
    Message,
    body_of,
    read_message,
    render_answer,
    render_fault,
)

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SESSION = "{6be367e4-ed29-45a0-a1f6-4e94134325a4}"


def read(data: bytes) -> Message:
    return read_message(body_of(parse(data)))


def test_request_is_read_whole() -> None:
    message = read(envelope(as_text(conclusion()), info=message_info(sender="hr", password="p<>", correlation="c1")))
    assert (message.service_id, message.sender_id, message.password, message.correlation_id) == (
        "contract",
        "hr",
        "p<>",
        "c1",
    )
    assert message.data == conclusion()


def test_passwords_and_data_are_not_shown() -> None:
    text = repr(read(envelope(as_text(conclusion()), info=message_info(password="hidden-word"))))
    assert "hidden-word" not in text
    assert "900101300007" not in text


def test_cdata_reads_like_escaped_text() -> None:
    cdata = f"<data><![CDATA[{conclusion().decode()}]]></data>"
    assert read(envelope(cdata)).data == read(envelope(as_text(conclusion()))).data


def test_default_namespace_with_an_unqualified_request_is_read() -> None:
    plain = envelope(as_text(conclusion()), request='request xmlns=""').decode()
    plain = plain.replace("<typ:SendMessage xmlns:typ=", "<SendMessage xmlns=").replace("/typ:", "/")
    assert read(plain.encode()).data == conclusion()


def test_qualified_local_elements_are_refused() -> None:
    with pytest.raises(MessageFormError, match="request is missing or qualified wrongly"):
        read(envelope(as_text(conclusion()), request="typ:request"))


@pytest.mark.parametrize("session", [SESSION, SESSION.strip("{}"), None])
def test_session_is_taken_with_and_without_braces(session: str | None) -> None:
    assert read(envelope(as_text(conclusion()), info=message_info(session=session))).service_id == "contract"


def test_properties_may_repeat() -> None:
    properties = "<properties><key>a</key><value>b</value></properties>" * 2
    info = message_info().replace("</sender>", "</sender>" + properties)
    assert read(envelope(as_text(conclusion()), info=info)).service_id == "contract"


@pytest.mark.parametrize(
    ("info", "what"),
    [
        (
            message_info().replace("<messageId>", "<messageIds>").replace("</messageId>", "</messageIds>"),
            "out of order",
        ),
        (message_info(service=""), "serviceId is empty"),
        (message_info(session="6be367e4"), "guid"),
        (message_info(session="{6be367e4-ed29-45a0-a1f6-4e94134325a4"), "guid"),
        (message_info().replace("2026-11-20T10", "yesterday"), "messageDate"),
        (message_info() + "<serviceId>contract</serviceId>", "out of order"),
        ("<serviceId>x</serviceId><messageId>1</messageId>", "out of order"),
        ("<messageId>1</messageId>", "messageDate is missing"),
    ],
)
def test_wrong_request_info_is_a_form_error(info: str, what: str) -> None:
    with pytest.raises(MessageFormError, match=what):
        read(envelope(as_text(conclusion()), info=info))


@pytest.mark.parametrize("data", ["", "<data/>", "<data>  </data>", f"<data>{conclusion().decode()}</data>"])
def test_data_has_to_be_text(data: str) -> None:
    with pytest.raises(MessageFormError, match="data"):
        read(envelope(data))


@pytest.mark.parametrize("document", [b"<x/>", envelope("<data>x</data>").replace(b"/soap/envelope/", b"/soap12/")])
def test_what_is_no_envelope_is_a_form_error(document: bytes) -> None:
    with pytest.raises(MessageFormError, match="envelope"):
        read(document)


def texts(rendered: bytes) -> list[tuple[str, str | None]]:
    return [(etree.QName(leaf).localname, leaf.text) for leaf in parse(rendered).iter("*") if not len(leaf)]


def test_answer_is_written_in_the_order_of_the_types() -> None:
    rendered = render_answer(Answer("SCSS001", "m1", "c1", SESSION, NOW, data="<a>&amp;</a>"))
    assert texts(rendered) == [
        ("messageId", "m1"),
        ("correlationId", "c1"),
        ("responseDate", "2026-11-20T15:00:00.000+05:00"),
        ("code", "SCSS001"),
        ("message", "Сведения приняты и зарегистрированы"),
        ("sessionId", SESSION),
        ("data", "<a>&amp;</a>"),
    ]
    response = parse(rendered).find(f"{{{SOAP}}}Body/{{{TYPES}}}SendMessageResponse/response")
    assert response is not None


def test_refusal_has_no_data_and_an_unknown_code_still_has_a_text() -> None:
    rendered = render_answer(Answer("SCSE777", "m1", None, SESSION, NOW))
    names = [name for name, _ in texts(rendered)]
    assert names == ["messageId", "responseDate", "code", "message", "sessionId", "responseData"]
    assert ("message", "Отказ SCSE777") in texts(rendered)


def test_fault_repeats_its_code_and_carries_error_info() -> None:
    rendered = render_fault(Fault("SCE007", "not signed", SESSION, NOW))
    assert texts(rendered) == [
        ("faultcode", "SCE007"),
        ("faultstring", "Сообщение не подписано"),
        ("errorCode", "SCE007"),
        ("errorMessage", "Сообщение не подписано"),
        ("errorData", "not signed"),
        ("errorDate", "2026-11-20T15:00:00.000+05:00"),
        ("sessionId", SESSION),
    ]
    path = f"{{{SOAP}}}Body/{{{SOAP}}}Fault/detail/{{{TYPES}}}SendMessageFault1_SendMessageFault"
    assert parse(rendered).find(path) is not None
