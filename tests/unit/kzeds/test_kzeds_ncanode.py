"""NCANode as a signer: what it gets, what is believed of its answers, and what a fault turns into."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kzeds import KeyKind, verify_body, verify_enveloped
from kzeds.errors import (
    CertificateExpiredError,
    DamagedKeyFileError,
    KeyMayNotSignError,
    MalformedXmlError,
    NotSignableError,
    SignerRefusedError,
    SignerUnreachableError,
    SignerUntrustworthyError,
    WrongPasswordError,
)
from kzeds.signers import private_http
from kzeds.signers.ncanode import NcanodeSigner
from kzeds.xml import parse, to_bytes
from kzeds.xmldsig import detach_signature
from support.kzeds_kinds import key_of, pki_of
from support.kzeds_material import CONTRACT, ENVELOPE, NOW, shared
from support.ncanode_server import Fault, NcanodeServer, Reply, refusal, running_ncanode, sign, signed_reply

QUICK = timedelta(seconds=0.3)


@pytest.fixture
def server() -> Iterator[NcanodeServer]:
    with running_ncanode() as running:
        yield running


def signer_of(server: NcanodeServer, kind: KeyKind = KeyKind.RSA, name: str = "employer", **more: Any) -> NcanodeSigner:
    pki = pki_of(kind)
    return NcanodeSigner(server.url, pki.key_file(name).read_bytes(), pki.password_file(name).read_text(), **more)


@pytest.mark.parametrize("kind", KeyKind)
def test_documents_of_every_kind_come_back_signed_by_the_expected_key(server: NcanodeServer, kind: KeyKind) -> None:
    signer = signer_of(server, kind)
    assert signer.certificate == key_of(kind).certificate
    assert server.requests == [], "the certificate is read from the file"
    document = verify_enveloped(signer.sign_enveloped(CONTRACT), trusted=[signer.certificate])
    body = verify_body(signer.sign_body(ENVELOPE), trusted=[signer.certificate])
    assert document.element.tag.endswith("contractRequest")
    assert body.body[0].tag.endswith("SendMessage")
    assert [path for path, _ in server.requests] == ["/xml/sign", "/wsse/sign"]
    signer.require_may_sign(NOW)


def test_request_is_the_one_that_ncanode_documents(server: NcanodeServer) -> None:
    signer = signer_of(server)
    signer.sign_enveloped(CONTRACT)
    signer.sign_body(ENVELOPE)
    enveloped, wsse = (asked for _, asked in server.requests)
    assert set(enveloped) == {"xml", "signers", "clearSignatures", "trimXml"}
    assert (enveloped["clearSignatures"], enveloped["trimXml"]) == (False, False)
    assert [set(one) for one in enveloped["signers"]] == [{"key", "password", "keyAlias"}]
    assert set(wsse) == {"xml", "key", "password", "keyAlias", "trimXml"}


def test_document_in_another_encoding_is_sent_as_utf_8(server: NcanodeServer) -> None:
    document = '<?xml version="1.0" encoding="windows-1251"?><a b="Ж">Привет</a>'.encode("cp1251")
    signed = signer_of(server).sign_enveloped(document)
    assert verify_enveloped(signed, trusted=None).element.text == "Привет"
    assert "Привет" in signed.decode()


@pytest.mark.parametrize("name", ["employer-auth", "employer-expired"])
def test_auth_and_expired_keys_are_told_apart_before_anything_is_sent(server: NcanodeServer, name: str) -> None:
    expected = {"employer-auth": KeyMayNotSignError, "employer-expired": CertificateExpiredError}[name]
    with pytest.raises(expected):
        signer_of(server, name=name).require_may_sign(NOW)
    assert server.requests == []


def test_what_cannot_be_signed_is_not_sent(server: NcanodeServer) -> None:
    signer = signer_of(server)
    with pytest.raises(NotSignableError):
        signer.sign_enveloped(sign("/xml/sign", CONTRACT, key_of(KeyKind.RSA)))
    with pytest.raises(NotSignableError):
        signer.sign_body(sign("/wsse/sign", ENVELOPE, key_of(KeyKind.RSA)))
    with pytest.raises(MalformedXmlError):
        signer.sign_enveloped(b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>")
    with pytest.raises(SignerRefusedError) as refused:
        signer.sign_body(ENVELOPE, body_id="id-1")
    assert refused.value.reason == "body_id"
    assert server.requests == []


def altered(change: Callable[[bytes], bytes]) -> Fault:
    """Sign something else than was asked for, properly."""
    return lambda path, asked: signed_reply(sign(path, change(asked["xml"].encode()), key_of(KeyKind.RSA)))


def by_another_key(path: str, asked: dict[str, Any]) -> Reply:
    return signed_reply(sign(path, asked["xml"].encode(), key_of(KeyKind.RSA, "employer-2")))


def changed_afterwards(path: str, asked: dict[str, Any]) -> Reply:
    reply = signed_reply(sign(path, asked["xml"].encode(), key_of(KeyKind.RSA)))
    return Reply(200, reply.body.replace(b"2511-1-002", b"2511-1-003").replace(b"SendMessage", b"SendMassage"))


UNTRUSTWORTHY: dict[str, Fault] = {
    "altered and then signed": altered(
        lambda xml: xml.replace(b"2511-1-002", b"2511-1-003").replace(b"<request>", b"<request><more/>")
    ),
    "signed by another key": by_another_key,
    "altered after signing": changed_afterwards,
    "not signed at all": lambda _, asked: Reply(200, json.dumps({"status": 200, "xml": asked["xml"]}).encode()),
    "cut short inside": lambda _, asked: Reply(200, json.dumps({"status": 200, "xml": asked["xml"][:50]}).encode()),
    "no xml": lambda _, __: Reply(200, b'{"status": 200, "message": "OK"}'),
    "a page of another server": lambda _, __: Reply(200, b"<html><body>It works!</body></html>"),
    "half a character": lambda _, __: Reply(200, b'{"status": 200, "xml": "<a>\\ud800</a>"}'),
    "a status that is none": lambda _, __: Reply(200, b'{"status": [200], "xml": "<a/>", "message": {}}'),
    "a list": lambda _, __: Reply(200, b"[]"),
    "nested too deeply": lambda _, __: Reply(200, b"[" * 200_000),
    "nothing": lambda _, __: Reply(200, b""),
    "another server's 404": lambda _, __: Reply(404, b"<html>not found</html>"),
}


@pytest.mark.parametrize("fault", UNTRUSTWORTHY.values(), ids=UNTRUSTWORTHY.keys())
def test_answer_other_than_asked_for_is_thrown_away(server: NcanodeServer, fault: Fault) -> None:
    signer = signer_of(server)
    server.fault = fault
    with pytest.raises(SignerUntrustworthyError):
        signer.sign_enveloped(CONTRACT)
    with pytest.raises(SignerUntrustworthyError):
        signer.sign_body(ENVELOPE)


def test_answer_is_read_up_to_a_limit(server: NcanodeServer) -> None:
    signer = signer_of(server)
    server.fault = lambda _, __: Reply(200, b" " * (private_http.MAXIMUM_SIZE + 1))
    with pytest.raises(SignerUntrustworthyError, match="more than"):
        signer.sign_enveloped(CONTRACT)


def test_redirect_is_not_followed_with_the_key(server: NcanodeServer) -> None:
    signer = signer_of(server)
    with running_ncanode() as elsewhere:
        server.fault = lambda path, _: Reply(307, b"", location=elsewhere.url + path)
        with pytest.raises(SignerUntrustworthyError):
            signer.sign_enveloped(CONTRACT)
        assert elsewhere.requests == []


def test_no_proxy_of_the_environment_sees_the_key(server: NcanodeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_ncanode() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)
        signer_of(server).sign_enveloped(CONTRACT)
        assert proxy.requests == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (refusal(500, "signers[0]: Key reading error: Password incorrect."), "wrong_password"),
        (refusal(400, "Key reading error: Password incorrect."), "wrong_password"),
        (refusal(400, "Key reading error: Password incorrect.", http=200), "wrong_password"),
        (refusal(500, "Key reading error: Key does not have 'x' alias"), "unknown_alias"),
        (refusal(400, "Key reading error: Invalid format."), "key_file"),
        (refusal(500, "Cannot read XML"), "document"),
        (refusal(400, "certificate expired on 2020-01-01"), "expired"),
        (refusal(400, "xml: must not be empty"), "request"),
        (refusal(403, "Forbidden"), "access"),
        (Reply(401, b"<html>who are you?</html>"), "access"),
    ],
)
def test_refusal_of_ncanode_says_why(server: NcanodeServer, reply: Reply, reason: str) -> None:
    signer = signer_of(server)
    server.fault = lambda _, __: reply
    with pytest.raises(SignerRefusedError) as refused:
        signer.sign_enveloped(CONTRACT)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "reply",
    [
        refusal(500, "Internal server error"),
        refusal(500, "Internal server error", http=200),
        Reply(502, b"<html>bad gateway</html>"),
        Reply(200, b'{"status": 200, "xml": "<a/>"', missing=40),
        Reply(200, b'{"status": 200, "xml": "<a/>"}', pause=30),
        Reply(200, b'{"status": 200, "xml": "<a/>"}', pause=0.1),
    ],
    ids=["500", "200 that says 500", "proxy's 502", "broken off", "silent", "drop by drop"],
)
def test_failure_leaves_open_whether_it_signed(server: NcanodeServer, reply: Reply) -> None:
    signer = signer_of(server, timeout=QUICK)
    server.fault = lambda _, __: reply
    with pytest.raises(SignerUnreachableError):
        signer.sign_enveloped(CONTRACT)


def test_headers_drop_by_drop_are_cut_off() -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        speaking = threading.Thread(target=_drop_headers, args=(listening, done), daemon=True)
        speaking.start()
        pki = pki_of(KeyKind.RSA)
        place = f"http://127.0.0.1:{listening.getsockname()[1]}"
        signer = NcanodeSigner(
            place, pki.key_file("employer").read_bytes(), pki.password_file("employer").read_text(), timeout=QUICK
        )
        with pytest.raises(SignerUnreachableError, match="did not answer"):
            signer.sign_enveloped(CONTRACT)
        done.set()
        speaking.join(5)
        assert not speaking.is_alive()


def _drop_headers(listening: socket.socket, done: threading.Event) -> None:
    """Answer one letter at a time, for ever, as long as somebody listens."""
    talking, _ = listening.accept()
    with talking, suppress(OSError):
        talking.recv(65536)
        while not done.wait(QUICK.total_seconds() / 10):
            talking.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def test_server_that_is_away_is_unreachable() -> None:
    with running_ncanode() as server:
        signer = signer_of(server, timeout=QUICK)
    with pytest.raises(SignerUnreachableError):
        signer.sign_body(ENVELOPE)


@pytest.mark.parametrize(
    "url",
    [
        "http://ncanode.example:14579",
        "http://10.0.0.7:14579",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://user:secret@127.0.0.1",
        "https://user:secret@ncanode.example",
        "https://ncanode.example/?key=1",
        "ftp://127.0.0.1",
        "unix:///run/ncanode",
        "https://",
        "http://[::1",
        "https://ncanode.example:99999",
        "",
    ],
)
def test_key_goes_over_tls_or_stays_on_this_machine(url: str) -> None:
    pki = pki_of(KeyKind.RSA)
    with pytest.raises(SignerRefusedError) as refused:
        NcanodeSigner(url, pki.key_file("employer").read_bytes(), pki.password_file("employer").read_text())
    assert refused.value.reason == "address"
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost/", "http://[::1]:14579", "https://n.example/x/"]
)
def test_addresses_that_a_key_may_go_to(url: str) -> None:
    pki = pki_of(KeyKind.RSA)
    NcanodeSigner(url, pki.key_file("employer").read_bytes(), pki.password_file("employer").read_text())


def test_server_certificate_is_verified(pki: Path, tmp_path: Path) -> None:
    with running_ncanode(certificate=pki / "tls.pem", key=pki / "tls.key") as server:
        stranger = signer_of(server)
        with pytest.raises(SignerUnreachableError, match="not trusted"):
            stranger.sign_enveloped(CONTRACT)
        assert server.requests == []
        verify_enveloped(signer_of(server, ca_file=pki / "tls-ca.pem").sign_enveloped(CONTRACT), trusted=None)
    empty = tmp_path / "none.pem"
    empty.write_text("")
    for wrong in (tmp_path / "missing.pem", empty):
        with pytest.raises(SignerRefusedError) as refused:
            NcanodeSigner("https://n.example", b"", "x", ca_file=wrong)
        assert refused.value.reason == "ca_file"


def test_address_may_have_a_path(server: NcanodeServer) -> None:
    pki = pki_of(KeyKind.RSA)
    key, password = pki.key_file("employer").read_bytes(), pki.password_file("employer").read_text()
    NcanodeSigner(f"{server.url}/ncanode/", key, password).sign_enveloped(CONTRACT)
    assert server.requests[0][0] == "/ncanode/xml/sign"


def test_key_file_is_checked_before_the_first_request() -> None:
    data = pki_of(KeyKind.RSA).key_file("employer").read_bytes()
    with pytest.raises(WrongPasswordError):
        NcanodeSigner("http://127.0.0.1:1", data, "wrong")
    with pytest.raises(DamagedKeyFileError):
        NcanodeSigner("http://127.0.0.1:1", data[:-9], "wrong")


def test_certificate_of_a_file_that_only_ncanode_opens_is_asked_for_once(server: NcanodeServer) -> None:
    server.keys["second"] = key_of(KeyKind.RSA)
    signer = NcanodeSigner(server.url, b"a file with several keys", "password", alias="second")
    assert server.requests == []
    first, *_ = (signer.certificate for _ in range(3))
    assert first == key_of(KeyKind.RSA).certificate
    assert len(server.requests) == 1
    assert "certificateOfThisKey" in server.requests[0][1]["xml"]
    server.keys["second"] = key_of(KeyKind.RSA, "employer-2")
    with pytest.raises(SignerUntrustworthyError):
        signer.sign_enveloped(CONTRACT)
    with pytest.raises(SignerRefusedError) as refused:
        NcanodeSigner(server.url, b"a file with several keys", "password", alias="third").require_may_sign(NOW)
    assert refused.value.reason == "unknown_alias"


def test_neither_key_nor_password_is_shown(server: NcanodeServer) -> None:
    pki = pki_of(KeyKind.RSA)
    password = pki.password_file("employer").read_text()
    signer = signer_of(server)
    server.fault = lambda _, asked: refusal(400, f"detailed errors are on: {json.dumps(asked)}")
    with pytest.raises(SignerRefusedError) as refused:
        signer.sign_enveloped(CONTRACT)
    for text in (repr(signer), str(refused.value), repr(refused.value)):
        assert password not in text
        assert "MII" not in text


def test_threads_share_a_signer(server: NcanodeServer) -> None:
    signer = signer_of(server)
    documents = [f"<a><n>{number}</n></a>".encode() for number in range(8)]
    signed: dict[bytes, bytes] = {}
    threads = [
        threading.Thread(target=lambda one=one: signed.update({one: signer.sign_enveloped(one)})) for one in documents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [verify_enveloped(signed[one], trusted=None).element[0].text for one in documents] == [
        str(n) for n in range(8)
    ]


@pytest.mark.parametrize("kind", ["gost2015", "gost2004", "rsa"])
def test_what_the_ncas_own_library_wrote_is_taken(server: NcanodeServer, kind: str) -> None:
    """The nearest thing to a real NCANode: documents that the library behind it signed, in its layout and spelling."""
    enveloped, envelope = (shared(f"vectors/{kind}-{layout}.xml").read_bytes() for layout in ("enveloped", "wsse"))
    server.fault = lambda path, _: as_ncanode(enveloped if path == "/xml/sign" else envelope)
    holder = verify_enveloped(enveloped, trusted=None).certificate
    signer = signer_of(server)
    signer._certificate = holder
    assert signer.sign_enveloped(without_signature(enveloped, "Signature")) == enveloped.strip()
    assert signer.sign_body(without_signature(envelope, "Security")) == envelope.strip()
    with pytest.raises(SignerUntrustworthyError):
        signer.sign_enveloped(CONTRACT)


def as_ncanode(document: bytes) -> Reply:
    return Reply(200, json.dumps({"status": 200, "message": "OK", "xml": document.decode().strip()}).encode())


def without_signature(document: bytes, name: str) -> bytes:
    root = parse(document)
    for found in list(root.iter(f"{{*}}{name}")):
        detach_signature(found)
    return to_bytes(root, like=document)
