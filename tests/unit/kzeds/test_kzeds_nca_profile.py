"""Certificates of the test PKI have the NCA's profile, which is not the same for its three kinds of keys.

Source: the NCA's published test certificates; the last tests read them where they lie.
"""

from __future__ import annotations

import hashlib

import pytest
from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from kzeds import KeyKind, Role
from kzeds.algorithms import RSA_ENCRYPTION_OID
from kzeds.certificate import Certificate
from kzeds.gost import eds
from kzeds.gost.keypair import GostPublicKey
from kzeds.nca_profile import is_of_2015, key_identifier, serial_number
from support.kzeds_kinds import pki_of
from support.kzeds_material import shared

NAMES = ["gateway", "employer", "employer-auth", "employer-expired", "employer-revoked", "employer-2", "stranger"]
KINDS = pytest.mark.parametrize("kind", KeyKind)
HOLDERS = pytest.mark.parametrize("name", NAMES)

_LEGAL, _HEAD = "1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.1"
_MAIL, _CLIENT = "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"
_KEY_OID = {
    KeyKind.GOST_2015: eds.GOST_2015.key_oid,
    KeyKind.GOST_2004: eds.GOST_OF_2004.key_oid,
    KeyKind.RSA: RSA_ENCRYPTION_OID,
}
_POLICY = {
    KeyKind.GOST_2015: ("1.2.398.3.3.2", "1.2.398.3.3.2"),
    KeyKind.GOST_2004: ("1.2.398.3.3.2.1", "1.2.398.3.3.2.4"),
    KeyKind.RSA: ("1.2.398.3.3.2.3", "1.2.398.3.3.2.4"),
}
"""Of keys that sign, and of keys that log in."""


def shown(kind: KeyKind, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pki_of(kind).certificate_file(name).read_bytes())


@KINDS
@HOLDERS
def test_extensions_are_those_of_the_nca_and_only_the_key_usage_is_critical(kind: KeyKind, name: str) -> None:
    found = {one.oid.dotted_string: one.critical for one in shown(kind, name).extensions}
    assert set(found) == {
        *("2.5.29.15", "2.5.29.37", "2.5.29.35", "2.5.29.14", "2.5.29.32", "2.5.29.31", "2.5.29.46"),
        *("1.3.6.1.5.5.7.1.1", *(["1.2.398.3.3.5"] if kind is KeyKind.GOST_2015 else [])),
    }
    assert [oid for oid, critical in found.items() if critical] == ["2.5.29.15"]


@KINDS
@HOLDERS
def test_policy_is_that_of_the_kind_and_purpose(kind: KeyKind, name: str) -> None:
    policies = shown(kind, name).extensions.get_extension_for_class(x509.CertificatePolicies).value
    auth = name == "employer-auth"
    assert [one.policy_identifier.dotted_string for one in policies] == [_POLICY[kind][auth]]
    told = policies[0].policy_qualifiers or []
    assert told[0] == "http://test-nca.invalid/cps"
    assert len(told) == (1 if kind is KeyKind.GOST_2015 else 2)


@KINDS
@HOLDERS
def test_extended_key_usage_names_the_purpose_and_then_the_roles(kind: KeyKind, name: str) -> None:
    purposes = shown(kind, name).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    roles = [_LEGAL] if name == "gateway" else [_LEGAL, _HEAD]
    assert [one.dotted_string for one in purposes] == [_CLIENT if name == "employer-auth" else _MAIL, *roles]
    told = Certificate.load(pki_of(kind).certificate_file(name)).roles
    assert tuple(told) == ((Role.LEGAL_ENTITY,) if name == "gateway" else (Role.LEGAL_ENTITY, Role.FIRST_HEAD))


@KINDS
@HOLDERS
def test_key_usage_is_that_of_the_kind(kind: KeyKind, name: str) -> None:
    certificate = Certificate.load(pki_of(kind).certificate_file(name))
    usage = set(asn1_x509.Certificate.load(certificate.der).key_usage_value.native)
    purpose = "key_encipherment" if name == "employer-auth" else "non_repudiation"
    today = {"key_agreement"} if kind is KeyKind.GOST_2015 else set()
    assert usage == {"digital_signature", purpose} | today
    assert certificate.may_sign is (name != "employer-auth")
    assert certificate.key_oid == _KEY_OID[kind]


@KINDS
def test_lists_and_services_have_addresses(kind: KeyKind) -> None:
    extensions = shown(kind, "employer").extensions
    family = "rsa" if kind is KeyKind.RSA else "gost"
    lists = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    deltas = extensions.get_extension_for_class(x509.FreshestCRL).value
    points = [one.full_name[0].value for one in [*lists, *deltas] if one.full_name]
    host = "http://test-nca.invalid"
    assert points == [f"{host}/crl/nca_{family}.crl", f"{host}/crl/nca_d_{family}.crl"]
    access = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert {one.access_method._name: one.access_location.value for one in access} == {
        "OCSP": f"{host}/ocsp/",
        "caIssuers": f"{host}/cert/nca_{family}.cer",
    }


def test_key_of_2015_says_how_it_is_stored() -> None:
    extensions = shown(KeyKind.GOST_2015, "employer").extensions
    storage = extensions.get_extension_for_oid(x509.ObjectIdentifier("1.2.398.3.3.5")).value
    assert isinstance(storage, x509.UnrecognizedExtension)
    assert core.Sequence.load(storage.value)[0].native == "1.2.398.3.3.5.1.1"


@KINDS
def test_identifiers_follow_the_rule_of_the_kind(kind: KeyKind) -> None:
    for name in NAMES:
        certificate = Certificate.load(pki_of(kind).certificate_file(name))
        bits = core.Sequence.load(certificate.public_key)[1].contents[1:]
        of_2015 = kind is KeyKind.GOST_2015
        expected = hashlib.sha1(bits if of_2015 else certificate.public_key, usedforsecurity=False).digest()
        assert certificate.key_id == expected
        assert (certificate.serial_number == int.from_bytes(expected) & (2**159 - 1)) is of_2015
        assert 0 < certificate.serial_number < 2**159


@KINDS
def test_tls_certificates_have_no_gost_keys(kind: KeyKind) -> None:
    for file in (pki_of(kind).tls_certificate, pki_of(kind).tls_ca):
        assert isinstance(x509.load_pem_x509_certificate(file.read_bytes()).public_key(), EllipticCurvePublicKey)


@pytest.mark.parametrize(
    "name",
    [
        "certs/ceo_valid_sign_2004_gost.cer",
        "certs/individual_valid_sign_2004_rsa.cer",
        "ca/nca_gost2015_test.cer",
    ],
)
def test_rule_of_identifiers_is_the_ncas_own(name: str) -> None:
    certificate = Certificate.load(shared(f"testkeys/{name}"))
    kind = eds.KINDS.get(certificate.key_oid)
    if kind is None:
        rsa = x509.load_der_x509_certificate(certificate.der).public_key()
        assert isinstance(rsa, RSAPublicKey)
        assert certificate.key_id == key_identifier(rsa)
        return
    key = GostPublicKey(kind, certificate.public_key)
    assert certificate.key_id == key_identifier(key)
    assert (certificate.serial_number == serial_number(key)) is is_of_2015(key)
