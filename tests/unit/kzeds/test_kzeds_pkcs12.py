"""Key files open with the right password only, and each way of failing has its own error."""

from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from asn1crypto import pkcs12 as asn1
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509 import load_der_x509_certificate
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds.certificate import Certificate
from kzeds.errors import (
    CertificateExpiredError,
    CertificateNotYetValidError,
    DamagedKeyFileError,
    KeyFileError,
    KeyMayNotSignError,
    UnknownKeyAlgorithmError,
    WrongPasswordError,
)
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.protection import derive
from support.kzeds_material import NOW, certificate, flipped, key, key_bytes, password, pki, private_key, shared

NAMES = ["gateway", "employer", "employer-auth", "employer-expired", "employer-2", "stranger"]


@pytest.mark.parametrize("name", NAMES)
def test_key_file_opens_with_its_password_and_its_certificate(name: str) -> None:
    signing_key = key(name)
    assert signing_key.certificate == Certificate.load(pki().certificate_file(name))
    signature = signing_key.sign(b"data")
    assert len(signature) == 256
    signing_key.certificate.verify(signature, b"data", signing_key.signature_uri)


@pytest.mark.parametrize("wrong", ["", "x", "Qwerty12", "пароль", "\U0001f600"])
def test_wrong_password_is_told_apart(wrong: str) -> None:
    with pytest.raises(WrongPasswordError):
        load_pkcs12(key_bytes("employer"), wrong)


@pytest.mark.parametrize("data", [b"", b"x", b"\x30\x80", b"<xml/>", bytes(2000), b"\x30\x82\xff\xff" + bytes(100)])
def test_bytes_that_are_no_key_file_are_damaged(data: bytes) -> None:
    with pytest.raises(DamagedKeyFileError):
        load_pkcs12(data, "password")


@pytest.mark.parametrize("length", [1, 10, 100, 1000, 2000, -1])
def test_file_that_was_cut_short_is_damaged(length: int) -> None:
    with pytest.raises(DamagedKeyFileError):
        load_pkcs12(key_bytes("employer")[:length], password("employer"))


def test_file_with_something_behind_it_is_damaged() -> None:
    with pytest.raises(DamagedKeyFileError):
        load_pkcs12(key_bytes("employer") + b"\n", password("employer"))


def test_oversized_file_is_refused_before_it_is_read() -> None:
    with pytest.raises(DamagedKeyFileError, match="at most"):
        load_pkcs12(b"\x30" * 1_000_001, "x")


def test_altered_certificate_is_damage_and_not_a_wrong_password() -> None:
    """The password still opens the key, which lies behind the certificate; only the integrity code differs."""
    with pytest.raises(DamagedKeyFileError, match="the password is right"):
        load_pkcs12(flipped(key_bytes("employer"), 300, 0), password("employer"))


@pytest.mark.parametrize("count", [0, -1, 1_000_001, 10**12])
def test_absurd_iteration_count_is_refused_at_once(count: int) -> None:
    container = asn1.Pfx.load(key_bytes("employer"))
    container["mac_data"]["iterations"] = count
    with pytest.raises(DamagedKeyFileError):
        load_pkcs12(container.dump(force=True), password("employer"))


@pytest.mark.parametrize("secret", ["пароль", "Құпия сөз", "with space", "x" * 200])
def test_passwords_of_any_language_open_their_files(secret: str) -> None:
    data = _pack(BestAvailableEncryption, secret)
    assert load_pkcs12(data, secret).certificate == certificate()
    with pytest.raises(WrongPasswordError):
        load_pkcs12(data, secret + "x")


def test_files_of_today_open_as_well_as_those_of_the_nca() -> None:
    """OpenSSL 3 protects with AES-256 and HMAC-SHA256 (PBES2), the NCA with triple DES and HMAC-SHA1."""

    def protection(encoded: bytes) -> KeySerializationEncryption:
        builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2048)
        return builder.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).hmac_hash(SHA256()).build(encoded)

    assert load_pkcs12(_pack(protection, "secret"), "secret").certificate == certificate()


def test_file_without_its_certificate_is_damaged() -> None:
    protection = BestAvailableEncryption(b"secret")
    alone = pkcs12.serialize_key_and_certificates(None, private_key(), None, None, protection)
    other = load_der_x509_certificate(certificate("stranger").der)
    foreign = pkcs12.serialize_key_and_certificates(None, private_key(), None, [other], protection)
    for data in (alone, foreign):
        with pytest.raises(DamagedKeyFileError, match="no certificate"):
            load_pkcs12(data, "secret")


def test_file_without_a_key_is_damaged() -> None:
    own = load_der_x509_certificate(certificate().der)
    data = pkcs12.serialize_key_and_certificates(None, None, own, None, BestAvailableEncryption(b"secret"))
    with pytest.raises(DamagedKeyFileError, match="0 encrypted keys"):
        load_pkcs12(data, "secret")


def test_unprotected_file_is_refused() -> None:
    own = load_der_x509_certificate(certificate().der)
    data = pkcs12.serialize_key_and_certificates(None, private_key(), own, None, NoEncryption())
    with pytest.raises(DamagedKeyFileError):
        load_pkcs12(data, "")


def test_keys_that_are_not_rsa_of_the_nca_are_unknown() -> None:
    protection = BestAvailableEncryption(b"secret")
    short = generate_private_key(65537, 1024)  # noqa: S505 - it must be refused
    for foreign in (ec.generate_private_key(ec.SECP256R1()), short):
        data = pkcs12.serialize_key_and_certificates(None, foreign, None, None, protection)
        with pytest.raises(UnknownKeyAlgorithmError):
            load_pkcs12(data, "secret")


def test_auth_key_opens_but_may_not_sign() -> None:
    auth = key("employer-auth")
    assert not auth.certificate.may_sign
    with pytest.raises(KeyMayNotSignError, match="AUTH key"):
        auth.require_may_sign(NOW)


def test_sign_key_may_sign_between_its_dates_only() -> None:
    signing_key = key()
    holder = signing_key.certificate
    signing_key.require_may_sign(NOW)
    signing_key.require_may_sign(holder.not_before)
    signing_key.require_may_sign(holder.not_after)
    with pytest.raises(CertificateExpiredError):
        signing_key.require_may_sign(holder.not_after + timedelta(seconds=1))
    with pytest.raises(CertificateNotYetValidError):
        signing_key.require_may_sign(holder.not_before - timedelta(seconds=1))
    with pytest.raises(CertificateExpiredError):
        key("employer-expired").require_may_sign(NOW)


def test_key_cannot_leave_its_object() -> None:
    signing_key = key()
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            leave(signing_key)


def test_repr_shows_algorithm_and_tail_of_the_fingerprint_only() -> None:
    assert repr(key()) == f"SigningKey(RSA-SHA256, …{certificate().fingerprint[-12:]})"
    assert not hasattr(key(), "__dict__")


def test_no_error_shows_password_or_holder() -> None:
    secret = "Qwerty-very-secret"
    attempts = [key_bytes("employer"), key_bytes("employer")[:-1], flipped(key_bytes("employer"), 500, 1), b"junk"]
    holder = certificate()
    for data in attempts:
        with pytest.raises(KeyFileError) as caught:
            load_pkcs12(data, secret)
        shown = "".join(traceback.format_exception(caught.value))
        for text in (secret, holder.subject_common_name, str(holder.iin), str(holder.bin)):
            assert text not in shown


def test_signing_is_safe_in_threads() -> None:
    signing_key = key()
    messages = [str(number).encode() for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(signing_key.sign, messages))
    assert signatures == [signing_key.sign(message) for message in messages]


def test_key_derivation_gives_the_published_answer() -> None:
    """Test vector of the PKCS#12 key derivation that OpenSSL and others publish."""
    derived = derive("smeg", bytes.fromhex("0A58CF64530D823F"), 1, 1, "sha1", size=24)
    assert derived.hex().upper() == "8AAAE6297B6CB04642AB5B077851284EB7128F1A2A7FBCA3"


@pytest.mark.parametrize(
    ("name", "secret", "may_sign"),
    [
        ("key_individual_valid_sign_2004.p12", "Qwerty12", True),
        ("key_individual_auth_revoked_2004.p12", "Qwerty12", False),
    ],
)
def test_rsa_keys_of_the_nca_open(name: str, secret: str, may_sign: bool) -> None:
    data = shared(f"testkeys/{name}").read_bytes()
    opened = load_pkcs12(data, secret)
    assert opened.certificate.may_sign is may_sign
    assert opened.certificate.iin == "123456789011"
    opened.certificate.verify(opened.sign(b"x"), b"x", opened.signature_uri)
    with pytest.raises(WrongPasswordError):
        load_pkcs12(data, "qwerty12")


@pytest.mark.parametrize(
    ("name", "secret", "oid"),
    [
        ("gokalkan_gost1.p12", "Qwerty12", "1.2.398.3.10.1.1.2.2"),
        ("key_individual_valid_2015.p12", "Aa123456", "1.2.398.3.10.1.1.2.2"),
        ("key_ceo_revoked_2015.p12", "Aa123456", "1.2.398.3.10.1.1.2.2"),
        ("key_ceo_sign_revoked_2004.p12", "Qwerty12", "1.2.398.3.10.1.1.1.1"),
    ],
)
def test_gost_key_files_of_the_nca_open_and_sign(name: str, secret: str, oid: str) -> None:
    data = shared(f"testkeys/{name}").read_bytes()
    signing_key = load_pkcs12(data, secret)
    assert signing_key.algorithm.key_oid == signing_key.certificate.key_oid == oid
    signing_key.certificate.verify(signing_key.sign(b"data"), b"data", signing_key.signature_uri)
    with pytest.raises(WrongPasswordError):
        load_pkcs12(data, "wrong")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_altered_files_raise_nothing_but_key_file_errors(data: st.DataObject) -> None:
    """Whatever still opens, where only the outer frame was respelled, holds the same key."""
    name = data.draw(st.sampled_from(["employer", "gateway"]))
    changed = bytearray(key_bytes(name))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        opened = load_pkcs12(bytes(changed), data.draw(st.sampled_from([password(name), "wrong"])))
    except KeyFileError:
        return
    certificate(name).verify(opened.sign(b"x"), b"x", opened.signature_uri)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.text(max_size=20))
def test_garbage_raises_nothing_but_key_file_errors(data: bytes, secret: str) -> None:
    with pytest.raises(KeyFileError):
        load_pkcs12(data, secret)


def _pack(protection: Callable[[bytes], KeySerializationEncryption], secret: str) -> bytes:
    own = load_der_x509_certificate(certificate().der)
    return pkcs12.serialize_key_and_certificates(b"alias", private_key(), own, None, protection(secret.encode()))
