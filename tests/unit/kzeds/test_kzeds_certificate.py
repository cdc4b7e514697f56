"""A certificate says who its holder is, what the key may do and until when; damaged ones raise one error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds.certificate import Certificate
from kzeds.der import Extension, extensions
from kzeds.errors import (
    CertificateError,
    KzedsError,
    MalformedCertificateError,
    SignatureMismatchError,
    UnsupportedAlgorithmError,
)
from kzeds.gost import eds, keypair
from kzeds.issuing import Holder, Validity, issue, make_authority
from kzeds.roles import Role, roles_of
from support.kzeds_material import NOW, RSA_SHA256, certificate, key, pki, private_key, shared

YEAR = Validity(NOW - timedelta(days=1), NOW + timedelta(days=365))


def _issued(holder: Holder) -> Certificate:
    authority = make_authority(ec.generate_private_key(ec.SECP256R1()), "TEST", YEAR)
    made = issue(authority, private_key().public_key(), holder, YEAR)
    return Certificate.from_der(made.public_bytes(Encoding.DER))


def test_holder_is_read_from_the_subject() -> None:
    holder = certificate()
    assert holder.iin == "850515400012"
    assert holder.bin == "200940000013"
    assert holder.organisation == 'ЖШС "ҮЛГІ КОМПАНИЯ"'
    assert holder.subject_common_name == "СЕЙІТҚАЛИЕВА ӘСЕЛ"
    assert holder.roles == (Role.LEGAL_ENTITY, Role.FIRST_HEAD)
    assert holder.may_sign
    assert not holder.is_authority
    assert holder.not_before == NOW - timedelta(days=30)
    assert holder.not_after == NOW + timedelta(days=365)


def test_every_role_is_read_in_its_order() -> None:
    roles = tuple(reversed(Role))
    assert _issued(Holder("X", roles=roles)).roles == roles


def test_digital_system_with_a_number_of_its_own_is_one() -> None:
    """The NCA puts the system's own number below that of all systems."""
    whole, own = "1.2.398.3.3.4.1.2.6", "1.2.398.3.3.4.1.2.6.71"
    assert roles_of(["1.2.398.3.3.4.1.2", whole, own]) == (Role.LEGAL_ENTITY, Role.DIGITAL_SYSTEM)
    assert roles_of([own, "1.2.398.3.3.4.1.2.61", "1.3.6.1.5.5.7.3.4"]) == (Role.DIGITAL_SYSTEM,)


def test_may_sign_if_and_only_if_non_repudiation() -> None:
    assert _issued(Holder("X")).may_sign
    assert not _issued(Holder("X", auth=True)).may_sign


def test_person_without_organisation_has_no_bin() -> None:
    person = _issued(Holder("X", iin="900101300007"))
    assert (person.iin, person.bin, person.organisation) == ("900101300007", None, None)


@pytest.mark.parametrize("number", ["90010130000", "9001013000077", "90010130000x", "90010130000 7", ""])
def test_identifiers_of_another_form_are_none(number: str) -> None:
    person = _issued(Holder("X", iin=number, organisation="Y", bin=number))
    assert (person.iin, person.bin) == (None, None)


def test_digits_of_other_scripts_are_no_identifier() -> None:
    assert _issued(Holder("X", organisation="Y", bin="٢٠٠٩٤٠٠٠٠٠١٣")).bin is None


def test_names_that_are_longer_than_the_standard_allows_are_read_without_a_warning() -> None:
    """Names of Kazakh organisations are longer than the 64 characters that X.520 allows."""
    name = "ЖАУАПКЕРШІЛІГІ ШЕКТЕУЛІ СЕРІКТЕСТІГІ " * 5
    assert _issued(Holder("X", organisation=name)).organisation == name


def test_certificates_are_equal_by_their_bytes() -> None:
    again = Certificate.from_der(certificate().der)
    assert again == certificate()
    assert hash(again) == hash(certificate())
    assert len({again, certificate(), certificate("stranger")}) == 2


def test_text_and_binary_form_are_the_same_certificate(tmp_path: Path) -> None:
    text = pki().certificate_file("employer")
    binary = tmp_path / "employer.cer"
    binary.write_bytes(certificate().der)
    assert Certificate.load(text) == Certificate.load(binary) == Certificate.load(text.read_bytes()) == certificate()
    assert Certificate.from_pem(b"comment before\n" + text.read_bytes()) == certificate()


def test_every_certificate_of_a_bundle_is_read() -> None:
    bundle = pki().certificate_file("employer").read_bytes() + pki().nca_ca.read_bytes()
    assert Certificate.load_all(bundle) == [certificate(), Certificate.load(pki().nca_ca)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"\x30\x00",
        b"-----BEGIN CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ],
)
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedCertificateError):
        Certificate.load(data)


def test_private_key_is_not_taken_for_a_certificate() -> None:
    with pytest.raises(MalformedCertificateError, match=r"tls\.key"):
        Certificate.load(pki().tls_key)


def test_bytes_behind_the_certificate_are_refused() -> None:
    with pytest.raises(MalformedCertificateError):
        Certificate.from_der(certificate().der + b"\0")


def test_signature_of_other_data_key_or_algorithm_does_not_verify() -> None:
    signature = key().sign(b"data")
    certificate().verify(signature, b"data", RSA_SHA256)
    for holder, value, data in (
        (certificate(), signature, b"Data"),
        (certificate(), signature[:-1], b"data"),
        (certificate(), b"", b"data"),
        (certificate(), bytes(256), b"data"),
        (certificate("stranger"), signature, b"data"),
    ):
        with pytest.raises(SignatureMismatchError):
            holder.verify(value, data, RSA_SHA256)
    with pytest.raises(SignatureMismatchError):
        certificate().verify(signature, b"data", "http://www.w3.org/2000/09/xmldsig#rsa-sha1")


@pytest.mark.parametrize("uri", ["", "http://www.w3.org/2000/09/xmldsig#hmac-sha1", "x" * 5000])
def test_unknown_algorithm_is_neither_valid_nor_invalid(uri: str) -> None:
    with pytest.raises(UnsupportedAlgorithmError) as caught:
        certificate().verify(b"", b"", uri)
    assert caught.value.identifier == uri
    assert len(str(caught.value)) < 300


def test_repr_and_errors_name_no_holder() -> None:
    holder = certificate()
    shown = [repr(holder), str(holder)]
    for at in (holder.not_after + timedelta(days=1), holder.not_before - timedelta(days=1)):
        with pytest.raises(CertificateError) as caught:
            holder.require_valid_at(at)
        shown.append(str(caught.value))
    for text in shown:
        assert holder.fingerprint[-12:] in text
        for secret in (holder.subject_common_name, str(holder.iin), str(holder.bin), str(holder.organisation)):
            assert secret not in text


@pytest.mark.parametrize(
    ("name", "iin", "bin_number", "authority", "year"),
    [
        ("nca_2015_cert.cer", None, None, True, 2032),
        ("nca_2004_gost_cert.pem", None, None, True, 2024),
        ("nca_2004_rsa_cert.pem", None, None, True, 2024),
        ("cert_individual.pem", "123456789011", None, False, 2023),
        ("certs/ceo_valid_sign_2004_gost.cer", "123456789011", "123456789021", False, 2023),
    ],
)
def test_certificates_of_the_nca_are_read_whatever_their_algorithm(
    name: str, iin: str | None, bin_number: str | None, authority: bool, year: int
) -> None:
    holder = Certificate.load(shared(f"testkeys/{name}"))
    assert (holder.iin, holder.bin, holder.is_authority, holder.not_after.year) == (iin, bin_number, authority, year)
    assert holder.not_after.tzinfo is UTC


def test_gost_certificate_says_that_its_algorithm_is_not_built_in() -> None:
    holder = Certificate.load(shared("testkeys/certs/ceo_valid_sign_2004_gost.cer"))
    assert holder.roles == (Role.LEGAL_ENTITY, Role.FIRST_HEAD)
    assert holder.may_sign
    with pytest.raises(UnsupportedAlgorithmError, match=r"GOST 34\.310-2004"):
        holder.verify(bytes(64), b"data", RSA_SHA256)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_altered_certificates_raise_nothing_but_our_errors(data: st.DataObject) -> None:
    """Reading, checking and dating a certificate with changed bytes never fails in a way that callers do not expect."""
    changed = bytearray(certificate().der)
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        holder = Certificate.from_der(bytes(changed))
        holder.require_valid_at(datetime(2026, 11, 20, tzinfo=UTC))
        holder.verify(key().sign(b"x"), b"x", RSA_SHA256)
    except KzedsError:
        return
    assert isinstance(holder.subject_common_name, str)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_garbage_raises_nothing_but_our_error(data: bytes) -> None:
    with pytest.raises(MalformedCertificateError):
        Certificate.load(data)


def test_certificate_of_any_length_is_read() -> None:
    """asn1crypto's dump() takes a length that ends in 0x80 for an indefinite one and fails on GOST keys (issue 249)."""
    authority = make_authority(keypair.generate(eds.GOST_OF_2004), "LENGTHS", YEAR)
    public_key = keypair.generate(eds.GOST_OF_2004).public_key()
    lengths = set()
    for size in range(4, 256):
        common_name, surname, patronymic, organisation = ("N" * ((size + part) // 4) for part in range(4))
        made = issue(authority, public_key, Holder(common_name, surname, patronymic, "", organisation), YEAR)
        read = Certificate.from_der(made.public_bytes(Encoding.DER))
        assert read.signed_part == made.tbs_certificate_bytes
        assert read.public_key == public_key.spki
        lengths.add(read.signed_part[3])
    assert 0x80 in lengths


def test_extension_that_is_there_twice_is_refused() -> None:
    one = bytes.fromhex("300906032a0304040200ff")
    assert extensions(one) == {"1.2.3.4": Extension(critical=False, value=b"\x00\xff")}
    with pytest.raises(ValueError, match="twice"):
        extensions(one + one)
