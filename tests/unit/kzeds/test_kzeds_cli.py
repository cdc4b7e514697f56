"""The kzeds command: its exit codes, its JSON, and that it neither shows secrets nor leaves half a file."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kzeds.certificate import Certificate
from kzeds.cli.output import show
from kzeds.test_pki import TestPki, make_test_pki
from kzeds.wsse import verify_body
from kzeds.xmldsig import verify_enveloped
from support.kzeds_command import Run, run_kzeds
from support.kzeds_material import CONTRACT, ENVELOPE, SOAP, shared


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    """Make a PKI that is valid now, because the command looks at the clock."""
    return make_test_pki(tmp_path_factory.mktemp("kzeds-cli") / "pki", now=datetime.now(UTC))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process and return exit code, output and errors."""
    return partial(run_kzeds, monkeypatch, capsys)


@pytest.fixture
def signed(run: Run, today: TestPki, tmp_path: Path) -> Path:
    """Sign a document with the employer's key."""
    (tmp_path / "in.xml").write_bytes(CONTRACT)
    target = tmp_path / "signed.xml"
    assert run("sign", *_key(today), tmp_path / "in.xml", "-o", target) == (0, "", "")
    return target


def _key(made: TestPki, name: str = "employer") -> tuple[str | Path, ...]:
    return (made.key_file(name), "--password-file", made.password_file(name))


def _verdict(output: str) -> dict[str, Any]:
    report = json.loads(output)
    assert isinstance(report, dict)
    return report


def test_info_tells_a_person_whose_key_it_is(run: Run, today: TestPki) -> None:
    code, out, err = run("info", *_key(today))
    assert (code, err) == (0, "")
    lines = {line[:22].strip(): line[22:] for line in out.splitlines()}
    assert lines["bin"] == "200940000013"
    assert lines["organisation"] == 'ЖШС "ҮЛГІ КОМПАНИЯ"'
    assert lines["roles"] == "legal entity, first head"
    assert lines["may sign"] == "yes"
    assert lines["dates"].startswith("valid, 36")


@pytest.mark.parametrize(
    ("name", "may_sign", "dates"),
    [("employer", True, "valid"), ("employer-auth", False, "valid"), ("employer-expired", True, "expired")],
)
def test_info_shows_also_keys_that_may_not_sign(
    run: Run, today: TestPki, name: str, may_sign: bool, dates: str
) -> None:
    code, out, _ = run("info", *_key(today, name), "--json")
    report = _verdict(out)
    assert code == 0
    assert report["may_sign"] is may_sign
    assert report["dates"].startswith(dates)
    assert report["fingerprint"] == Certificate.load(today.certificate_file(name)).fingerprint


def test_info_refuses_a_wrong_password_and_names_the_file(run: Run, today: TestPki) -> None:
    code, out, err = run("info", today.key_file("employer"), "--password-file", today.password_file("gateway"))
    assert (code, out) == (1, "")
    assert err == f"kzeds: {today.key_file('employer')}: the password does not open the key file\n"


@pytest.mark.parametrize("content", [b"", b"junk", b"<xml/>"])
def test_info_refuses_a_damaged_file(run: Run, today: TestPki, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.p12").write_bytes(content)
    code, _, err = run("info", tmp_path / "key.p12", "--password-file", today.password_file("employer"))
    assert code == 1
    assert "not a PKCS#12 key file" in err


def test_info_shows_a_gost_key_of_the_nca(run: Run, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("Qwerty12")
    (tmp_path / "password").chmod(0o600)
    code, out, _ = run("info", shared("testkeys/gokalkan_gost1.p12"), "--password-file", tmp_path / "password")
    assert code == 0
    assert "1.2.398.3.10.1.1.2.2 (GOST 34.310-2015, 512 bit)" in out


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_one_line_break_behind_the_password_does_not_count(
    run: Run, today: TestPki, tmp_path: Path, ending: str
) -> None:
    secret = tmp_path / "password"
    secret.write_bytes((today.password_file("employer").read_text() + ending).encode())
    secret.chmod(0o600)
    assert run("info", today.key_file("employer"), "--password-file", secret)[0] == 0
    secret.write_bytes(secret.read_bytes() + b"\n\n")
    assert run("info", today.key_file("employer"), "--password-file", secret)[0] == 1


def test_password_file_that_others_can_read_is_used_with_a_warning(run: Run, today: TestPki, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(today.password_file("employer").read_text())
    secret.chmod(0o640)
    code, out, err = run("info", today.key_file("employer"), "--password-file", secret)
    assert code == 0
    assert "WARNING" not in out
    assert err == f"kzeds: WARNING: {secret} is open to others; run: chmod 600 {secret}\n"


def test_password_file_that_is_not_text_is_named(run: Run, today: TestPki, tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b"\xff\xfe\xff")
    code, _, err = run("info", today.key_file("employer"), "--password-file", tmp_path / "password")
    assert code == 1
    assert str(tmp_path / "password") in err


def test_signed_document_is_private_and_verifies(signed: Path, today: TestPki) -> None:
    assert stat.S_IMODE(signed.stat().st_mode) == 0o600
    verified = verify_enveloped(signed.read_bytes(), trusted=None)
    assert verified.certificate == Certificate.load(today.certificate_file("employer"))


def test_envelope_is_signed_and_verified_with_wsse(run: Run, today: TestPki, tmp_path: Path) -> None:
    (tmp_path / "in.xml").write_bytes(ENVELOPE)
    target = tmp_path / "out.xml"
    assert run("sign", "--wsse", *_key(today, "gateway"), tmp_path / "in.xml", "-o", target)[0] == 0
    assert verify_body(target.read_bytes(), trusted=None).body.tag == f"{{{SOAP}}}Body"
    code, out, _ = run("verify", "--wsse", target, "--json", "--trust", today.directory)
    report = _verdict(out)
    assert (code, report["valid"], report["covers"]) == (0, True, "soap:Body")
    assert run("verify", target)[0] == 1


@pytest.mark.parametrize(("name", "words"), [("employer-auth", "AUTH key"), ("employer-expired", "expired on")])
def test_sign_refuses_keys_that_may_not_sign_today(
    run: Run, today: TestPki, tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "in.xml").write_bytes(CONTRACT)
    code, _, err = run("sign", *_key(today, name), tmp_path / "in.xml", "-o", tmp_path / "out.xml")
    assert code == 1
    assert words in err
    assert not (tmp_path / "out.xml").exists()


def test_sign_names_the_document_that_cannot_be_signed(run: Run, today: TestPki, signed: Path) -> None:
    before = signed.read_bytes()
    code, _, err = run("sign", *_key(today), signed, "-o", signed)
    assert code == 1
    assert err == f"kzeds: {signed}: the document is already signed; nothing was changed\n"
    assert signed.read_bytes() == before


def test_sign_writes_whole_or_not_at_all(
    run: Run, today: TestPki, signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signed.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    code, _, err = run("sign", *_key(today), signed.parent / "in.xml", "-o", signed)
    assert code == 2
    assert err == f"kzeds: {signed}: No space left on device; nothing was written\n"
    assert signed.read_bytes() == before
    assert sorted(path.name for path in signed.parent.iterdir()) == ["in.xml", "signed.xml"]


def test_sign_replaces_no_device_and_no_directory(run: Run, today: TestPki, signed: Path) -> None:
    for target in (Path(os.devnull), signed.parent, signed.parent / "missing" / "out.xml"):
        code, _, err = run("sign", *_key(today), signed.parent / "in.xml", "-o", target)
        assert code == 2
        assert f"{target}: " in err
        assert "nothing was written" in err
    assert not Path(os.devnull).is_file()


def test_verify_without_trust_reports_dates_and_leaves_the_chain(run: Run, signed: Path) -> None:
    code, out, _ = run("verify", signed, "--json")
    report = _verdict(out)
    assert code == 0
    assert (report["valid"], report["result"], report["covers"]) == (True, "passed", "whole document")
    assert report["chain"] == "not judged"
    assert report["certificate"]["bin"] == "200940000013"
    assert report["certificate"]["not_after"].endswith("+00:00")
    assert run("verify", signed)[1].startswith("valid                 yes\n")


def test_verify_with_trust_judges_the_chain(run: Run, today: TestPki, signed: Path, tmp_path: Path) -> None:
    code, out, _ = run("verify", signed, "--trust", today.directory, "--json")
    assert (code, _verdict(out)["chain"]) == (0, "trusted, 2 certificates")
    other = tmp_path / "roots"
    other.mkdir()
    (other / "tls-ca.pem").write_bytes(today.tls_ca.read_bytes())
    code, out, _ = run("verify", signed, "--trust", other, "--json")
    report = _verdict(out)
    assert (code, report["valid"], report["error"]) == (1, False, "UntrustedCertificateError")
    assert report["chain"] == "refused"
    assert report["certificate"]["bin"] == "200940000013"


def test_verify_does_not_trust_a_stranger_whose_certificate_lies_in_the_directory(
    run: Run, today: TestPki, tmp_path: Path
) -> None:
    (tmp_path / "in.xml").write_bytes(CONTRACT)
    target = tmp_path / "out.xml"
    assert run("sign", *_key(today, "stranger"), tmp_path / "in.xml", "-o", target)[0] == 0
    assert run("verify", target)[0] == 0
    assert run("verify", target, "--trust", today.directory)[0] == 1


@pytest.mark.parametrize(
    ("old", "new", "code", "error"),
    [
        (b"2026-11-03", b"2026-11-04", 1, "DigestMismatchError"),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA", 1, "SignatureMismatchError"),
        (b"ds:Signature", b"ds:Signed", 1, "SignatureMissingError"),
        (b"</ds:Signature>", b"", 2, "MalformedXmlError"),
        (b"gostr34102015-gostr34112015-512", b"gostr34102032", 2, "UnsupportedAlgorithmError"),
        (b"ds:X509Data", b"ds:X509Dato", 2, "CertificateMissingError"),
        (b"ds:X509Certificate>MII", b"ds:X509Certificate>AII", 2, "MalformedCertificateError"),
    ],
)
def test_verify_tells_not_valid_from_cannot_tell(
    run: Run, signed: Path, old: bytes, new: bytes, code: int, error: str
) -> None:
    signed.write_bytes(signed.read_bytes().replace(old, new))
    found, out, err = run("verify", signed, "--json")
    report = _verdict(out)
    assert (found, report["valid"], report["error"], err) == (code, False, error, "")
    assert report["result"] == {1: "failed", 2: "indeterminate"}[code]


def test_verify_cannot_tell_when_files_cannot_be_read(run: Run, signed: Path, tmp_path: Path) -> None:
    for arguments in ((tmp_path / "missing.xml",), (tmp_path,), (signed, "--trust", tmp_path / "missing")):
        code, out, _ = run("verify", *arguments, "--json")
        report = _verdict(out)
        assert (code, report["valid"], report["result"]) == (2, False, "indeterminate")
        assert str(tmp_path) in report["reason"]


def test_test_pki_is_made_once(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "pki"
    code, _, err = run("test-pki", place, "--bin", "150340000027", "--organisation", "АҚ БАСҚА")
    assert (code, err) == (0, "")
    holder = Certificate.load(place / "employer.pem")
    assert (holder.bin, holder.organisation) == ("150340000027", "АҚ БАСҚА")
    code, _, err = run("test-pki", place)
    assert code == 1
    assert "nothing was changed" in err
    assert run("test-pki", tmp_path / "other", "--bin", "1")[0] == 1
    assert run("test-pki", tmp_path / "other")[0] == 0
    assert Certificate.load(tmp_path / "other" / "employer.pem").bin == "200940000013"


@pytest.mark.parametrize("arguments", [["frobnicate"], ["info"], ["verify"], ["verify", "--nonsense", "x"]])
def test_wrong_usage_exits_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments)[0] == 2


def test_unforeseen_error_exits_70_and_quotes_nothing(
    run: Run, today: TestPki, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_data: bytes, _password: str) -> None:
        raise RuntimeError("secret 850515400012")

    monkeypatch.setattr("kzeds.keys.pkcs12.load_pkcs12", broken)
    code, out, err = run("info", *_key(today))
    assert (code, out) == (70, "")
    assert err.startswith("kzeds: internal error RuntimeError at test_kzeds_cli.py:")
    assert "850515400012" not in err


def test_no_error_line_shows_password_or_holder(run: Run, today: TestPki, signed: Path) -> None:
    holder = Certificate.load(today.certificate_file("employer"))
    secrets = [today.password_file(name).read_text() for name in ("employer", "gateway")]
    secrets += [holder.subject_common_name, str(holder.iin), str(holder.organisation)]
    errors = [
        run("info", today.key_file("employer"), "--password-file", today.password_file("gateway"))[2],
        run("sign", *_key(today, "employer-auth"), signed, "-o", signed)[2],
        run("sign", *_key(today, "employer-expired"), signed, "-o", signed)[2],
        run("sign", *_key(today), signed, "-o", signed)[2],
    ]
    for text in errors:
        assert text.startswith("kzeds: ")
        assert not [secret for secret in secrets if secret in text]


def test_command_works_as_a_module_in_any_locale(today: TestPki) -> None:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "kzeds", "info", *map(str, _key(today))]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert b"200940000013" in done.stdout


def test_help_loads_neither_lxml_nor_cryptography() -> None:
    script = (
        "import sys, runpy\nsys.argv = ['kzeds', '--help']\n"
        "try:\n    runpy.run_module('kzeds', run_name='__main__')\n"
        "except SystemExit as ended:\n    assert ended.code == 0\n"
        "heavy = {'lxml', 'cryptography', 'asn1crypto', 'rich', 'zeep'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for command in ("info", "sign", "verify", "test-pki", "Exit codes"):
        assert command in done.stdout


def test_report_shows_controls_as_their_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """A certificate's name comes from strangers and must not steer the terminal."""
    show({"subject": "A\x1b[2J\u202eB", "roles": ["x\ny"], "certificate": {"iin": "\r1"}}, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "subject               A\\u{1b}[2J\\u{202e}B",
        "roles                 x\\u{a}y",
        "certificate:",
        "  iin                 \\u{d}1",
    ]
