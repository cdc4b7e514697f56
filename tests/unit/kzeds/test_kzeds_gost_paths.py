"""The fast path and plain Python are one library: whatever one of them makes, the other takes, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzeds import KeyKind, load_pkcs12, sign_enveloped, verify_enveloped
from kzeds.gost import eds, native
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
    assert verify_enveloped(plain).certificate == verify_enveloped(fast).certificate
    with without_libraries():
        assert verify_enveloped(fast).digest == verify_enveloped(plain).digest


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
