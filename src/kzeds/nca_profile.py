"""What the NCA writes into certificates besides names and keys, for the test PKI.

Source: the NCA's published test certificates. Keys of 2015 differ from the older two kinds: their key identifier is
SHA-1 of the key's bits (RFC 5280, 4.2.1.2, method 1), not of the whole SubjectPublicKeyInfo; their serial number is the
key identifier with its first bit cleared, not a number of its own; one policy stands for all of them; and they alone
say how the key is stored. Addresses are under ".invalid" (RFC 2606): nothing can call out by them.
"""

from __future__ import annotations

import hashlib

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ObjectIdentifier

from kzeds.gost import eds
from kzeds.gost.keypair import GostPublicKey

PublicKey = RSAPublicKey | EllipticCurvePublicKey | GostPublicKey

_HOST = "http://test-nca.invalid"
_POLICY = ObjectIdentifier("1.2.398.3.3.2")
_POLICY_OF_LEGAL_ENTITY = ObjectIdentifier("1.2.398.3.3.2.1")
_POLICY_SIGN = ObjectIdentifier("1.2.398.3.3.2.3")
_POLICY_AUTH = ObjectIdentifier("1.2.398.3.3.2.4")
_KEY_STORAGE = ObjectIdentifier("1.2.398.3.3.5")
_STORED_IN_PKCS12 = bytes.fromhex("300a06082a830e0303050101")
"""DER of SEQUENCE { OBJECT IDENTIFIER 1.2.398.3.3.5.1.1 }."""


def is_of_2015(public_key: PublicKey) -> bool:
    """Say whether a key is of the kind that the NCA issues today."""
    return isinstance(public_key, GostPublicKey) and public_key.kind is eds.GOST_2015


def key_identifier(public_key: PublicKey) -> bytes:
    """The subject key identifier, 20 bytes; EC keys, which are TLS's and none of the NCA's, have the usual one."""
    if isinstance(public_key, GostPublicKey):
        whole = public_key.spki
    else:
        whole = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    usual = is_of_2015(public_key) or isinstance(public_key, EllipticCurvePublicKey)
    named = core.Sequence.load(whole)[1].contents[1:] if usual else whole
    return hashlib.sha1(named, usedforsecurity=False).digest()


def serial_number(public_key: PublicKey) -> int:
    """The serial number of a certificate: the key identifier kept positive, or one of its own for older kinds."""
    if is_of_2015(public_key):
        return int.from_bytes(key_identifier(public_key)) & ((1 << 159) - 1)
    return x509.random_serial_number()


def policies(public_key: PublicKey, *, auth: bool) -> x509.CertificatePolicies:
    """Under which policy a certificate was issued; the older ones repeat the address of the practice as a notice."""
    practice = f"{_HOST}/cps"
    if is_of_2015(public_key):
        return x509.CertificatePolicies([x509.PolicyInformation(_POLICY, [practice])])
    sign = _POLICY_OF_LEGAL_ENTITY if isinstance(public_key, GostPublicKey) else _POLICY_SIGN
    policy = _POLICY_AUTH if auth else sign
    return x509.CertificatePolicies([x509.PolicyInformation(policy, [practice, x509.UserNotice(None, practice)])])


def with_storage_and_addresses(builder: x509.CertificateBuilder, public_key: PublicKey) -> x509.CertificateBuilder:
    """Add how a key of 2015 is stored, and where lists, OCSP and the issuer would be, were this the NCA."""
    kind = "gost" if isinstance(public_key, GostPublicKey) else "rsa"
    access = [
        (AuthorityInformationAccessOID.OCSP, f"{_HOST}/ocsp/"),
        (AuthorityInformationAccessOID.CA_ISSUERS, f"{_HOST}/cert/nca_{kind}.cer"),
    ]
    described = [x509.AccessDescription(way, x509.UniformResourceIdentifier(url)) for way, url in access]
    if is_of_2015(public_key):
        builder = builder.add_extension(x509.UnrecognizedExtension(_KEY_STORAGE, _STORED_IN_PKCS12), critical=False)
    return (
        builder.add_extension(x509.CRLDistributionPoints([_point(f"nca_{kind}.crl")]), critical=False)
        .add_extension(x509.FreshestCRL([_point(f"nca_d_{kind}.crl")]), critical=False)
        .add_extension(x509.AuthorityInformationAccess(described), critical=False)
    )


def _point(name: str) -> x509.DistributionPoint:
    return x509.DistributionPoint([x509.UniformResourceIdentifier(f"{_HOST}/crl/{name}")], None, None, None)
