"""RC2 gives the published answers, and key files in the NCA's own form open: RC2-40, BER without lengths."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest

from kzeds import KeyKind, load_pkcs12
from kzeds.der import identifier, sequence
from kzeds.errors import DamagedKeyFileError, WrongPasswordError
from kzeds.keys import packing, rc2
from kzeds.keys import pkcs12 as reader
from kzeds.keys.protection import ENCRYPTION_KEY, INITIAL_VECTOR, derive
from support.kzeds_kinds import key_of, pki_of

RC2_40 = "1.2.840.113549.1.12.1.6"
SALT = bytes(range(100, 120))
PASSWORD = "Qwerty12"


@pytest.mark.parametrize(
    ("key", "clear", "sealed"),
    [
        ("ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"),
        ("3000000000000000", "1000000000000001", "30649edf9be7d2c2"),
        ("88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"),
    ],
)
def test_answers_of_rfc_2268(key: str, clear: str, sealed: str) -> None:
    """Those of section 5 whose key is as long as its effective length."""
    assert rc2.decrypt_cbc(bytes.fromhex(key), bytes(8), bytes.fromhex(sealed)).hex() == clear


def test_answer_of_openssl_with_40_bits_and_chained_blocks() -> None:
    """`openssl enc -rc2-40-cbc` of OpenSSL 3.0.19, with its legacy provider."""
    sealed = bytes.fromhex("5f0d6d02ad40530e5565c7c20aae37ad7aa41e1dacd92f945cd0b648052862b8")
    clear = rc2.decrypt_cbc(bytes.fromhex("0123456789"), bytes.fromhex("0011223344556677"), sealed)
    assert clear == b"kzeds: RC2 with 40 bits, CBC" + b"\x04" * 4


@pytest.mark.parametrize("kind", KeyKind)
def test_key_file_in_the_ncas_form_opens_with_its_password_only(kind: KeyKind) -> None:
    opened = load_pkcs12(_file(kind), PASSWORD)
    assert opened.certificate == key_of(kind).certificate
    opened.certificate.verify(opened.sign(b"x"), b"x", opened.signature_uri)
    for wrong in ("", PASSWORD.lower(), PASSWORD + " "):
        with pytest.raises(WrongPasswordError):
            load_pkcs12(_file(kind), wrong)


@pytest.mark.parametrize("kind", KeyKind)
def test_altered_key_is_no_wrong_password_where_the_certificate_opens(kind: KeyKind) -> None:
    data = _file(kind)
    changed = bytearray(data)
    changed[data.index(b"\x04\x14") + 2] ^= 1
    with pytest.raises(DamagedKeyFileError, match="the password is right"):
        load_pkcs12(bytes(changed), PASSWORD)
    with pytest.raises(WrongPasswordError):
        load_pkcs12(bytes(changed), "wrong")


@cache
def _file(kind: KeyKind) -> bytes:
    """A test key packed as the NCA does it: triple DES around the key, RC2-40 around the certificate."""
    pki = pki_of(kind)
    data, password = pki.key_file("employer").read_bytes(), pki.password_file("employer").read_text()
    clear, certificate = reader._clear_key(reader._take_apart(data)[1], password), key_of(kind).certificate.der
    algorithm, sealed = packing._encrypt(clear, PASSWORD)
    attributes = packing._attributes(b"\x01")
    key_bag = packing._bag(packing._KEY_BAG, sequence(algorithm, packing._octets(sealed)), attributes)
    value = sequence(identifier(packing._X509), packing._explicit(packing._octets(certificate)))
    certificates = _endless(0x30, packing._bag(packing._CERTIFICATE_BAG, value, attributes))
    safe = _endless(0x30, _data(_endless(0x30, key_bag)), _encrypted(certificates))
    return sequence(b"\x02\x01\x03", packing._data(safe), packing._integrity(safe, PASSWORD))


def _data(content: bytes) -> bytes:
    return _endless(0x30, identifier(packing._DATA), _endless(0xA0, packing._octets(content)))


def _encrypted(content: bytes) -> bytes:
    key = derive(PASSWORD, SALT, 1024, ENCRYPTION_KEY, "sha1", size=5)
    vector = derive(PASSWORD, SALT, 1024, INITIAL_VECTOR, "sha1", size=8)
    algorithm = sequence(identifier(RC2_40), sequence(packing._octets(SALT), packing._integer(1024)))
    sealed = packing._octets(_rc2_cbc(key, vector, content))
    inner = _endless(0x30, identifier(packing._DATA), algorithm, _endless(0xA0, sealed))
    outer = _endless(0x30, packing._integer(0), inner)
    return _endless(0x30, identifier(packing._ENCRYPTED_DATA), _endless(0xA0, outer))


def _endless(tag: int, *parts: bytes) -> bytes:
    """BER of indefinite length."""
    return bytes([tag, 0x80]) + b"".join(parts) + b"\0\0"


def _rc2_cbc(key: bytes, vector: bytes, content: bytes) -> bytes:
    words, missing = rc2._expand(key), 8 - len(content) % 8
    content += bytes([missing]) * missing
    sealed, before = bytearray(), vector
    for start in range(0, len(content), 8):
        before = _rc2_block(words, bytes(a ^ b for a, b in zip(content[start : start + 8], before, strict=True)))
        sealed += before
    return bytes(sealed)


def _rc2_block(words: Sequence[int], block: bytes) -> bytes:
    """Encryption as RFC 2268, section 3, has it."""
    parts = [int.from_bytes(block[place : place + 2], "little") for place in range(0, 8, 2)]
    for number in range(16):
        for place, turn in enumerate((1, 2, 3, 5)):
            first, second, third = parts[place - 1], parts[place - 2], parts[place - 3]
            value = parts[place] + words[4 * number + place] + (first & second) + (~first & third) & 0xFFFF
            parts[place] = (value << turn | value >> 16 - turn) & 0xFFFF
        if number in {4, 10}:
            for place in range(4):
                parts[place] = parts[place] + words[parts[place - 1] & 63] & 0xFFFF
    return b"".join(part.to_bytes(2, "little") for part in parts)
