"""The test PKI has the NCA's profile, is made whole or not at all, and shows its secrets to nobody."""

from __future__ import annotations

import re
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import pkcs12 as asn1
from cryptography import x509
from cryptography.x509.oid import NameOID

from kzeds import KeyKind, Revocation, judge_crl, judge_ocsp
from kzeds import test_pki as module
from kzeds.certificate import Certificate
from kzeds.errors import TestPkiError
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.test_pki import TestPki, make_test_pki
from kzeds.trust import require_chain
from support.kzeds_kinds import pki_of
from support.kzeds_material import NOW, certificate, key, key_bytes, password, pki

NAMES = ["gateway", "employer", "employer-auth", "employer-expired", "employer-revoked", "employer-2", "stranger"]


def _check_digit(digits: str) -> int | None:
    """Return the last digit of an IIN or BIN by its first eleven, or None when no such number is issued."""
    for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        remainder = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        if remainder < 10:
            return remainder
    return None


def _openssl_view(name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pki().certificate_file(name).read_bytes())


def test_directory_holds_what_the_agent_and_the_simulator_look_for() -> None:
    assert {path.name for path in pki().directory.iterdir()} == {
        *("nca-ca.pem", "tls-ca.pem", "tls.pem", "tls.key", "gateway.p12", "gateway.password", "gateway.pem"),
        *("employer.p12", "employer.password", "employer.pem", "employer-auth.p12", "employer-auth.pem"),
        *("employer-expired.p12", "employer-expired.pem", "employer-2.p12", "employer-2.password", "employer-2.pem"),
        *("stranger.p12", "stranger.password", "stranger.pem", "employer-revoked.p12", "employer-revoked.pem"),
        *("nca.crl", "nca-delta.crl", "ocsp.p12", "ocsp.password", "ocsp.pem", "tsa.p12", "tsa.password", "tsa.pem"),
        *("employer.ocsp", "employer-revoked.ocsp"),
    }


@pytest.mark.parametrize("kind", KeyKind)
def test_authority_answers_by_list_delta_and_ocsp(kind: KeyKind) -> None:
    """The three kinds of keys, each with everything that tells good from revoked."""
    made = pki_of(kind)
    issuer = Certificate.load(made.nca_ca)
    for name, status in (("employer", Revocation.GOOD), ("employer-revoked", Revocation.REVOKED)):
        holder = Certificate.load(made.certificate_file(name))
        by_list = judge_crl(holder, issuer, made.crl.read_bytes(), delta=made.delta_crl.read_bytes(), at=NOW)
        by_answer = judge_ocsp(holder, issuer, made.ocsp_file(name).read_bytes(), at=NOW)
        assert (by_list.status, by_answer.status) == (status, status)
        assert by_list.revocation_reason == by_answer.revocation_reason


def test_only_the_owner_reads_any_of_it() -> None:
    assert stat.S_IMODE(pki().directory.stat().st_mode) == 0o700
    for path in pki().directory.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_identifiers_are_synthetic_and_have_right_check_digits() -> None:
    for number in (module.EMPLOYER_BIN, module.EMPLOYER_2_BIN, module.GATEWAY_BIN):
        assert _check_digit(number[:11]) == int(number[11])
    for name in ("employer", "employer-2", "stranger"):
        iin = certificate(name).iin
        assert iin is not None
        assert _check_digit(iin[:11]) == int(iin[11])


@pytest.mark.parametrize("name", NAMES)
def test_subject_has_the_order_of_the_nca(name: str) -> None:
    order = [
        *(NameOID.COMMON_NAME, NameOID.SURNAME, NameOID.SERIAL_NUMBER, NameOID.COUNTRY_NAME),
        *(NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.GIVEN_NAME),
    ]
    found = [attribute.oid for attribute in _openssl_view(name).subject]
    assert found == [oid for oid in order if oid in found]
    assert {NameOID.COMMON_NAME, NameOID.COUNTRY_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME} <= set(found)


def test_no_address_in_a_certificate_leads_anywhere() -> None:
    for name in NAMES:
        found = re.findall(rb"https?://[a-z0-9./_-]+", certificate(name).der)
        assert found
        assert all(address.startswith(b"http://test-nca.invalid/") for address in found)


def test_key_files_are_packed_as_the_nca_packs_them() -> None:
    container = asn1.Pfx.load(key_bytes("employer"))
    assert container["mac_data"]["mac"]["digest_algorithm"]["algorithm"].native == "sha1"
    bag = next(
        bag
        for content in container.authenticated_safe
        if content["content_type"].native == "data"
        for bag in asn1.SafeContents.load(content["content"].native)
    )
    assert bag["bag_value"]["encryption_algorithm"]["algorithm"].dotted == "1.2.840.113549.1.12.1.3"
    attributes = {one["type"].native: one["values"].native[0] for one in bag["bag_attributes"]}
    key_id = certificate().key_id
    assert key_id is not None
    assert attributes["friendly_name"] == key_id.hex()


def test_three_keys_of_the_employer_share_a_password_and_others_do_not() -> None:
    assert password("employer") == password("employer-auth") == password("employer-expired")
    assert len({password(name) for name in NAMES}) == 4


def test_stranger_claims_the_employer_but_comes_from_elsewhere() -> None:
    assert certificate("stranger").bin == certificate().bin
    assert certificate("stranger").issuer != certificate().issuer
    assert require_chain(certificate(), [Certificate.load(pki().nca_ca)], at=NOW)


def test_dates_come_from_the_given_time() -> None:
    certificate().require_valid_at(NOW)
    assert certificate("employer-expired").not_after < NOW
    for path in (pki().nca_ca, pki().tls_ca, pki().tls_certificate):
        Certificate.load(path).require_valid_at(NOW + timedelta(days=300))


def test_tls_certificate_serves_this_machine() -> None:
    names = x509.load_pem_x509_certificate(pki().tls_certificate.read_bytes()).extensions
    found = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(one) for one in found.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_tls_certificate_passes_a_strict_handshake(tmp_path: Path) -> None:
    """With the strict checks that newer Pythons switch on, over memory buffers: no port is opened."""
    made = make_test_pki(tmp_path / "pki", now=datetime.now(UTC))
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(made.tls_certificate, made.tls_key)
    client_context = ssl.create_default_context(cafile=str(made.tls_ca))
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname="localhost")
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert client.getpeercert()


def test_employer_can_be_chosen(tmp_path: Path) -> None:
    made = make_test_pki(tmp_path / "pki", now=NOW, employer_bin="150340000027", organisation="АҚ БАСҚА")
    holder = Certificate.load(made.certificate_file("employer"))
    assert (holder.bin, holder.organisation) == ("150340000027", "АҚ БАСҚА")
    opened = load_pkcs12(made.key_file("employer").read_bytes(), made.password_file("employer").read_text())
    assert opened.certificate == holder


def test_empty_directory_is_filled_and_another_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "pki"
    place.mkdir(parents=True)
    assert make_test_pki(place, now=NOW) == TestPki(place)
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    with pytest.raises(TestPkiError, match="nothing was changed"):
        make_test_pki(place, now=NOW)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("number", ["", "123", "20094000001x", "2009400000133", "٢٠٠٩٤٠٠٠٠٠١٣"])
def test_what_is_no_bin_is_refused(tmp_path: Path, number: str) -> None:
    with pytest.raises(TestPkiError, match="12 digits"):
        make_test_pki(tmp_path / "pki", now=NOW, employer_bin=number)
    assert not (tmp_path / "pki").exists()


def test_organisation_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TestPkiError, match="no name"):
        make_test_pki(tmp_path / "pki", now=NOW, organisation=" ")


def test_place_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TestPkiError, match="cannot be made"):
        make_test_pki(tmp_path / "file" / "pki", now=NOW)


def test_interrupted_work_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []

    def full_disk(path: Path, content: bytes) -> None:
        if len(written) == 5:
            raise OSError(28, "No space left on device")
        written.append(path)
        path.write_bytes(content)

    monkeypatch.setattr(module, "_write", full_disk)
    with pytest.raises(TestPkiError, match="No space left on device; nothing was made"):
        make_test_pki(tmp_path / "pki", now=NOW)
    assert len(written) == 5
    assert list(tmp_path.iterdir()) == []


def test_keys_are_new_each_time(tmp_path: Path) -> None:
    made = make_test_pki(tmp_path / "pki", now=NOW)
    assert Certificate.load(made.certificate_file("employer")).public_key != key().certificate.public_key


def test_tls_server_has_the_names_that_are_asked_for(tmp_path: Path) -> None:
    pki = make_test_pki(tmp_path / "pki", now=datetime.now(UTC), server_names=["simulator", "shep.example"])
    certificate = x509.load_pem_x509_certificate(pki.tls_certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "simulator", "shep.example"]


@pytest.mark.parametrize("name", ["", "-a", "a b", "a_b", "a\n", "жүйе", "a" * 254])
def test_what_is_no_host_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TestPkiError, match="host name"):
        make_test_pki(tmp_path / "pki", now=datetime.now(UTC), server_names=[name])
    assert not (tmp_path / "pki").exists()
