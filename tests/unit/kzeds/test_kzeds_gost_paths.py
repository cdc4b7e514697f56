"""The fast path and plain Python are one library: whatever one of them makes, the other takes, and nothing else."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds import KeyKind, load_pkcs12, sign_enveloped, verify_enveloped
from kzeds.gost import curves, eds, native
from kzeds.gost.curves import GOST_2004, GOST_2015_512, Curve, Point
from kzeds.gost.eds import GOST_2015, GOST_OF_2004, GostKind
from support.kzeds_kinds import pki_of
from support.kzeds_material import CONTRACT
from support.without_libraries import without_libraries

KINDS = pytest.mark.parametrize("kind", [GOST_2015, GOST_OF_2004], ids=lambda kind: kind.name)
KEYS = st.integers(1, 2**512)
MESSAGES = st.binary(max_size=700)

pytestmark = pytest.mark.skipif(
    "python" in native.names().values(), reason="libcrypto or libgcrypt is not on this machine"
)


def signed(kind: GostKind, key: int, message: bytes) -> tuple[bytes, bytes]:
    """A public key and a signature, by whatever there is to calculate with."""
    return eds.public_key_of(kind, key), eds.signer(kind, key)(message)


@KINDS
@settings(max_examples=20, deadline=None)
@given(number=KEYS, message=MESSAGES)
def test_signature_of_either_path_is_good_on_both(kind: GostKind, number: int, message: bytes) -> None:
    key = 1 + number % (kind.curve.n - 1)
    fast_public, fast = signed(kind, key, message)
    with without_libraries():
        plain_public, plain = signed(kind, key, message)
        assert eds.verify(kind, fast_public, fast, message)
        assert not eds.verify(kind, fast_public, fast, message + b"\0")
    assert plain_public == fast_public
    assert eds.verify(kind, fast_public, plain, message)
    assert not eds.verify(kind, fast_public, plain, message + b"\0")


@KINDS
@settings(max_examples=20, deadline=None)
@given(number=KEYS, message=MESSAGES, bit=st.integers(0, 2**16))
def test_both_paths_refuse_a_changed_signature(kind: GostKind, number: int, message: bytes, bit: int) -> None:
    public, signature = signed(kind, 1 + number % (kind.curve.n - 1), message)
    changed = bytearray(signature)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    assert not eds.verify(kind, public, bytes(changed), message)
    with without_libraries():
        assert not eds.verify(kind, public, bytes(changed), message)


@KINDS
def test_both_paths_hash_alike_at_every_length_of_some_blocks(kind: GostKind) -> None:
    message = bytes(range(256))
    for length in range(200):
        with without_libraries():
            plain = eds.digest(kind, message[:length])
        assert eds.digest(kind, message[:length]) == plain


@KINDS
@settings(max_examples=10, deadline=None)
@given(message=st.binary(min_size=3000, max_size=6000))
def test_both_paths_hash_whole_documents_alike(kind: GostKind, message: bytes) -> None:
    with without_libraries():
        plain = eds.digest(kind, message)
    assert eds.digest(kind, message) == plain


@pytest.mark.parametrize("byte", [b"\x00", b"\xff"])
@KINDS
def test_both_paths_hash_alike_where_every_addition_carries(kind: GostKind, byte: bytes) -> None:
    """The sums of blocks run over their size at every step, or never."""
    with without_libraries():
        plain = eds.digest(kind, byte * 513)
    assert eds.digest(kind, byte * 513) == plain


@pytest.mark.parametrize("kind", [KeyKind.GOST_2015, KeyKind.GOST_2004])
def test_document_signed_on_a_machine_without_libraries_is_good_on_one_with_them(kind: KeyKind) -> None:
    pki = pki_of(kind)
    data, password = pki.key_file("employer").read_bytes(), pki.password_file("employer").read_text()
    with without_libraries():
        plain = sign_enveloped(CONTRACT, load_pkcs12(data, password))
    fast = sign_enveloped(CONTRACT, load_pkcs12(data, password))
    assert verify_enveloped(plain, trusted=None).certificate == verify_enveloped(fast, trusted=None).certificate
    with without_libraries():
        assert verify_enveloped(fast, trusted=None).digest == verify_enveloped(plain, trusted=None).digest


@pytest.mark.parametrize("curve", [GOST_2015_512, GOST_2004], ids=lambda curve: curve.name)
def test_secret_numbers_have_one_length_when_thrice_the_order_is_added(curve: Curve) -> None:
    """What `scheme.sign` relies on: from the smallest to the greatest, all have as many bits."""
    assert (3 * curve.n + 1).bit_length() == (4 * curve.n - 1).bit_length()


def test_library_that_adds_wrongly_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its multiples are right and its sums are not: signatures would be right, and verification would lie."""
    right = native.LibCrypto.combine

    def wrong(self: native.LibCrypto, base_times: int, times: int, point: Point) -> Point | None:
        return right(self, base_times + 1, times, point)

    native.libcrypto.cache_clear()
    monkeypatch.setattr(native.LibCrypto, "combine", wrong)
    try:
        assert native.libcrypto(GOST_2015_512) is None
        assert native.names()["curves"] == "python"
    finally:
        native.libcrypto.cache_clear()


def _fresh(curve: Curve) -> native.LibCrypto:
    """OpenSSL's arithmetic that has met no point yet."""
    native.libcrypto.cache_clear()
    found = native.libcrypto(curve)
    native.libcrypto.cache_clear()
    assert found is not None
    return found


@pytest.mark.parametrize("curve", [GOST_2004, GOST_2015_512], ids=["2004", "2015"])
def test_sums_by_tables_are_those_of_plain_python(curve: Curve) -> None:
    fast, other = _fresh(curve), curves.multiply_base(curve, 1234567)
    assert other is not None
    numbers = [0, 1, 2, curve.n // 2, curve.n - 2, curve.n - 1]
    for point in (other, curve.base):
        for _ in range(native._USES_BEFORE_TABLE):
            fast.combine(1, 1, point)
        assert fast._tables[point] is not None
        for first, second in product(numbers, numbers):
            assert fast.combine(first, second, point) == curves.combine(curve, first, second, point)


def test_only_a_point_that_comes_again_and_again_gets_a_table_and_few_do() -> None:
    fast = _fresh(GOST_2004)
    points = [point for number in range(2, 30) if (point := fast.multiply_base(number)) is not None]
    for uses in range(1, native._USES_BEFORE_TABLE + 1):
        for point in points:
            fast.combine(1, 1, point)
        made = [point for point in points if point in fast._tables]
        assert len(made) == (native._MOST_TABLES if uses == native._USES_BEFORE_TABLE else 0)


def test_a_table_that_sums_wrongly_or_cannot_be_made_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    right = native.LibCrypto._by_tables

    def wrong(self: native.LibCrypto, table: native._Table, base_times: int, times: int) -> Point | None:
        return right(self, table, base_times + 1, times)

    def missing(self: native.LibCrypto, base: Point, *, table: bool = False) -> int:
        raise AttributeError

    for name, broken in (("_by_tables", wrong), ("_make_group", missing)):
        fast = _fresh(GOST_2004)
        with monkeypatch.context() as patched:
            patched.setattr(native.LibCrypto, name, broken)
            sums = {fast.combine(5, 7, GOST_2004.base) for _ in range(native._USES_BEFORE_TABLE + 2)}
        assert sums == {curves.multiply_base(GOST_2004, 12)}


def test_no_secret_number_ever_goes_through_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing multiplies by OpenSSL's ladder alone."""

    def refused(*_: object) -> Point | None:
        raise AssertionError("a sum was asked for")

    monkeypatch.setattr(native.LibCrypto, "combine", refused)
    monkeypatch.setattr(native.LibCrypto, "_by_tables", refused)
    assert eds.signer(GOST_2015, 12345)(b"any")
