"""The inquiry port: only what the gateway signed finds anything out, and no end of an exchange is raised."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from kzeds.keys.signing_key import SigningKey
from kzeds.test_pki import EMPLOYER_BIN
from kzeds.wsse import verify_body
from support.asking_profile import QUESTION, asking_profile
from support.gateway_side import answer, fault, load_key, sealing_with, signed
from support.markdown import blocks, read
from support.respx_kept import answering
from usrec.adapters.gateway.connection import Endpoint
from usrec.adapters.gateway.envelope import Sender
from usrec.adapters.gateway.inquiry import QuestionForm, ShepInquiry
from usrec.adapters.gateway.shep import ShepGateway
from usrec.adapters.rendering.profile import SHIPPED, load_profile
from usrec.domain.errors import ConfigurationError
from usrec.domain.inquiry import Facts, Found, NotFound, Question, RegistryReply, Unanswered
from usrec.domain.message import CorrelationId, MessageId
from usrec.domain.outcome import Doubt

URL = "https://gateway.test/bip-sync-wss-gost/"
NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)
SPACE = "urn:contracts"
FIELDS = {name: name for name in ("record_id", "contract_id", "employer_bin", "employee_iin", "number", "date")}
FORM = QuestionForm(SPACE, "ask", "id", "bin", "told", "entry", FIELDS)
ASKED = Question("record-1", EMPLOYER_BIN, MessageId("message-1"), CorrelationId("chain-1"))
ENTRY = (
    "<entry><record_id>record-1</record_id><contract_id>C-1</contract_id><employer_bin>200940000013</employer_bin>"
    "<employee_iin>900101300007</employee_iin><number>17</number><date>2026-11-20+05:00</date></entry>"
)


def told(content: str, root: str = "told", namespace: str = SPACE) -> str:
    return f'<c:{root} xmlns:c="{namespace}">{content}</c:{root}>'


@pytest.fixture(scope="module")
def key(pki: Path) -> SigningKey:
    return load_key(pki, "gateway")


@pytest.fixture(scope="module")
def inquiry(pki: Path, key: SigningKey) -> Iterator[ShepInquiry]:
    gateway = ShepGateway(
        Endpoint(URL, pki / "tls-ca.pem"),
        Sender("contract", "company"),
        signer=sealing_with({EMPLOYER_BIN: load_key(pki, "employer"), "expired": load_key(pki, "employer-expired")}),
        trusted=[key.certificate],
        contract_id_path="/*/*[2]/*[1]",
        wait=lambda _: None,
    )
    yield ShepInquiry(gateway, FORM)
    gateway.close()


def ask(inquiry: ShepInquiry, status: int, content: bytes, question: Question = ASKED) -> RegistryReply:
    with answering() as router:
        router.post(URL).mock(return_value=httpx.Response(status, content=content))
        return inquiry.ask(question, at=NOW)


def test_question_is_a_sealed_message_without_a_signature_of_the_employer(
    inquiry: ShepInquiry, key: SigningKey
) -> None:
    with answering() as router:
        route = router.post(URL).mock(return_value=httpx.Response(200, content=signed(answer(data=told("")), key)))
        inquiry.ask(ASKED, at=NOW)
    body = verify_body(route.calls.last.request.content, trusted=None).body
    assert body.findtext(".//data") == (
        f'<con:ask xmlns:con="{SPACE}"><id>record-1</id><bin>{EMPLOYER_BIN}</bin></con:ask>'
    )
    assert (body.findtext(".//messageId"), body.findtext(".//correlationId")) == ("message-1", "chain-1")


def test_entry_is_found_with_its_facts(inquiry: ShepInquiry, key: SigningKey) -> None:
    reply = ask(inquiry, 200, signed(answer(data=told(ENTRY)), key))
    assert isinstance(reply, Found)
    assert (reply.record_id, reply.contract_id, reply.code) == ("record-1", "C-1", "SCSS001")
    assert reply.facts == Facts("200940000013", "900101300007", "17", date(2026, 11, 20))
    assert reply.proof.correlation_id == "chain-1"


def test_empty_answer_is_not_found(inquiry: ShepInquiry, key: SigningKey) -> None:
    assert isinstance(ask(inquiry, 200, signed(answer(data=told("")), key)), NotFound)


@pytest.mark.parametrize(
    "data",
    [
        None,
        "no document",
        told(ENTRY, root="else"),
        told(ENTRY, namespace="urn:else"),
        told(ENTRY + ENTRY),
        told("<entries/>"),
        told(ENTRY.replace("2026-11-20", "20.11.2026")),
        told(ENTRY.replace("<contract_id>C-1</contract_id>", "")),
        "<return>true</return>",
    ],
)
def test_success_of_another_shape_finds_nothing_out(inquiry: ShepInquiry, key: SigningKey, data: str | None) -> None:
    reply = ask(inquiry, 200, signed(answer(data=data), key))
    assert isinstance(reply, Unanswered)
    assert (reply.doubt, reply.code) == (Doubt.UNKNOWN_SHAPE, "SCSS001")
    assert reply.raw


def test_refusals_faults_and_unproven_answers_find_nothing_out(
    inquiry: ShepInquiry, key: SigningKey, pki: Path
) -> None:
    good = answer(data=told(ENTRY))
    strangers = load_key(pki, "gateway-other") if (pki / "gateway-other.p12").exists() else load_key(pki, "employer")
    for status, content, doubt in (
        (200, signed(answer("SCSE001"), key), Doubt.SERVER_UNSURE),
        (500, signed(fault("SCE001"), key), Doubt.SERVER_UNSURE),
        (500, signed(good, key), Doubt.HTTP_ERROR),
        (200, good, Doubt.SIGNATURE_MISSING),
        (200, signed(good, strangers), Doubt.SIGNATURE_INVALID),
        (502, b"<html><body>502</body></html>", Doubt.NOT_SOAP),
        (200, signed(good, key)[:-400], Doubt.NOT_SOAP),
    ):
        reply = ask(inquiry, status, content)
        assert isinstance(reply, Unanswered)
        assert (reply.doubt, reply.raw) == (doubt, content)


@pytest.mark.parametrize(
    ("error", "doubt"),
    [(httpx.ConnectError, None), (httpx.ReadTimeout, Doubt.TIMEOUT), (httpx.ReadError, Doubt.CONNECTION_LOST)],
)
def test_network_is_never_raised(inquiry: ShepInquiry, error: type[Exception], doubt: Doubt | None) -> None:
    with answering() as router:
        router.post(URL).mock(side_effect=error("why"))
        reply = inquiry.ask(ASKED, at=NOW)
    assert isinstance(reply, Unanswered)
    assert reply.doubt is doubt


def test_key_that_cannot_seal_asks_nothing(inquiry: ShepInquiry) -> None:
    with answering() as router:
        route = router.post(URL)
        reply = inquiry.ask(Question("record-1", "expired", ASKED.message_id, ASKED.correlation_id), at=NOW)
    assert isinstance(reply, Unanswered)
    assert "cannot be signed" in reply.detail
    assert not route.called


def test_form_that_the_guarantees_show_is_the_one_that_is_tried() -> None:
    shown = [block.text for block in blocks(read("explanation/guarantees.md")) if block.text.startswith("[question]")]
    assert shown == [QUESTION.lstrip()]


@pytest.mark.parametrize("choice", SHIPPED)
def test_shipped_profiles_ask_nothing(choice: str) -> None:
    assert load_profile(choice).mapping.question is None


def test_profile_with_a_question_lists_it_among_what_is_assumed(tmp_path: Path) -> None:
    profile = load_profile(str(asking_profile(tmp_path)))
    assert profile.mapping.question is not None
    assert "question.contractQuery" in profile.assumed()


def test_profile_without_a_record_id_cannot_ask(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="asked by the record id of ours"):
        load_profile(str(asking_profile(tmp_path, base="seen")))


def test_slip_in_the_question_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"question\.fields\.number: missing"):
        load_profile(str(asking_profile(tmp_path, question=QUESTION.replace("number = ", "numbr = "))))
