"""Signatures that authorities put on certificates, CRLs, OCSP answers and timestamps, by their OID.

Source: RFC 3279 and RFC 4055 (RSA), the OIDs under 1.2.398.3.10.1 of the NCA (GOST); RFC 8017 for what is too weak;
RFC 5280, 4.2, for extensions that nobody may pass over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kzeds import rsa
from kzeds.algorithms import RSA_ENCRYPTION_OID, describe_oid
from kzeds.certificate import Certificate
from kzeds.errors import (
    SignatureMismatchError,
    UnsupportedAlgorithmError,
    UntrustedCertificateError,
    WeakAlgorithmError,
)
from kzeds.gost import eds

_WEAK_OIDS = {"1.2.840.113549.1.1.4": "RSA-MD5", "1.2.840.113549.1.1.5": "RSA-SHA1"}

_KNOWN_CRITICAL = {"2.5.29.15", "2.5.29.19", "2.5.29.32", "2.5.29.37"}
"""Key usage, basic constraints, extended key usage; and policies, of which any will do."""

_VERIFIERS: dict[str, Callable[[bytes, bytes, bytes], bool]] = {
    "1.2.840.113549.1.1.11": rsa.verify_sha256,
    "1.2.840.113549.1.1.12": rsa.verify_sha384,
    "1.2.840.113549.1.1.13": rsa.verify_sha512,
    **{kind.signature_oid: partial(eds.verify, kind) for kind in eds.KINDS.values()},
}


def verifier_of(oid: str, *, what: str) -> Callable[[bytes, bytes, bytes], bool]:
    """The function that checks signatures of an OID: takes the DER public key, the signature and the data.

    Args:
        what: What was signed, for the message ("certificate").

    Raises:
        WeakAlgorithmError: SHA-1 or MD5: whoever can forge the hash needs no authority.
        UnsupportedAlgorithmError: Not built in.
    """
    if oid in _WEAK_OIDS:
        raise WeakAlgorithmError(f"the {what} was signed with {_WEAK_OIDS[oid]}, which is too weak")
    if oid not in _VERIFIERS:
        raise UnsupportedAlgorithmError(
            f"the {what} was signed with {describe_oid(oid)}, which is not built in", identifier=oid
        )
    return _VERIFIERS[oid]


def require_signature(signer: Certificate, oid: str, signature: bytes, data: bytes, *, what: str) -> None:
    """Check that `signer` signed `data`.

    Raises:
        WeakAlgorithmError: SHA-1, MD5 or an RSA key below 2048 bits.
        UnsupportedAlgorithmError: The algorithm is not built in, or not one for this key.
        SignatureMismatchError: The key did not make it.
        MalformedCertificateError: The key cannot be read.
    """
    verify = verifier_of(oid, what=what)
    require_strong_key(signer, what=what)
    if not verify(signer.public_key, signature, data):
        raise SignatureMismatchError(f"the {what} was not signed by the key of certificate {signer.short_id}")


def require_strong_key(signer: Certificate, *, what: str) -> None:
    """Check that the key behind a signature is long enough.

    Raises:
        WeakAlgorithmError: An RSA key below 2048 bits.
        UnsupportedAlgorithmError: It says that it is RSA, and is not.
        MalformedCertificateError: The key cannot be read.
    """
    if signer.key_oid == RSA_ENCRYPTION_OID and rsa.is_weak_key(signer.public_key):
        raise WeakAlgorithmError(f"the {what} was signed with an RSA key below {rsa.MINIMUM_BITS} bits")


def require_understood(certificate: Certificate) -> None:
    """Check that no extension is critical and unknown: it may forbid just what the certificate is taken for.

    Raises:
        UntrustedCertificateError: One is, such as name constraints.
    """
    strange = [oid for oid, one in certificate.extensions.items() if one.critical and oid not in _KNOWN_CRITICAL]
    if strange:
        raise UntrustedCertificateError(
            f"certificate {certificate.short_id} has a critical extension that is not known here: {strange[0]}"
        )


def may_sign_answers(certificate: Certificate) -> bool:
    """Say whether the key usage, where there is one, lets the key sign anything but certificates and lists."""
    return certificate.usages is None or bool(certificate.usages & {"digital_signature", "non_repudiation"})


def require_issued(certificate: Certificate, issuer: Certificate) -> None:
    """Check that `issuer` issued `certificate`: by name, key identifiers and signature; dates are not looked at.

    Raises:
        UntrustedCertificateError: It did not, or one of them has a critical extension that is not known.
        WeakAlgorithmError: The signature or the issuer's key is too weak.
        UnsupportedAlgorithmError: The algorithm is not built in.
        MalformedCertificateError: The issuer's key cannot be read.
    """
    if not may_have_issued(issuer, certificate):
        raise UntrustedCertificateError(
            f"certificate {certificate.short_id} does not name that authority as its issuer"
        )
    for one in (certificate, issuer):
        require_understood(one)
    verify = verifier_of(certificate.signature_oid, what="certificate")
    require_strong_key(issuer, what="certificate")
    if not verify(issuer.public_key, certificate.signature, certificate.signed_part):
        raise UntrustedCertificateError(f"certificate {certificate.short_id} was not signed by the authority it names")


def may_have_issued(authority: Certificate, certificate: Certificate) -> bool:
    """Say whether names and key identifiers fit, and the authority is one."""
    ids = (authority.key_id, certificate.issuer_key_id)
    same_key = None in ids or ids[0] == ids[1]
    return authority.is_authority and authority.subject == certificate.issuer and same_key
