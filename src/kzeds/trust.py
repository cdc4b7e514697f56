"""Whether a certificate was issued by an authority that the caller trusts.

Source: RFC 5280, section 6, reduced to what the NCA's hierarchy needs: names by DER bytes, key identifiers, CA flag,
path length, dates and signatures of every step. What else an authority may be forbidden (names, policies) is not worked
out: a certificate where it is critical is refused. Revocation is not asked here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from asn1crypto import x509 as asn1

from kzeds.certificate import Certificate
from kzeds.der import READER_FAULTS, extension_value
from kzeds.errors import CertificateMissingError, MalformedCertificateError, UntrustedCertificateError
from kzeds.issued import may_have_issued, require_strong_key, require_understood, verifier_of

MAXIMUM_LENGTH = 8
"""Certificates in a chain; the NCA's have three."""

_BASIC_CONSTRAINTS = "2.5.29.19"

_SUFFIXES = (".pem", ".crt", ".cer", ".der")

_proven: set[tuple[str, bytes, bytes, bytes]] = set()
"""Algorithm, key, signature and content that fit: whoever judges many documents meets the same certificates."""


def require_chain(
    certificate: Certificate, authorities: Collection[Certificate], *, at: datetime
) -> tuple[Certificate, ...]:
    """Check that a certificate was issued by one of the authorities, and by theirs as far as they are given.

    Every one of `authorities` is trusted; the chain goes on as long as an issuer of the last one is among them, so
    that an intermediate with a bad signature, past its dates or deeper than its root allows is refused although it is
    given.

    Source: RFC 5280, section 6.1, for the NCA's hierarchy: names by their DER bytes, key identifiers, CA flag, dates
    and signatures, in the form of `SigningKey.sign`.

    Args:
        certificate: The signer's.
        authorities: Trusted certificates of authorities.
        at: The moment for which all dates are checked, aware.

    Returns:
        The chain, from the certificate up to the last authority, of at most 8 certificates.

    Raises:
        UntrustedCertificateError: When no given authority issued it, one that is named did not sign it, one of the
            chain has more authorities below it than it allows, or has a critical extension that is not known.
        CertificateExpiredError: When one of the chain has expired.
        CertificateNotYetValidError: When one of the chain is not yet valid.
        WeakAlgorithmError: When a signature of the chain is made with SHA-1, MD5 or an RSA key below 2048 bits.
        UnsupportedAlgorithmError: When a signature of the chain is of an algorithm that is not built in.
        MalformedCertificateError: When the key or the basic constraints of an authority cannot be read.
    """
    certificate.require_valid_at(at)
    chain = [certificate]
    while chain[-1].issuer != chain[-1].subject and len(chain) < MAXIMUM_LENGTH:
        issuer = _issuer(chain[-1], authorities)
        if issuer is None or issuer in chain:
            break
        issuer.require_valid_at(at)
        chain.append(issuer)
    if chain[-1] not in authorities:
        raise UntrustedCertificateError(
            f"certificate {certificate.short_id} was not issued by any of the {len(authorities)} trusted authorities"
        )
    for one in chain:
        require_understood(one)
    _require_depth(chain)
    return tuple(chain)


def load_authorities(directory: Path) -> list[Certificate]:
    """Read the certificates of authorities in a directory: PEM (also several in one file) or DER.

    Files ending in .pem, .crt, .cer and .der are read; certificates that are not of authorities are left out, so a
    signer's certificate that lies there by chance is not trusted for that.

    Source: RFC 5280, 4.2.1.9 (basicConstraints), RFC 7468, section 5 (PEM).

    Raises:
        MalformedCertificateError: When a file holds something that is not a certificate; the file is named.
        CertificateMissingError: When there is not one certificate of an authority.
        OSError: When the directory or a file cannot be read.
    """
    files = sorted(path for path in directory.iterdir() if path.suffix.lower() in _SUFFIXES)
    found = [certificate for path in files for certificate in Certificate.load_all(path)]
    authorities = [certificate for certificate in found if certificate.is_authority]
    if not authorities:
        raise CertificateMissingError(f"{directory} holds no certificate of an authority (.pem, .crt, .cer, .der)")
    return authorities


def _require_depth(chain: Sequence[Certificate]) -> None:
    """Check how many authorities each one allows below it (RFC 5280, 4.2.1.9); self-issued ones do not count.

    Raises:
        UntrustedCertificateError: There are more.
        MalformedCertificateError: A number cannot be read.
    """
    below = 0
    for authority in chain[1:]:
        try:
            constraints = extension_value(authority.extensions, _BASIC_CONSTRAINTS, asn1.BasicConstraints)
            allowed = None if constraints is None else constraints["path_len_constraint"].native
        except READER_FAULTS:
            raise MalformedCertificateError(
                f"the basic constraints of certificate {authority.short_id} cannot be read"
            ) from None
        if allowed is not None and below > allowed:
            raise UntrustedCertificateError(
                f"authority {authority.short_id} allows {allowed} authorities below it, and {below} are in the chain"
            )
        below += authority.issuer != authority.subject


def _issuer(certificate: Certificate, authorities: Collection[Certificate]) -> Certificate | None:
    """Return the authority whose key made the certificate's signature."""
    named = [one for one in authorities if may_have_issued(one, certificate)]
    if not named:
        return None
    verify = verifier_of(certificate.signature_oid, what="certificate")
    for candidate in named:
        proof = (candidate.public_key, certificate.signature, certificate.signed_part)
        if (certificate.signature_oid, *proof) in _proven or verify(*proof):
            require_strong_key(candidate, what="certificate")
            _remember((certificate.signature_oid, *proof))
            return candidate
    raise UntrustedCertificateError(
        f"certificate {certificate.short_id} names a trusted authority, but that authority did not sign it"
    )


def _remember(proof: tuple[str, bytes, bytes, bytes]) -> None:
    if len(_proven) >= 1000:
        _proven.clear()
    _proven.add(proof)
