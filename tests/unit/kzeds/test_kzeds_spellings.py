"""One signed document in many spellings: what is read is what was signed, or nothing.

No key is needed for these: base64, the frame of a signature value, the encoding of the file, its XML declaration and
what stands around the root are not signed. Source: XML Signature Best Practices (W3C, 2013), section 2; RFC 4648,
sections 3.3 and 3.5; "void canonicalization" (a canonical form that cannot be made must not become an empty one).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from asn1crypto import core
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from kzeds import KeyKind
from kzeds.der import sequence
from kzeds.errors import (
    DigestMismatchError,
    KzedsError,
    MalformedSignatureError,
    MalformedXmlError,
    SignatureMismatchError,
)
from kzeds.xml import parse
from support.kzeds_kinds import key_of
from support.kzeds_material import encoded
from support.kzeds_verified import Verify, accept_body, accept_enveloped, signed_content, signed_envelope

KINDS = pytest.mark.parametrize("kind", KeyKind)
LAYOUTS = pytest.mark.parametrize("layout", ["enveloped", "body"])


def signed(kind: KeyKind, layout: str) -> tuple[bytes, Verify]:
    if layout == "enveloped":
        return signed_content(kind), accept_enveloped
    return signed_envelope(kind), accept_body


def refused(verify: Verify, document: bytes, kind: KeyKind, error: type[KzedsError]) -> None:
    for trusted in ([key_of(kind).certificate], None):
        with pytest.raises(error) as caught:
            verify(document, trusted)
        assert type(caught.value) is error


def text_of(document: bytes, name: str) -> bytes:
    """The only text of an element of this local name that has nothing else inside."""
    found = re.findall(rb"<\w+:%b(?: [^>]*)?>([^<]+)<" % name.encode(), document)
    assert len(found) == 1
    return bytes(found[0])


JUNK = {
    "dash": lambda text: text[:4] + b"-" + text[4:],
    "no-break space": lambda text: text[:4] + "\u00a0".encode() + text[4:],
    "zero-width space": lambda text: text[:4] + "\u200b".encode() + text[4:],
    "next line": lambda text: text[:4] + b"&#x85;" + text[4:],
    "full-width letter": lambda text: "\uff21".encode() + text[1:],
    "padding once more": lambda text: text + b"=",
    "padding of nothing": lambda text: text + b"====",
    "padding inside": lambda text: text[:4] + b"====" + text[4:],
    "bytes behind the padding": lambda text: text + b"=AAAA",
    "one letter more": lambda text: text + b"A",
}


@KINDS
@LAYOUTS
@pytest.mark.parametrize("name", JUNK)
def test_base64_holds_nothing_that_decoders_pass_over(kind: KeyKind, layout: str, name: str) -> None:
    document, verify = signed(kind, layout)
    for element in ("SignatureValue", "DigestValue", "X509Certificate" if layout == "enveloped" else "KeyIdentifier"):
        text = text_of(document, element)
        refused(verify, document.replace(text, JUNK[name](text)), kind, MalformedSignatureError)


@KINDS
@LAYOUTS
def test_base64_has_one_spelling(kind: KeyKind, layout: str) -> None:
    """The last letter before the padding has bits that no decoder looks at."""
    document, verify = signed(kind, layout)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for element in ("SignatureValue", "DigestValue"):
        text = text_of(document, element).decode()
        last = text.rstrip("=")[-1]
        other = letters[letters.index(last) ^ 1]
        changed = text.rstrip("=")[:-1] + other + "=" * text.count("=")
        assert base64.b64decode(changed) == base64.b64decode(text)
        refused(verify, document.replace(text.encode(), changed.encode()), kind, MalformedSignatureError)
        refused(verify, document.replace(text.encode(), text.rstrip("=").encode()), kind, MalformedSignatureError)


@KINDS
@LAYOUTS
def test_value_as_a_cdata_section_or_in_references_is_the_same_value(kind: KeyKind, layout: str) -> None:
    document, verify = signed(kind, layout)
    expected = verify(document, None)
    for element in ("SignatureValue", "DigestValue"):
        text = text_of(document, element)
        for same in (b"<![CDATA[%b]]>" % text, b"&#x%x;" % text[0] + text[1:]):
            assert verify(document.replace(text, same), [key_of(kind).certificate]) == expected


# The signature value.


def other_forms(kind: KeyKind, value: bytes) -> Iterator[bytes]:
    """The same numbers in another frame, or numbers that are equal to them in one sense or another."""
    yield from (b"", value[:-1], value[1:], value + b"\0", b"\0" + value, value[::-1], bytes(len(value)))
    if kind is KeyKind.RSA:
        key = load_der_public_key(key_of(kind).certificate.public_key)
        assert isinstance(key, RSAPublicKey)
        number, modulus = int.from_bytes(value), key.public_numbers().n
        yield (number + modulus).to_bytes(len(value) + 1)
        yield (modulus - number).to_bytes(len(value))
        yield core.OctetString(value).dump()
        return
    size = len(value) // 2
    r, s = value[:size], value[size:]
    yield s + r
    yield r[::-1] + s[::-1]
    yield r + b"\0" + s + b"\0"
    yield sequence(*(core.Integer(int.from_bytes(one, "little")).dump() for one in (r, s)))


@KINDS
@LAYOUTS
def test_signature_value_has_one_form(kind: KeyKind, layout: str) -> None:
    """Another length, another byte order, DER around it, a multiple of the modulus added."""
    document, verify = signed(kind, layout)
    text = text_of(document, "SignatureValue")
    for form in other_forms(kind, base64.b64decode(text)):
        refused(verify, document.replace(text, encoded(form).encode()), kind, SignatureMismatchError)


# The file.

DECLARED = ("", "UTF-8", "UTF-16", "UTF-16LE", "UTF-32", "UTF-7", "windows-1251", "iso-8859-1", "GB18030", "IBM037")
CODECS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-7", "cp1251", "gb18030", "hz", "cp037")


@LAYOUTS
@pytest.mark.parametrize("codec", CODECS)
def test_document_in_another_encoding_says_what_was_signed_or_nothing(layout: str, codec: str) -> None:
    """Whatever the declaration says, be it true or not."""
    kind = KeyKind.GOST_2004
    document, verify = signed(kind, layout)
    expected, accepted = verify(document, None), 0
    for name in DECLARED:
        declaration = f'<?xml version="1.0" encoding="{name}"?>' if name else ""
        changed = (declaration + document.decode()).encode(codec, "xmlcharrefreplace")
        try:
            found = verify(changed, [key_of(kind).certificate])
        except KzedsError:
            continue
        accepted += 1
        assert found == expected
    assert accepted or codec not in {"utf-8", "utf-8-sig", "utf-16"}


@KINDS
@LAYOUTS
@pytest.mark.parametrize("name", ["windows-1251", "iso-8859-1", "UTF-16", "UTF-7", "GB18030", "nonsense"])
def test_declaration_gives_signed_bytes_no_other_meaning(kind: KeyKind, layout: str, name: str) -> None:
    """The declaration is not signed; whoever reads the same bytes by it would read another document."""
    document, verify = signed(kind, layout)
    changed = f'<?xml version="1.0" encoding="{name}"?>'.encode() + document
    for trusted in ([key_of(kind).certificate], None):
        with pytest.raises(KzedsError):
            verify(changed, trusted)


@KINDS
@pytest.mark.parametrize("instruction", [b"<?x y?>", b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>'])
def test_instruction_beside_the_root_is_signed_or_does_not_come_back(kind: KeyKind, instruction: bytes) -> None:
    """A reference to the whole document covers what stands around the root; one to the Body leaves it out."""
    document, verify = signed(kind, "enveloped")
    for changed in (instruction + document, document + instruction):
        refused(verify, changed, kind, DigestMismatchError)
    envelope, verify = signed(kind, "body")
    for changed in (instruction + envelope, envelope + instruction):
        assert verify(changed, None) == verify(envelope, None)


@KINDS
@LAYOUTS
@pytest.mark.parametrize("name", [b"relative", b"../up", b"?x"])
@pytest.mark.parametrize("place", [b"<iin>", b"<ds:SignedInfo>", b"<ds:DigestValue>"])
def test_content_without_a_canonical_form_is_not_taken_for_empty(
    kind: KeyKind, layout: str, name: bytes, place: bytes
) -> None:
    """Canonical XML, 1.3: a relative namespace name is a failure."""
    document, verify = signed(kind, layout)
    changed = document.replace(place, place[:-1] + b' xmlns:q="%b">' % name, 1)
    assert changed != document
    refused(verify, changed, kind, MalformedXmlError)


@KINDS
@pytest.mark.parametrize("place", [b"</ds:X509Data>", b"</ds:KeyInfo>"])
def test_content_put_beside_the_certificate_does_not_come_back(kind: KeyKind, place: bytes) -> None:
    document, verify = signed(kind, "enveloped")
    found = verify(document.replace(place, b"<iin>111111111111</iin>" + place), [key_of(kind).certificate])
    assert found == verify(document, None)
    assert [one.text for one in parse(found.content).iter("iin")] == ["850515400012"]
