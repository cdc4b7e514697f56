"""RSA signatures of the NCA: PKCS#1 v1.5 with SHA-256, and SHA-1 for old documents.

Source: RFC 8017, section 8.2; the NCA's certificates name sha256WithRSAEncryption and 2048 bits. The arithmetic is
`cryptography`'s (OpenSSL). Signatures are the raw big-endian bytes, as long as the modulus.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from kzeds.errors import MalformedCertificateError, UnsupportedAlgorithmError

MINIMUM_BITS = 2048
"""Shorter keys are weak; every RSA key of the NCA has at least this many bits."""

_PADDING = PKCS1v15()
_SHA256 = SHA256()


def signer(private_key: RSAPrivateKey) -> Callable[[bytes], bytes]:
    """Return a function that signs with this key and keeps the key to itself; it may be called from any thread."""

    def sign(data: bytes) -> bytes:
        return private_key.sign(data, _PADDING, _SHA256)

    return sign


def verify_sha256(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Say whether `signature` over `data` was made by the key of this DER SubjectPublicKeyInfo."""
    return _verify(public_key, signature, data, _SHA256)


def verify_sha384(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Same with SHA-384, for certificates."""
    return _verify(public_key, signature, data, SHA384())


def verify_sha512(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Same with SHA-512, for certificates."""
    return _verify(public_key, signature, data, SHA512())


def verify_sha1(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Same with SHA-1; callers ask first whether a weak algorithm is allowed."""
    return _verify(public_key, signature, data, SHA1())  # noqa: S303 - legacy documents, refused by default


def is_weak_key(public_key: bytes) -> bool:
    """Say whether the modulus is too short.

    Raises:
        MalformedCertificateError: When the bytes are not a public key.
        UnsupportedAlgorithmError: When they are a key, but not RSA.
    """
    return _load(public_key).key_size < MINIMUM_BITS


def _verify(public_key: bytes, signature: bytes, data: bytes, algorithm: HashAlgorithm) -> bool:
    try:
        _load(public_key).verify(signature, data, _PADDING, algorithm)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _load(public_key: bytes) -> RSAPublicKey:
    """Read a SubjectPublicKeyInfo; the few keys that a program meets again and again are kept."""
    try:
        key = load_der_public_key(public_key)
    except UnsupportedAlgorithm:
        raise UnsupportedAlgorithmError("the certificate's key is not RSA") from None
    except ValueError:
        raise MalformedCertificateError("the certificate's public key cannot be read") from None
    if not isinstance(key, RSAPublicKey):
        raise UnsupportedAlgorithmError("the certificate's key is not RSA")
    return key
