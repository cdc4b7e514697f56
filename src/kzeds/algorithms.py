"""Which algorithm a URI or an OID stands for, and what is done with it.

Sources: RFC 6931 (algorithm URIs of XML Signature), W3C XML Encryption (SHA-256), and the URIs that the NCA of
Kazakhstan registers with its own provider, among them two for SHA-1 that no standard knows. The table is the one
place where a further algorithm is entered; no caller asks "is it RSA?".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from kzeds import rsa
from kzeds.errors import UnsupportedAlgorithmError
from kzeds.gost import eds
from kzeds.gost.eds import GOST_2015, GOST_OF_2004, GostKind

RSA_ENCRYPTION_OID = "1.2.840.113549.1.1.1"
"""Object identifier of RSA keys (RFC 3279)."""

GOST_OIDS = {
    "1.2.398.3.10.1.1.1.1": "GOST 34.310-2004",
    "1.2.398.3.10.1.1.1.2": "GOST 34.311-95 with GOST 34.310-2004",
    "1.2.398.3.10.1.1.2.1": "GOST 34.310-2015, 256 bit",
    "1.2.398.3.10.1.1.2.2": "GOST 34.310-2015, 512 bit",
    "1.2.398.3.10.1.1.2.3.1": "GOST 34.11-2015 with GOST 34.310-2015, 256 bit",
    "1.2.398.3.10.1.1.2.3.2": "GOST 34.11-2015 with GOST 34.310-2015, 512 bit",
}
"""Names of the NCA's own key and signature algorithms, for messages (arc 1.2.398.3.10.1)."""


@dataclass(frozen=True, slots=True)
class DigestAlgorithm:
    """A hash function as XML Signature names it.

    Attributes:
        uri: Identifier in ds:DigestMethod.
        name: What a person calls it.
        weak: Whether it is refused unless asked for.
        compute: Gives the digest as it stands in ds:DigestValue: SHA-256 and GOST 34.311-95 32 bytes, SHA-1 20,
            Streebog-512 64; the GOST ones in the order of bytes that the standards' examples print from the last byte.
    """

    uri: str
    name: str
    weak: bool
    compute: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """A signature algorithm as XML Signature names it.

    Attributes:
        uri: Identifier in ds:SignatureMethod.
        name: What a person calls it.
        digest_uri: Identifier of the digest that the NCA pairs with it.
        key_oid: Algorithm of the keys that can make it.
        weak: Whether it is refused unless asked for.
        verify: Takes the DER SubjectPublicKeyInfo, the signature and the data; says whether they fit.
        is_weak_key: Takes the DER SubjectPublicKeyInfo; says whether the key is too short.
    """

    uri: str
    name: str
    digest_uri: str
    key_oid: str
    weak: bool
    verify: Callable[[bytes, bytes, bytes], bool]
    is_weak_key: Callable[[bytes], bool]


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_DSIG = "http://www.w3.org/2000/09/xmldsig#"

SHA256 = DigestAlgorithm("http://www.w3.org/2001/04/xmlenc#sha256", "SHA-256", weak=False, compute=_sha256)

_PKIGOVKZ = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"


def _gost_digest(uri: str, name: str, kind: GostKind) -> DigestAlgorithm:
    return DigestAlgorithm(uri, name, weak=False, compute=partial(eds.digest, kind))


STREEBOG_512 = _gost_digest(f"{_PKIGOVKZ}gostr34112015-512", "GOST 34.11-2015, 512 bit", GOST_2015)
GOST_34311 = _gost_digest(f"{_MORE}gost34311", "GOST 34.311-95", GOST_OF_2004)

_DIGESTS = {
    digest.uri: digest
    for digest in (
        SHA256,
        STREEBOG_512,
        GOST_34311,
        DigestAlgorithm(f"{_DSIG}sha1", "SHA-1", weak=True, compute=_sha1),
        DigestAlgorithm(f"{_MORE}sha1", "SHA-1", weak=True, compute=_sha1),
    )
}


def _rsa(uri: str, name: str, digest_uri: str, *, verify: Callable[[bytes, bytes, bytes], bool]) -> SignatureAlgorithm:
    weak = verify is rsa.verify_sha1
    return SignatureAlgorithm(uri, name, digest_uri, RSA_ENCRYPTION_OID, weak, verify, rsa.is_weak_key)


RSA_SHA256 = _rsa(f"{_MORE}rsa-sha256", "RSA-SHA256", SHA256.uri, verify=rsa.verify_sha256)


def _gost(uri: str, digest: DigestAlgorithm, kind: GostKind) -> SignatureAlgorithm:
    """A GOST algorithm; its keys have one size each, so that none is too short."""
    return SignatureAlgorithm(
        uri,
        kind.name,
        digest.uri,
        kind.key_oid,
        weak=False,
        verify=partial(eds.verify, kind),
        is_weak_key=lambda _: False,
    )


GOST_2015_SIGNATURE = _gost(f"{_PKIGOVKZ}gostr34102015-gostr34112015-512", STREEBOG_512, GOST_2015)
GOST_2004_SIGNATURE = _gost(f"{_MORE}gost34310-gost34311", GOST_34311, GOST_OF_2004)

_SIGNATURES = {
    algorithm.uri: algorithm
    for algorithm in (
        RSA_SHA256,
        GOST_2015_SIGNATURE,
        GOST_2004_SIGNATURE,
        _rsa(f"{_DSIG}rsa-sha1", "RSA-SHA1", f"{_DSIG}sha1", verify=rsa.verify_sha1),
        _rsa(f"{_MORE}rsa-sha1", "RSA-SHA1", f"{_MORE}sha1", verify=rsa.verify_sha1),
    )
}


def digest_by_uri(uri: str) -> DigestAlgorithm:
    """Return the hash function of a ds:DigestMethod.

    Raises:
        UnsupportedAlgorithmError: When it is not built in.
    """
    try:
        return _DIGESTS[uri]
    except KeyError:
        raise UnsupportedAlgorithmError(f"digest algorithm {uri[:120]!r} is not built in", identifier=uri) from None


def signature_by_uri(uri: str) -> SignatureAlgorithm:
    """Return the algorithm of a ds:SignatureMethod.

    Raises:
        UnsupportedAlgorithmError: When it is not built in.
    """
    try:
        return _SIGNATURES[uri]
    except KeyError:
        raise UnsupportedAlgorithmError(f"signature algorithm {uri[:120]!r} is not built in", identifier=uri) from None


def describe_oid(oid: str) -> str:
    """Name an algorithm for a message: its OID, and what the NCA calls it when that is known."""
    name = GOST_OIDS.get(oid)
    return f"{oid} ({name})" if name else oid
