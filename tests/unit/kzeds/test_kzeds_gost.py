"""GOST hashes, curves and signatures: published answers, and the fast path against plain Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds.errors import DamagedKeyFileError, MalformedCertificateError, UnsupportedAlgorithmError
from kzeds.gost import curves, eds, keypair, native, scheme
from kzeds.gost.curves import GOST_2004, GOST_2015_512, Curve
from kzeds.gost.eds import GOST_2015, GOST_OF_2004, GostKind
from kzeds.gost.gost34311 import gost34311
from kzeds.gost.nonce import hedged_nonces
from kzeds.gost.scheme import Arithmetic
from kzeds.gost.streebog import streebog512
from support.kzeds_material import shared

CURVES = pytest.mark.parametrize("curve", [GOST_2015_512, GOST_2004], ids=lambda curve: curve.name)
KINDS = pytest.mark.parametrize("kind", [GOST_2015, GOST_OF_2004], ids=lambda kind: kind.name)
HASHES: dict[str, Callable[[bytes], bytes]] = {"streebog512": streebog512, "gost34311": gost34311}
KEY = 0x1D3A5C7B9E8F60213243546576879809A1B2C3D4E5F60718293A4B5C6D7E8F90


def test_streebog_gives_the_answer_of_rfc_6986() -> None:
    """Example 1 of the RFC; it prints messages and digests from their last byte."""
    message = bytes.fromhex(
        "323130393837363534333231303938373635343332313039383736353433323130"
        "393837363534333231303938373635343332313039383736353433323130"
    )[::-1]
    answer = (
        "486f64c1917879417fef082b3381a4e211c324f074654c38823a7b76f830ad00"
        "fa1fbae42b1285c0352f227524bc9ab16254288dd6863dccd5b9f54a1ad0541b"
    )
    assert streebog512(message)[::-1].hex() == answer


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (b"", "ce85b99cc46752fffee35cab9a7b0278abb4c2d2055cff685af4912c49490f8d"),
        (
            b"This is message, length=32 bytes",
            "b1c466d37519b82e8319819ff32595e047a28cb6f83eff1c6916a815a637fffa",
        ),
        (
            b"Suppose the original message has length = 50 bytes",
            "471aba57a60a770d3a76130635c1fbea4ef14de51f78b4ae57dd893b62f55208",
        ),
    ],
)
def test_gost34311_gives_the_answers_of_the_standard(message: bytes, answer: str) -> None:
    """The standard's own test parameters and examples (GOST R 34.11-94, appendix A)."""
    assert gost34311(message).hex() == answer


def test_hashes_give_the_answers_of_the_ncas_provider() -> None:
    for vector in json.loads(shared("vectors/hashes.json").read_text()):
        length = vector["length"]
        message = bytes((place * 7 + length) % 256 for place in range(length))
        assert streebog512(message).hex() == vector["GOST3411-2015-512"]
        assert gost34311(message).hex() == vector["GOST34311"]


@pytest.mark.parametrize("name", HASHES)
@settings(max_examples=40, deadline=None)
@given(message=st.binary(max_size=300))
def test_libgcrypt_and_plain_python_hash_alike(name: str, message: bytes) -> None:
    fast = native.libgcrypt_hash(name)
    if fast is None:
        pytest.skip("libgcrypt is not on this machine")
    assert fast(message) == HASHES[name](message)


@CURVES
def test_base_point_has_the_order_of_the_curve(curve: Curve) -> None:
    assert curve.holds(curve.base)
    assert curves.multiply_base(curve, curve.n) is None
    assert curves.multiply_base(curve, curve.n + 1) == curve.base
    assert curves.combine(curve, curve.n - 1, 1, curve.base) is None
    assert curves.combine(curve, 1, 1, curve.base) == curves.multiply_base(curve, 2)
    assert curves.multiply_base(curve, 0) is None


@CURVES
@settings(max_examples=15, deadline=None)
@given(first=st.integers(0, 2**520), second=st.integers(0, 2**520))
def test_openssl_and_plain_python_calculate_alike(curve: Curve, first: int, second: int) -> None:
    fast = native.libcrypto(curve)
    if fast is None:
        pytest.skip("OpenSSL's libcrypto is not on this machine")
    first, second = first % curve.n, second % curve.n
    point = curves.multiply_base(curve, 7)
    assert point is not None
    assert fast.multiply_base(first) == curves.multiply_base(curve, first)
    assert fast.combine(first, second, point) == curves.combine(curve, first, second, point)


def test_library_that_calculates_wrongly_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The self-test at loading: one wrong answer and plain Python does the work."""
    native.libgcrypt_hash.cache_clear()
    native.libcrypto.cache_clear()
    monkeypatch.setattr(native, "streebog512", lambda _: bytes(64))
    monkeypatch.setattr(curves, "combine", lambda *_: (1, 1))
    try:
        assert native.libgcrypt_hash("streebog512") is None
        assert native.libcrypto(GOST_2015_512) is None
        assert native.names()["streebog512"] == "python"
    finally:
        native.libgcrypt_hash.cache_clear()
        native.libcrypto.cache_clear()


def test_machine_without_the_libraries_signs_in_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "libcrypto", lambda _: None)
    monkeypatch.setattr(native, "libgcrypt_hash", lambda _: None)
    eds._arithmetic.cache_clear()
    try:
        signature = eds.signer(GOST_2015, KEY)(b"data")
        assert eds.verify(GOST_2015, eds.public_key_of(GOST_2015, KEY), signature, b"data")
    finally:
        monkeypatch.undo()
        eds._arithmetic.cache_clear()
    assert eds.verify(GOST_2015, eds.public_key_of(GOST_2015, KEY), signature, b"data")


@CURVES
@pytest.mark.parametrize("plain", [False, True])
def test_signature_fits_its_key_and_hash_only(curve: Curve, plain: bool) -> None:
    arithmetic, other = Arithmetic(curve, plain=plain), Arithmetic(curve, plain=not plain)
    key = KEY % curve.n
    point = scheme.public_key_of(arithmetic, key)
    digest = hashlib.sha512(b"hash").digest()[: curve.size]
    signature = scheme.sign(arithmetic, key, digest)
    assert len(signature) == 2 * curve.size
    assert scheme.verify(other, point, digest, signature)
    assert not scheme.verify(other, point, digest[::-1], signature)
    assert not scheme.verify(other, scheme.public_key_of(other, key + 1), digest, signature)
    for bit in range(0, 16 * curve.size, 37):
        wrong = bytearray(signature)
        wrong[bit // 8] ^= 1 << bit % 8
        assert not scheme.verify(arithmetic, point, digest, bytes(wrong))


@CURVES
def test_numbers_outside_their_range_are_no_signature(curve: Curve) -> None:
    arithmetic = Arithmetic(curve)
    point, digest = scheme.public_key_of(arithmetic, 5), bytes(curve.size - 1) + b"\x01"
    r, s = (part.to_bytes(curve.size, "little") for part in (1, 2))
    zero, order = bytes(curve.size), curve.n.to_bytes(curve.size, "little")
    for signature in (zero + s, r + zero, order + s, r + order, r, r + s + b"\0", b""):
        assert not scheme.verify(arithmetic, point, digest, signature)


def test_wire_form_is_the_byte_reverse_of_the_standards() -> None:
    """RFC 7091, section 6.1 (steps 4 to 6) by hand, with the hash and the number k of its example in appendix A.2."""
    arithmetic = Arithmetic(GOST_2015_512, plain=True)
    nonce, key = (
        0x359E7F4B1410FEACC570456C6801496946312120B39D019D455986E364F365886748ED7A44B3E794434006011842286212273A6D14CF70EA3AF71BB1AE679F1,
        KEY,
    )
    hashed = 0x3754F3CFACC9E0615C4F4A7C4D8DAB531B09B6F9C170C533A71D147035B0C5917184EE536593F4414339976C647C5D5A407ADEDB1D560C4FC6777D2972075B8C  # noqa: E501
    point = curves.multiply_base(GOST_2015_512, nonce)
    assert point is not None
    r = point[0] % GOST_2015_512.n
    s = (r * key + nonce * hashed) % GOST_2015_512.n
    wire = (s.to_bytes(64, "big") + r.to_bytes(64, "big"))[::-1]
    assert scheme.verify(arithmetic, scheme.public_key_of(arithmetic, key), hashed.to_bytes(64, "little"), wire)


def test_nonces_differ_by_key_message_and_randomness_and_never_repeat() -> None:
    def first(key: int, digest: bytes, fresh: bytes) -> int:
        return next(hedged_nonces(key, digest, below=GOST_2015_512.n, fresh=lambda size: (fresh * size)[:size]))

    drawn = [
        first(key, digest, fresh)
        for key in (1, 2)
        for digest in (b"\x01" * 64, b"\x02" * 64)
        for fresh in (b"\x00", b"\x01")
    ]
    assert len(set(drawn)) == len(drawn)
    assert first(1, b"\x01" * 64, b"\x00") == drawn[0]


@pytest.mark.parametrize("below", [2, 3, 5, 200, 2**64 + 13])
def test_nonces_lie_in_their_range(below: int) -> None:
    numbers = hedged_nonces(1, b"digest", below=below, fresh=bytes)
    assert all(0 < next(numbers) < below for _ in range(50))


def test_broken_random_source_still_gives_each_message_its_own_nonce() -> None:
    arithmetic = Arithmetic(GOST_2004)
    first, second = (scheme.sign(arithmetic, 7, bytes([number]) * 32, fresh=bytes)[:32] for number in (1, 2))
    assert first != second
    assert scheme.sign(arithmetic, 7, b"\x01" * 32) != scheme.sign(arithmetic, 7, b"\x01" * 32)


@KINDS
def test_keys_come_back_from_their_written_form(kind: GostKind) -> None:
    key = keypair.generate(kind)
    assert eds.read_private_key(kind, eds.write_private_key(kind, key.number)) == key.number
    spki = key.public_key().spki
    point = eds.read_public_key(kind, spki)
    assert eds.write_public_key(kind, point) == spki
    assert point == scheme.public_key_of(Arithmetic(kind.curve), key.number)
    assert str(key.number) not in repr(key)


@KINDS
def test_private_key_outside_its_curve_is_damage(kind: GostKind) -> None:
    for octets in (b"", b"\x04\x02ab", b"\x02\x01\x00", eds.write_private_key(kind, 0), b"\x30\x00"):
        with pytest.raises(DamagedKeyFileError):
            eds.read_private_key(kind, octets)
    with pytest.raises(ValueError, match="not a private key"):
        scheme.public_key_of(Arithmetic(kind.curve), kind.curve.n)


@KINDS
def test_public_key_that_is_no_point_of_the_curve_is_refused(kind: GostKind) -> None:
    for point in ((1, 2), (0, 0), (kind.curve.p - 1, 5)):
        with pytest.raises(MalformedCertificateError, match="not a point"):
            eds.read_public_key(kind, eds.write_public_key(kind, point))
    with pytest.raises(MalformedCertificateError):
        eds.read_public_key(kind, b"\x30\x00")


def test_public_key_of_the_other_kind_is_unsupported() -> None:
    spki = keypair.generate(GOST_2015).public_key().spki
    with pytest.raises(UnsupportedAlgorithmError):
        eds.read_public_key(GOST_OF_2004, spki)
