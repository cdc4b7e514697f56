"""Signatures that the key really made, over something odd or in an odd way: refused, each for its own reason.

Wrapping needs no key; here whoever has one tries to make a verifier believe in more than was signed, to fetch things,
to weaken it, or to wear it out. Source: XML Signature Best Practices (W3C, 2013), sections 2 and 3.
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable

import pytest
from lxml import etree

from kzeds import KeyKind, sign_body, sign_enveloped
from kzeds.algorithms import GOST_2004_SIGNATURE, GOST_2015_SIGNATURE, GOST_34311, RSA_SHA256, SHA256, STREEBOG_512
from kzeds.errors import (
    CertificateMissingError,
    KzedsError,
    MalformedCertificateError,
    MalformedSignatureError,
    MalformedXmlError,
    SignatureMismatchError,
    UnexpectedReferenceError,
    UnsupportedAlgorithmError,
    UntrustedCertificateError,
    WeakAlgorithmError,
)
from kzeds.xml import MAXIMUM_ATTRIBUTES, MAXIMUM_NAMESPACES, parse
from support.kzeds_kinds import key_of
from support.kzeds_material import C14N, DS, ENVELOPED, EXC, SOAP, WSSE, WSU, X509V3, c14n, encoded
from support.kzeds_verified import (
    BODY,
    CONTENT,
    Verify,
    accept_body,
    accept_enveloped,
    forge,
    signed_content,
    signed_envelope,
    template_of,
    x509_data_of,
)

KINDS = pytest.mark.parametrize("kind", KeyKind)
LAYOUTS = pytest.mark.parametrize("layout", ["enveloped", "body"])
SIGNATURES = (GOST_2015_SIGNATURE, GOST_2004_SIGNATURE, RSA_SHA256)
STYLESHEET = '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0"/>'
RSA_KEY = "<ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue>"
ROOT = '<n:a xmlns:n="urn:n" Id="r"><iin>850515400012</iin>@</n:a>'
SIGNED_BODY = f'<s:Body xmlns:s="{SOAP}" xmlns:wsu="{WSU}" wsu:Id="b"><iin>850515400012</iin></s:Body>'
ENVELOPE = (
    f'<s:Envelope xmlns:s="{SOAP}"><s:Header><wsse:Security xmlns:wsse="{WSSE}">@</wsse:Security></s:Header>'
    f"{SIGNED_BODY}</s:Envelope>"
)


def forged(
    layout: str,
    kind: KeyKind,
    *,
    uri: str | None = None,
    transforms: tuple[str, ...] | None = None,
    key_info: str | None = None,
    signature_method: str = "",
    digest_method: str = "",
    edit: tuple[str, str] = ("", ""),
) -> bytes:
    """A document in the usual layout but for what is given; `edit` changes the text of ds:Signature before signing."""
    enveloped = layout == "enveloped"
    usual = ("", (ENVELOPED, C14N)) if enveloped else ("#b", (EXC,))
    template = template_of(
        key_of(kind),
        usual[0] if uri is None else uri,
        usual[1] if transforms is None else transforms,
        key_info,
        canonicalization=C14N if enveloped else EXC,
        signature_method=signature_method,
        digest_method=digest_method,
    )
    assert edit[0] in template
    content = ROOT if enveloped else ENVELOPE
    octets = ROOT.replace("@", "") if enveloped else SIGNED_BODY
    return forge(
        content,
        template.replace(*edit, 1) if edit[0] else template,
        c14n(parse(octets.encode()), exclusive=not enveloped),
        key_of(kind),
        digest_method=digest_method,
    )


def verifier(layout: str) -> Verify:
    return accept_enveloped if layout == "enveloped" else accept_body


def refused(layout: str, document: bytes, kind: KeyKind, error: type[KzedsError]) -> None:
    for trusted in ([key_of(kind).certificate], None):
        with pytest.raises(error) as caught:
            verifier(layout)(document, trusted)
        assert type(caught.value) is error


@KINDS
@LAYOUTS
def test_usual_form_is_accepted(kind: KeyKind, layout: str) -> None:
    """Else nothing below would prove anything."""
    found = verifier(layout)(forged(layout, kind), [key_of(kind).certificate])
    assert parse(found.content).findtext(".//iin") == "850515400012"


@KINDS
@LAYOUTS
@pytest.mark.parametrize("wrapped", ["&#13;\n@DIGEST@&#13;\n", "\n@DIGEST@\n", "\t@DIGEST@&#xD;&#xA;"])
def test_line_breaks_that_java_writes_around_a_digest_are_signed_and_dropped(
    kind: KeyKind, layout: str, wrapped: str
) -> None:
    """They are part of SignedInfo: there where they were signed, and nowhere else."""
    document = forged(layout, kind, edit=("@DIGEST@", wrapped))
    expected = verifier(layout)(forged(layout, kind), None)
    assert verifier(layout)(document, [key_of(kind).certificate]) == expected
    refused(layout, document.replace(b"<ds:DigestValue>", b"<ds:DigestValue>&#13;"), kind, SignatureMismatchError)


@KINDS
@LAYOUTS
@pytest.mark.parametrize(
    "uri",
    [
        "#xpointer(/)",
        "#xpointer(id('b'))",
        "#xpointer(//*)",
        "#b/../x",
        "#B",
        "##b",
        "b",
        "http://127.0.0.1:9/evil.xml",
        "file:///etc/hostname",
        "cid:part",
        "urn:x",
        "//127.0.0.1/x",
        "?x",
        "#%62",
        "#b ",
    ],
)
def test_reference_to_anything_but_the_content_is_refused(kind: KeyKind, layout: str, uri: str) -> None:
    refused(layout, forged(layout, kind, uri=uri), kind, UnexpectedReferenceError)


@KINDS
@LAYOUTS
@pytest.mark.parametrize(
    "transform",
    [
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>1</ds:XPath></ds:Transform>',
        '<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"/>',
        f'<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">{STYLESHEET}</ds:Transform>',
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/TR/1999/WD-xml-c14n-19990729",
        "http://www.w3.org/2002/07/decrypt#XML",
        "",
    ],
)
def test_transform_that_could_choose_or_run_something_is_refused(kind: KeyKind, layout: str, transform: str) -> None:
    usual = (ENVELOPED, C14N) if layout == "enveloped" else (EXC,)
    for transforms in ((transform,), (*usual, transform), (transform, *usual), (*usual[:-1], transform)):
        refused(layout, forged(layout, kind, transforms=transforms), kind, UnexpectedReferenceError)


REFERENCE = '<ds:Reference URI="#r"><ds:Transforms/><ds:DigestMethod/><ds:DigestValue/></ds:Reference>'
MANIFEST = f'<ds:Object><ds:Manifest Id="m">{REFERENCE}</ds:Manifest></ds:Object>'


@KINDS
@LAYOUTS
@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (("<ds:Reference ", f"{REFERENCE}<ds:Reference "), UnexpectedReferenceError),
        (("</ds:Reference>", f"</ds:Reference>{REFERENCE}"), UnexpectedReferenceError),
        (("<ds:Transforms>", "<ds:Transforms/><ds:Transforms>"), UnexpectedReferenceError),
        (("<ds:DigestMethod", "<ds:DigestMethod/><ds:DigestMethod"), UnexpectedReferenceError),
        (("<ds:DigestValue>", "<ds:DigestValue/><ds:DigestValue>"), UnexpectedReferenceError),
        (("<ds:SignatureMethod", "<ds:SignatureMethod/><ds:SignatureMethod"), UnexpectedReferenceError),
        (("<ds:SignatureValue>", "<ds:SignatureValue/><ds:SignatureValue>"), MalformedSignatureError),
        (("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>"), MalformedSignatureError),
        (("</ds:KeyInfo>", "</ds:KeyInfo><ds:KeyInfo/>"), MalformedSignatureError),
        (("</ds:KeyInfo>", f"</ds:KeyInfo>{MANIFEST}"), MalformedSignatureError),
        (("<ds:KeyInfo>", f"{MANIFEST}<ds:KeyInfo>"), MalformedSignatureError),
        (("<ds:SignedInfo>", f"{MANIFEST}<ds:SignedInfo>"), MalformedSignatureError),
    ],
)
def test_signature_with_more_than_its_parts_is_refused(
    kind: KeyKind, layout: str, edit: tuple[str, str], error: type[KzedsError]
) -> None:
    refused(layout, forged(layout, kind, edit=edit), kind, error)


@KINDS
@LAYOUTS
@pytest.mark.parametrize("second", ["as the first", "to the whole", "to the root"])
def test_second_reference_is_refused_even_when_it_is_right(kind: KeyKind, layout: str, second: str) -> None:
    """Its digest fits; a reader that takes the first of two would not know what the other one proves."""
    uri = {"to the whole": "", "to the root": "#r", "as the first": "" if layout == "enveloped" else "#b"}[second]
    transforms = (ENVELOPED, C14N) if layout == "enveloped" else (EXC,)
    reference = re.search("<ds:Reference .*</ds:Reference>", template_of(key_of(kind), uri, transforms))
    assert reference is not None
    for edit in (
        ("<ds:Reference ", f"{reference[0]}<ds:Reference "),
        ("</ds:Reference>", f"</ds:Reference>{reference[0]}"),
    ):
        document = forged(layout, kind, edit=edit)
        assert document.count(b"<ds:Reference ") == 2
        refused(layout, document, kind, UnexpectedReferenceError)


@KINDS
def test_body_is_not_covered_by_a_reference_to_the_whole_envelope(kind: KeyKind) -> None:
    """Rightly signed, by the enveloped transform: but then the header would be content too."""
    whole = c14n(parse(ENVELOPE.replace("@", "").encode()), exclusive=True)
    for transforms in ((ENVELOPED, EXC), (EXC,)):
        template = template_of(key_of(kind), "", transforms, canonicalization=EXC)
        refused("body", forge(ENVELOPE, template, whole, key_of(kind)), kind, UnexpectedReferenceError)


@KINDS
@LAYOUTS
def test_signature_without_a_reference_covers_nothing(kind: KeyKind, layout: str) -> None:
    """The signature is right; only that there is nothing it speaks of."""
    root = parse(forged(layout, kind))
    reference = next(root.iter(f"{{{DS}}}Reference"))
    signed_info = reference.getparent()
    assert signed_info is not None
    signed_info.remove(reference)
    value = next(root.iter(f"{{{DS}}}SignatureValue"))
    value.text = encoded(key_of(kind).sign(c14n(signed_info, exclusive=layout == "body")))
    refused(layout, etree.tostring(root), kind, UnexpectedReferenceError)


@KINDS
@LAYOUTS
def test_manifest_is_no_content(kind: KeyKind, layout: str) -> None:
    """A reference of that type to a part that lists others: only the list would be proven."""
    edit = (' URI="', ' Type="http://www.w3.org/2000/09/xmldsig#Manifest" URI="')
    document = forged(layout, kind, uri="#m", edit=edit)
    refused(layout, document, kind, UnexpectedReferenceError)
    inside = document.replace(b"<iin>", b'<ds:Manifest xmlns:ds="%b" Id="m"/><iin>' % DS.encode(), 1)
    refused(layout, inside, kind, UnexpectedReferenceError)


# Algorithms.


@KINDS
@LAYOUTS
@pytest.mark.parametrize("other", SIGNATURES, ids=lambda one: one.name)
def test_algorithm_of_another_kind_of_key_is_refused(kind: KeyKind, layout: str, other: object) -> None:
    """A GOST method with an RSA certificate and the other way about: the key decides what may be."""
    uri = next(one.uri for one in SIGNATURES if one is other)
    document = forged(layout, kind, signature_method=uri)
    if uri == key_of(kind).signature_uri:
        assert verifier(layout)(document, None).certificate == key_of(kind).certificate
    else:
        refused(layout, document, kind, UnsupportedAlgorithmError)


@KINDS
@LAYOUTS
@pytest.mark.parametrize("name", ["hmac-sha1", "hmac-sha256", "hmac-gost34311", "dsa-sha1", "ecdsa-sha256", "rsa-md5"])
def test_public_key_is_no_shared_secret(kind: KeyKind, layout: str, name: str) -> None:
    """An HMAC keyed with what everybody knows, and methods that nobody built in."""
    method = f"http://www.w3.org/2001/04/xmldsig-more#{name}"
    root = parse(forged(layout, kind, signature_method=method))
    signed_info = next(root.iter(f"{{{DS}}}SignedInfo"))
    octets = c14n(signed_info, exclusive=layout == "body")
    for secret in (key_of(kind).certificate.public_key, key_of(kind).certificate.der, b""):
        next(root.iter(f"{{{DS}}}SignatureValue")).text = encoded(hmac.digest(secret, octets, "sha256"))
        refused(layout, etree.tostring(root), kind, UnsupportedAlgorithmError)


@KINDS
@LAYOUTS
def test_parameters_that_shorten_a_signature_are_refused(kind: KeyKind, layout: str) -> None:
    """HMACOutputLength (CVE-2009-0217), and anything else inside a method."""
    method = f'<ds:SignatureMethod Algorithm="{key_of(kind).signature_uri}"'
    edit = (f"{method}/>", f"{method}><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>")
    refused(layout, forged(layout, kind, edit=edit), kind, MalformedSignatureError)
    digest = f'<ds:DigestMethod Algorithm="{key_of(kind).digest_uri}"'
    edit = (f"{digest}/>", f"{digest}><x/></ds:DigestMethod>")
    refused(layout, forged(layout, kind, edit=edit), kind, MalformedSignatureError)


@KINDS
@LAYOUTS
@pytest.mark.parametrize("family", ["http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/04/xmldsig-more#"])
def test_sha1_over_the_content_is_weak_whatever_key_signs(kind: KeyKind, layout: str, family: str) -> None:
    document = forged(layout, kind, digest_method=f"{family}sha1")
    refused(layout, document, kind, WeakAlgorithmError)


@KINDS
@LAYOUTS
@pytest.mark.parametrize("digest", [SHA256, STREEBOG_512, GOST_34311], ids=lambda digest: digest.name)
def test_strong_digest_of_another_kind_proves_as_well(kind: KeyKind, layout: str, digest: object) -> None:
    """The NCA pairs them, XML Signature does not; what comes back is what was signed."""
    uri = next(one.uri for one in (SHA256, STREEBOG_512, GOST_34311) if one is digest)
    document = forged(layout, kind, digest_method=uri)
    expected = verifier(layout)(forged(layout, kind), None)
    assert verifier(layout)(document, [key_of(kind).certificate]) == expected
    with pytest.raises(KzedsError):
        verifier(layout)(document.replace(b"850515400012", b"850515400013"), None)


# KeyInfo.


def _with_key_info(layout: str, kind: KeyKind, key_info: str) -> bytes:
    return forged(layout, kind, key_info=key_info)


@KINDS
@LAYOUTS
def test_two_certificates_leave_open_whose_signature_it_is(kind: KeyKind, layout: str) -> None:
    own, other = key_of(kind).certificate, key_of(kind, "stranger").certificate
    for pair in ((own, other), (other, own), (own, own)):
        refused(layout, _with_key_info(layout, kind, x509_data_of(*pair)), kind, MalformedSignatureError)
    twice = x509_data_of(own) + x509_data_of(other)
    error = MalformedSignatureError if layout == "enveloped" else CertificateMissingError
    refused(layout, _with_key_info(layout, kind, twice), kind, error)


@KINDS
@pytest.mark.parametrize("wrapped", [True, False])
def test_token_reference_beside_another_certificate_leaves_it_open(kind: KeyKind, wrapped: bool) -> None:
    """Each reader takes the one that it looks for first, and they may differ."""
    own, other = x509_data_of(key_of(kind).certificate), x509_data_of(key_of(kind, "stranger").certificate)
    own, token = _token_reference(own), _token_reference(other) if wrapped else other
    assert accept_body(_with_key_info("body", kind, own), None).certificate == key_of(kind).certificate
    for key_info in (own + token, token + own):
        refused("body", _with_key_info("body", kind, key_info), kind, CertificateMissingError)


@KINDS
def test_token_reference_holds_one_way_only(kind: KeyKind) -> None:
    own = x509_data_of(key_of(kind).certificate)
    for inside in (own + own, f'<wsse:Reference URI="#b"/>{own}', _token_reference(own)):
        refused("body", _with_key_info("body", kind, _token_reference(inside)), kind, CertificateMissingError)


@KINDS
def test_name_beside_the_certificate_is_no_second_one(kind: KeyKind) -> None:
    """A ds:KeyName names no key; a KeyValue beside it would."""
    own = _token_reference(x509_data_of(key_of(kind).certificate))
    name, value = "<ds:KeyName>employer</ds:KeyName>", f"<ds:KeyValue>{RSA_KEY}</ds:KeyValue>"
    certificate = key_of(kind).certificate
    for beside in (name + own, own + name):
        assert verifier("body")(_with_key_info("body", kind, beside), [certificate]).certificate == certificate
    refused("body", _with_key_info("body", kind, own + value), kind, CertificateMissingError)


def _token_reference(inside: str) -> str:
    return f"<wsse:SecurityTokenReference>{inside}</wsse:SecurityTokenReference>"


@KINDS
@pytest.mark.parametrize(
    "uri", ["", "#", "#b", "#v", "b", "#xpointer(/)", "http://127.0.0.1:9/token", "file:///etc/hostname"]
)
def test_token_is_looked_for_in_its_own_header_only(kind: KeyKind, uri: str) -> None:
    """Not on the network, nor anywhere else in the message: "#v" lies in the Body, as a token of someone else."""
    reference = _token_reference(f'<wsse:Reference URI="{uri}"/>')
    token = (
        f'<wsse:BinarySecurityToken xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}" wsu:Id="v" ValueType="{X509V3}">'
        f"{encoded(key_of(kind).certificate.der)}</wsse:BinarySecurityToken>"
    )
    document = _with_key_info("body", kind, reference)
    refused("body", document.replace(b"<iin>", token.encode() + b"<iin>"), kind, UnexpectedReferenceError)


@KINDS
@LAYOUTS
@pytest.mark.parametrize(
    "key_info",
    [
        "<ds:KeyName>employer</ds:KeyName>",
        f"<ds:KeyValue>{RSA_KEY}</ds:KeyValue>",
        '<ds:RetrievalMethod URI="http://127.0.0.1:9/key" Type="http://www.w3.org/2000/09/xmldsig#X509Data"/>',
        '<ds:RetrievalMethod URI="file:///etc/hostname"/>',
        "<ds:X509Data><ds:X509SubjectName>CN=x</ds:X509SubjectName></ds:X509Data>",
        "<ds:X509Data><ds:X509SKI>AAAA</ds:X509SKI></ds:X509Data>",
        "<ds:X509Data/>",
        "",
    ],
)
def test_key_that_is_not_a_certificate_is_not_believed(kind: KeyKind, layout: str, key_info: str) -> None:
    refused(layout, _with_key_info(layout, kind, key_info), kind, CertificateMissingError)


@KINDS
@LAYOUTS
def test_certificate_of_someone_else_does_not_fit(kind: KeyKind, layout: str) -> None:
    """Pinned, it is not the trusted one; by mathematics alone, its key did not sign."""
    stranger = key_of(kind, "stranger").certificate
    document = _with_key_info(layout, kind, x509_data_of(stranger))
    with pytest.raises(UntrustedCertificateError):
        verifier(layout)(document, [key_of(kind).certificate])
    for trusted in ([stranger], None):
        with pytest.raises(SignatureMismatchError):
            verifier(layout)(document, trusted)
    for other in KeyKind:
        if other is not kind:
            swapped = _with_key_info(layout, kind, x509_data_of(key_of(other).certificate))
            with pytest.raises(UnsupportedAlgorithmError):
                verifier(layout)(swapped, None)


@KINDS
@LAYOUTS
@pytest.mark.parametrize("text", ["", "AAAA", "MIIB", "MAA=", "&#13;", "%%%"])
def test_bytes_that_are_no_certificate_are_refused(kind: KeyKind, layout: str, text: str) -> None:
    key_info = f"<ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data>"
    error = MalformedSignatureError if text == "%%%" else MalformedCertificateError
    refused(layout, _with_key_info(layout, kind, key_info), kind, error)


# Documents that wear a verifier out.


def _many_namespaces() -> bytes:
    prefixes = b" ".join(b'xmlns:p%d="urn:%d"' % (number, number) for number in range(3000))
    return b"<x %b>%b</x>" % (prefixes, b"".join(b"<p%d:x/>" % number for number in range(3000)))


PILES: dict[str, Callable[[], bytes]] = {
    "namespaces in one place": _many_namespaces,
    "namespaces by depth": lambda: b'<x xmlns:p="urn:p" xmlns:q="urn:q">' * 60 + b"</x>" * 60,
    "attributes": lambda: b"<x %b/>" % b" ".join(b'a%d="1"' % number for number in range(50_000)),
    "depth": lambda: b"<x>" * 300 + b"</x>" * 300,
    "one attribute": lambda: b'<x a="%b"/>' % (b"x" * 10_500_000),
    "one text": lambda: b"<x>%b</x>" % (b"x" * 10_500_000),
    "one name": lambda: b"<%b/>" % (b"x" * 10_500_000),
}


@pytest.mark.parametrize("name", PILES)
def test_document_that_would_keep_a_verifier_busy_is_refused_at_once(name: str) -> None:
    """Anyone may put them into a document of another, and then only the canonical form says that it was changed."""
    kind, pile, started = KeyKind.GOST_2015, PILES[name](), time.process_time()
    for layout, document in (("enveloped", signed_content(kind)), ("body", signed_envelope(kind))):
        refused(layout, document.replace(b"<iin>", pile + b"<iin>", 1), kind, MalformedXmlError)
    with pytest.raises(MalformedXmlError):
        sign_enveloped(b"<a>%b</a>" % pile, key_of(kind))
    assert time.process_time() - started < 5


@KINDS
@LAYOUTS
@pytest.mark.parametrize("method", ["CanonicalizationMethod", "Transform"])
def test_list_of_prefixes_that_would_keep_a_verifier_busy_is_refused_at_once(
    kind: KeyKind, layout: str, method: str
) -> None:
    """Each element is asked about each of them, and one that is named again is asked about again."""
    empty, started = f'<ds:{method} Algorithm="{EXC}"/>', time.process_time()
    for prefixes in ("n " * 200_000, " ".join(f"p{number}" for number in range(MAXIMUM_NAMESPACES + 1))):
        inside = f'<e:InclusiveNamespaces xmlns:e="{EXC}" PrefixList="{prefixes}"/>'
        full = f'<ds:{method} Algorithm="{EXC}">{inside}</ds:{method}>'
        document = _in_exclusive_form(layout, kind, empty, full)
        refused(layout, document, kind, UnexpectedReferenceError)
    assert time.process_time() - started < 5


def _in_exclusive_form(layout: str, kind: KeyKind, old: str, new: str) -> bytes:
    """Signed with exclusive canonicalization throughout, then changed: what is looked at before the signature is."""
    enveloped = layout == "enveloped"
    uri, transforms = ("", (ENVELOPED, EXC)) if enveloped else ("#b", (EXC,))
    template = template_of(key_of(kind), uri, transforms, canonicalization=EXC)
    content, octets = (ROOT, ROOT.replace("@", "")) if enveloped else (ENVELOPE, SIGNED_BODY)
    document = forge(content, template, c14n(parse(octets.encode()), exclusive=True), key_of(kind))
    assert verifier(layout)(document, None).certificate == key_of(kind).certificate
    assert old.encode() in document
    return document.replace(old.encode(), new.encode(), 1)


@KINDS
def test_documents_up_to_the_limits_are_signed_and_verified(kind: KeyKind) -> None:
    names = " ".join(f'xmlns:p{number}="urn:{number}"' for number in range(MAXIMUM_NAMESPACES - 4))
    attributes = " ".join(f'a{number}="1"' for number in range(MAXIMUM_ATTRIBUTES))
    inside = f"<x {names}><p1:y {attributes}/>{'<z/>' * 1000}</x>".encode()
    document = sign_enveloped(CONTENT.replace(b"<iin>", inside + b"<iin>"), key_of(kind))
    assert accept_enveloped(document, None).certificate == key_of(kind).certificate
    envelope = sign_body(BODY.replace(b"<iin>", inside + b"<iin>"), key_of(kind))
    assert accept_body(envelope, None).certificate == key_of(kind).certificate
