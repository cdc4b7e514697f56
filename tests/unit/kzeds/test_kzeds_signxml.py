"""signxml as the second, independent verifier: where it and the NCA's layout agree, and the two points where not."""

from __future__ import annotations

import pytest
from cryptography.x509 import load_der_x509_certificate
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.exceptions import InvalidDigest, InvalidSignature
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from kzeds.wsse import sign_body
from kzeds.xml import Element, parse
from kzeds.xmldsig import sign_enveloped, verify_enveloped
from support.kzeds_material import (
    C14N,
    CONTRACT,
    DS,
    ENVELOPE,
    NOW,
    c14n,
    certificate,
    key,
    private_key,
    shared,
)

WITHOUT_COMMENT = CONTRACT.replace(b"<!-- a comment -->", b"")


def _by_signxml(document: bytes, *, location: str = "./") -> VerifyResult:
    result = XMLVerifier().verify(
        parse(document),
        x509_cert=load_der_x509_certificate(certificate().der),
        expect_config=SignatureConfiguration(location=location, verification_time=NOW),
    )
    assert isinstance(result, VerifyResult)
    return result


def _signed_by_signxml(document: bytes, method: CanonicalizationMethod) -> Element:
    signer = XMLSigner(c14n_algorithm=method)
    signer.namespaces = {"ds": DS}
    return signer.sign(parse(document), key=private_key(), cert=[load_der_x509_certificate(certificate().der)])


@pytest.mark.parametrize(
    "document",
    [WITHOUT_COMMENT, b"<a/>", '<a xmlns="urn:d" xmlns:z="urn:z"><b xmlns="" z:c="&#13;">Қ&amp;</b> <c/></a>'.encode()],
)
def test_signxml_accepts_our_enveloped_signature(document: bytes) -> None:
    signed = sign_enveloped(document, key())
    result = _by_signxml(signed)
    assert result.signed_data == c14n(parse(document), exclusive=False)
    assert result.signed_data == c14n(verify_enveloped(signed, trusted=None).element, exclusive=False)
    with pytest.raises(InvalidSignature):
        _by_signxml(signed.replace(b"<ds:SignedInfo>", b"<ds:SignedInfo> "))


def test_signxml_accepts_our_body_signature_when_told_where_it_is() -> None:
    signed = sign_body(ENVELOPE, key(), body_id="i")
    result = _by_signxml(signed, location=".//")
    assert result.signed_data == c14n(parse(signed)[1], exclusive=True)
    with pytest.raises(InvalidDigest):
        _by_signxml(signed.replace(b"SendMessage", b"SendMassage"), location=".//")


@pytest.mark.parametrize(
    "method",
    [CanonicalizationMethod.CANONICAL_XML_1_0, CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0],
)
def test_we_accept_signatures_of_signxml(method: CanonicalizationMethod) -> None:
    signed = _signed_by_signxml(WITHOUT_COMMENT, method)
    verified = verify_enveloped(etree.tostring(signed), trusted=[certificate()])
    assert c14n(verified.element, exclusive=False) == c14n(parse(WITHOUT_COMMENT), exclusive=False)


def test_disagreement_signxml_digests_comments_under_an_empty_reference_and_the_nca_does_not() -> None:
    """XML Signature, section 4.4.3.3: the node-set of URI="" has no comments, whatever the transform is called."""
    signed = sign_enveloped(CONTRACT, key())
    assert verify_enveloped(signed, trusted=None).certificate == certificate()
    with pytest.raises(InvalidDigest):
        _by_signxml(signed)


def test_disagreement_shows_on_a_document_that_the_nca_signed() -> None:
    document = shared("vectors/rsa-enveloped.xml").read_bytes()
    signer = verify_enveloped(document, trusted=None).certificate
    config = SignatureConfiguration(location="./", verification_time=signer.not_before)
    with pytest.raises(InvalidDigest):
        XMLVerifier().verify(parse(document), x509_cert=load_der_x509_certificate(signer.der), expect_config=config)


@pytest.mark.parametrize("method", list(CanonicalizationMethod))
def test_disagreement_signxml_cannot_make_the_layout_of_the_nca(method: CanonicalizationMethod) -> None:
    """It takes one algorithm for SignedInfo and content; the NCA's layout has C14N and C14N#WithComments."""
    signed = _signed_by_signxml(WITHOUT_COMMENT, method)
    methods = [
        one.get("Algorithm")
        for name in ("CanonicalizationMethod", "Transform")
        for one in signed.iter(f"{{{DS}}}{name}")
    ]
    ours = [
        one.get("Algorithm")
        for name in ("CanonicalizationMethod", "Transform")
        for one in parse(sign_enveloped(WITHOUT_COMMENT, key())).iter(f"{{{DS}}}{name}")
    ]
    assert ours == [C14N, f"{DS}enveloped-signature", f"{C14N}#WithComments"]
    assert methods[0] == methods[2] == method.value
    assert methods != ours
