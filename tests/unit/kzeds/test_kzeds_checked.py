"""What another process signed is taken only when it is the same envelope with one good signature."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kzeds.errors import SignerUntrustworthyError
from kzeds.signers.checked import require_signed, require_signed_body
from kzeds.wsse import sign_body
from kzeds.xmldsig import sign_enveloped
from support.kzeds_material import key

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WITH_HEADER = (
    f'<s:Envelope xmlns:s="{SOAP}"><s:Header><to xmlns="urn:a">x</to></s:Header>'
    '<s:Body><q xmlns="urn:q">1</q></s:Body></s:Envelope>'
).encode()
WITHOUT_HEADER = f'<s:Envelope xmlns:s="{SOAP}"><s:Body><q xmlns="urn:q">1</q></s:Body></s:Envelope>'.encode()


@pytest.mark.parametrize("envelope", [WITH_HEADER, WITHOUT_HEADER], ids=["with header", "without header"])
def test_honest_signature_over_a_body_is_taken(envelope: bytes) -> None:
    assert require_signed_body(envelope, sign_body(envelope, key()), key().certificate).certificate == key().certificate


@pytest.mark.parametrize(
    "change",
    [
        lambda signed: signed.replace(b">x</to>", b">y</to>"),
        lambda signed: signed.replace(b'<to xmlns="urn:a">x</to>', b""),
        lambda signed: signed.replace(b"</s:Header>", b"<more/></s:Header>"),
        lambda signed: signed.replace(b"<s:Envelope ", b'<s:Envelope lang="kk" '),
        lambda signed: signed.replace(b"<s:Body", b"<!-- pay --><s:Body"),
    ],
    ids=["header changed", "header gone", "header added", "attribute added", "comment added"],
)
def test_what_the_signature_does_not_cover_may_not_change_either(change: Callable[[bytes], bytes]) -> None:
    changed = change(sign_body(WITH_HEADER, key()))
    with pytest.raises(SignerUntrustworthyError, match="is not the envelope"):
        require_signed_body(WITH_HEADER, changed, key().certificate)


def test_another_body_with_a_good_signature_is_refused() -> None:
    other = WITH_HEADER.replace(b">1<", b">2<")
    with pytest.raises(SignerUntrustworthyError, match="is not the envelope"):
        require_signed_body(WITH_HEADER, sign_body(other, key()), key().certificate)


def test_another_document_with_a_good_signature_is_refused() -> None:
    with pytest.raises(SignerUntrustworthyError, match="is not the document"):
        require_signed(b"<a>1</a>", sign_enveloped(b"<a>2</a>", key()), key().certificate)
    assert require_signed(b"<a>1</a>", sign_enveloped(b"<a>1</a>", key()), None).certificate == key().certificate


@pytest.mark.parametrize("around", [b"<?pay me?><a>1</a>", b"<a>1</a><?pay me?>", b"<!-- pay --><a>1</a>"])
def test_what_stands_around_the_document_may_not_change_either(around: bytes) -> None:
    with pytest.raises(SignerUntrustworthyError, match="is not the document"):
        require_signed(b"<a>1</a>", sign_enveloped(around, key()), key().certificate)
    assert require_signed(around, sign_enveloped(around, key()), None).certificate == key().certificate
