"""A wrong password, an algorithm that is not built in and a damaged file are never taken for one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import algos
from asn1crypto import pkcs12 as asn1

from kzeds import KeyKind, load_pkcs12
from kzeds.der import identifier, sequence
from kzeds.errors import DamagedKeyFileError, KeyFileError, UnknownKeyAlgorithmError, WrongPasswordError
from kzeds.gost.eds import GOST_2015, GOST_OF_2004, GostKind
from kzeds.keys import packing
from kzeds.keys import pkcs12 as reader
from support.kzeds_command import run_kzeds
from support.kzeds_kinds import key_of, pki_of

PASSWORD = "secret"
NOBODYS = "1.2.398.3.10.9.9.9"
"""In the arc of the NCA's algorithms, and none of them."""

PBES2, PBKDF2, SCRYPT = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12", "1.3.6.1.4.1.11591.4.11"
HMAC_SHA256, HMAC_STREEBOG = "1.2.840.113549.2.9", "1.2.643.7.1.1.4.2"
AES_256, ARIA_256 = "2.16.840.1.101.3.4.1.42", "1.2.410.200046.1.1.12"

GOST_KINDS = {KeyKind.GOST_2015: GOST_2015, KeyKind.GOST_2004: GOST_OF_2004}


@pytest.fixture(autouse=True)
def _few_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_ITERATIONS", 10)


def clear_key(kind: KeyKind) -> bytes:
    pki = pki_of(kind)
    data, password = pki.key_file("employer").read_bytes(), pki.password_file("employer").read_text()
    return reader._clear_key(reader._take_apart(data)[1], password)


def packed(kind: KeyKind, clear: bytes | None = None) -> bytes:
    return packing.pack_key(clear or clear_key(kind), key_of(kind).certificate.der, b"\x01", PASSWORD)


def refused(data: bytes, password: str = PASSWORD) -> KeyFileError:
    with pytest.raises(KeyFileError) as caught:
        load_pkcs12(data, password)
    return caught.value


@pytest.mark.parametrize("kind", GOST_KINDS)
@pytest.mark.parametrize(
    ("oid_of", "words"),
    [
        (lambda kind: kind.key_oid, "its algorithm"),
        (lambda kind: kind.curve_oid, "the key's curve"),
        (lambda kind: kind.key_digest_oid, "the key's hash"),
    ],
    ids=["key", "curve", "hash"],
)
def test_unknown_identifier_in_a_key_is_named(kind: KeyKind, oid_of: Callable[[GostKind], str], words: str) -> None:
    known, clear = identifier(oid_of(GOST_KINDS[kind])), clear_key(kind)
    unknown = identifier(NOBODYS)[2:].ljust(len(known) - 2, b"\x01")
    changed = clear.replace(known, known[:2] + unknown)
    assert changed != clear
    error = refused(packed(kind, changed))
    assert isinstance(error, UnknownKeyAlgorithmError)
    assert error.oid.startswith(NOBODYS)
    assert words in str(error)
    assert error.oid in str(error)


@pytest.mark.parametrize("place", ["_TRIPLE_DES", "_SHA1"])
@pytest.mark.parametrize("oid", [NOBODYS, "1.2.840.113549.1.12.1.1", "1.2.840.113549.1.5.14", "1.2.840.113549.2.5"])
def test_protection_that_is_not_built_in_is_named(monkeypatch: pytest.MonkeyPatch, place: str, oid: str) -> None:
    """Whether the reader of ASN.1 has heard of it (RC4, PBMAC1, MD5) or not."""
    monkeypatch.setattr(packing, place, oid)
    error = refused(packed(KeyKind.GOST_2015))
    assert isinstance(error, UnknownKeyAlgorithmError)
    assert error.oid == oid


def test_protection_of_the_certificate_that_is_not_built_in_is_named() -> None:
    def certificate_only(clear: bytes, password: str) -> tuple[bytes, bytes]:
        algorithm, sealed = encrypt(clear, password)
        if clear != whole:
            algorithm = sequence(identifier(NOBODYS), algorithm[2 + len(identifier(packing._TRIPLE_DES)) :])
        return algorithm, sealed

    encrypt, whole = packing._encrypt, clear_key(KeyKind.GOST_2015)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packing, "_encrypt", certificate_only)
        data = packed(KeyKind.GOST_2015)
    error = refused(data)
    assert isinstance(error, UnknownKeyAlgorithmError)
    assert error.oid == NOBODYS
    assert isinstance(refused(data, "wrong"), WrongPasswordError)


@pytest.mark.parametrize(
    ("derivation", "pseudorandom", "cipher", "unknown"),
    [
        (PBKDF2, HMAC_SHA256, ARIA_256, ARIA_256),
        (PBKDF2, HMAC_SHA256, NOBODYS, NOBODYS),
        (PBKDF2, HMAC_STREEBOG, AES_256, HMAC_STREEBOG),
        (SCRYPT, HMAC_SHA256, AES_256, SCRYPT),
    ],
)
def test_part_of_pbes2_that_is_not_built_in_is_named(
    monkeypatch: pytest.MonkeyPatch, derivation: str, pseudorandom: str, cipher: str, unknown: str
) -> None:
    octets, number = packing._octets, packing._integer
    counted = sequence(octets(b"salt"), number(10), sequence(identifier(pseudorandom), b"\x05\x00"))
    scheme = sequence(identifier(cipher), octets(bytes(16)))
    algorithm = sequence(identifier(PBES2), sequence(sequence(identifier(derivation), counted), scheme))
    assert algos.EncryptionAlgorithm.load(algorithm)["algorithm"].native == "pbes2"
    monkeypatch.setattr(packing, "_encrypt", lambda *_: (algorithm, bytes(160)))
    error = refused(packed(KeyKind.GOST_2015))
    assert isinstance(error, UnknownKeyAlgorithmError)
    assert error.oid == unknown
    assert isinstance(refused(packed(KeyKind.GOST_2015), "wrong"), WrongPasswordError)


@pytest.mark.parametrize("kind", [KeyKind.GOST_2015, KeyKind.GOST_2004])
def test_no_changed_byte_makes_a_right_password_wrong_or_goes_unseen(kind: KeyKind) -> None:
    """The first bytes hold the frame, the salt and the key, the last ones the integrity code."""
    data, found = packed(kind), Counter[type[KeyFileError]]()
    for place in (*range(400), *range(400, len(data) - 80, 7), *range(len(data) - 80, len(data))):
        changed = bytearray(data)
        changed[place] ^= 0x5A
        found[type(refused(bytes(changed)))] += 1
    assert set(found) == {DamagedKeyFileError, UnknownKeyAlgorithmError}
    assert found[UnknownKeyAlgorithmError] == 5, "the identifier of the integrity code's hash"


def test_wrong_password_stays_wrong_where_the_key_is_damaged_too() -> None:
    container = asn1.Pfx.load(packed(KeyKind.GOST_2015))
    container["mac_data"]["mac"]["digest"] = bytes(20)
    data = container.dump(force=True)
    assert isinstance(refused(data, "wrong"), WrongPasswordError)
    assert isinstance(refused(data), DamagedKeyFileError)


@pytest.mark.parametrize("password", ["\ud800", "secret\udfff"])
def test_password_that_is_no_unicode_is_a_wrong_one(password: str) -> None:
    assert isinstance(refused(packed(KeyKind.GOST_2015), password), WrongPasswordError)


@pytest.mark.parametrize(
    ("kind_of_trouble", "code", "words"),
    [
        ("wrong password", 1, "the password does not open"),
        ("damaged", 1, "was altered"),
        ("cut short", 1, "cut short"),
        ("unknown", 2, NOBODYS),
    ],
)
def test_command_tells_them_apart_by_words_and_exit_code(
    kind_of_trouble: str,
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    clear = clear_key(KeyKind.GOST_2015)
    whole, unknown = identifier(GOST_2015.key_oid), identifier(NOBODYS)[2:].ljust(9, b"\x01")
    data = packed(KeyKind.GOST_2015)
    shown = {
        "damaged": data[:-1] + b"\x01",
        "cut short": data[:-1],
        "unknown": packed(KeyKind.GOST_2015, clear.replace(whole, whole[:2] + unknown)),
    }.get(kind_of_trouble, data)
    file, secret = tmp_path / "key.p12", tmp_path / "password"
    file.write_bytes(shown)
    secret.write_text("wrong" if kind_of_trouble == "wrong password" else PASSWORD)
    secret.chmod(0o600)
    found, out, err = run_kzeds(monkeypatch, capsys, "info", file, "--password-file", secret)
    assert (found, out) == (code, "")
    assert words in err
    assert str(file) in err
    assert PASSWORD not in err
