"""What protects the contents of a PKCS#12 file, and how it is taken off.

Sources: RFC 7292, appendix B (keys from passwords) and C (the old ciphers); RFC 8018 (PBES2, which newer programs write
when they export a key again). The NCA writes triple DES around the key and 40-bit RC2 around the certificate.
"""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from kzeds.errors import UnknownKeyAlgorithmError
from kzeds.keys import rc2

ENCRYPTION_KEY, INITIAL_VECTOR, INTEGRITY_KEY = 1, 2, 3
"""Purposes of derived bytes (RFC 7292, appendix B.3)."""

MAXIMUM_ITERATIONS = 1_000_000
"""A larger count in a file is damage or malice: it would only keep the machine busy. The NCA uses 1024, programs that
write keys again 2048 to 600 000 (OWASP's advice for PBKDF2 with SHA-256). A file at this limit takes one core 4.4 s to
open or to refuse (measured; a derivation of RFC 7292 0.6 s for each digest of its output, PBKDF2 0.2 to 0.4 s).
"""

_OLD_KEY_SIZES = {"1.2.840.113549.1.12.1.3": 24, "1.2.840.113549.1.12.1.5": 16, "1.2.840.113549.1.12.1.6": 5}
"""Triple DES with three keys; RC2 with 128 and with 40 bits."""

_TRIPLE_DES = "1.2.840.113549.1.12.1.3"
_PBES2 = "1.2.840.113549.1.5.13"
_PBKDF2 = "1.2.840.113549.1.5.12"
_AES_KEY_SIZES = {"aes128_cbc": 16, "aes192_cbc": 24, "aes256_cbc": 32}


def require_bounded(algorithm: Any) -> None:
    """Refuse an absurd iteration count before a password is tried; a protection that is not built in has none.

    Args:
        algorithm: asn1crypto's EncryptionAlgorithm.

    Raises:
        ValueError: The count is not one from 1 to `MAXIMUM_ITERATIONS`, or cannot be read.
    """
    oid, parameters = algorithm["algorithm"].dotted, algorithm["parameters"]
    if oid in _OLD_KEY_SIZES:
        _bounded(parameters["iterations"].native)
    elif oid == _PBES2 and parameters["key_derivation_func"]["algorithm"].dotted == _PBKDF2:
        _bounded(parameters["key_derivation_func"]["parameters"]["iteration_count"].native)


def decrypt(algorithm: Any, content: bytes, password: str) -> bytes:
    """Take the protection off.

    Args:
        algorithm: asn1crypto's EncryptionAlgorithm.
        content: The encrypted bytes.
        password: Of the file.

    Raises:
        UnknownKeyAlgorithmError: The protection is not built in.
        ValueError: The password does not fit, or the bytes are damaged: the padding is wrong.
    """
    oid = algorithm["algorithm"].dotted
    if oid == _PBES2:
        return _without_padding(_decrypt_pbes2(algorithm, content, password))
    _require_known(oid, known=oid in _OLD_KEY_SIZES)
    salt, iterations = algorithm["parameters"]["salt"].native, _bounded(algorithm["parameters"]["iterations"].native)
    key = derive(password, salt, iterations, ENCRYPTION_KEY, "sha1", size=_OLD_KEY_SIZES[oid])
    vector = derive(password, salt, iterations, INITIAL_VECTOR, "sha1", size=8)
    if len(content) % 8:
        raise ValueError("not whole blocks")
    if oid == _TRIPLE_DES:
        return _without_padding(_cbc(TripleDES(key), vector, content))
    return _without_padding(rc2.decrypt_cbc(key, vector, content))


def derive(password: str, salt: bytes, iterations: int, purpose: int, hash_name: str, *, size: int) -> bytes:
    """Derive bytes from a password (RFC 7292, appendix B.2).

    Args:
        password: Taken as UTF-16, big-endian, with a closing zero character.
        salt: As in the file.
        iterations: As in the file.
        purpose: 1 encryption key, 2 initial vector, 3 integrity key.
        hash_name: Name for `hashlib`.
        size: How many bytes.
    """
    block = hashlib.new(hash_name, usedforsecurity=False).block_size
    mixed = _fill(salt, block) + _fill(password.encode("utf-16-be", "surrogatepass") + b"\0\0", block)
    derived = b""
    while True:
        value = bytes([purpose]) * block + mixed
        for _ in range(iterations):
            value = hashlib.new(hash_name, value, usedforsecurity=False).digest()
        derived += value
        if len(derived) >= size:
            return derived[:size]
        addend = int.from_bytes(_fill(value, block)[:block], "big") + 1
        parts = (int.from_bytes(mixed[place : place + block], "big") for place in range(0, len(mixed), block))
        mixed = b"".join(((part + addend) % (1 << 8 * block)).to_bytes(block, "big") for part in parts)


def _fill(value: bytes, block: int) -> bytes:
    """Repeat `value` up to a whole number of blocks."""
    length = -(-len(value) // block) * block
    return (value * (length // len(value) + 1))[:length] if value else b""


def _bounded(iterations: int) -> int:
    if not 0 < iterations <= MAXIMUM_ITERATIONS:
        raise ValueError("iteration count")
    return iterations


def _require_known(oid: str, *, known: bool) -> None:
    if not known:
        raise UnknownKeyAlgorithmError(f"the key file is protected by {oid}, which is not built in", oid=oid)


def _decrypt_pbes2(algorithm: Any, content: bytes, password: str) -> bytes:
    derivation, scheme = (algorithm["parameters"][part] for part in ("key_derivation_func", "encryption_scheme"))
    _require_known(derivation["algorithm"].dotted, known=derivation["algorithm"].dotted == _PBKDF2)
    pseudorandom, cipher = derivation["parameters"]["prf"]["algorithm"], scheme["algorithm"]
    _require_known(pseudorandom.dotted, known=pseudorandom.native in hashlib.algorithms_available)
    _require_known(cipher.dotted, known=cipher.native in _AES_KEY_SIZES)
    salt, iterations = algorithm.kdf_salt, _bounded(algorithm.kdf_iterations)
    size = _AES_KEY_SIZES[cipher.native]
    key = hashlib.pbkdf2_hmac(pseudorandom.native, password.encode(), salt, iterations, size)
    return _cbc(AES(key), scheme["parameters"].native, content)


def _cbc(algorithm: CipherAlgorithm, vector: bytes, content: bytes) -> bytes:
    worker = Cipher(algorithm, CBC(vector)).decryptor()
    return worker.update(content) + worker.finalize()


def _without_padding(clear: bytes) -> bytes:
    """Remove the padding of RFC 8018, section 6.1.1."""
    length = clear[-1] if clear else 0
    if not 0 < length <= 16 or not clear.endswith(bytes([length]) * length):
        raise ValueError("padding")
    return clear[:-length]
