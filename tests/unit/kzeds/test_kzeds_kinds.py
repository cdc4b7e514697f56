"""Keys of all three kinds through everything that kzeds does, with material that it makes itself."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

import pytest

from kzeds import (
    KeyKind,
    load_pkcs12,
    require_chain,
    sign_body,
    sign_detached,
    sign_enveloped,
    verify_body,
    verify_detached,
    verify_enveloped,
)
from kzeds.algorithms import GOST_2004_SIGNATURE, GOST_2015_SIGNATURE, RSA_SHA256, digest_by_uri
from kzeds.certificate import Certificate
from kzeds.errors import (
    CertificateExpiredError,
    DamagedKeyFileError,
    DigestMismatchError,
    KeyMayNotSignError,
    SignatureMismatchError,
    UntrustedCertificateError,
    WrongPasswordError,
)
from support.kzeds_kinds import key_of, pki_of
from support.kzeds_material import CONTRACT, ENVELOPE, NOW

URIS = {
    KeyKind.GOST_2015: GOST_2015_SIGNATURE.uri,
    KeyKind.GOST_2004: GOST_2004_SIGNATURE.uri,
    KeyKind.RSA: RSA_SHA256.uri,
}
KINDS = pytest.mark.parametrize("kind", KeyKind)


@KINDS
def test_key_file_opens_with_its_password_only(kind: KeyKind) -> None:
    data = pki_of(kind).key_file("employer").read_bytes()
    assert key_of(kind).signature_uri == URIS[kind]
    with pytest.raises(WrongPasswordError):
        load_pkcs12(data, "wrong")
    for cut in (data[:-1], data[: len(data) // 2], data + b"\0"):
        with pytest.raises(DamagedKeyFileError):
            load_pkcs12(cut, "wrong")


@KINDS
def test_key_shows_no_secret_and_an_auth_key_may_not_sign(kind: KeyKind) -> None:
    key_of(kind).require_may_sign(NOW)
    assert pki_of(kind).password_file("employer").read_text() not in repr(key_of(kind))
    with pytest.raises(KeyMayNotSignError):
        key_of(kind, "employer-auth").require_may_sign(NOW)
    with pytest.raises(CertificateExpiredError):
        key_of(kind, "employer-expired").require_may_sign(NOW)


@KINDS
def test_enveloped_signature_covers_the_whole_document(kind: KeyKind) -> None:
    key = key_of(kind)
    signed = sign_enveloped(CONTRACT, key)
    verified = verify_enveloped(signed, trusted=[key.certificate])
    assert (verified.signature_algorithm, verified.certificate) == (URIS[kind], key.certificate)
    with pytest.raises(DigestMismatchError):
        verify_enveloped(signed.replace(b"2511-1-002", b"2511-1-003"), trusted=None)
    with pytest.raises(SignatureMismatchError):
        verify_enveloped(signed.replace(b"#WithComments", b"", 1), trusted=None)


@KINDS
def test_body_signature_covers_the_body(kind: KeyKind) -> None:
    key = key_of(kind, "gateway")
    signed = sign_body(ENVELOPE, key, body_id="id-1")
    assert verify_body(signed, trusted=[key.certificate]).signature_algorithm == URIS[kind]
    with pytest.raises(DigestMismatchError):
        verify_body(signed.replace(b"SendMessage", b"SendMassage"), trusted=None)


@KINDS
def test_detached_signature_covers_the_content(kind: KeyKind) -> None:
    key = key_of(kind)
    apart = sign_detached(CONTRACT, key, at=NOW)
    assert verify_detached(apart, CONTRACT, trusted=[key.certificate]).certificate == key.certificate
    with pytest.raises(DigestMismatchError):
        verify_detached(apart, CONTRACT.replace(b"2511-1-002", b"2511-1-003"), trusted=None)


@pytest.mark.parametrize("verify", [verify_enveloped, verify_body, verify_detached])
def test_whom_to_trust_has_to_be_said_for_every_form(verify: Callable[..., object]) -> None:
    """With a default, a signature by anybody would pass for one by somebody."""
    parameters = signature(verify).parameters
    assert parameters["trusted"].kind is Parameter.KEYWORD_ONLY
    assert parameters["trusted"].default is Parameter.empty
    assert "allow_weak" not in parameters or parameters["allow_weak"].default is False


@KINDS
@pytest.mark.parametrize("forms", [(sign_enveloped, verify_enveloped), (sign_body, verify_body)])
def test_forms_have_one_shape(kind: KeyKind, forms: tuple[Callable[..., bytes], Callable[..., Any]]) -> None:
    """Bytes and a key in, bytes out; bytes and whom to trust in, the signer, the algorithm and the digest out."""
    sign, verify = forms
    key = key_of(kind)
    verified = verify(sign(ENVELOPE, key), trusted=[key.certificate])
    assert (verified.certificate, verified.signature_algorithm) == (key.certificate, URIS[kind])
    assert len(verified.digest) == len(digest_by_uri(key.digest_uri).compute(b""))
    with pytest.raises(UntrustedCertificateError):
        verify(sign(ENVELOPE, key_of(kind, "stranger")), trusted=[key.certificate])
    with pytest.raises(UntrustedCertificateError):
        verify(sign(ENVELOPE, key), trusted=[])


@KINDS
def test_chain_ends_at_the_authority_that_issued_it(kind: KeyKind) -> None:
    authority = Certificate.load(pki_of(kind).nca_ca)
    certificate = key_of(kind).certificate
    assert require_chain(certificate, [authority], at=NOW) == (certificate, authority)
    with pytest.raises(UntrustedCertificateError):
        require_chain(key_of(kind, "stranger").certificate, [authority], at=NOW)


@KINDS
def test_certificates_have_the_ncas_profile(kind: KeyKind) -> None:
    certificate = key_of(kind).certificate
    assert certificate.key_id is not None
    from_key = int.from_bytes(certificate.key_id) & ((1 << 159) - 1)
    assert (certificate.serial_number == from_key) is (kind is KeyKind.GOST_2015)
    assert certificate.bin == "200940000013"
    assert certificate.may_sign
    assert not certificate.is_authority
