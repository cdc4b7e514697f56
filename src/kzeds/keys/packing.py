"""Writing key files, for the test PKI: `cryptography` writes RSA ones and knows no GOST.

Source: RFC 7292; triple DES and HMAC-SHA1 with 1024 iterations, as in the NCA's files.
"""

from __future__ import annotations

import hmac
import secrets

from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from kzeds.der import element, identifier, sequence
from kzeds.keys.protection import ENCRYPTION_KEY, INITIAL_VECTOR, INTEGRITY_KEY, derive

_ITERATIONS = 1024
_SALT_BYTES = 20

_DATA = "1.2.840.113549.1.7.1"
_ENCRYPTED_DATA = "1.2.840.113549.1.7.6"
_TRIPLE_DES = "1.2.840.113549.1.12.1.3"
_KEY_BAG = "1.2.840.113549.1.12.10.1.2"
_CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.3"
_X509 = "1.2.840.113549.1.9.22.1"
_FRIENDLY_NAME = "1.2.840.113549.1.9.20"
_LOCAL_KEY_ID = "1.2.840.113549.1.9.21"
_SHA1 = "1.3.14.3.2.26"


def pack_key(pkcs8: bytes, certificate: bytes, key_id: bytes, password: str) -> bytes:
    """A PKCS#12 file.

    Args:
        pkcs8: DER PrivateKeyInfo.
        certificate: DER.
        key_id: Of the certificate's subject; its hex is the alias.
        password: Of the file.
    """
    attributes = _attributes(key_id)
    algorithm, sealed = _encrypt(pkcs8, password)
    key_bag = _bag(_KEY_BAG, sequence(algorithm, _octets(sealed)), attributes)
    content = sequence(identifier(_X509), _explicit(_octets(certificate)))
    certificate_bag = _bag(_CERTIFICATE_BAG, content, attributes)
    safe = sequence(_data(sequence(key_bag)), _encrypted_data(sequence(certificate_bag), password))
    return sequence(_integer(3), _data(safe), _integrity(safe, password))


def pack_rsa_key(key: RSAPrivateKey, certificate: x509.Certificate, key_id: bytes, password: str) -> bytes:
    """The same with an RSA key."""
    protection = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_ITERATIONS)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(SHA1())  # noqa: S303 - the NCA's files are protected like this
        .build(password.encode())
    )
    return pkcs12.serialize_key_and_certificates(key_id.hex().encode(), key, certificate, None, protection)


def _encrypt(clear: bytes, password: str) -> tuple[bytes, bytes]:
    """The AlgorithmIdentifier and the encrypted bytes."""
    salt = secrets.token_bytes(_SALT_BYTES)
    key = derive(password, salt, _ITERATIONS, ENCRYPTION_KEY, "sha1", size=24)
    vector = derive(password, salt, _ITERATIONS, INITIAL_VECTOR, "sha1", size=8)
    missing = 8 - len(clear) % 8
    worker = Cipher(TripleDES(key), CBC(vector)).encryptor()
    sealed = worker.update(clear + bytes([missing]) * missing) + worker.finalize()
    return sequence(identifier(_TRIPLE_DES), sequence(_octets(salt), _integer(_ITERATIONS))), sealed


def _integrity(safe: bytes, password: str) -> bytes:
    salt = secrets.token_bytes(_SALT_BYTES)
    key = derive(password, salt, _ITERATIONS, INTEGRITY_KEY, "sha1", size=20)
    digest = sequence(sequence(identifier(_SHA1), b"\x05\x00"), _octets(hmac.digest(key, safe, "sha1")))
    return sequence(digest, _octets(salt), _integer(_ITERATIONS))


def _data(content: bytes) -> bytes:
    return sequence(identifier(_DATA), _explicit(_octets(content)))


def _encrypted_data(content: bytes, password: str) -> bytes:
    algorithm, sealed = _encrypt(content, password)
    inner = sequence(identifier(_DATA), algorithm, element(0x80, sealed))
    return sequence(identifier(_ENCRYPTED_DATA), _explicit(sequence(_integer(0), inner)))


def _bag(kind: str, content: bytes, attributes: bytes) -> bytes:
    return sequence(identifier(kind), _explicit(content), attributes)


def _attributes(key_id: bytes) -> bytes:
    name = element(0x1E, key_id.hex().encode("utf-16-be"))
    return _set(
        sequence(identifier(_FRIENDLY_NAME), _set(name)), sequence(identifier(_LOCAL_KEY_ID), _set(_octets(key_id)))
    )


def _set(*parts: bytes) -> bytes:
    return element(0x31, b"".join(parts))


def _octets(content: bytes) -> bytes:
    return element(0x04, content)


def _explicit(content: bytes) -> bytes:
    return element(0xA0, content)


def _integer(value: int) -> bytes:
    return element(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))
