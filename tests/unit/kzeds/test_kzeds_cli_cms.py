"""`kzeds sign --cms` and `kzeds verify --cms` with time stamps; what `kzeds verify` answers about revocation."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kzeds import HttpFetch, KeyKind, SigningKey, load_pkcs12
from kzeds.answering import make_ocsp_answer, make_timestamp, refuse_timestamp
from kzeds.certificate import Certificate
from kzeds.cms import sign_detached, verify_detached
from kzeds.cms_timestamp import add_timestamp, stamped_bytes, timestamp_in
from kzeds.errors import MalformedSignatureError
from kzeds.test_pki import TestPki, make_test_pki
from kzeds.timestamp import verify_timestamp
from kzeds.tsp import fetch_timestamp
from support.kzeds_authority import http_server
from support.kzeds_command import Run, run_kzeds
from support.kzeds_material import CONTRACT
from support.kzeds_mutation import Node, read


@pytest.fixture(scope="module", params=[KeyKind.GOST_2015, KeyKind.RSA])
def today(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    """Make a PKI that is valid now, because the command looks at the clock."""
    return make_test_pki(tmp_path_factory.mktemp("kzeds-cms") / "pki", now=datetime.now(UTC), kind=request.param)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return partial(run_kzeds, monkeypatch, capsys)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    (tmp_path / "evidence.bin").write_bytes(b"\x00evidence\r\n")
    return tmp_path / "evidence.bin"


def _key(pki: TestPki, name: str = "employer") -> tuple[str | Path, ...]:
    return (pki.key_file(name), "--password-file", pki.password_file(name))


def _opened(pki: TestPki, name: str) -> SigningKey:
    return load_pkcs12(pki.key_file(name).read_bytes(), pki.password_file(name).read_text())


def _stamp(pki: TestPki, request: bytes) -> bytes:
    return make_timestamp(_opened(pki, "tsa"), request, at=datetime.now(UTC))


def _verdict(done: tuple[int, str, str]) -> tuple[int, dict[str, Any]]:
    report: dict[str, Any] = json.loads(done[1])
    return done[0], report


def test_detached_signature_is_made_and_verified(run: Run, today: TestPki, content: Path, tmp_path: Path) -> None:
    signature = tmp_path / "signature.p7s"
    assert run("sign", "--cms", *_key(today), content, "-o", signature) == (0, "", "")
    assert signature.stat().st_mode & 0o777 == 0o600
    code, report = _verdict(
        run("verify", "--cms", signature, "--content", content, "--trust", today.directory, "--json")
    )
    assert (code, report["valid"], report["covers"], report["timestamp"]) == (0, True, str(content), None)
    assert datetime.fromisoformat(report["signing_time"]).tzinfo is not None
    assert report["chain"].startswith("trusted")
    assert report["certificate"]["bin"] == "200940000013"
    assert report["certificate"]["days_left"] in {364, 365}


def test_signature_in_pem_is_read(run: Run, today: TestPki, content: Path, tmp_path: Path) -> None:
    der = sign_detached(content.read_bytes(), _opened(today, "employer"), at=datetime.now(UTC))
    body = base64.encodebytes(der)
    (tmp_path / "pem").write_bytes(b"-----BEGIN CMS-----\n" + body + b"-----END CMS-----\n")
    assert run("verify", "--cms", tmp_path / "pem", "--content", content)[0] == 0
    (tmp_path / "pem").write_bytes(b"-----BEGIN CMS-----\n" + body)
    assert run("verify", "--cms", tmp_path / "pem", "--content", content)[0] == 1


def test_changed_content_is_not_valid(run: Run, today: TestPki, content: Path, tmp_path: Path) -> None:
    assert run("sign", "--cms", *_key(today), content, "-o", tmp_path / "s")[0] == 0
    content.write_bytes(content.read_bytes() + b" ")
    code, report = _verdict(run("verify", "--cms", tmp_path / "s", "--content", content, "--json"))
    assert (code, report["error"], report["valid"]) == (1, "DigestMismatchError", False)


def test_auth_key_makes_no_detached_signature(run: Run, today: TestPki, content: Path, tmp_path: Path) -> None:
    code, _, err = run("sign", "--cms", *_key(today, "employer-auth"), content, "-o", tmp_path / "s")
    assert (code, "AUTH" in err, (tmp_path / "s").exists()) == (1, True, False)


def test_time_stamp_goes_into_the_signature(run: Run, today: TestPki, content: Path, tmp_path: Path) -> None:
    signature = tmp_path / "s"
    with http_server(lambda _, body: (200, _stamp(today, body))) as url:
        asked = ("--timestamp", url, "--trust", today.directory)
        assert run("sign", "--cms", *_key(today), content, "-o", signature, *asked) == (0, "", "")
    checked = ("verify", "--cms", signature, "--content", content, "--json")
    assert _verdict(run(*checked))[1]["timestamp"] == "not judged"
    code, report = _verdict(run(*checked, "--trust", today.directory))
    assert (code, report["valid"]) == (0, True)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(report["timestamp"])).total_seconds()) < 60


def _in_indefinite_frames(signature: bytes) -> bytes:
    """As Bouncy Castle writes it by default, and what is built on it: BER outside, DER in what is signed."""

    def frame(node: Node, inside: list[bytes]) -> bytes:
        return bytes([node.tag, 0x80]) + b"".join(inside) + b"\0\0"

    whole = read(signature)
    kind, holder = whole.children or []
    signed = (holder.children or [])[0]
    parts = [one.written() for one in signed.children or []]
    for place in (2, 3):
        node = (signed.children or [])[place]
        parts[place] = frame(node, [one.written() for one in node.children or []])
    return frame(whole, [kind.written(), frame(holder, [frame(signed, parts)])])


def test_signature_in_frames_of_indefinite_length_is_read(
    run: Run, today: TestPki, content: Path, tmp_path: Path
) -> None:
    plain = sign_detached(content.read_bytes(), _opened(today, "employer"), at=datetime.now(UTC))
    with http_server(lambda _, body: (200, _stamp(today, body))) as url:
        authorities = [Certificate.load(today.nca_ca)]
        token = fetch_timestamp(stamped_bytes(plain), url, HttpFetch(), authorities, at=lambda: datetime.now(UTC)).token
    for signature, stamp in ((plain, None), (add_timestamp(plain, token), token)):
        framed = _in_indefinite_frames(signature)
        assert framed.startswith(b"\x30\x80")
        assert (timestamp_in(framed), stamped_bytes(framed)) == (stamp, stamped_bytes(plain))
        (tmp_path / "s").write_bytes(framed)
        checked = ("verify", "--cms", tmp_path / "s", "--content", content, "--trust", today.directory, "--json")
        code, report = _verdict(run(*checked))
        assert (code, report["valid"], report["timestamp"] is None) == (0, True, stamp is None)


@pytest.mark.parametrize("answer", ["refused", "silent", "of a stranger"])
def test_without_a_good_time_stamp_nothing_is_written(
    answer: str, run: Run, today: TestPki, content: Path, tmp_path: Path
) -> None:
    other = make_test_pki(tmp_path / "other", now=datetime.now(UTC), kind=KeyKind.GOST_2015)
    answers: dict[str, Callable[[bytes], tuple[int, bytes]]] = {
        "refused": lambda _: (200, refuse_timestamp()),
        "silent": lambda _: (503, b""),
        "of a stranger": lambda body: (200, _stamp(other, body)),
    }
    with http_server(lambda _, body: answers[answer](body)) as url:
        asked = ("--timestamp", url, "--trust", today.directory)
        code, _, err = run("sign", "--cms", *_key(today), content, "-o", tmp_path / "s", *asked)
    assert (code, err.startswith("kzeds: ")) == (1, True)
    assert not (tmp_path / "s").exists()


def test_time_stamp_of_another_signature_is_not_valid(run: Run, today: TestPki, content: Path, tmp_path: Path) -> None:
    key, at = _opened(today, "employer"), datetime.now(UTC)
    authorities = [Certificate.load(today.nca_ca)]
    with http_server(lambda _, body: (200, _stamp(today, body))) as url:
        stamp = fetch_timestamp(b"something else", url, HttpFetch(), authorities, at=lambda: datetime.now(UTC))
    (tmp_path / "s").write_bytes(add_timestamp(sign_detached(content.read_bytes(), key, at=at), stamp.token))
    checked = ("verify", "--cms", tmp_path / "s", "--content", content, "--trust", today.directory, "--json")
    code, report = _verdict(run(*checked))
    assert (code, report["timestamp"], report["error"]) == (1, "refused", "TimestampMismatchError")


def test_added_time_stamp_leaves_the_signature_as_it_is(today: TestPki) -> None:
    at, key = datetime.now(UTC), _opened(today, "employer")
    plain = sign_detached(b"data", key, at=at)
    with http_server(lambda _, body: (200, _stamp(today, body))) as url:
        authorities = [Certificate.load(today.nca_ca)]
        token = fetch_timestamp(stamped_bytes(plain), url, HttpFetch(), authorities, at=lambda: datetime.now(UTC)).token
    stamped = add_timestamp(plain, token)
    assert (timestamp_in(plain), timestamp_in(stamped)) == (None, token)
    assert stamped_bytes(stamped) == stamped_bytes(plain)
    assert verify_detached(stamped, b"data", trusted=[key.certificate]).certificate == key.certificate
    assert verify_timestamp(token, stamped_bytes(stamped), authorities, at=datetime.now(UTC)).token == token
    with pytest.raises(MalformedSignatureError, match="already"):
        add_timestamp(stamped, token)
    with pytest.raises(MalformedSignatureError):
        timestamp_in(b"junk")


@pytest.mark.parametrize(
    "options",
    [
        ("sign", "--cms", "--wsse", "k", "--password-file", "p", "i", "-o", "o"),
        ("sign", "k", "--password-file", "p", "i", "-o", "o", "--timestamp", "http://localhost/"),
        ("sign", "--cms", "k", "--password-file", "p", "i", "-o", "o", "--timestamp", "http://localhost/"),
        ("verify", "--cms", "s"),
        ("verify", "s", "--content", "c"),
        ("verify", "--cms", "--wsse", "s", "--content", "c"),
        ("verify", "s", "--ocsp", "http://localhost/"),
        ("verify", "s", "--trust", ".", "--crl", "http://localhost/"),
        ("verify", "s", "--trust", ".", "--ocsp", "http://localhost/", "--delta", "http://localhost/"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(options: tuple[str, ...], run: Run) -> None:
    code, out, err = run(*options)
    assert (code, out, "Invalid value" in err) == (2, "", True)


def _signed(run: Run, pki: TestPki, name: str, folder: Path) -> Path:
    (folder / "in.xml").write_bytes(CONTRACT)
    assert run("sign", *_key(pki, name), folder / "in.xml", "-o", folder / "signed.xml")[0] == 0
    return folder / "signed.xml"


@pytest.mark.parametrize(
    ("name", "code", "result", "answer"),
    [("employer", 0, "passed", "good"), ("employer-revoked", 1, "failed", "revoked")],
)
def test_imported_lists_decide(
    name: str, code: int, result: str, answer: str, run: Run, today: TestPki, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    assert run("revocation", "import", store, today.crl, today.delta_crl, "--trust", today.directory)[0] == 0
    signed = _signed(run, today, name, tmp_path)
    checked = ("verify", signed, "--trust", today.directory, "--revocation-store", store, "--json")
    done, report = _verdict(run(*checked))
    assert (done, report["result"], report["valid"], report["revocation"]) == (code, result, code == 0, answer)
    assert (report["revocation_reason"] == "key_compromise") is (answer == "revoked")


def test_unknown_is_never_good(run: Run, today: TestPki, tmp_path: Path) -> None:
    signed = _signed(run, today, "employer", tmp_path)
    checked = ("verify", signed, "--trust", today.directory, "--revocation-store", tmp_path / "empty", "--json")
    code, report = _verdict(run(*checked))
    assert (code, report["result"], report["valid"], report["revocation"]) == (2, "indeterminate", False, "unknown")
    assert (report["error"], report["chain"]) == ("RevocationUnknownError", "trusted, 2 certificates")


@pytest.mark.parametrize(("name", "code"), [("employer", 0), ("employer-revoked", 1)])
def test_servers_are_asked(name: str, code: int, run: Run, today: TestPki, tmp_path: Path) -> None:
    signed = _signed(run, today, name, tmp_path)
    files = {"/crl": today.crl.read_bytes(), "/delta": today.delta_crl.read_bytes()}
    issuer = Certificate.load(today.nca_ca)

    def answer(path: str, body: bytes) -> tuple[int, bytes]:
        if path in files:
            return 200, files[path]
        responder = _opened(today, "ocsp")
        return 200, make_ocsp_answer(responder, issuer, body, at=datetime.now(UTC), revoked={})

    with http_server(answer) as url:
        lists = ("--crl", f"{url}/crl", "--delta", f"{url}/delta", "--revocation-store", tmp_path / "store")
        asked = ("verify", signed, "--trust", today.directory, "--ocsp", url, *lists, "--json")
        done, report = _verdict(run(*asked))
    assert (done, report["valid"]) == (code, code == 0), report
    assert len(list((tmp_path / "store").glob("*.crl"))) == 2


def test_revocation_is_not_judged_unless_asked(run: Run, today: TestPki, tmp_path: Path) -> None:
    signed = _signed(run, today, "employer", tmp_path)
    text = run("verify", signed, "--trust", today.directory)[1]
    assert "revocation            not judged" in text
