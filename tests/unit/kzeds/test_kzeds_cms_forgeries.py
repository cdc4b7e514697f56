"""Detached signatures that were taken apart, put together anew, or made by a key in an odd way: refused, by kind.

Source: RFC 5652, sections 5.4 and 11; the confusion of content and signed attributes is that of "Signature wrapping in
CMS" (the SET of attributes is itself a string of bytes that somebody signed).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from asn1crypto import cms as asn1
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from kzeds import KeyKind, issuing, require_chain, sign_detached, verify_detached
from kzeds.answering import key_of as key_of_authority
from kzeds.certificate import Certificate
from kzeds.cms import ALGORITHMS, sign_content
from kzeds.der import element, identifier, sequence
from kzeds.errors import (
    CertificateMissingError,
    DigestMismatchError,
    KzedsError,
    MalformedSignatureError,
    SignatureMismatchError,
    UnsupportedAlgorithmError,
    UntrustedCertificateError,
    WeakAlgorithmError,
)
from kzeds.signed_parts import read_signed
from support.kzeds_authority import YEARS
from support.kzeds_kinds import key_of, pki_of
from support.kzeds_material import NOW
from support.kzeds_mutation import Node, read

KINDS = pytest.mark.parametrize("kind", KeyKind)
CONTENT = "Еңбек шарты № 1\n".encode()


def taken_apart(kind: KeyKind) -> tuple[Node, list[Node], list[Node]]:
    """The whole, the parts of SignedData, and those of its one SignerInfo."""
    root = read(sign_detached(CONTENT, key_of(kind), at=NOW))
    signed = _parts(_parts(_parts(root)[1])[0])
    return root, signed, _parts(_parts(signed[-1])[0])


def _parts(node: Node) -> list[Node]:
    assert node.children is not None
    return node.children


def refused(signature: bytes, kind: KeyKind, error: type[KzedsError], content: bytes = CONTENT) -> None:
    for trusted in ([key_of(kind).certificate], None):
        with pytest.raises(error) as caught:
            verify_detached(signature, content, trusted=trusted)
        assert type(caught.value) is error


def _no_signer(signed: list[Node], signer: list[Node]) -> None:
    _parts(signed[-1]).clear()


def _second_signer(signed: list[Node], signer: list[Node]) -> None:
    signers = _parts(signed[-1])
    signers.append(signers[0])


def _no_attributes(signed: list[Node], signer: list[Node]) -> None:
    del signer[3]


def _attribute_twice(signed: list[Node], signer: list[Node]) -> None:
    attributes = _parts(signer[3])
    attributes.append(attributes[0])


def _two_values(signed: list[Node], signer: list[Node]) -> None:
    values = _parts(_parts(_parts(signer[3])[0])[1])
    values.append(values[0])


def _no_values(signed: list[Node], signer: list[Node]) -> None:
    _parts(_parts(_parts(signer[3])[0])[1]).clear()


def _other_content_type(signed: list[Node], signer: list[Node]) -> None:
    _parts(signed[2])[0] = read(identifier("1.2.840.113549.1.7.2"))


def _attached(signed: list[Node], signer: list[Node]) -> None:
    _parts(signed[2]).append(read(element(0xA0, element(0x04, CONTENT))))


def _empty_content(signed: list[Node], signer: list[Node]) -> None:
    _parts(signed[2]).append(read(element(0xA0, element(0x04, b""))))


def _signer_of_another_kind(signed: list[Node], signer: list[Node]) -> None:
    """Each of the two is right."""
    other = KeyKind.GOST_2015 if len(signer[-1].written()) > 200 else KeyKind.RSA
    _parts(signed[-1]).append(_parts(taken_apart(other)[1][-1])[0])


def _behind_the_signer(signed: list[Node], signer: list[Node]) -> None:
    signer.append(Node(0x04, b"evil"))


def _behind_the_signers(signed: list[Node], signer: list[Node]) -> None:
    signed.append(Node(0x04, b"evil"))


def _behind_the_content(signed: list[Node], signer: list[Node]) -> None:
    _parts(signed[2]).extend([Node(0x05), Node(0x04, CONTENT)])


ATTACKS: dict[str, tuple[Callable[[list[Node], list[Node]], None], type[KzedsError]]] = {
    "no signer": (_no_signer, MalformedSignatureError),
    "the signer twice": (_second_signer, MalformedSignatureError),
    "no signed attributes": (_no_attributes, MalformedSignatureError),
    "an attribute twice": (_attribute_twice, MalformedSignatureError),
    "an attribute with two values": (_two_values, MalformedSignatureError),
    "an attribute without a value": (_no_values, MalformedSignatureError),
    "another type of content": (_other_content_type, MalformedSignatureError),
    "the content inside": (_attached, MalformedSignatureError),
    "an empty content inside": (_empty_content, MalformedSignatureError),
    "a second signer": (_signer_of_another_kind, MalformedSignatureError),
    "something behind the signer": (_behind_the_signer, MalformedSignatureError),
    "something behind the signers": (_behind_the_signers, MalformedSignatureError),
    "something behind the content": (_behind_the_content, MalformedSignatureError),
}


@KINDS
@pytest.mark.parametrize("name", ATTACKS)
def test_signature_that_was_put_together_anew_is_refused(kind: KeyKind, name: str) -> None:
    attack, error = ATTACKS[name]
    root, signed, signer = taken_apart(kind)
    assert verify_detached(root.written(), CONTENT, trusted=None).certificate == key_of(kind).certificate
    attack(signed, signer)
    refused(root.written(), kind, error)


@KINDS
def test_nothing_lies_behind_the_whole(kind: KeyKind) -> None:
    root, _, _ = taken_apart(kind)
    refused(root.written() + b"\x05\x00", kind, MalformedSignatureError)
    _parts(root).append(Node(0x04, b"evil"))
    refused(root.written(), kind, MalformedSignatureError)


@KINDS
def test_signed_attributes_are_no_content(kind: KeyKind) -> None:
    """The signature fits them, byte for byte; without attributes of its own it would be a signature over a document."""
    root, signed, signer = taken_apart(kind)
    covered = read_signed(root.written()).covered
    _no_attributes(signed, signer)
    refused(root.written(), kind, MalformedSignatureError, covered)


@KINDS
@pytest.mark.parametrize("missing", range(3))
def test_attributes_that_bind_the_content_must_be_there(kind: KeyKind, missing: int) -> None:
    """Signed anew without one of them: the signing time alone may be missing."""
    root, _, signer = taken_apart(kind)
    attributes = _parts(signer[3])
    name = asn1.CMSAttributeType.load(_parts(attributes[missing])[0].written()).native
    del attributes[missing]
    covered = b"".join(one.written() for one in attributes)
    signer[-1] = Node(0x04, key_of(kind).sign(element(0x31, covered)))
    if name == "signing_time":
        assert verify_detached(root.written(), CONTENT, trusted=None).signing_time is None
    else:
        refused(root.written(), kind, MalformedSignatureError)


def timed(kind: KeyKind, tag: int, text: bytes) -> bytes:
    """A signature whose signing time the key's holder has written so."""
    root, _, signer = taken_apart(kind)
    name = identifier("1.2.840.113549.1.9.5")
    attribute = next(one for one in _parts(signer[3]) if _parts(one)[0].written() == name)
    _parts(_parts(attribute)[1])[0] = Node(tag, text)
    covered = b"".join(one.written() for one in _parts(signer[3]))
    signer[-1] = Node(0x04, key_of(kind).sign(element(0x31, covered)))
    return root.written()


@KINDS
@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (0x18, b"00010101000000+0100"),
        (0x18, b"99991231235959-0100"),
        (0x18, b"00000101000000Z"),
        (0x18, b"20261120070000"),
        (0x17, b"261120070000"),
        (0x17, b"261320070000Z"),
        (0x17, b""),
        (0x0C, b"261120070000Z"),
    ],
)
def test_signing_time_that_is_none_is_refused(kind: KeyKind, tag: int, text: bytes) -> None:
    """Outside of the calendar, or without a zone: then each machine would read another time."""
    refused(timed(kind, tag, text), kind, MalformedSignatureError)


@KINDS
@pytest.mark.parametrize(("tag", "text"), [(0x17, b"261120070000Z"), (0x18, b"20261120120000+0500")])
def test_signing_time_is_told_in_utc(kind: KeyKind, tag: int, text: bytes) -> None:
    assert verify_detached(timed(kind, tag, text), CONTENT, trusted=None).signing_time == NOW


@KINDS
@pytest.mark.parametrize("place", [2, 4])
@pytest.mark.parametrize("other", ["1.3.14.3.2.26", "2.16.840.1.101.3.4.2.3", "1.2.840.113549.1.1.5", "1.2.3"])
def test_algorithms_are_those_of_the_key(kind: KeyKind, place: int, other: str) -> None:
    root, _, signer = taken_apart(kind)
    signer[place] = read(sequence(identifier(other), b"\x05\x00"))
    refused(root.written(), kind, UnsupportedAlgorithmError)


@KINDS
def test_algorithms_of_another_kind_are_refused(kind: KeyKind) -> None:
    for algorithm in ALGORITHMS.values():
        if algorithm.key_oid != key_of(kind).algorithm.key_oid:
            for place, oid in ((2, algorithm.digest_oid), (4, algorithm.signature_oid)):
                root, _, signer = taken_apart(kind)
                signer[place] = read(sequence(identifier(oid), b"\x05\x00"))
                refused(root.written(), kind, UnsupportedAlgorithmError)


@KINDS
def test_certificate_of_someone_else_does_not_fit(kind: KeyKind) -> None:
    """Neither beside the signer's own, nor in its place, nor named by the signer."""
    stranger = key_of(kind, "stranger").certificate
    root, signed, signer = taken_apart(kind)
    certificates = _parts(signed[3])
    certificates.insert(0, read(stranger.der))
    assert verify_detached(root.written(), CONTENT, trusted=None).certificate == key_of(kind).certificate
    del certificates[1]
    with pytest.raises(CertificateMissingError):
        verify_detached(root.written(), CONTENT, trusted=None)
    theirs = read(sign_detached(CONTENT, key_of(kind, "stranger"), at=NOW))
    signer[1] = _parts(_parts(_parts(_parts(_parts(theirs)[1])[0])[-1])[0])[1]
    with pytest.raises(SignatureMismatchError):
        verify_detached(root.written(), CONTENT, trusted=None)
    with pytest.raises(UntrustedCertificateError):
        verify_detached(root.written(), CONTENT, trusted=[key_of(kind).certificate])


@KINDS
def test_forged_certificate_with_the_holders_name_and_number_is_believed_by_nobody(kind: KeyKind) -> None:
    """The certificate lies in an unsigned place. With the forger's key in it the mathematics hold; trust does not."""
    own, forger = key_of(kind).certificate, key_of(kind, "stranger")
    root, signed, signer = taken_apart(kind)
    frame = read(own.der)
    fields = _parts(_parts(frame)[0])
    place = next(number for number, one in enumerate(fields) if one.written() == own.public_key)
    fields[place] = read(forger.certificate.public_key)
    for certificates in ([frame, read(own.der)], [frame]):
        _parts(signed[3])[:] = certificates
        with pytest.raises(UntrustedCertificateError):
            verify_detached(root.written(), CONTENT, trusted=[own])
        with pytest.raises(SignatureMismatchError):
            verify_detached(root.written(), CONTENT, trusted=None)
    covered = b"".join(one.written() for one in _parts(signer[3]))
    signer[-1] = Node(0x04, forger.sign(element(0x31, covered)))
    with pytest.raises(UntrustedCertificateError):
        verify_detached(root.written(), CONTENT, trusted=[own])
    found = verify_detached(root.written(), CONTENT, trusted=None).certificate
    assert (found.serial_number, found.issuer, found.subject) == (own.serial_number, own.issuer, own.subject)
    with pytest.raises(UntrustedCertificateError):
        require_chain(found, [Certificate.load(pki_of(kind).nca_ca)], at=NOW)


@KINDS
def test_signature_value_has_one_form(kind: KeyKind) -> None:
    root, _, signer = taken_apart(kind)
    value = read_signed(root.written()).signature
    swapped = value[len(value) // 2 :] + value[: len(value) // 2]
    for form in (b"", value[:-1], b"\0" + value, value + b"\0", value[::-1], swapped, bytes(len(value))):
        signer[-1] = Node(0x04, form)
        refused(root.written(), kind, SignatureMismatchError)


@KINDS
def test_signature_over_another_type_of_content_is_no_signature_of_a_file(kind: KeyKind) -> None:
    """A time stamp's content, signed by the same key: detached, its type is said truly, and the bytes are those."""
    signature = sign_content(CONTENT, key_of(kind), at=NOW, content_type="1.2.840.113549.1.9.16.1.4", attached=True)
    refused(signature, kind, MalformedSignatureError)
    refused(sign_detached(CONTENT, key_of(kind), at=NOW), kind, DigestMismatchError, CONTENT + b" ")


def test_short_rsa_key_is_too_weak() -> None:
    authority = issuing.make_authority(generate_private_key(65537, 1024), "WEAK", YEARS)  # noqa: S505 - must be refused
    key = key_of_authority(authority)
    signature = sign_detached(CONTENT, key, at=NOW)
    with pytest.raises(WeakAlgorithmError):
        verify_detached(signature, CONTENT, trusted=[Certificate.from_der(key.certificate.der)])
