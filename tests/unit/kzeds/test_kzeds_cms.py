"""Detached CMS signatures: of all three kinds, bound to their content and signer, and judged by others too."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import cms as asn1
from asn1crypto import pem
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds import KeyKind, sign_detached, verify_detached
from kzeds.certificate import Certificate
from kzeds.cms import MAXIMUM_SIZE
from kzeds.errors import (
    CertificateMissingError,
    DigestMismatchError,
    KzedsError,
    MalformedSignatureError,
    SignatureMismatchError,
    UnsupportedAlgorithmError,
    UntrustedCertificateError,
)
from support.kzeds_kinds import key_of, pki_of
from support.kzeds_material import NOW, certificate, private_key, shared

CONTENT = "Еңбек шарты № 1\n".encode()
NEEDS_OPENSSL = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not on this machine")


@pytest.mark.parametrize("kind", KeyKind)
def test_signature_tells_who_signed_and_when(kind: KeyKind) -> None:
    key = key_of(kind)
    verified = verify_detached(sign_detached(CONTENT, key, at=NOW), CONTENT, trusted=[key.certificate])
    assert (verified.certificate, verified.signing_time) == (key.certificate, NOW.replace(microsecond=0))


@pytest.mark.parametrize("kind", KeyKind)
def test_signature_belongs_to_its_content_and_its_trusted_signer(kind: KeyKind) -> None:
    signature = sign_detached(CONTENT, key_of(kind), at=NOW)
    with pytest.raises(DigestMismatchError):
        verify_detached(signature, CONTENT + b"!", trusted=None)
    with pytest.raises(UntrustedCertificateError):
        verify_detached(signature, CONTENT, trusted=[key_of(kind, "stranger").certificate])


@pytest.mark.parametrize("kind", KeyKind)
def test_signed_attributes_and_signature_value_are_proven(kind: KeyKind) -> None:
    signature = sign_detached(CONTENT, key_of(kind), at=NOW)
    later = sign_detached(CONTENT, key_of(kind), at=NOW + timedelta(days=1))
    moments = [asn1.ContentInfo.load(one)["content"]["signer_infos"][0]["signed_attrs"] for one in (signature, later)]
    told = [next(one.dump() for one in some if one["type"].native == "signing_time") for some in moments]
    with pytest.raises(SignatureMismatchError):
        verify_detached(signature.replace(told[0], told[1]), CONTENT, trusted=None)
    with pytest.raises(SignatureMismatchError):
        verify_detached(signature[:-1] + bytes([signature[-1] ^ 1]), CONTENT, trusted=None)


@NEEDS_OPENSSL
@pytest.mark.parametrize(
    ("options", "error"),
    [
        ((), None),
        (("-keyid",), None),
        (("-nocerts",), None),
        (("-cades",), None),
        (("-nosmimecap",), None),
        (("-noattr",), MalformedSignatureError),
        (("-nodetach",), MalformedSignatureError),
        (("-indef",), MalformedSignatureError),
        (("-md", "sha1"), UnsupportedAlgorithmError),
        (("-md", "sha512"), UnsupportedAlgorithmError),
        (("-keyopt", "rsa_padding_mode:pss"), UnsupportedAlgorithmError),
    ],
)
def test_signature_that_openssl_made_is_judged(
    options: tuple[str, ...], error: type[KzedsError] | None, tmp_path: Path
) -> None:
    """An independent signer. By "-indef" it puts the content inside."""
    secret = private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key").write_bytes(secret)
    (tmp_path / "certificate").write_bytes(pem.armor("CERTIFICATE", certificate().der))
    (tmp_path / "content").write_bytes(CONTENT)
    command = ["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-in", "content", "-out", "signature"]
    keys = ["-signer", "certificate", "-inkey", "key"]
    subprocess.run([*command, *keys, *options], cwd=tmp_path, capture_output=True, check=True)
    made = (tmp_path / "signature").read_bytes()
    if error is None:
        assert verify_detached(made, CONTENT, trusted=[certificate()]).certificate == certificate()
        with pytest.raises(DigestMismatchError):
            verify_detached(made, CONTENT + b" ", trusted=[certificate()])
    else:
        with pytest.raises(error):
            verify_detached(made, CONTENT, trusted=[certificate()])


@NEEDS_OPENSSL
def test_openssl_accepts_what_an_rsa_key_signed(tmp_path: Path) -> None:
    """An independent reader of the same standard."""
    (tmp_path / "signature").write_bytes(sign_detached(CONTENT, key_of(KeyKind.RSA), at=NOW))
    (tmp_path / "content").write_bytes(CONTENT)
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-no_check_time"]
    files = ["-in", "signature", "-content", "content", "-CAfile", str(pki_of(KeyKind.RSA).nca_ca)]
    done = subprocess.run([*command, *files], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, CONTENT), done.stderr


def test_timestamp_authority_of_the_nca_uses_the_same_identifiers() -> None:
    token = asn1.ContentInfo.load(shared("testkeys/tsp/tsp_token.bin").read_bytes())["content"]["signer_infos"][0]
    own = sign_detached(CONTENT, key_of(KeyKind.GOST_2004), at=NOW)
    signer = asn1.ContentInfo.load(own)["content"]["signer_infos"][0]
    for name in ("digest_algorithm", "signature_algorithm"):
        assert signer[name].dump() == token[name].dump()


def test_certificate_may_be_left_out_when_it_is_trusted() -> None:
    key = key_of(KeyKind.GOST_2015)
    parsed = asn1.ContentInfo.load(sign_detached(CONTENT, key, at=NOW))
    del parsed["content"]["certificates"]
    signature = parsed.dump(force=True)
    assert verify_detached(signature, CONTENT, trusted=[key.certificate]).certificate == key.certificate
    with pytest.raises(CertificateMissingError):
        verify_detached(signature, CONTENT, trusted=None)


@pytest.mark.parametrize(
    "data", [b"", b"\x30\x00", b"\x30\x80", b"x" * 100, bytes(MAXIMUM_SIZE + 1)], ids=lambda data: str(len(data))
)
def test_bytes_that_are_no_signature_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedSignatureError):
        verify_detached(data, CONTENT, trusted=None)


def test_signature_that_carries_its_content_is_refused() -> None:
    parsed = asn1.ContentInfo.load(sign_detached(CONTENT, key_of(KeyKind.RSA), at=NOW))
    parsed["content"]["encap_content_info"]["content"] = CONTENT
    with pytest.raises(MalformedSignatureError, match="content of its own"):
        verify_detached(parsed.dump(force=True), CONTENT, trusted=None)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_altered_signatures_raise_nothing_but_our_errors(data: st.DataObject) -> None:
    key = key_of(data.draw(st.sampled_from(KeyKind)))
    changed = bytearray(sign_detached(CONTENT, key, at=NOW))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        verified = verify_detached(bytes(changed), CONTENT, trusted=[key.certificate])
    except KzedsError:
        return
    assert verified.certificate == Certificate.from_der(key.certificate.der)
