"""Signatures that authorities put on certificates, CRLs, OCSP answers and timestamps, by their OID.

Source: RFC 3279 and RFC 4055 (RSA), the OIDs under 1.2.398.3.10.1 of the NCA (GOST); RFC 8017 for what is too weak.
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
    if signer.key_oid == RSA_ENCRYPTION_OID and rsa.is_weak_key(signer.public_key):
        raise WeakAlgorithmError(f"the {what} was signed with an RSA key below {rsa.MINIMUM_BITS} bits")
    if not verify(signer.public_key, signature, data):
        raise SignatureMismatchError(f"the {what} was not signed by the key of certificate {signer.short_id}")


def require_issued(certificate: Certificate, issuer: Certificate) -> None:
    """Check that `issuer` issued `certificate`: by name, key identifiers and signature; dates are not looked at.

    Raises:
        UntrustedCertificateError: It did not.
        WeakAlgorithmError: The signature is too weak.
        UnsupportedAlgorithmError: The algorithm is not built in.
    """
    if not may_have_issued(issuer, certificate):
        raise UntrustedCertificateError(
            f"certificate {certificate.short_id} does not name that authority as its issuer"
        )
    verify = verifier_of(certificate.signature_oid, what="certificate")
    if not verify(issuer.public_key, certificate.signature, certificate.signed_part):
        raise UntrustedCertificateError(f"certificate {certificate.short_id} was not signed by the authority it names")


def may_have_issued(authority: Certificate, certificate: Certificate) -> bool:
    """Say whether names and key identifiers fit, and the authority is one."""
    ids = (authority.key_id, certificate.issuer_key_id)
    same_key = None in ids or ids[0] == ids[1]
    return authority.is_authority and authority.subject == certificate.issuer and same_key
