"""The signer daemon signs what its settings list and nothing else, whatever a client says or wraps."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from kzeds.cms import verify_detached
from kzeds.errors import SignerRefusedError, SignerSettingsError, SignerUnreachableError
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.signer_daemon.assembly import make_service, open_records
from kzeds.signer_daemon.service import Peer, SigningService, masked
from kzeds.signer_daemon.settings import load_settings
from kzeds.signers.checked import require_signed, require_signed_body
from kzeds.signers.daemon_protocol import Frame
from kzeds.wsse import sign_body, verify_body
from kzeds.xmldsig import sign_enveloped
from support import employer_messages, kzeds_material
from support.employer_messages import CONTRACT_NS, as_text, envelope, message_info, termination
from support.kzeds_material import NOW, certificate, key
from support.signer_daemon import BIN, SignerDaemon, conclusion, documents, journal_head
from usrec.adapters.gateway.envelope import EnvelopeForm, Sender
from usrec.domain.message import CorrelationId, MessageId, SignedMessage

OTHER_BIN = "150340000027"
CLIENT = Peer(pid=1, uid=1000)


class Desk:
    """The daemon's service in this process, at a time that the test sets."""

    def __init__(self, daemon: SignerDaemon) -> None:
        self.daemon = daemon
        self.now = NOW
        self.records = open_records(daemon.state)
        self.service = self.load()

    def load(self) -> SigningService:
        return make_service(load_settings(self.daemon.settings), records=self.records, clock=lambda: self.now)

    def ask(self, ask: str, content: bytes, *, peer: Peer = CLIENT, **more: str) -> Frame:
        header = {"ask": ask, "key": "main", "certificate": certificate().fingerprint, **more}
        return self.service.answer(Frame(header, content), peer)

    def sign(self, document: bytes) -> bytes:
        return self._content(self.ask("sign_enveloped", document))

    def seal(self, content: bytes) -> bytes:
        return self._content(self.ask("sign_body", content))

    @staticmethod
    def _content(answer: Frame) -> bytes:
        if answer.text("outcome") != "done":
            raise SignerRefusedError(answer.text("text"), reason=answer.text("reason"))
        return answer.content

    def close(self) -> None:
        self.records.log.close()
        self.records.book.close()


@pytest.fixture(scope="module", autouse=True)
def _keys_opened_once() -> Iterator[None]:
    """Each key file is opened once for all tests: checking the numbers of an RSA key takes longer than most of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kzeds.signer_daemon.keys.load_pkcs12", cache(load_pkcs12))
        yield


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    opened: list[Desk] = []

    def open_(more: str = "", **changes: str) -> Desk:
        daemon = SignerDaemon(tmp_path)
        daemon.set_up(kzeds_material.pki().directory, **{"users": '["1000"]', **changes})
        daemon.add(more)
        opened.append(Desk(daemon))
        return opened[0]

    yield open_
    for one in opened:
        one.close()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()


def refusal(action: Callable[[bytes], bytes], content: bytes) -> str:
    with pytest.raises(SignerRefusedError) as refused:
        action(content)
    return refused.value.reason


# What is allowed

SHIPPED = ("conclusion", "amendment", "termination")


@pytest.mark.parametrize(("profile", "operation"), documents())
def test_shipped_settings_know_every_rendered_document(
    open_desk: Callable[..., Desk], profile: str, operation: str
) -> None:
    desk = open_desk(operations=json.dumps(sorted({*SHIPPED, operation})))
    document = documents()[profile, operation]
    signed = desk.sign(document)
    require_signed(document, signed, certificate())
    message = SignedMessage(signed, "digest", None, MessageId("m-1"), NOW, "fingerprint", NOW)
    unsealed = EnvelopeForm(Sender("contract", "company")).fill(message, correlation_id=CorrelationId("c-1"), at=NOW)
    require_signed_body(unsealed, desk.seal(unsealed), certificate())
    first, second = desk.daemon.lines()
    assert (first["event"], first["operation"], first["number"], first["used"]) == ("signed", operation, BIN, 1)
    assert (second["event"], second["operation"], second["document"]) == ("enveloped", operation, first["document"])


@pytest.mark.parametrize("operation", sorted({name for _, name in documents()} - {*SHIPPED}))
def test_shipped_key_signs_no_operation_that_nobody_added(desk: Desk, operation: str) -> None:
    assert refusal(desk.sign, documents()["current", operation]) == "operation"


def test_stored_signature_goes_on_after_its_certificate_ended_and_its_key_was_renewed(desk: Desk) -> None:
    stored = desk.sign(conclusion(1))
    desk.daemon.put_key(kzeds_material.pki().directory, "employer-expired")
    desk.service = desk.load()
    desk.now = NOW + timedelta(days=1)
    expired = key("employer-expired").certificate.fingerprint
    answer = desk.ask("sign_body", envelope(as_text(stored)), certificate=expired)
    assert answer.text("reason") == "certificate", "the expired key itself signs no envelope"
    desk.daemon.put_key(kzeds_material.pki().directory, "employer-2")
    desk.daemon.change(number=f'"{OTHER_BIN}"')
    desk.daemon.add(f'numbers = ["{BIN}"]\n')
    desk.service = desk.load()
    answer = desk.ask("sign_body", envelope(as_text(stored)), certificate=certificate("employer-2").fingerprint)
    verified = verify_body(answer.content, trusted=[certificate("employer-2")])
    assert verified.certificate == certificate("employer-2")


def test_documents_that_the_owner_signs_elsewhere_are_sealed_where_their_certificate_is_listed(
    open_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    desk = open_desk()
    signed = sign_enveloped(conclusion(1), key("employer-expired"))
    assert refusal(desk.seal, envelope(as_text(signed))) == "stranger"
    (tmp_path / "owner.cer").write_bytes(certificate("employer-expired").der)
    desk.daemon.add('certificates = ["owner.cer"]\n')
    desk.service = desk.load()
    assert verify_body(desk.seal(envelope(as_text(signed))), trusted=[certificate()]).certificate == certificate()


def test_certificates_of_listed_authorities_count_while_they_are_valid(
    open_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca" / "nca.pem").write_bytes(kzeds_material.pki().nca_ca.read_bytes())
    desk = open_desk(f'authorities = "ca"\nnumbers = ["{BIN}", "{OTHER_BIN}"]\n')
    for_other = conclusion(1, employer=OTHER_BIN)
    assert desk.seal(envelope(as_text(sign_enveloped(for_other, key("employer-2")))))
    assert refusal(desk.seal, envelope(as_text(sign_enveloped(conclusion(1), key("employer-expired"))))) == "stranger"
    assert refusal(desk.seal, envelope(as_text(sign_enveloped(conclusion(1), key("employer-auth"))))) == "stranger"
    assert refusal(desk.seal, envelope(as_text(sign_enveloped(conclusion(1), key("stranger"))))) == "stranger"
    assert refusal(desk.seal, envelope(as_text(sign_enveloped(conclusion(1), key("employer-2"))))) == "number"


def test_question_without_a_document_needs_leave(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    empty = f'<contractRequest xmlns="{CONTRACT_NS}"/>'.encode()
    for content in (envelope(as_text(empty)), envelope("<data/>")):
        assert verify_body(desk.seal(content), trusted=[certificate()]).certificate == certificate()
    assert {line["operation"] for line in desk.daemon.lines()} == {"question"}
    typed = '<data xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="i:string"/>'
    assert desk.seal(envelope(typed)), "ShEP's own clients name the type of data"
    desk.daemon.change(questions="false")
    desk.service = desk.load()
    for content in (envelope(as_text(empty)), envelope("<data/>")):
        assert refusal(desk.seal, content) == "question"


# What is not


OTHERS = {
    "document of another BIN": (conclusion(1, employer=OTHER_BIN), "number"),
    "BIN with a space": (conclusion(1, employer=f" {BIN}"), "number"),
    "no BIN": (conclusion(1).replace(b"<bin>200940000013</bin>", b""), "number"),
    "two BINs": (conclusion(1).replace(b"<bin>", b"<bin>150340000027</bin><bin>"), "number"),
    "two employers": (
        conclusion(1).replace(b"<employerData>", b"<employerData><bin>150340000027</bin></employerData><employerData>"),
        "number",
    ),
    "second BIN in a namespace": (
        conclusion(1).replace(b"<bin>", b'<x:bin xmlns:x="urn:x">150340000027</x:bin><bin>'),
        "number",
    ),
    "BIN with elements inside": (conclusion(1).replace(b"<bin>", b"<bin><b/>"), "number"),
    "BIN split by a comment": (conclusion(1).replace(b"<bin>2009", b"<bin>2009<!-- -->"), "comment"),
    "processing instruction": (conclusion(1).replace(b"<bin>", b"<?stop here?><bin>"), "comment"),
    "processing instruction before the root": (b"<?xml-stylesheet href='x'?>" + conclusion(1), "comment"),
    "other operation": (b"<payment><to>1</to></payment>", "operation"),
    "root without its namespace": (conclusion(1).replace(b"ns2:", b""), "operation"),
    "root of another namespace": (conclusion(1).replace(CONTRACT_NS.encode(), b"urn:other"), "operation"),
    "wrapped root": (b"<batch>" + conclusion(1) + b"</batch>", "operation"),
    "operation element in a namespace": (
        conclusion(1).replace(b"<newContractData>", b'<newContractData xmlns="urn:x">'),
        "operation",
    ),
    "two operations in one": (
        conclusion(1).replace(b"</ns2:contractRequest>", b"<terminationContractData/></ns2:contractRequest>"),
        "operation",
    ),
    "one operation twice": (
        conclusion(1).replace(b"</ns2:contractRequest>", b"<newContractData/></ns2:contractRequest>"),
        "operation",
    ),
    "root inside its twin": (
        conclusion(1)
        .replace(b"<newContractData>", b"<ns2:contractRequest><newContractData>")
        .replace(b"</newContractData>", b"</newContractData></ns2:contractRequest>"),
        "operation",
    ),
    "element of another type": (
        conclusion(1).replace(
            b"<newContractData>",
            b'<newContractData xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:type="terminationContractData">',
        ),
        "operation",
    ),
    "UTF-7": (b'<?xml version="1.0" encoding="UTF-7"?>' + conclusion(1).decode().encode("utf-7"), "encoding"),
    "UTF-16": (conclusion(1).decode().encode("utf-16"), "encoding"),
    "UTF-16 without a mark": (
        f'<?xml version="1.0"?>{conclusion(1, post="x").decode()}'.encode("utf-16-le"),
        "encoding",
    ),
    "a signature deep in it": (
        conclusion(1).replace(
            b"<contractData>", b'<contractData><s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/>'
        ),
        "not-signable",
    ),
    "empty": (f'<contractRequest xmlns="{CONTRACT_NS}"/>'.encode(), "operation"),
    "already signed": (sign_enveloped(conclusion(1), key()), "operation"),
    "two roots": (conclusion(1) + conclusion(2), "malformed"),
    "DTD": (b"<!DOCTYPE a [<!ENTITY b '200940000013'>]>" + conclusion(1).replace(BIN.encode(), b"&b;"), "malformed"),
    "envelope as a document": (envelope(as_text(conclusion(1))), "operation"),
    "no XML": (b"\x00\xff", "malformed"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_document_that_is_not_listed_is_refused_and_not_counted(desk: Desk, what: str) -> None:
    document, reason = OTHERS[what]
    answer = desk.ask("sign_enveloped", document)
    assert (answer.text("reason"), answer.content) == (reason, b"")
    (line,) = desk.daemon.lines()
    assert (line["event"], line["reason"]) == ("refused", reason)
    assert (line["uid"], line["pid"], line["key"]) == (1000, 1, "main")
    assert desk.sign(conclusion(99))
    assert desk.daemon.lines()[-1]["used"] == 1


STORED = sign_enveloped(conclusion(1), key())
SEALED = {
    "unsigned document": (envelope(as_text(conclusion(1))), "unsigned"),
    "document changed after signing": (envelope(as_text(STORED.replace(b">1<", b">2<"))), "unsigned"),
    "signed by somebody else with our BIN": (
        envelope(as_text(sign_enveloped(conclusion(1), key("stranger")))),
        "stranger",
    ),
    "signed by another employer": (
        envelope(as_text(sign_enveloped(conclusion(1, employer=OTHER_BIN), key("employer-2")))),
        "stranger",
    ),
    "our signature over another BIN": (
        envelope(as_text(sign_enveloped(conclusion(1, employer=OTHER_BIN), key()))),
        "number",
    ),
    "our signature over another operation": (envelope(as_text(sign_enveloped(b"<payment/>", key()))), "operation"),
    "signed document wrapped by another": (
        envelope(as_text(b"<batch>" + STORED + conclusion(2) + b"</batch>")),
        "unsigned",
    ),
    "second document beside the signed one": (envelope(as_text(STORED) + as_text(conclusion(2))), "envelope"),
    "second data in a namespace": (envelope(as_text(STORED) + '<x:data xmlns:x="urn:x">a</x:data>'), "envelope"),
    "something else beside it": (envelope(as_text(STORED) + "<payment>1</payment>"), "envelope"),
    "something beside an empty one": (envelope("<data/><payment>1</payment>"), "envelope"),
    "no document": (envelope(""), "envelope"),
    "data that points elsewhere": (
        envelope(as_text(STORED).replace("<data>", '<data href="#pay">')).replace(
            b"</typ:SendMessage>", b'<pay id="pay">1</pay></typ:SendMessage>'
        ),
        "envelope",
    ),
    "document as elements": (envelope(f"<data>{STORED.decode()}</data>"), "envelope"),
    "another service": (envelope(as_text(STORED), info=message_info(service="tax")), "envelope"),
    "two services": (envelope(as_text(STORED), info=message_info() + "<serviceId>tax</serviceId>"), "envelope"),
    "another element": (envelope(as_text(STORED)).replace(b"SendMessage", b"SendMoney"), "envelope"),
    "another element beside it": (
        envelope(as_text(STORED)).replace(b"<soapenv:Body>", b"<soapenv:Body><a/>"),
        "envelope",
    ),
    "two bodies": (
        envelope(as_text(STORED)).replace(b"<soapenv:Body>", b"<soapenv:Body/><soapenv:Body>"),
        "envelope",
    ),
    "no envelope": (STORED, "envelope"),
    "comment in the signed document": (
        envelope(as_text(STORED.replace(BIN.encode(), b"2009<!-- -->40000013"))),
        "comment",
    ),
    "comment before the signed document": (envelope(as_text(b"<!-- -->" + STORED)), "comment"),
    "signed document in UTF-7": (
        envelope(as_text(b'<?xml version="1.0" encoding="UTF-7"?>' + STORED.decode().encode("utf-7"))),
        "encoding",
    ),
    "something else in the information": (envelope(as_text(STORED), info=message_info() + "<iou>5</iou>"), "envelope"),
    "text beside the information": (
        envelope(as_text(STORED)).replace(b"<requestInfo>", b"pay<requestInfo>"),
        "envelope",
    ),
    "text behind the information": (
        envelope(as_text(STORED)).replace(b"</requestInfo>", b"</requestInfo>pay"),
        "envelope",
    ),
    "text in the body": (envelope(as_text(STORED)).replace(b":Body>", b":Body>pay", 1), "envelope"),
    "text at the end of the body": (
        envelope(as_text(STORED)).replace(b"</soapenv:Body>", b"pay</soapenv:Body>"),
        "envelope",
    ),
    "attribute of the body": (envelope(as_text(STORED)).replace(b":Body>", b':Body iou="5">', 1), "envelope"),
    "attribute of the request": (envelope(as_text(STORED), request='request iou="5"'), "envelope"),
    "attribute of a text": (
        envelope(as_text(STORED)).replace(b"<senderId>", b'<senderId iou="5">'),
        "envelope",
    ),
    "elements in a text": (envelope(as_text(STORED)).replace(b"<senderId>", b"<senderId><iou/>"), "envelope"),
    "letter for a text": (envelope(as_text(STORED), info=message_info(sender="I owe you " * 30)), "envelope"),
    "text twice": (envelope(as_text(STORED), info=message_info() + "<messageId>5</messageId>"), "envelope"),
    "empty element more": (envelope(as_text(STORED), info=message_info() + "<iou/>"), "envelope"),
    "comment in it": (envelope(as_text(STORED)).replace(b"<serviceId>", b"<!-- --><serviceId>"), "comment"),
    "empty root with something in it": (
        envelope(as_text(f'<contractRequest xmlns="{CONTRACT_NS}">pay</contractRequest>'.encode())),
        "unsigned",
    ),
}


@pytest.mark.parametrize("what", SEALED)
def test_envelope_without_a_stored_signature_of_ours_is_refused(open_desk: Callable[..., Desk], what: str) -> None:
    content, reason = SEALED[what]
    assert refusal(open_desk().seal, content) == reason


def test_envelope_without_a_list_of_elements_is_looked_at_as_before(desk: Desk) -> None:
    text = desk.daemon.settings.read_text("utf-8")
    desk.daemon.settings.write_text(re.sub(r'^elements = \[\n(    ".*\n)+\]$', "", text, flags=re.MULTILINE), "utf-8")
    desk.service = desk.load()
    assert desk.seal(envelope(as_text(STORED), info=message_info(session="s-1")))


def test_attribute_that_an_envelope_must_and_may_not_have_is_refused_at_the_start(desk: Desk) -> None:
    text = desk.daemon.settings.read_text("utf-8")
    where = '"request/requestInfo/serviceId" = '
    assert where in text
    desk.daemon.settings.write_text(text.replace(where, f'"request/requestInfo/@kind" = ["a"], {where}'), "utf-8")
    with pytest.raises(SignerSettingsError, match="beside elements an envelope may hold none"):
        desk.load()


def test_key_signs_only_the_operations_that_are_listed_for_it(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(operations='["conclusion"]', envelopes="[]", operation_quota="{}")
    assert desk.sign(conclusion(1))
    assert refusal(desk.sign, termination("10000001")) == "operation"
    assert refusal(desk.seal, envelope(as_text(STORED))) == "envelope"


def test_further_conditions_narrow_an_operation(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    text = desk.daemon.settings.read_text("utf-8")
    path = "terminationContractData/terminationReason"
    narrowed = text.replace(
        '["terminationContractData"]', f'["terminationContractData"]\nwhere = {{ "{path}" = ["05"] }}'
    )
    desk.daemon.settings.write_text(narrowed, "utf-8")
    desk.service = desk.load()
    assert desk.sign(termination("10000001", reason="05"))
    assert refusal(desk.sign, termination("10000001", reason="06")) == "operation"


# Statements

HEAD = journal_head(1)
NO_STATEMENT = {
    "document": conclusion(1),
    "nothing": b"",
    "member more": journal_head(1, more="I owe you"),
    "member less": HEAD.replace(b'"entries":3,', b""),
    "member twice": HEAD.replace(b'"batch":1', b'"batch":1,"batch":1'),
    "other kind": journal_head(1, kind="contract"),
    "text for a number": journal_head(1, batch="1"),
    "truth for a number": journal_head(1, batch=True),
    "number below zero": journal_head(-1, hash="0" * 64),
    "number without end": journal_head(1, batch=10**3000),
    "number for a text": journal_head(1, hash=5),
    "words in a text": journal_head(1, ledger="I owe you a million, really yes!"),
    "line break behind a text": journal_head(1, hash="0" * 64 + "\n"),
    "list for a text": journal_head(1, hash=["0" * 64]),
    "spaces": HEAD.replace(b":", b": "),
    "other order": b'{"kind":"usrec journal head v1",' + HEAD[1:].replace(b'"kind":"usrec journal head v1",', b""),
    "line break": HEAD + b"\n",
    "UTF-16": HEAD.decode().encode("utf-16"),
    "no object": b'["a"]',
    "deep": b"[" * 4000,
    "long": b" " * 5000,
}


@pytest.mark.parametrize("what", NO_STATEMENT)
def test_statement_that_is_not_of_a_listed_form_is_refused_and_not_counted(desk: Desk, what: str) -> None:
    answer = desk.ask("sign_statement", NO_STATEMENT[what])
    assert (answer.text("reason"), answer.content) == ("statement", b"")
    assert [line["event"] for line in desk.daemon.lines()] == ["refused"]


def test_statements_have_a_quota_of_their_own(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(statement_quota="2", daily_quota="1")
    for number in (1, 2, 2):
        answer = desk.ask("sign_statement", journal_head(number))
        assert verify_detached(answer.content, journal_head(number), trusted=[certificate()]).signing_time == NOW
    assert desk.ask("sign_statement", journal_head(3)).text("reason") == "quota"
    assert desk.sign(conclusion(1)), "a statement is no document"
    assert refusal(desk.sign, conclusion(2)) == "quota"
    assert [line.get("used") for line in desk.daemon.lines() if line["event"] == "stated"] == [1, 2, 2]


def test_key_without_statements_signs_none(desk: Desk) -> None:
    text = desk.daemon.settings.read_text("utf-8")
    desk.daemon.settings.write_text(re.sub(r"^statement(s|_quota) = .*$", "", text, flags=re.MULTILINE), "utf-8")
    desk.service = desk.load()
    assert desk.ask("sign_statement", HEAD).text("reason") == "statement"
    assert desk.sign(conclusion(1))


def test_user_that_is_not_listed_is_refused_before_anything_is_looked_at(desk: Desk) -> None:
    for uid in (0, 1001):
        answer = desk.ask("sign_enveloped", conclusion(1), peer=Peer(7, uid))
        assert (answer.text("outcome"), answer.text("reason"), answer.content) == ("refused", "user", b"")
    assert desk.ask("certificate", b"", peer=Peer(7, 0)).content == b""


def test_unknown_key_and_unknown_question_are_refused(desk: Desk) -> None:
    assert desk.ask("sign_enveloped", conclusion(1), key="other").text("reason") == "key"
    assert desk.ask("export", b"").text("reason") == "ask"
    assert desk.service.answer(Frame({"ask": ["a"], "key": 5}), CLIENT).text("reason") == "key"


def test_certificate_that_the_client_does_not_mean_signs_nothing(desk: Desk) -> None:
    answer = desk.ask("sign_enveloped", conclusion(1), certificate=certificate("gateway").fingerprint)
    assert (answer.text("reason"), answer.content) == ("other-certificate", b"")


def test_key_that_may_not_sign_today_is_refused_and_the_document_not_counted(desk: Desk) -> None:
    desk.now = NOW + timedelta(days=4000)
    assert refusal(desk.sign, conclusion(1)) == "certificate"
    desk.now = NOW
    assert desk.sign(conclusion(1))
    assert desk.daemon.lines()[-1]["used"] == 1


def test_refusals_in_a_loop_do_not_fill_the_log_and_are_counted(desk: Desk) -> None:
    for _ in range(100):
        refusal(desk.sign, b"<payment/>")
    assert len(desk.daemon.lines()) == 60
    desk.now += timedelta(minutes=2)
    refusal(desk.sign, b"<payment/>")
    assert desk.daemon.lines()[-1]["omitted_before"] == 40


def test_log_holds_no_document_and_no_iin(desk: Desk) -> None:
    desk.sign(conclusion(1))
    refusal(desk.sign, conclusion(2, employer=employer_messages.IIN))
    refusal(desk.sign, b"<payment>Aigul</payment>")
    text = desk.daemon.log.read_text("utf-8")
    assert employer_messages.IIN not in text
    assert "Aigul" not in text
    assert "2512-0-001" not in text


def test_entrepreneurs_iin_is_masked() -> None:
    assert (masked(BIN), masked("850515400012"), masked(None)) == (BIN, "IIN", None)


def test_records_that_cannot_be_written_keep_the_signature_inside(desk: Desk) -> None:
    desk.records.log.close()
    answer = desk.ask("sign_enveloped", conclusion(1))
    assert (answer.text("outcome"), answer.text("reason"), answer.content) == ("failed", "records", b"")
    desk.records = open_records(desk.daemon.state)
    desk.service = desk.load()
    assert desk.records.book.count(load_settings(desk.daemon.settings).keys["main"], "", NOW.date()).used == 1


def test_reason_is_short_whatever_the_document_says(desk: Desk) -> None:
    long = STORED.replace(b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", b"urn:" + b"x" * 50_000)
    assert long != STORED
    answer = desk.ask("sign_body", envelope(as_text(long)))
    assert answer.text("reason") == "unsigned"
    assert len(answer.text("text")) <= 1000
    assert desk.daemon.log.stat().st_size < 5000


def test_what_is_too_large_to_leave_is_not_logged_as_signed(desk: Desk) -> None:
    answer = desk.ask("sign_enveloped", conclusion(1, post=">" * 600_000).replace(b"&gt;", b">"))
    assert (answer.text("outcome"), answer.text("reason"), answer.content) == ("unreadable", "not-signable", b"")
    assert [line["event"] for line in desk.daemon.lines()] == ["refused"]


def test_key_that_does_not_answer_is_not_a_refusal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> bytes:
        raise SignerUnreachableError("the token is not there")

    monkeypatch.setattr("kzeds.signer_daemon.service.sign_enveloped", away)
    answer = desk.ask("sign_enveloped", conclusion(1))
    assert (answer.text("outcome"), answer.text("reason")) == ("failed", "key")
    assert "the token is not there" in answer.text("text")


def test_what_is_sealed_twice_is_not_signable(desk: Desk) -> None:
    answer = desk.ask("sign_body", sign_body(envelope(as_text(STORED)), key()))
    assert (answer.text("outcome"), answer.text("reason")) == ("unreadable", "not-signable")


def test_log_that_was_cut_off_or_exchanged_lets_no_signature_out(desk: Desk) -> None:
    desk.sign(conclusion(1))
    whole = desk.daemon.log.read_bytes()
    for spoil in (
        lambda: os.truncate(desk.daemon.log, 0),
        lambda: desk.daemon.log.rename(desk.daemon.log.with_suffix(".1")),
        lambda: desk.daemon.log.write_bytes(whole),
    ):
        spoil()
        answer = desk.ask("sign_enveloped", conclusion(2))
        assert (answer.text("outcome"), answer.text("reason"), answer.content) == ("failed", "records", b"")


def test_state_of_another_user_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kzeds.signer_daemon.assembly.os.geteuid", lambda: desk.daemon.state.stat().st_uid + 1)
    with pytest.raises(SignerSettingsError, match="belongs to another user"):
        open_records(desk.daemon.state)


@pytest.mark.parametrize("name", ["quota.sqlite3", "signatures.log"])
def test_records_are_not_looked_for_elsewhere(tmp_path: Path, name: str) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        open_records(state)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("open_one", ["ca", "ca/nca.pem", "owner.cer"])
def test_trust_that_others_may_change_is_refused(open_desk: Callable[..., Desk], tmp_path: Path, open_one: str) -> None:
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca" / "nca.pem").write_bytes(kzeds_material.pki().nca_ca.read_bytes())
    (tmp_path / "owner.cer").write_bytes(certificate().der)
    desk = open_desk('authorities = "ca"\ncertificates = ["owner.cer"]\n')
    desk.load()
    (tmp_path / open_one).chmod(0o777)
    with pytest.raises(SignerSettingsError, match=r"chmod go-w .*" + open_one):
        desk.load()


class PowerCutError(BaseException):
    """Nothing catches it."""


@pytest.mark.parametrize("moment", ["kzeds.signer_daemon.service.sign_enveloped", "kzeds.signer_daemon.log.os.fsync"])
def test_death_between_count_and_answer_leaves_the_document_counted_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def cut(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patched:
        patched.setattr(moment, cut)
        with pytest.raises(PowerCutError):
            desk.sign(conclusion(1))
    desk.close()
    desk.records = open_records(desk.daemon.state)
    desk.service = desk.load()
    rule = load_settings(desk.daemon.settings).keys["main"]
    assert desk.records.book.count(rule, "", NOW.date()).used == 1
    assert desk.sign(conclusion(1))
    assert desk.records.book.count(rule, "", NOW.date()).used == 1
