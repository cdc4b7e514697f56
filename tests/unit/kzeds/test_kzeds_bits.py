"""One changed bit of anything signed, and nothing verifies: the NCA's own documents and ours, of all three kinds.

What is signed: the content, ds:SignedInfo, the signature value, and the certificate's public key, all octets of their
text in the file. What is not, and may change unnoticed, is listed in `_UNSIGNED`; then exactly what was signed comes
back. A usual run tries a part of the bits of the text and all bits of the values; `make fuzz` tries all of the text.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from kzeds import KeyKind, require_chain, sign_detached, verify_detached
from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, MalformedCertificateError, SignatureMismatchError, UntrustedCertificateError
from kzeds.signed_parts import read_signed
from support.kzeds_kinds import key_of, pki_of
from support.kzeds_material import NOW, flipped, shared
from support.kzeds_mutation import read
from support.kzeds_verified import EFFORT, Verify, accept_body, accept_enveloped, signed_content, signed_envelope

KINDS = pytest.mark.parametrize("kind", KeyKind)
VECTORS = pytest.mark.parametrize("kind", ["gost2015", "gost2004", "rsa"])
EVERY = 1 if EFFORT > 1 else 11
"""Each such bit of the text is tried; a prime, so that all eight of a byte have their turn."""

_UNSIGNED = {
    "comments": rb"<!--.*?-->",
    "a prefix that only a value uses (xsi:type), which exclusive canonicalization leaves out": rb' xmlns:xs="[^"]*"',
}


@dataclass(frozen=True)
class Signed:
    """A signed document, and how it is verified."""

    document: bytes
    verify: Verify
    content: bytes
    """Pattern of the content."""

    def signed_places(self) -> list[int]:
        """Every octet of the file that belongs to something signed."""
        unsigned = {place for pattern in _UNSIGNED.values() for place in self._places(pattern)}
        content = set(self._places(self.content)) - set(self._places(rb"<ds:Signature .*</ds:Signature>"))
        parts = (rb"<ds:SignedInfo.*</ds:SignedInfo>", rb"<ds:SignatureValue>.*</ds:SignatureValue>")
        signature = {place for part in parts for place in self._places(part)}
        return sorted((content | signature | set(self.key_places())) - unsigned)

    def key_places(self) -> Iterator[int]:
        """The octets of base64 that hold nothing but the certificate's public key."""
        certificate = self.verify(self.document, None).certificate
        start = 8 * certificate.der.index(certificate.public_key)
        places = list(self._places(rb"(?<=>)MII[^<]*"))
        digits = [place for place in places if self.document[place] not in b"\r\n"]
        inside = range(start, start + 8 * len(certificate.public_key) - 5)
        return (place for number, place in enumerate(digits) if 6 * number in inside)

    def _places(self, pattern: bytes) -> Iterable[int]:
        return (place for match in re.finditer(pattern, self.document, re.DOTALL) for place in range(*match.span()))


def vector(kind: str, layout: str) -> Signed:
    document = shared(f"vectors/{kind}-{layout}.xml").read_bytes()
    return enveloped(document) if layout == "enveloped" else envelope(document)


def enveloped(document: bytes) -> Signed:
    return Signed(document, accept_enveloped, rb"<\w+:contract.*</\w+:contract\w*>")


def envelope(document: bytes) -> Signed:
    return Signed(document, accept_body, rb"<\w+:Body.*</\w+:Body>")


def _require_all_refused(signed: Signed, *, every: int) -> None:
    certificate = signed.verify(signed.document, None).certificate
    assert signed.verify(signed.document, [certificate]).certificate == certificate
    bits = [(place, bit) for place in signed.signed_places() for bit in range(8)]
    assert len(bits) > 7000
    for place, bit in bits[::every]:
        with pytest.raises(KzedsError):
            signed.verify(flipped(signed.document, place, bit), None)


@VECTORS
@pytest.mark.parametrize("layout", ["enveloped", "wsse"])
def test_no_changed_bit_of_what_the_ncas_provider_signed_verifies(kind: str, layout: str) -> None:
    _require_all_refused(vector(kind, layout), every=EVERY)


@KINDS
def test_no_changed_bit_of_our_own_documents_verifies(kind: KeyKind) -> None:
    _require_all_refused(enveloped(signed_content(kind)), every=EVERY)
    _require_all_refused(envelope(signed_envelope(kind)), every=EVERY)


def _require_same_or_refused(signed: Signed, *, every: int) -> None:
    """Any bit of the file: what is accepted is what was signed, by the same key, and pinned the very certificate."""
    original, accepted = signed.verify(signed.document, None), 0
    for place in range(0, 8 * len(signed.document), every):
        changed = flipped(signed.document, place // 8, place % 8)
        try:
            found = signed.verify(changed, None)
        except KzedsError:
            continue
        accepted += 1
        assert (found.content, found.certificate.public_key) == (original.content, original.certificate.public_key)
        if found.certificate != original.certificate:
            with pytest.raises(UntrustedCertificateError):
                signed.verify(changed, [original.certificate])
    assert accepted


@VECTORS
def test_what_still_verifies_is_exactly_what_was_signed(kind: str) -> None:
    for layout in ("enveloped", "wsse"):
        _require_same_or_refused(vector(kind, layout), every=3 * EVERY)


@KINDS
def test_what_still_verifies_of_ours_is_exactly_what_was_signed(kind: KeyKind) -> None:
    _require_same_or_refused(enveloped(signed_content(kind)), every=3 * EVERY)
    _require_same_or_refused(envelope(signed_envelope(kind)), every=3 * EVERY)


def _values_changed(document: bytes, name: bytes) -> Iterator[bytes]:
    """The document with each bit of a base64 value changed, spelled anew."""
    match = re.search(rb"(?<=<ds:%b>)[^<]*" % name, document)
    assert match is not None
    value = base64.b64decode(match[0])
    for bit in range(8 * len(value)):
        yield document.replace(match[0], base64.b64encode(flipped(value, bit // 8, bit % 8)))


@KINDS
@pytest.mark.parametrize("name", [b"SignatureValue", b"DigestValue"])
def test_every_bit_of_the_values_counts(kind: KeyKind, name: bytes) -> None:
    """Also the digest's: it is part of SignedInfo, so that the signature no longer fits."""
    for changed in _values_changed(signed_content(kind), name):
        with pytest.raises(SignatureMismatchError):
            accept_enveloped(changed, None)


@VECTORS
@pytest.mark.parametrize("layout", ["enveloped", "wsse"])
def test_bits_of_the_values_of_the_ncas_provider_count(kind: str, layout: str) -> None:
    signed = vector(kind, layout)
    for name in (b"SignatureValue", b"DigestValue"):
        for changed in list(_values_changed(signed.document, name))[:: 1 if EFFORT > 1 else 17]:
            with pytest.raises(SignatureMismatchError):
                signed.verify(changed, None)


@KINDS
def test_no_changed_bit_of_a_certificate_is_trusted(kind: KeyKind) -> None:
    """Its own parts, the authority's signature, and the algorithm that stands apart from both."""
    authority, der = Certificate.load(pki_of(kind).nca_ca), key_of(kind).certificate.der
    assert require_chain(Certificate.from_der(der), [authority], at=NOW)
    for bit in range(0, 8 * len(der), EVERY):
        with pytest.raises(KzedsError):
            require_chain(Certificate.from_der(flipped(der, bit // 8, bit % 8)), [authority], at=NOW)


@KINDS
def test_algorithm_beside_the_signature_of_a_certificate_is_the_signed_one(kind: KeyKind) -> None:
    """RFC 5280, 4.1.1.2: the outer one is not signed, so a bit of its NULL could change unnoticed."""
    der = key_of(kind).certificate.der
    null = der.rindex(b"\x05\x00\x03")
    with pytest.raises(KzedsError):
        Certificate.from_der(flipped(der, null + 1, 0))


@KINDS
def test_nothing_is_added_to_a_certificate(kind: KeyKind) -> None:
    """Behind its signature, where neither the authority nor the reader of DER would look."""
    frame = read(key_of(kind).certificate.der)
    assert frame.children is not None
    assert Certificate.from_der(frame.written()) == key_of(kind).certificate
    frame.children.append(frame.children[0])
    with pytest.raises(MalformedCertificateError):
        Certificate.from_der(frame.written())


@pytest.mark.parametrize("kind", [KeyKind.GOST_2015, KeyKind.GOST_2004])
def test_every_bit_of_a_gost_public_key_counts(kind: KeyKind) -> None:
    """Its hash too, and the frame around the point: a key has one form."""
    certificate = key_of(kind).certificate
    signature, uri = key_of(kind).sign(b"data"), key_of(kind).signature_uri
    start = certificate.der.index(certificate.public_key)
    for bit in range(8 * start, 8 * (start + len(certificate.public_key))):
        with pytest.raises(KzedsError):
            Certificate.from_der(flipped(certificate.der, bit // 8, bit % 8)).verify(signature, b"data", uri)


@KINDS
def test_no_changed_bit_of_a_detached_signature_changes_what_it_says(kind: KeyKind) -> None:
    content, key = "Еңбек шарты № 1\n".encode(), key_of(kind)
    signature = sign_detached(content, key, at=NOW - timedelta(hours=1))
    expected = verify_detached(signature, content, trusted=[key.certificate])
    signed = _signed_places_of_cms(signature)
    for bit in range(0, 8 * len(signature), EVERY):
        try:
            found = verify_detached(flipped(signature, bit // 8, bit % 8), content, trusted=[key.certificate])
        except KzedsError:
            continue
        assert bit // 8 not in signed
        assert found == expected


def _signed_places_of_cms(signature: bytes) -> set[int]:
    """Of the signed attributes, the signature value and the certificate's key."""
    parts = read_signed(signature)
    found: set[int] = set()
    for octets in (parts.covered[3:], parts.signature, parts.certificates[0].public_key):
        assert signature.count(octets) == 1
        found.update(range(signature.index(octets), signature.index(octets) + len(octets)))
    return found


@KINDS
def test_every_bit_of_the_content_of_a_detached_signature_counts(kind: KeyKind) -> None:
    content, key = "№ 1".encode(), key_of(kind)
    signature = sign_detached(content, key, at=NOW)
    for bit in range(8 * len(content)):
        with pytest.raises(KzedsError):
            verify_detached(signature, flipped(content, bit // 8, bit % 8), trusted=None)
