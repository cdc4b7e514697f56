"""Issuing certificates in the NCA's profile, for the test PKI.

Source: RFC 5280 and the profile that the NCA's published test certificates show: the order of name parts, roles as
extended key usages under 1.2.398.3.3.4.1, and what :mod:`kzeds.nca_profile` has.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from kzeds import nca_profile
from kzeds.der import bit_string, elements, sequence
from kzeds.gost.keypair import GostPrivateKey, GostPublicKey, signature_algorithm
from kzeds.nca_profile import PublicKey, is_of_2015
from kzeds.roles import ROLE_OIDS, Role

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | GostPrivateKey

_ALGORITHM, _PUBLIC_KEY = 2, 6
"""Places in a TBSCertificate."""

_PLACE_HOLDER = ec.generate_private_key(ec.SECP256R1())
"""Stands where a GOST key goes until the bytes are put together; signs nothing that leaves this module."""

_OID_OF_ROLE = {role: ObjectIdentifier(oid) for oid, role in ROLE_OIDS.items()}


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when."""

    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Holder:
    """Whom a certificate is for, and whether its key may sign or only log in (`auth`)."""

    common_name: str
    surname: str = ""
    patronymic: str = ""
    iin: str = ""
    organisation: str = ""
    bin: str = ""
    roles: tuple[Role, ...] = (Role.INDIVIDUAL,)
    auth: bool = False


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority with its key."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)


def make_authority(
    key: PrivateKey, common_name: str, validity: Validity, *, above: Authority | None = None
) -> Authority:
    """Make an authority, self-signed or certified by another one above it."""
    name = x509.Name([_part(NameOID.COMMON_NAME, common_name), _part(NameOID.COUNTRY_NAME, "KZ")])
    issuer = name if above is None else above.certificate.subject
    builder = _builder(issuer, name, key.public_key(), validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).add_extension(
        _usage(key_cert_sign=True, crl_sign=True), critical=True
    )
    signing = key if above is None else above.key
    issuer_key_id = x509.AuthorityKeyIdentifier(nca_profile.key_identifier(signing.public_key()), None, None)
    certificate = _signed(builder.add_extension(issuer_key_id, critical=False), signing, key.public_key())
    return Authority(certificate, key)


def issue(authority: Authority, public_key: PublicKey, holder: Holder, validity: Validity) -> x509.Certificate:
    """Issue a certificate for a person or an organisation, as the NCA does."""
    builder = _builder(authority.certificate.subject, _subject(holder), public_key, validity)
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH if holder.auth else ExtendedKeyUsageOID.EMAIL_PROTECTION
    usage = _usage(
        digital_signature=True,
        key_encipherment=holder.auth,
        content_commitment=not holder.auth,
        key_agreement=is_of_2015(public_key),
    )
    builder = (
        builder.add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose, *(_OID_OF_ROLE[role] for role in holder.roles)]), critical=False)
        .add_extension(_issuer_key_id(authority), critical=False)
        .add_extension(nca_profile.policies(public_key, auth=holder.auth), critical=False)
    )
    return _signed(nca_profile.with_storage_and_addresses(builder, public_key), authority.key, public_key)


def issue_responder(
    authority: Authority, public_key: PublicKey, common_name: str, validity: Validity
) -> x509.Certificate:
    """Issue a certificate whose key answers by OCSP in the authority's name, as the NCA's do."""
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    builder = _service(authority, public_key, common_name, validity).add_extension(purpose, critical=False)
    return _signed(builder.add_extension(x509.OCSPNoCheck(), critical=False), authority.key, public_key)


def issue_timestamper(
    authority: Authority, public_key: PublicKey, common_name: str, validity: Validity
) -> x509.Certificate:
    """Issue a certificate whose key makes timestamps, and may do nothing else (RFC 3161, 2.3)."""
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    builder = _service(authority, public_key, common_name, validity).add_extension(purpose, critical=True)
    return _signed(builder, authority.key, public_key)


def issue_tls_server(
    authority: Authority, public_key: EllipticCurvePublicKey, validity: Validity, *, names: Collection[str] = ()
) -> x509.Certificate:
    """Issue a server certificate for this machine (localhost, 127.0.0.1 and ::1), and for other host names if given."""
    name = x509.Name([_part(NameOID.COMMON_NAME, "localhost")])
    alternatives = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1")),
            *map(x509.DNSName, names),
        ]
    )
    builder = (
        _builder(authority.certificate.subject, name, public_key, validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(alternatives, critical=False)
        .add_extension(_issuer_key_id(authority), critical=False)
    )
    return _signed(builder, authority.key, public_key)


def _service(
    authority: Authority, public_key: PublicKey, common_name: str, validity: Validity
) -> x509.CertificateBuilder:
    name = x509.Name([_part(NameOID.COMMON_NAME, common_name), _part(NameOID.COUNTRY_NAME, "KZ")])
    return (
        _builder(authority.certificate.subject, name, public_key, validity)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(_issuer_key_id(authority), critical=False)
    )


def key_id(certificate: x509.Certificate) -> bytes:
    """Return the subject key identifier."""
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def _builder(
    issuer: x509.Name,
    subject: x509.Name,
    public_key: PublicKey,
    validity: Validity,
) -> x509.CertificateBuilder:
    """Begin a certificate with its identifiers, names and dates."""
    identifier = x509.SubjectKeyIdentifier(nca_profile.key_identifier(public_key))
    shown = _PLACE_HOLDER.public_key() if isinstance(public_key, GostPublicKey) else public_key
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(shown)
        .serial_number(nca_profile.serial_number(public_key))
        .not_valid_before(validity.not_before)
        .not_valid_after(validity.not_after)
        .add_extension(identifier, critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: PrivateKey, public_key: PublicKey) -> x509.Certificate:
    """Finish a certificate. `cryptography` knows no GOST, so such parts are put in their places of the DER bytes."""
    if not isinstance(key, GostPrivateKey) and not isinstance(public_key, GostPublicKey):
        return builder.sign(key, SHA256())
    signing = _PLACE_HOLDER if isinstance(key, GostPrivateKey) else key
    parts = elements(builder.sign(signing, SHA256()).tbs_certificate_bytes)
    if isinstance(public_key, GostPublicKey):
        parts[_PUBLIC_KEY] = public_key.spki
    if isinstance(key, GostPrivateKey):
        parts[_ALGORITHM] = signature_algorithm(key.kind)
    content = sequence(*parts)
    return x509.load_der_x509_certificate(sequence(content, parts[_ALGORITHM], bit_string(_sign(key, content))))


def _sign(key: PrivateKey, content: bytes) -> bytes:
    if isinstance(key, GostPrivateKey):
        return key.sign(content)
    if isinstance(key, RSAPrivateKey):
        return key.sign(content, PKCS1v15(), SHA256())
    return key.sign(content, ec.ECDSA(SHA256()))


def _part(oid: ObjectIdentifier, value: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(oid, value)


def _subject(holder: Holder) -> x509.Name:
    parts = [
        (NameOID.COMMON_NAME, holder.common_name),
        (NameOID.SURNAME, holder.surname),
        (NameOID.SERIAL_NUMBER, holder.iin and f"IIN{holder.iin}"),
        (NameOID.COUNTRY_NAME, "KZ"),
        (NameOID.ORGANIZATION_NAME, holder.organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, holder.bin and f"BIN{holder.bin}"),
        (NameOID.GIVEN_NAME, holder.patronymic),
    ]
    return x509.Name([_part(oid, value) for oid, value in parts if value])


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_encipherment: bool = False,
    key_agreement: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=key_agreement,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _issuer_key_id(authority: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier(key_id(authority.certificate), None, None)
