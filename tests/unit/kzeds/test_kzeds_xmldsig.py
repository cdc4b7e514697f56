"""The enveloped signature has the NCA's layout, and only an untouched, wholly covered document is accepted."""

from __future__ import annotations

import base64
import re
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from kzeds.errors import (
    CertificateMissingError,
    DigestMismatchError,
    DuplicateIdError,
    KzedsError,
    MalformedCertificateError,
    MalformedSignatureError,
    MalformedXmlError,
    NotSignableError,
    SignatureMismatchError,
    SignatureMissingError,
    UnexpectedReferenceError,
    UnsupportedAlgorithmError,
    UntrustedCertificateError,
    WeakAlgorithmError,
)
from kzeds.xml import Element, parse
from kzeds.xmldsig import sign_enveloped, verify_enveloped
from support.kzeds_material import (
    C14N,
    CONTRACT,
    DS,
    ENVELOPED,
    EXC,
    RSA_SHA256,
    SHA256_URI,
    c14n,
    certificate,
    complete,
    issuer_serial,
    key,
    shared,
    signature_template,
    x509_data,
)

WITH_COMMENTS = f"{C14N}#WithComments"


def _signature(document: bytes) -> Element:
    found = parse(document).find(f"{{{DS}}}Signature")
    assert found is not None
    return found


def _hand_signed(
    content: str,
    *,
    uri: str = "",
    transforms: tuple[str, ...] = (ENVELOPED, WITH_COMMENTS),
    canonicalization: str = C14N,
    key_info: str | None = None,
    exclusive_digest: bool = False,
    hash_name: str = "sha256",
    signature_method: str = RSA_SHA256,
    digest_method: str = SHA256_URI,
) -> bytes:
    """Sign `content` with the independent signer; "@" marks where ds:Signature goes."""
    template = signature_template(
        uri,
        transforms,
        x509_data() if key_info is None else key_info,
        canonicalization=canonicalization,
        signature_method=signature_method,
        digest_method=digest_method,
    )
    bare = parse(content.replace("@", "").encode())
    octets = c14n(bare, exclusive=exclusive_digest)
    return complete(content.replace("@", template), octets, exclusive=canonicalization == EXC, hash_name=hash_name)


def test_layout_is_that_of_the_nca() -> None:
    document = sign_enveloped(CONTRACT, key())
    root = parse(document)
    signature = root[-1]
    assert document.count(b"<ds:Signature xmlns:ds=") == 1
    assert signature.tag == f"{{{DS}}}Signature"
    assert [child.tag.removeprefix(f"{{{DS}}}") for child in signature] == ["SignedInfo", "SignatureValue", "KeyInfo"]
    algorithms = [
        (etree.QName(one).localname, one.get("Algorithm")) for one in signature.iter() if one.get("Algorithm")
    ]
    assert algorithms == [
        ("CanonicalizationMethod", C14N),
        ("SignatureMethod", RSA_SHA256),
        ("Transform", ENVELOPED),
        ("Transform", WITH_COMMENTS),
        ("DigestMethod", SHA256_URI),
    ]
    assert [one.get("URI") for one in signature.iter(f"{{{DS}}}Reference")] == [""]
    key_info = signature[-1]
    assert [etree.QName(one).localname for one in key_info.iter()] == ["KeyInfo", "X509Data", "X509Certificate"]
    assert all(one.prefix == "ds" for one in signature.iter())


def test_content_is_not_touched() -> None:
    document = sign_enveloped(CONTRACT, key())
    start, end = document.index(b"<ds:Signature"), document.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    expected = CONTRACT.replace(b"'2511-1-002'", b'"2511-1-002"')
    assert document[:start] + document[end:] == expected
    assert end + len(b"</n:contractRequest>") == len(document)


def test_signed_element_is_returned_without_signature_and_comments() -> None:
    verified = verify_enveloped(sign_enveloped(CONTRACT, key()), trusted=[certificate()])
    assert c14n(verified.element, exclusive=False) == c14n(parse(CONTRACT), exclusive=False)
    assert not any(isinstance(node, etree._Comment) for node in verified.element.iter())
    assert verified.certificate == certificate()
    assert verified.signature_algorithm == RSA_SHA256
    assert len(verified.digest) == 32


def test_comment_put_in_after_signing_cannot_cut_a_value_short() -> None:
    """Comments are not signed; a reader of `.text` must still see the whole value."""
    document = sign_enveloped(b"<a><bin>200940000013</bin></a>", key())
    changed = document.replace(b"<bin>2009", b"<bin>2009<!-- -->")
    verified = verify_enveloped(changed, trusted=None)
    assert verified.element.findtext("bin") == "200940000013"


def test_text_behind_the_signature_stays_signed() -> None:
    """Removing ds:Signature must not take with it the text that follows."""
    document = _hand_signed("<a>one<b/>@two</a>")
    assert etree.tostring(verify_enveloped(document, trusted=None).element) == b"<a>one<b></b>two</a>".replace(
        b"<b></b>", b"<b/>"
    )
    with pytest.raises(DigestMismatchError):
        verify_enveloped(document.replace(b"two</a>", b"TWO</a>"), trusted=None)
    first = _hand_signed("<a>@tail<b/></a>")
    assert verify_enveloped(first, trusted=None).element.text == "tail"


@pytest.mark.parametrize(
    "document",
    [
        "<a/>",
        '<a xml:lang="kk" xml:space="preserve"><b xml:lang="ru"/></a>',
        '<a xmlns="urn:d"><b xmlns=""/></a>',
        '<q:a xmlns:q="urn:q" xmlns:z="urn:z" z:attr="1"><b xmlns:q="urn:other"/></q:a>',
        "<a><![CDATA[<x>&]]></a>",
        '<a b="1&#13;&#10;&#9;2">x&#13;&#10;y\r\nz</a>',
        f'<a xmlns="{DS}" xmlns:dd="{DS}"/>',
        '<a xmlns:ds="urn:something-else"><ds:b/></a>',
        "<?before it?><!-- c --><a><?in it?></a><?behind it?>",
        "<a>\U0001f600  </a>",
        "\n  <a>\n  <b/>\n</a>\n",
    ],
)
def test_documents_of_every_shape_come_back_as_signed(document: str) -> None:
    verified = verify_enveloped(sign_enveloped(document.encode(), key()), trusted=[certificate()])
    assert c14n(verified.element, exclusive=False) == c14n(parse(document.encode()), exclusive=False)


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"], include_characters="\t\n\r"), max_size=12
)


@settings(max_examples=80, deadline=None)
@given(TEXT, TEXT, TEXT)
def test_any_text_survives_signing(text: str, tail: str, attribute: str) -> None:
    root = etree.Element("a", {"b": attribute})
    root.text = text
    etree.SubElement(root, "c").tail = tail
    verified = verify_enveloped(sign_enveloped(etree.tostring(root, encoding="UTF-8"), key()), trusted=None)
    assert (verified.element.text or "", verified.element[0].tail or "") == (text, tail)
    assert verified.element.get("b") == attribute


def test_signed_info_inherits_xml_attributes_of_the_root() -> None:
    """Canonical XML 1.0, section 2.4: the NCA's provider digests xml:lang of the ancestors into SignedInfo."""
    document = sign_enveloped(b'<a xml:lang="kk"><b/></a>', key())
    signed_info = parse(document).find(f".//{{{DS}}}SignedInfo")
    assert signed_info is not None
    signed_info.set("{http://www.w3.org/XML/1998/namespace}lang", "kk")
    octets = c14n(signed_info, exclusive=False)
    assert b'<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xml:lang="kk">' in octets
    certificate().verify(_value(document), octets, RSA_SHA256)


def _value(document: bytes) -> bytes:
    return base64.b64decode(_signature(document).findtext(f"{{{DS}}}SignatureValue") or "")


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b"2026-11-03", b"2026-11-04", DigestMismatchError),
        (b"2511-1-002", b"2511-1-003", DigestMismatchError),
        (b"newContractData", b"oldContractData", DigestMismatchError),
        (b"<beginDate>", b"<beginDate x='1'>", DigestMismatchError),
        (b"<newContractData>", b"<newContractData> ", DigestMismatchError),
        (b"<newContractData>", b"<newContractData><?pi?>", DigestMismatchError),
        (b'xmlns:n="http://enbek.kz/contract/ws/schemas"', b'xmlns:n="urn:other"', SignatureMismatchError),
        (b"#enveloped-signature", b"#enveloped-Signature", UnexpectedReferenceError),
        (b'URI=""', b'URI="#x"', UnexpectedReferenceError),
        (b'URI=""', b"", UnexpectedReferenceError),
        (b'URI=""', b'URI="" Id="r"', SignatureMismatchError),
        (b"rsa-sha256", b"rsa-sha512", UnsupportedAlgorithmError),
        (b"xmlenc#sha256", b"xmlenc#sha512", UnsupportedAlgorithmError),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA", SignatureMismatchError),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue>!", MalformedSignatureError),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue><ds:x/>", MalformedSignatureError),
        (b"<ds:X509Certificate>MII", b"<ds:X509Certificate>MIJ", MalformedCertificateError),
        (
            b"<ds:X509Certificate>",
            b"<ds:X509Certificate>AAAA</ds:X509Certificate><ds:X509Certificate>",
            MalformedSignatureError,
        ),
        (b"<ds:X509Data>", b"<ds:X509Data/><ds:X509Data>", MalformedSignatureError),
        (b"<ds:KeyInfo>", b"<ds:Object/><ds:KeyInfo>", MalformedSignatureError),
        (b"<ds:SignedInfo>", b"<ds:SignedInfo><!-- c -->", MalformedSignatureError),
        (b"<ds:SignedInfo>", b"<ds:SignedInfo><?p i?>", MalformedSignatureError),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue><!-- c -->", MalformedSignatureError),
        (b"</ds:Reference>", b"</ds:Reference><ds:Reference/>", UnexpectedReferenceError),
        (b"<ds:Transforms>", b"<ds:Transforms><ds:x/>", UnexpectedReferenceError),
        (b"ds:Signature", b"ds:Signed", SignatureMissingError),
    ],
)
def test_each_kind_of_change_has_its_own_error(old: bytes, new: bytes, error: type[KzedsError]) -> None:
    document = sign_enveloped(CONTRACT, key())
    assert old in document
    with pytest.raises(error):
        verify_enveloped(document.replace(old, new), trusted=None)


def test_signature_of_another_key_is_a_mismatch() -> None:
    own, other = sign_enveloped(CONTRACT, key()), sign_enveloped(CONTRACT, key("stranger"))
    value = re.compile(rb"(?<=<ds:SignatureValue>)[^<]*")
    found = value.search(other)
    assert found is not None
    with pytest.raises(SignatureMismatchError):
        verify_enveloped(value.sub(found[0], own), trusted=None)


def test_only_exactly_the_trusted_certificates_are_accepted() -> None:
    document = sign_enveloped(CONTRACT, key("stranger"))
    assert verify_enveloped(document, trusted=None).certificate == certificate("stranger")
    assert verify_enveloped(document, trusted=[certificate(), certificate("stranger")]).certificate.der
    for trusted in ([certificate()], []):
        with pytest.raises(UntrustedCertificateError):
            verify_enveloped(document, trusted=trusted)


def test_certificate_of_the_same_key_is_not_the_same_certificate() -> None:
    """Pinning compares the whole certificate: the one with other dates but the same subject is another."""
    with pytest.raises(UntrustedCertificateError):
        verify_enveloped(sign_enveloped(CONTRACT, key("employer-expired")), trusted=[certificate()])


@pytest.mark.parametrize("document", [b"<a/>", CONTRACT])
def test_document_without_a_signature_is_refused(document: bytes) -> None:
    with pytest.raises(SignatureMissingError):
        verify_enveloped(document, trusted=None)


def test_dtd_is_refused_before_anything_is_verified() -> None:
    document = b"<!DOCTYPE a>" + sign_enveloped(b"<a/>", key())
    with pytest.raises(MalformedXmlError):
        verify_enveloped(document, trusted=None)


def test_document_cannot_be_signed_twice() -> None:
    with pytest.raises(NotSignableError, match="already signed"):
        sign_enveloped(sign_enveloped(CONTRACT, key()), key())


@pytest.mark.parametrize("document", [b"", b"x", b"<a>", b"<!DOCTYPE a><a/>", b'<a xmlns:r="relative/name"/>'])
def test_what_is_no_document_cannot_be_signed(document: bytes) -> None:
    with pytest.raises(MalformedXmlError):
        sign_enveloped(document, key())


# Signature wrapping: the signature is right, but what it covers is not what a reader would take for the document.


def test_signed_document_inside_a_forged_one_is_refused() -> None:
    signed = sign_enveloped(b"<a>good</a>", key())
    with pytest.raises(UnexpectedReferenceError):
        verify_enveloped(b"<a>evil<x>" + signed + b"</x></a>", trusted=None)


def test_signature_moved_to_a_forged_root_is_refused() -> None:
    signed = sign_enveloped(b"<a>good</a>", key())
    signature = signed[signed.index(b"<ds:Signature") : signed.index(b"</a>")]
    with pytest.raises(DigestMismatchError):
        verify_enveloped(b"<a>evil<x><a>good</a></x>" + signature + b"</a>", trusted=None)


def test_reference_to_a_part_of_the_document_is_refused() -> None:
    bare = '<a>evil<part Id="p">good</part>@</a>'
    template = signature_template("#p", (ENVELOPED, C14N), x509_data(), canonicalization=C14N)
    document = complete(bare.replace("@", template), b'<part Id="p">good</part>', exclusive=False)
    with pytest.raises(UnexpectedReferenceError, match="a part of the document"):
        verify_enveloped(document, trusted=None)


def test_identifier_that_the_root_shares_with_another_element_is_refused() -> None:
    document = _hand_signed('<a Id="r">@<b Id="r"/></a>', uri="#r")
    with pytest.raises(DuplicateIdError):
        verify_enveloped(document, trusted=None)
    with pytest.raises(DuplicateIdError):
        verify_enveloped(_hand_signed('<a Id="r">@<b xml:id="r"/></a>', uri="#r"), trusted=None)


@pytest.mark.parametrize(
    "uri", ["#nowhere", "#", "x", "http://example.com/", "#xpointer(/)", "#xpointer(id('r'))", " "]
)
def test_references_of_other_kinds_are_refused(uri: str) -> None:
    with pytest.raises(UnexpectedReferenceError):
        verify_enveloped(_hand_signed('<a Id="r">@</a>', uri=uri), trusted=None)


def test_second_signature_is_refused() -> None:
    document = sign_enveloped(b"<a/>", key())
    signature = document[document.index(b"<ds:Signature") : document.index(b"</a>")]
    for forged in (
        document.replace(b"</a>", signature + b"</a>"),
        document.replace(b"<a>", b"<a><x>" + signature + b"</x>"),
    ):
        with pytest.raises(MalformedSignatureError, match="2 signatures"):
            verify_enveloped(forged, trusted=None)


@pytest.mark.parametrize(
    "transforms",
    [
        (),
        (ENVELOPED,),
        (C14N,),
        (C14N, ENVELOPED),
        (ENVELOPED, C14N, C14N),
        (ENVELOPED, ENVELOPED),
        (ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        (ENVELOPED, "http://www.w3.org/2000/09/xmldsig#base64"),
        (ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
        (ENVELOPED, f'<ds:Transform Algorithm="{C14N}"><ds:XPath>1=1</ds:XPath></ds:Transform>'),
        (ENVELOPED, f'<ds:Transform Algorithm="{EXC}"><ds:XPath>1=1</ds:XPath></ds:Transform>'),
    ],
)
def test_transforms_that_are_not_expected_are_refused(transforms: tuple[str, ...]) -> None:
    with pytest.raises(UnexpectedReferenceError):
        verify_enveloped(_hand_signed("<a>@</a>", transforms=transforms), trusted=None)


# Variants that other software makes and that are accepted.


@pytest.mark.parametrize(
    ("transform", "canonicalization", "uri"),
    [
        (WITH_COMMENTS, C14N, ""),
        (C14N, C14N, ""),
        (EXC, EXC, ""),
        (EXC, C14N, ""),
        (WITH_COMMENTS, C14N, "#r"),
        (EXC, EXC, "#r"),
    ],
)
def test_other_canonicalizations_and_reference_to_the_root_are_accepted(
    transform: str, canonicalization: str, uri: str
) -> None:
    document = _hand_signed(
        '<n:a xmlns:n="urn:n" xmlns:unused="urn:u" Id="r"><b/>@</n:a>',
        uri=uri,
        transforms=(ENVELOPED, transform),
        canonicalization=canonicalization,
        exclusive_digest=transform == EXC,
    )
    assert verify_enveloped(document, trusted=None).element.tag == "{urn:n}a"
    with pytest.raises(DigestMismatchError):
        verify_enveloped(document.replace(b"<b/>", b"<c/>"), trusted=None)


def test_inclusive_prefixes_of_exclusive_canonicalization_are_honoured() -> None:
    prefixes = f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="kept"/>'
    transform = f'<ds:Transform Algorithm="{EXC}">{prefixes}</ds:Transform>'
    content = '<a xmlns:kept="urn:k" xmlns:lost="urn:l">@</a>'
    template = signature_template("", (ENVELOPED, transform), x509_data())
    octets = b'<a xmlns:kept="urn:k"></a>'
    document = complete(content.replace("@", template), octets)
    assert etree.tostring(verify_enveloped(document, trusted=None).element) == b'<a xmlns:kept="urn:k"/>'
    with pytest.raises(DigestMismatchError):
        verify_enveloped(document.replace(b'"urn:k"', b'"urn:K"'), trusted=None)


def test_inclusive_default_namespace_is_not_built_in_and_says_so() -> None:
    prefixes = f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="#default"/>'
    transform = f'<ds:Transform Algorithm="{EXC}">{prefixes}</ds:Transform>'
    with pytest.raises(UnsupportedAlgorithmError, match="#default"):
        verify_enveloped(_hand_signed('<a xmlns="urn:d">@</a>', transforms=(ENVELOPED, transform)), trusted=None)


def test_line_breaks_that_java_writes_as_references_are_dropped_from_base64() -> None:
    document = sign_enveloped(CONTRACT, key())
    wrapped = re.sub(
        rb"(?<=<ds:SignatureValue>|ds:X509Certificate>)[A-Za-z0-9+/=]+",
        lambda found: b"&#13;\n" + b"&#13;\n".join(re.findall(rb".{1,76}", found[0])) + b"&#13;\n",
        document,
    )
    assert wrapped.count(b"&#13;") > 20
    assert verify_enveloped(wrapped, trusted=[certificate()]).certificate == certificate()


def test_certificate_named_by_issuer_and_serial_number_must_be_given() -> None:
    document = _hand_signed("<a>@</a>", key_info=issuer_serial())
    assert verify_enveloped(document, trusted=[certificate("stranger"), certificate()]).certificate == certificate()
    for trusted in (None, [], [certificate("stranger")]):
        with pytest.raises(CertificateMissingError):
            verify_enveloped(document, trusted=trusted)
    forged = _hand_signed("<a>@</a>", key_info=issuer_serial("stranger"))
    with pytest.raises(SignatureMismatchError):
        verify_enveloped(forged, trusted=[certificate("stranger")])


@pytest.mark.parametrize("serial", ["", "x", "-1", "1e9", "٣", "9" * 5000])
def test_serial_number_that_is_none_is_refused(serial: str) -> None:
    key_info = re.sub(r"(?<=<ds:X509SerialNumber>)\d+", serial, issuer_serial())
    with pytest.raises(MalformedSignatureError):
        verify_enveloped(_hand_signed("<a>@</a>", key_info=key_info), trusted=[certificate()])


@pytest.mark.parametrize("key_info", ["", "<ds:KeyName>x</ds:KeyName>", "<ds:X509Data/>"])
def test_signature_without_a_certificate_cannot_be_judged(key_info: str) -> None:
    with pytest.raises(CertificateMissingError):
        verify_enveloped(_hand_signed("<a>@</a>", key_info=key_info), trusted=[certificate()])


@pytest.mark.parametrize("family", ["http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/04/xmldsig-more#"])
def test_sha1_is_refused_unless_asked_for(family: str) -> None:
    document = _hand_signed(
        "<a>@</a>", hash_name="sha1", signature_method=f"{family}rsa-sha1", digest_method=f"{family}sha1"
    )
    with pytest.raises(WeakAlgorithmError):
        verify_enveloped(document, trusted=None)
    assert verify_enveloped(document, trusted=None, allow_weak=True).element.tag == "a"
    with pytest.raises(DigestMismatchError):
        verify_enveloped(document.replace(b"<a>", b"<a>x"), trusted=None, allow_weak=True)


def test_vector_of_the_nca_tells_signer_and_content() -> None:
    document = shared("vectors/rsa-enveloped.xml").read_bytes()
    verified = verify_enveloped(document, trusted=None)
    assert verified.certificate.iin == "123456789011"
    assert verified.element.findtext("newContractData/employerData/bin") == "200940000013"


@pytest.mark.parametrize("name", ["gost2015-enveloped.xml", "gost2004-enveloped.xml"])
def test_documents_that_the_ncas_provider_signed_with_gost_verify(name: str) -> None:
    document = shared(f"vectors/{name}").read_bytes()
    assert "gost" in verify_enveloped(document, trusted=None).signature_algorithm
    with pytest.raises(DigestMismatchError):
        verify_enveloped(document.replace(b"900101300007", b"900101300008"), trusted=None)


def test_errors_quote_nothing_of_the_document() -> None:
    secret = "850515400012-СЕЙІТҚАЛИЕВА"
    document = sign_enveloped(f"<a><iin>{secret}</iin></a>".encode(), key())
    for broken in (document.replace(b"<iin>", b"<iin>x"), document.replace(b"</iin>", b"</iim>"), document[:-3]):
        with pytest.raises(KzedsError) as caught:
            verify_enveloped(broken, trusted=None)
        shown = "".join(traceback.format_exception(caught.value))
        assert secret not in shown
        assert "850515400012" not in shown


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_altered_documents_raise_nothing_but_our_errors(data: st.DataObject) -> None:
    document = bytearray(sign_enveloped(CONTRACT, key()))
    pieces = [
        b"<",
        b">",
        b'"',
        b"&",
        b"ds:",
        b"xmlns",
        b"<!--",
        b"-->",
        b"<?x?>",
        b"#",
        b"\xff",
        b"",
        b"<ds:Reference/>",
    ]
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(document)))
        width = data.draw(st.integers(0, 30))
        document[place : place + width] = data.draw(st.sampled_from(pieces) | st.binary(max_size=4))
    try:
        verified = verify_enveloped(bytes(document), trusted=[certificate()])
    except KzedsError:
        return
    assert c14n(verified.element, exclusive=False) == c14n(parse(CONTRACT), exclusive=False)
