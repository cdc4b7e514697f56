"""Whoever takes the wrong option, file or name is told the right one."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

import kzeds
from kzeds import Certificate, HttpFetch, SigningKey
from kzeds.errors import UnreachableError
from kzeds.package.texts import TEXTS
from kzeds.test_pki import TestPki, make_test_pki
from support.kzeds_command import Run, run_kzeds
from support.kzeds_material import CONTRACT, ENVELOPE, NOW


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    """Make a PKI that is valid now, because the command looks at the clock."""
    return make_test_pki(tmp_path_factory.mktemp("kzeds-hints") / "pki", now=datetime.now(UTC))


@pytest.fixture(scope="module")
def key(today: TestPki) -> SigningKey:
    password = kzeds.read_password(today.password_file("employer"))
    return kzeds.load_pkcs12(today.key_file("employer").read_bytes(), password)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return partial(run_kzeds, monkeypatch, capsys)


@pytest.mark.parametrize("prolog", [b"", b'<?xml version="1.0" encoding="UTF-8"?>\n', b"<!-- sent -->\n"])
def test_envelope_that_is_verified_without_wsse_is_told_apart(
    prolog: bytes, run: Run, key: SigningKey, tmp_path: Path
) -> None:
    (tmp_path / "m.xml").write_bytes(prolog + kzeds.sign_body(ENVELOPE, key))
    code, out, _ = run("verify", tmp_path / "m.xml")
    assert (code, "SOAP envelope, whose Body is checked with --wsse" in out) == (1, True)
    assert run("verify", "--wsse", tmp_path / "m.xml")[0] == 0


def test_document_that_is_verified_with_wsse_is_told_apart(run: Run, key: SigningKey, tmp_path: Path) -> None:
    (tmp_path / "d.xml").write_bytes(kzeds.sign_enveloped(CONTRACT, key))
    code, out, _ = run("verify", "--wsse", tmp_path / "d.xml")
    assert (code, "without --wsse a document that is no SOAP envelope is checked" in out) == (1, True)


@pytest.mark.parametrize("wsse", [(), ("--wsse",)])
def test_cms_signature_that_is_verified_as_xml_is_told_apart(
    wsse: tuple[str, ...], run: Run, key: SigningKey, tmp_path: Path
) -> None:
    (tmp_path / "d.p7s").write_bytes(kzeds.sign_detached(CONTRACT, key, at=datetime.now(UTC)))
    code, out, _ = run("verify", *wsse, tmp_path / "d.p7s")
    assert (code, "checked with --cms --content FILE" in out) == (2, True)


def test_document_of_the_right_kind_gets_no_hint(run: Run, tmp_path: Path) -> None:
    (tmp_path / "d.xml").write_bytes(CONTRACT)
    (tmp_path / "m.xml").write_bytes(ENVELOPE)
    for arguments in ((tmp_path / "d.xml",), ("--wsse", tmp_path / "m.xml")):
        reason = next(line for line in run("verify", *arguments)[1].splitlines() if line.startswith("reason"))
        assert "--" not in reason


def test_info_writes_the_certificate_that_revocation_check_asks_for(run: Run, today: TestPki, tmp_path: Path) -> None:
    secret = ("--password-file", today.password_file("employer"))
    assert run("info", today.key_file("employer"), *secret, "--certificate", tmp_path / "mine.pem")[0] == 0
    assert Certificate.load(tmp_path / "mine.pem") == Certificate.load(today.certificate_file("employer"))
    asked = ("revocation", "check", tmp_path / "mine.pem", "--issuer", today.nca_ca)
    assert run(*asked, "--crl", today.crl)[0] == 0
    code, _, err = run(*asked)
    assert (code, "--crl, --ocsp-response, --ocsp or --store" in err) == (2, True)


@pytest.mark.parametrize("over", ["key", "password", "document"])
def test_nothing_is_written_over_a_key_its_password_or_what_is_signed_apart(
    run: Run, today: TestPki, tmp_path: Path, over: str
) -> None:
    kept = {
        "key": today.key_file("employer").read_bytes(),
        "password": today.password_file("employer").read_bytes(),
        "document": CONTRACT,
    }
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
    asked = (tmp_path / "key", "--password-file", tmp_path / "password")
    commands: list[tuple[str | Path, ...]] = [("sign", *asked, "--cms", tmp_path / "document", "-o", tmp_path / over)]
    if over != "document":
        commands.append(("info", *asked, "--certificate", tmp_path / over))
        commands.append(("sign", *asked, tmp_path / "document", "-o", tmp_path / over))
    for command in commands:
        code, _, err = run(*command)
        assert (code, "it would be written over" in err) == (2, True)
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept
    assert run("sign", *asked, tmp_path / "document", "-o", tmp_path / "document")[0] == 0


def test_no_certificate_at_all_cannot_be_told(run: Run, today: TestPki, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    code, _, err = run("revocation", "import", tmp_path / "store", today.crl, "--trust", tmp_path / "none")
    assert (code, bool(err)) == (2, True)


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"<!-- a --><!-- b -->", b"\xef\xbb\xbf<?xml version='1.0'?>\n"])
def test_an_envelope_is_known_behind_what_may_stand_before_it(run: Run, tmp_path: Path, before: bytes) -> None:
    (tmp_path / "m.xml").write_bytes(before + ENVELOPE)
    assert "no SOAP envelope" not in run("verify", "--wsse", tmp_path / "m.xml")[1]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("tsp.pki.gov.kz", "tsp.pki.gov.kz is not"),
        ("tsp.pki.gov.kz/?token=1", "tsp.pki.gov.kz/ is not"),
        ("ftp://tsp.pki.gov.kz/", "ftp://tsp.pki.gov.kz/ is not"),
        ("me:secret@tsp.pki.gov.kz", "the address is not"),
        ("ftp://me:secret@tsp.pki.gov.kz/", "ftp://tsp.pki.gov.kz/ is not"),
    ],
)
def test_address_without_http_is_shown_as_it_was_written_but_for_secrets(url: str, shown: str) -> None:
    with pytest.raises(UnreachableError) as refused:
        HttpFetch()(url)
    assert str(refused.value) == f"{shown} an http or https address: it has to begin with http:// or https://"


@pytest.mark.parametrize(
    ("language", "told"), [("kk", "файл табылмады"), ("ru", "файл не найден"), ("en", "No such file")]
)
def test_owner_who_mistypes_a_path_is_told_in_their_language(
    language: str, told: str, run: Run, today: TestPki, tmp_path: Path
) -> None:
    item = kzeds.PackageItem("C-1", CONTRACT, {"kk": "Шарт"})
    package = kzeds.SigningPackage("P-1", NOW, "200940000013", {"kk": "Шарттар"}, (item,))
    kzeds.write_package(package, tmp_path / "p.zip")
    secret = ("--yes", "--language", language, "--password-file", today.password_file("employer"))
    for sent, key in ((tmp_path / "q.zip", today.key_file("employer")), (tmp_path / "p.zip", tmp_path / "k.p12")):
        code, _, err = run("sign-package", sent, key, "-o", tmp_path / "s.zip", *secret)
        assert (code, told in err) == (2, True)
        assert str(tmp_path) in err


def test_kazakh_and_russian_have_a_word_for_the_same_refusals() -> None:
    assert set(TEXTS["kk"].refusals) == set(TEXTS["ru"].refusals)


def test_password_of_an_edited_file_opens_the_key(today: TestPki, tmp_path: Path) -> None:
    for end in ("", "\n", "\r\n"):
        (tmp_path / "p").write_bytes(today.password_file("employer").read_bytes() + end.encode())
        kzeds.load_pkcs12(today.key_file("employer").read_bytes(), kzeds.read_password(tmp_path / "p"))


def test_errors_and_names_are_there_before_anything_was_used() -> None:
    script = "import kzeds; kzeds.errors.WrongPasswordError; print(*sorted(set(kzeds.__all__) - set(dir(kzeds))))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


@pytest.mark.parametrize("group", [(), ("revocation",), ("signer-daemon",), ("pkcs11",)])
def test_help_cuts_no_sentence_off(group: tuple[str, ...], run: Run) -> None:
    lines = run(*group, "--help")[1].splitlines()
    assert [line for line in lines if line.endswith("...") and not line.startswith("Usage")] == []
    assert len(lines) > 5
