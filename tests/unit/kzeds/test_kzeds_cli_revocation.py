"""`kzeds revocation`: exit code 0 good, 1 revoked, 2 cannot tell; files are imported only when they are proven."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kzeds import HttpFetch, KeyKind, SigningKey, load_pkcs12
from kzeds.answering import make_ocsp_answer
from kzeds.certificate import Certificate
from kzeds.errors import UnreachableError
from kzeds.revocation.ocsp import make_request
from kzeds.test_pki import TestPki, make_test_pki
from support.kzeds_authority import http_server
from support.kzeds_command import Run, run_kzeds


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    """Make a PKI that is valid now, because the command looks at the clock."""
    place = tmp_path_factory.mktemp("kzeds-revocation") / "pki"
    return make_test_pki(place, now=datetime.now(UTC), kind=KeyKind.GOST_2015)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return partial(run_kzeds, monkeypatch, capsys, "revocation")


def _asked(pki: TestPki, name: str = "employer") -> tuple[str | Path, ...]:
    return ("check", pki.certificate_file(name), "--issuer", pki.nca_ca)


def _responder(pki: TestPki) -> SigningKey:
    return load_pkcs12(pki.key_file("ocsp").read_bytes(), pki.password_file("ocsp").read_text())


def _said(pki: TestPki, request: bytes) -> bytes:
    issuer = Certificate.load(pki.nca_ca)
    return make_ocsp_answer(_responder(pki), issuer, request, at=datetime.now(UTC), revoked={})


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [("employer", "good", 0), ("employer-revoked", "revoked", 1), ("stranger", "unknown", 2)],
)
def test_check_tells_by_its_exit_code(run: Run, today: TestPki, name: str, status: str, code: int) -> None:
    lists = ("--crl", today.crl, "--delta", today.delta_crl)
    done, out, err = run(*_asked(today, name), *lists, "--json")
    report: dict[str, Any] = json.loads(out)
    assert (done, err, report["status"]) == (code, "", status)
    assert (report["revocation_reason"] == "key_compromise") is (status == "revoked")
    assert run(*_asked(today, name), *lists)[1].splitlines()[1] == f"status                {status}"


def test_check_without_a_source_names_those_there_are(run: Run, today: TestPki) -> None:
    code, out, err = run(*_asked(today))
    assert (code, out, "--crl, --ocsp-response, --ocsp or --store" in err) == (2, "", True)


def test_check_reads_an_ocsp_answer_and_asks_a_responder(run: Run, today: TestPki, tmp_path: Path) -> None:
    holder, issuer = Certificate.load(today.certificate_file("employer")), Certificate.load(today.nca_ca)
    (tmp_path / "answer").write_bytes(_said(today, make_request(holder, issuer).der))
    assert run(*_asked(today), "--ocsp-response", tmp_path / "answer")[0] == 0
    with http_server(lambda _, body: (200, _said(today, body))) as url:
        assert run(*_asked(today), "--ocsp", url)[0] == 0
        assert run(*_asked(today, "employer-revoked"), "--ocsp", url, "--crl", today.crl)[0] == 1
    assert run(*_asked(today), "--ocsp", url)[0] == 2


def test_check_refuses_a_delta_without_its_list(run: Run, today: TestPki) -> None:
    code, _, err = run(*_asked(today), "--delta", today.delta_crl)
    assert (code, "complete list" in err) == (2, True)


def test_files_that_cannot_be_read_are_named(run: Run, today: TestPki, tmp_path: Path) -> None:
    code, _, err = run(*_asked(today), "--crl", tmp_path / "missing.crl")
    assert (code, "missing.crl" in err) == (2, True)


def test_imported_files_answer_later(run: Run, today: TestPki, tmp_path: Path) -> None:
    store = tmp_path / "store"
    code, out, _ = run("import", store, today.crl, today.delta_crl, "--trust", today.directory)
    assert (code, out.count(": imported")) == (0, 2)
    assert "not newer than what is there" in run("import", store, today.crl, "--trust", today.directory)[1]
    assert run(*_asked(today), "--store", store)[0] == 0
    assert run(*_asked(today, "employer-revoked"), "--store", store)[0] == 1


def test_import_goes_on_behind_a_file_that_proves_nothing(run: Run, today: TestPki, tmp_path: Path) -> None:
    code, out, err = run("import", tmp_path / "store", today.tls_key, today.crl, "--trust", today.directory)
    assert (code, out.count(": imported")) == (2, 1)
    assert err == (
        f"kzeds: {today.tls_key}: the bytes are neither a CRL nor an OCSP answer that can be read; "
        "it was not imported\n"
    )


def test_certificate_of_an_https_server_is_verified(today: TestPki) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(today.tls_certificate, today.tls_key)
    with http_server(lambda *_: (200, b"list"), tls=tls) as url:
        with pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
            HttpFetch()(url)
        assert HttpFetch(tls=ssl.create_default_context(cafile=today.tls_ca))(url) == b"list"
