"""Signature wrapping: nothing comes back that was not signed, however the signed parts are moved about.

Source: Somorovsky and others, "On Breaking SAML: Be Whoever You Want to Be" (XSW 1 to 8), McIntosh and Austel, "XML
Signature Element Wrapping Attacks", both turned to the NCA's enveloped signature and to ShEP's WS-Security. Each attack
has an error of its own; where the change touches nothing signed, exactly what was signed comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, fields
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from kzeds import KeyKind, verify_body, verify_enveloped
from kzeds.errors import (
    DigestMismatchError,
    DuplicateIdError,
    KzedsError,
    MalformedSignatureError,
    MalformedXmlError,
    SignatureMismatchError,
    SignatureMissingError,
    UnexpectedReferenceError,
)
from kzeds.xml import Element, parse
from support.kzeds_kinds import key_of
from support.kzeds_material import C14N, DS, ENVELOPED, EXC, SOAP, WSSE, WSU
from support.kzeds_verified import (
    EFFORT,
    Accepted,
    Verify,
    accept_body,
    accept_enveloped,
    forge,
    signed_content,
    signed_envelope,
    template_of,
)

KINDS = pytest.mark.parametrize("kind", KeyKind)
IDENTIFIERS = (f"{{{WSU}}}Id", "Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id")


@cache
def by_identifier(kind: KeyKind) -> bytes:
    """The other layout of enveloped signatures: the reference names the root."""
    template = template_of(key_of(kind), "#r", (ENVELOPED, EXC), canonicalization=EXC)
    content = '<n:contract xmlns:n="urn:n" Id="r"><head>good</head><iin>850515400012</iin>@</n:contract>'
    return forge(content, template, content.replace("@", "").encode(), key_of(kind))


@dataclass(frozen=True)
class Parts:
    """A signed document in the hands of an attacker: copies that may be put together anew."""

    document: bytes

    @property
    def signed(self) -> Element:
        """The whole, as it was signed."""
        return parse(self.document)

    @property
    def signature(self) -> Element:
        return self._one(self.signed, f"{{{DS}}}Signature")

    @property
    def security(self) -> Element:
        return self._one(self.signed, f"{{{WSSE}}}Security")

    @property
    def bare(self) -> Element:
        """Without the signature."""
        root = self.signed
        signature = self._one(root, f"{{{DS}}}Signature")
        parent = signature.getparent()
        assert parent is not None
        parent.remove(signature)
        return root

    @property
    def evil(self) -> Element:
        """Without the signature, with other content and the same identifiers."""
        root = self.bare
        self._one(root, "iin").text = "111111111111"
        return root

    @property
    def anonymous(self) -> Element:
        """The same without the identifier."""
        root = self.evil
        root.attrib.clear()
        return root

    @property
    def body(self) -> Element:
        return self._one(self.signed, f"{{{SOAP}}}Body")

    @property
    def evil_body(self) -> Element:
        """Another content, no identifier."""
        body = self._one(self.evil, f"{{{SOAP}}}Body")
        body.attrib.clear()
        return body

    @staticmethod
    def _one(root: Element, name: str) -> Element:
        return next(root.iter(name))


def put(parent: Element, *children: Element) -> Element:
    for child in children:
        parent.append(child)
    return parent


def inside(name: str, *children: Element) -> Element:
    return put(etree.Element(name), *children)


def ds_object(*children: Element) -> Element:
    return inside(f"{{{DS}}}Object", *children)


Attack = Callable[[Parts], Element]
UNEXPECTED, MALFORMED, DIGEST, TWINS = (
    UnexpectedReferenceError,
    MalformedSignatureError,
    DigestMismatchError,
    DuplicateIdError,
)

ENVELOPED_ATTACKS: dict[str, tuple[Attack, type[KzedsError], type[KzedsError]]] = {
    "xsw1: original inside the signature": (
        lambda p: put(p.evil, put(p.signature, p.bare)),
        MALFORMED,
        MALFORMED,
    ),
    "xsw2: original before the signature": (lambda p: put(p.evil, p.bare, p.signature), DIGEST, TWINS),
    "xsw2: same, forged root without identifier": (
        lambda p: put(p.anonymous, p.bare, p.signature),
        DIGEST,
        UNEXPECTED,
    ),
    "xsw3: forged one beside the signed": (lambda p: inside("w", p.evil, p.signed), UNEXPECTED, UNEXPECTED),
    "xsw3: same, signed one first": (lambda p: inside("w", p.signed, p.evil), UNEXPECTED, UNEXPECTED),
    "xsw4: signed one in the forged": (lambda p: put(p.evil, p.signed), UNEXPECTED, UNEXPECTED),
    "xsw5: signature in the forged one, original at its end": (
        lambda p: put(p.evil, p.signature, p.bare),
        DIGEST,
        TWINS,
    ),
    "xsw6: signature in the forged one, original at the signature's end": (
        lambda p: put(p.anonymous, put(p.signature, p.bare)),
        MALFORMED,
        MALFORMED,
    ),
    "xsw7: signed one in an extension": (
        lambda p: put(p.anonymous, inside("Extensions", p.signed)),
        UNEXPECTED,
        UNEXPECTED,
    ),
    "xsw8: original in an object of the signature": (
        lambda p: put(p.evil, put(p.signature, ds_object(p.bare))),
        MALFORMED,
        MALFORMED,
    ),
    "object that holds the signed one whole": (
        lambda p: put(p.evil, put(p.signature, ds_object(p.signed))),
        MALFORMED,
        MALFORMED,
    ),
    "signature as root": (lambda p: put(p.signature, ds_object(p.evil)), UNEXPECTED, UNEXPECTED),
    "signature deep in the forged one": (
        lambda p: put(p.evil, inside("x", p.signature)),
        UNEXPECTED,
        UNEXPECTED,
    ),
    "signature deep in the signed one itself": (
        lambda p: put(p.bare, inside("x", p.signature)),
        UNEXPECTED,
        UNEXPECTED,
    ),
    "signature of one document in another": (lambda p: put(p.evil, p.signature), DIGEST, DIGEST),
    "signature of one document in another without identifier": (
        lambda p: put(p.anonymous, p.signature),
        DIGEST,
        UNEXPECTED,
    ),
    "second signature": (lambda p: put(p.signed, p.signature), MALFORMED, MALFORMED),
    "second signature inside the first": (
        lambda p: put(p.bare, put(p.signature, p.signature)),
        MALFORMED,
        MALFORMED,
    ),
    "signed one alone in a wrapper": (lambda p: inside("w", p.signed), UNEXPECTED, UNEXPECTED),
    "content renamed": (lambda p: _renamed(p.signed), DIGEST, DIGEST),
    "signature removed": (lambda p: p.bare, SignatureMissingError, SignatureMissingError),
    "signature in another namespace": (
        lambda p: put(p.bare, _moved_namespace(p.signature)),
        SignatureMissingError,
        SignatureMissingError,
    ),
}


def _renamed(root: Element) -> Element:
    root.tag = "{urn:n}agreement"
    return root


def _moved_namespace(signature: Element) -> Element:
    signature.tag = "{urn:other}Signature"
    return signature


def written(root: Element) -> bytes:
    return etree.tostring(root)


def refused(verify: Verify, document: bytes, kind: KeyKind, error: type[KzedsError]) -> None:
    """Check the kind of refusal, both pinned (it is not for want of trust) and by mathematics alone."""
    for trusted in ([key_of(kind).certificate], None):
        with pytest.raises(error) as caught:
            verify(document, trusted)
        assert type(caught.value) is error


@KINDS
@pytest.mark.parametrize("name", ENVELOPED_ATTACKS)
def test_wrapped_enveloped_signature_is_refused(kind: KeyKind, name: str) -> None:
    attack, of_whole, of_identifier = ENVELOPED_ATTACKS[name]
    refused(accept_enveloped, written(attack(Parts(signed_content(kind)))), kind, of_whole)
    refused(accept_enveloped, written(attack(Parts(by_identifier(kind)))), kind, of_identifier)


@KINDS
@pytest.mark.parametrize("attribute", IDENTIFIERS)
def test_root_shares_its_identifier_with_nothing(kind: KeyKind, attribute: str) -> None:
    root = parse(by_identifier(kind))
    root[0].set(attribute, "r")
    refused(accept_enveloped, written(root), kind, DuplicateIdError)


def _envelope(
    parts: Parts,
    *,
    header: tuple[Element, ...] = (),
    security: tuple[Element, ...] = (),
    signature: tuple[Element, ...] = (),
    body: tuple[Element, ...] = (),
    envelope: tuple[Element, ...] = (),
) -> Element:
    """The signature with a forged body, and these in the places that are named so."""
    secured = put(inside(f"{{{WSSE}}}Security"), put(parts.signature, *signature), *security)
    top = inside(f"{{{SOAP}}}Header", secured, *header)
    return inside(f"{{{SOAP}}}Envelope", top, put(parts.evil_body, *body), *envelope)


def _soap12(body: Element) -> Element:
    body.tag = "{http://www.w3.org/2003/05/soap-envelope}Body"
    return body


def _without(root: Element, name: str) -> Element:
    for found in root.findall(name):
        root.remove(found)
    return root


BODY_ATTACKS: dict[str, tuple[Attack, type[KzedsError]]] = {
    "xsw1: body inside the signature": (lambda p: _envelope(p, signature=(p.body,)), MALFORMED),
    "xsw2: body beside the signature": (lambda p: _envelope(p, security=(p.body,)), UNEXPECTED),
    "xsw3: body in the header": (lambda p: _envelope(p, header=(p.body,)), UNEXPECTED),
    "xsw3: body in a wrapper in the header": (lambda p: _envelope(p, header=(inside("w", p.body),)), UNEXPECTED),
    "xsw4: body in the forged body": (lambda p: _envelope(p, body=(p.body,)), UNEXPECTED),
    "xsw5: body behind the forged one": (lambda p: _envelope(p, envelope=(p.body,)), MALFORMED),
    "xsw6: body in an object of the signature": (
        lambda p: _envelope(p, signature=(ds_object(p.body),)),
        MALFORMED,
    ),
    "xsw7: signed envelope in an extension of the body": (
        lambda p: _envelope(p, body=(inside("Extensions", p.signed),)),
        UNEXPECTED,
    ),
    "xsw8: body in a second header": (
        lambda p: _envelope(p, envelope=(inside(f"{{{SOAP}}}Header", p.body),)),
        MALFORMED,
    ),
    "body in a wrapper in the envelope": (lambda p: _envelope(p, envelope=(inside("w", p.body),)), UNEXPECTED),
    "body renamed in the envelope": (lambda p: _envelope(p, envelope=(_renamed(p.body),)), UNEXPECTED),
    "body of SOAP 1.2 beside it": (
        lambda p: _envelope(p, envelope=(_soap12(p.body),)),
        UNEXPECTED,
    ),
    "signed envelope in the header of a forged one": (
        lambda p: inside(f"{{{SOAP}}}Envelope", inside(f"{{{SOAP}}}Header", p.signed), p.evil_body),
        SignatureMissingError,
    ),
    "signed envelope in a wrapper": (lambda p: inside("w", p.signed), MALFORMED),
    "signed envelope as body": (
        lambda p: inside(f"{{{SOAP}}}Envelope", inside(f"{{{SOAP}}}Body", p.signed)),
        SignatureMissingError,
    ),
    "security in the body": (
        lambda p: inside(f"{{{SOAP}}}Envelope", inside(f"{{{SOAP}}}Header"), put(p.body, p.security)),
        SignatureMissingError,
    ),
    "security beside the header": (
        lambda p: inside(f"{{{SOAP}}}Envelope", p.security, p.body),
        SignatureMissingError,
    ),
    "security deeper in the header": (
        lambda p: inside(f"{{{SOAP}}}Envelope", inside(f"{{{SOAP}}}Header", inside("w", p.security)), p.body),
        SignatureMissingError,
    ),
    "signature deeper in the security header": (
        lambda p: inside(
            f"{{{SOAP}}}Envelope",
            inside(f"{{{SOAP}}}Header", inside(f"{{{WSSE}}}Security", inside("w", p.signature))),
            p.body,
        ),
        SignatureMissingError,
    ),
    "second security header": (lambda p: _envelope(p, header=(p.security,), body=()), MALFORMED),
    "second signature": (lambda p: _envelope(p, security=(p.signature,)), MALFORMED),
    "two bodies, both as signed": (lambda p: put(p.signed, p.body), MALFORMED),
    "no body": (lambda p: _without(p.signed, f"{{{SOAP}}}Body"), MALFORMED),
    "other body under the signature": (_envelope, UNEXPECTED),
}


@KINDS
@pytest.mark.parametrize("name", BODY_ATTACKS)
def test_wrapped_body_signature_is_refused(kind: KeyKind, name: str) -> None:
    attack, error = BODY_ATTACKS[name]
    refused(accept_body, written(attack(Parts(signed_envelope(kind)))), kind, error)


@KINDS
@pytest.mark.parametrize("attribute", IDENTIFIERS)
def test_body_shares_its_identifier_with_nothing(kind: KeyKind, attribute: str) -> None:
    parts = Parts(signed_envelope(kind))
    forged = parts.evil_body
    forged.set(attribute, "b")
    refused(accept_body, written(_replaced(_envelope(parts, header=(parts.body,)), forged)), kind, DuplicateIdError)
    marked = parts.signed
    next(marked.iter("iin")).set(attribute, "b")
    refused(accept_body, written(marked), kind, DuplicateIdError)


def _replaced(envelope: Element, body: Element) -> Element:
    envelope[1] = body
    return envelope


# What is not signed may change: then what was signed comes back, whole.

HARMLESS: dict[str, tuple[bytes, bytes]] = {
    "comment that cuts a value": (b"850515400012", b"8505<!-- -->15400012"),
    "comment before a value": (b"850515400012", b"<!--111111111111-->850515400012"),
    "several comments in a value": (b"850515400012", b"85<!--a--><!--b-->0515<!---->400012"),
    "value as a CDATA section": (b"850515400012", b"<![CDATA[850515400012]]>"),
    "value partly as a CDATA section": (b"850515400012", b"8505<![CDATA[1540]]>0012"),
    "value in character references": (b"850515400012", b"&#56;505154&#x30;0012"),
    "comment between elements": (b"</iin>", b"</iin><!-- <iin>111111111111</iin> -->"),
    "line ends in the signature value": (b"</ds:SignatureValue>", b"\r\n\t </ds:SignatureValue>"),
    "text between elements of the signature": (b"<ds:SignedInfo>", b"evil<ds:SignedInfo>"),
    "identifier on the signature": (b"<ds:SignatureValue>", b'<ds:SignatureValue Id="x">'),
    "XML declaration": (b"^", b'<?xml version="1.0" encoding="UTF-8"?>'),
    "comment before the root": (b"^", b"<!-- evil -->"),
}


@KINDS
@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.parametrize("layout", ["enveloped", "body"])
def test_change_of_what_is_not_signed_gives_back_what_was_signed(kind: KeyKind, name: str, layout: str) -> None:
    document, verify = _layouts(kind)[layout]
    old, new = HARMLESS[name]
    changed = new + document if old == b"^" else document.replace(old, new, 1)
    assert changed != document
    trusted = [key_of(kind).certificate]
    assert verify(changed, trusted) == verify(document, trusted)


def _layouts(kind: KeyKind) -> dict[str, tuple[bytes, Verify]]:
    return {
        "enveloped": (signed_content(kind), accept_enveloped),
        "identifier": (by_identifier(kind), accept_enveloped),
        "body": (signed_envelope(kind), accept_body),
    }


@KINDS
def test_value_is_read_whole_however_it_was_cut(kind: KeyKind) -> None:
    """A reader of `.text` stops at a comment; in the tree that comes back there is none."""
    for document, verify in _layouts(kind).values():
        found = verify(document.replace(b"850515400012", b"8505<!-- -->15400012"), None)
        assert parse(found.content).findtext(".//iin") == "850515400012"


@KINDS
def test_no_tree_that_comes_back_holds_anything_unsigned(kind: KeyKind) -> None:
    """Neither in what is given back, nor beside, above or below it."""
    evil = b"<evil>111111111111</evil>"
    envelope, document = signed_envelope(kind), signed_content(kind)
    for verified in (
        verify_body(envelope.replace(b"</wsse:Security>", b"</wsse:Security>" + evil), trusted=None),
        verify_enveloped(document.replace(b"</ds:KeyInfo>", evil + b"</ds:KeyInfo>"), trusted=None),
    ):
        values = [getattr(verified, one.name) for one in fields(verified)]
        trees = [value for value in values if isinstance(value, etree._Element)]
        assert [len(list(tree.getroottree().iter("iin"))) for tree in trees] == [1]
        assert b"evil" not in etree.tostring(trees[0].getroottree())


HARMFUL: dict[str, tuple[bytes, bytes, type[KzedsError]]] = {
    "processing instruction in a value": (b"850515400012", b"8505<?x?>15400012", DigestMismatchError),
    "processing instruction in the signature": (b"<ds:SignatureValue>", b"<ds:SignatureValue><?x?>", MALFORMED),
    "comment in the signed info": (b"<ds:Reference", b"<!-- --><ds:Reference", MALFORMED),
    "comment in the digest": (b"<ds:DigestValue>", b"<ds:DigestValue><!-- -->", MALFORMED),
    "text in the signed info": (b"<ds:Reference", b"x<ds:Reference", SignatureMismatchError),
    "attribute on the reference": (b"<ds:Reference", b'<ds:Reference Type="urn:x"', SignatureMismatchError),
    "prefix of the signature bound elsewhere": (
        b'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"',
        b'xmlns:ds="urn:x"',
        SignatureMissingError,
    ),
    "namespace of the signed info redefined": (
        b"<ds:SignedInfo>",
        b'<ds:SignedInfo xmlns:ds="urn:x">',
        MALFORMED,
    ),
    "default namespace over a value": (b"<iin>", b'<iin xmlns="urn:x">', DigestMismatchError),
    "xml:lang over a value": (b"<iin>", b'<iin xml:lang="ru">', DigestMismatchError),
    "xml:base over a value": (b"<iin>", b'<iin xml:base="urn:x">', DigestMismatchError),
    "space in a value": (b"850515400012", b"850515400012 ", DigestMismatchError),
    "value twice": (b"<iin>", b"<iin>111111111111</iin><iin>", DigestMismatchError),
    "undeclared entity": (b"850515400012", b"&iin;", MalformedXmlError),
}


@KINDS
@pytest.mark.parametrize("name", HARMFUL)
@pytest.mark.parametrize("layout", ["enveloped", "identifier", "body"])
def test_change_of_what_is_signed_is_refused(kind: KeyKind, name: str, layout: str) -> None:
    document, verify = _layouts(kind)[layout]
    old, new, error = HARMFUL[name]
    assert old in document
    refused(verify, document.replace(old, new, 1), kind, error)


@pytest.mark.parametrize("layout", ["enveloped", "identifier", "body"])
@pytest.mark.parametrize(
    "definition",
    [
        b"<!DOCTYPE a>",
        b'<!DOCTYPE a [<!ENTITY x "111111111111">]>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">',
        b'<!DOCTYPE a PUBLIC "-//X//Y" "file:///etc/hostname">',
        b"<!DOCTYPE a [<!ATTLIST head Id ID #IMPLIED>]>",
        b'<!DOCTYPE a [<!ATTLIST iin xmlns CDATA #FIXED "urn:x">]>',
        b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>',
    ],
)
def test_document_type_definition_is_refused_in_signed_documents(layout: str, definition: bytes) -> None:
    document, verify = _layouts(KeyKind.GOST_2004)[layout]
    for changed in (definition + document, definition + document.replace(b"850515400012", b"&x;&c;")):
        refused(verify, changed, KeyKind.GOST_2004, MalformedXmlError)


# Random edits: whatever they make of a signed document, nothing else than what was signed comes back.

NAMES = (
    *(f"{{{SOAP}}}{name}" for name in ("Envelope", "Header", "Body")),
    *(f"{{{DS}}}{name}" for name in ("Signature", "Object", "SignedInfo", "Reference", "Transform", "X509Data")),
    f"{{{WSSE}}}Security",
    "iin",
    "{urn:n}contract",
)
VALUES = ("", "b", "#b", "r", "#r", "h", "d", "111111111111", ENVELOPED, C14N, EXC)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["move", "before", "copy", "wrap", "rename", "delete", "insert", "attribute", "text", "split"]),
        st.integers(0, 40),
        st.integers(0, 40),
        st.sampled_from(NAMES),
        st.sampled_from(VALUES),
        st.sampled_from((*IDENTIFIERS, "URI", "Algorithm")),
    ),
    min_size=1,
    max_size=4,
)
Edit = tuple[str, int, int, str, str, str]


def edited(root: Element, edit: Edit) -> Element:
    """The root after one edit."""
    what, first, second, name, value, attribute = edit
    nodes = list(root.iter("*"))
    node, other = nodes[first % len(nodes)], nodes[second % len(nodes)]
    if what == "rename":
        node.tag = name
    elif what == "attribute":
        node.set(attribute, value)
    elif what == "text":
        node.text = value
    elif what == "insert":
        node.insert(second % 3, inside(name))
    elif what == "split":
        node.insert(0, etree.Comment("x"))
    elif what == "wrap":
        return _wrapped(root, node, name)
    elif what == "copy":
        other.append(deepcopy(node))
    elif node is not root and other not in node.iter():
        _moved(what, node, other)
    return root


def _wrapped(root: Element, node: Element, name: str) -> Element:
    wrapper, parent = etree.Element(name), node.getparent()
    if parent is not None:
        parent.replace(node, wrapper)
    wrapper.append(node)
    return wrapper if parent is None else root


def _moved(what: str, node: Element, other: Element) -> None:
    parent = node.getparent()
    assert parent is not None
    if what == "move":
        other.append(node)
    elif what == "delete":
        parent.remove(node)
    elif other.getparent() is not None:
        other.addprevious(node)


@settings(max_examples=1000 * EFFORT, deadline=None)
@given(st.sampled_from(KeyKind), st.sampled_from(["enveloped", "identifier", "body"]), EDITS)
def test_random_edits_of_the_tree_give_back_what_was_signed_or_nothing(
    kind: KeyKind, layout: str, edits: list[Edit]
) -> None:
    document, verify = _layouts(kind)[layout]
    root = parse(document)
    for edit in edits:
        root = edited(root, edit)
    expected = _expected(kind, layout)
    for trusted in ([key_of(kind).certificate], None):
        try:
            found = verify(written(root), trusted)
        except KzedsError:
            continue
        assert found == expected


@cache
def _expected(kind: KeyKind, layout: str) -> Accepted:
    document, verify = _layouts(kind)[layout]
    return verify(document, None)
