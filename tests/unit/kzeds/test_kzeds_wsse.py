"""The body signature has ShEP's layout, and only the Body that stands in the Envelope can be what was signed."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from kzeds.errors import (
    CertificateMissingError,
    DigestMismatchError,
    DuplicateIdError,
    KzedsError,
    MalformedSignatureError,
    MalformedXmlError,
    NotSignableError,
    SignatureMismatchError,
    SignatureMissingError,
    UnexpectedReferenceError,
    UntrustedCertificateError,
    WeakAlgorithmError,
)
from kzeds.wsse import sign_body, verify_body
from kzeds.xml import Element, parse
from support.kzeds_material import (
    C14N,
    DS,
    ENVELOPE,
    ENVELOPED,
    EXC,
    RSA_SHA256,
    SHA256_URI,
    SOAP,
    WSSE,
    WSU,
    X509V3,
    c14n,
    certificate,
    complete,
    encoded,
    issuer_serial,
    key,
    shared,
    signature_template,
    x509_data,
)

BODY = f'<s:Body xmlns:s="{SOAP}" xmlns:wsu="{WSU}" wsu:Id="b">good</s:Body>'


def _str(content: str) -> str:
    return f"<wsse:SecurityTokenReference>{content}</wsse:SecurityTokenReference>"


def _key_identifier() -> str:
    return _str(f'<wsse:KeyIdentifier ValueType="{X509V3}">{encoded(certificate().der)}</wsse:KeyIdentifier>')


def _hand_signed(
    *,
    body: str = BODY,
    uri: str = "#b",
    key_info: str | None = None,
    transforms: tuple[str, ...] = (EXC,),
    canonicalization: str = EXC,
    signed: str = BODY,
    security: str = "@",
    header: str = "",
    envelope: str = "",
    hash_name: str = "sha256",
    signature_method: str = RSA_SHA256,
    digest_method: str = SHA256_URI,
) -> bytes:
    """Write an envelope by hand around a signature by the independent signer over `signed`."""
    template = signature_template(
        uri,
        transforms,
        _key_identifier() if key_info is None else key_info,
        canonicalization=canonicalization,
        signature_method=signature_method,
        digest_method=digest_method,
    )
    document = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header><wsse:Security xmlns:wsse="{WSSE}">{security.replace("@", template)}'
        f"</wsse:Security>{header}</s:Header>{body}{envelope}</s:Envelope>"
    )
    octets = c14n(parse(signed.encode()), exclusive=True)
    return complete(document, octets, exclusive=canonicalization == EXC, hash_name=hash_name)


def _refused(document: bytes, error: type[KzedsError]) -> None:
    """Check that the envelope is refused, and that it is not for want of trust."""
    with pytest.raises(error):
        verify_body(document, trusted=[certificate()])


def test_hand_signed_envelope_is_accepted() -> None:
    verified = verify_body(_hand_signed(), trusted=[certificate()])
    assert verified.body.text == "good"


def test_layout_is_that_of_shep() -> None:
    document = sign_body(ENVELOPE, key())
    root = parse(document)
    header, body = root
    identifier = body.get(f"{{{WSU}}}Id", "")
    assert re.fullmatch(r"id-[0-9a-f-]{36}", identifier)
    assert [etree.QName(one).localname for one in header.iter()] == [
        *("Header", "Security", "Signature", "SignedInfo", "CanonicalizationMethod", "SignatureMethod", "Reference"),
        *("Transforms", "Transform", "DigestMethod", "DigestValue", "SignatureValue", "KeyInfo"),
        *("SecurityTokenReference", "KeyIdentifier"),
    ]
    security, key_identifier = header[0], list(header.iter())[-1]
    assert (security.tag, security.prefix) == (f"{{{WSSE}}}Security", "wsse")
    assert security.get(f"{{{SOAP}}}mustUnderstand") == "1"
    algorithms = [one.get("Algorithm") for one in header.iter() if one.get("Algorithm")]
    assert algorithms == [EXC, RSA_SHA256, EXC, SHA256_URI]
    assert [one.get("URI") for one in header.iter(f"{{{DS}}}Reference")] == [f"#{identifier}"]
    assert key_identifier.get("ValueType") == X509V3
    assert key_identifier.get("EncodingType", "").endswith("soap-message-security-1.0#Base64Binary")
    assert key_identifier.text == encoded(certificate().der)


def test_identifier_namespace_is_declared_where_exclusive_canonicalization_shows_it() -> None:
    document = sign_body(ENVELOPE, key(), body_id="id-1")
    assert f'<s:Body xmlns:wsu="{WSU}" wsu:Id="id-1">'.encode() in document


def test_body_keeps_its_identifier_and_takes_a_given_one() -> None:
    own = ENVELOPE.replace(b"<s:Body>", f'<s:Body xmlns:u="{WSU}" u:Id="mine">'.encode())
    assert b'URI="#mine"' in sign_body(own, key())
    assert b'URI="#given"' in sign_body(own, key(), body_id="given")
    assert verify_body(sign_body(own, key(), body_id="given"), trusted=None).certificate == certificate()


def test_fresh_identifiers_never_repeat() -> None:
    found = {re.search(rb'URI="#id-([^"]*)"', sign_body(ENVELOPE, key())) for _ in range(5)}
    identifiers = {uuid.UUID(match[1].decode()) for match in found if match}
    assert len(identifiers) == 5


def test_rest_of_the_envelope_is_not_touched() -> None:
    header = b'<s:Header> <h xmlns="urn:h">kept</h> </s:Header>'
    envelope = ENVELOPE.replace(b"<s:Body>", header + b"\n <s:Body>")
    document = sign_body(envelope, key(), body_id="i")
    assert b'<h xmlns="urn:h">kept</h> <wsse:Security' in document
    assert document.endswith(envelope[envelope.index(b"<t:SendMessage") :])


def test_signed_body_is_returned_with_the_digest_that_finds_replays() -> None:
    document = sign_body(ENVELOPE, key(), body_id="i")
    verified = verify_body(document, trusted=[certificate()])
    assert verified.body.findtext(".//data") == "<a>Қ</a>"
    assert verified.signed_digest == verified.digest.hex()
    assert verify_body(sign_body(ENVELOPE, key(), body_id="i"), trusted=None).signed_digest == verified.signed_digest
    other = sign_body(ENVELOPE.replace("Қ".encode(), b"K"), key(), body_id="i")
    assert verify_body(other, trusted=None).signed_digest != verified.signed_digest


def test_comment_put_in_after_signing_cannot_cut_a_value_short() -> None:
    document = sign_body(ENVELOPE, key()).replace(b"&lt;a&gt;", b"&lt;a<!-- -->&gt;")
    assert verify_body(document, trusted=None).body.findtext(".//data") == "<a>Қ</a>"


@pytest.mark.parametrize(
    "envelope",
    [
        f'<Envelope xmlns="{SOAP}" xml:lang="kk"><Header/><Body><x xmlns=""/></Body></Envelope>',
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:wsu="urn:o" xmlns:wsse="urn:o"><s:Body><wsu:x/></s:Body></s:Envelope>',
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body/></s:Envelope>',
        f'<?xml version="1.0"?><!-- c --><s:Envelope xmlns:s="{SOAP}">\n<s:Body>\n</s:Body>\n</s:Envelope>',
    ],
)
def test_envelopes_of_every_shape_come_back_as_signed(envelope: str) -> None:
    verified = verify_body(sign_body(envelope.encode(), key()), trusted=[certificate()])
    before = next(one for one in parse(envelope.encode()) if one.tag == f"{{{SOAP}}}Body")
    assert [c14n(one, exclusive=True) for one in verified.body] == [c14n(one, exclusive=True) for one in before]


@pytest.mark.parametrize(
    "envelope",
    [
        b"<a/>",
        f'<s:Envelope xmlns:s="{SOAP}"/>'.encode(),
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body/><s:Body/></s:Envelope>'.encode(),
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header/><s:Header/><s:Body/></s:Envelope>'.encode(),
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>',
        f'<a xmlns:s="{SOAP}"><s:Body/></a>'.encode(),
    ],
)
def test_what_is_no_envelope_cannot_be_signed(envelope: bytes) -> None:
    with pytest.raises(NotSignableError):
        sign_body(envelope, key())


def test_envelope_cannot_be_signed_twice() -> None:
    with pytest.raises(NotSignableError, match="already has"):
        sign_body(sign_body(ENVELOPE, key()), key())


@pytest.mark.parametrize("body_id", ["taken", "1digit", "with space", 'x"y', "x" * 300, "жол"])
def test_identifier_that_cannot_serve_is_refused(body_id: str) -> None:
    envelope = ENVELOPE.replace(b"<request>", b'<request id="taken">')
    with pytest.raises(NotSignableError):
        sign_body(envelope, key(), body_id=body_id)


@pytest.mark.parametrize("envelope", [b"", b"<s:Envelope>", b"<!DOCTYPE a><a/>"])
def test_what_is_no_xml_cannot_be_signed_or_verified(envelope: bytes) -> None:
    with pytest.raises(MalformedXmlError):
        sign_body(envelope, key())
    with pytest.raises(MalformedXmlError):
        verify_body(envelope, trusted=None)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b"SendMessage", b"SendMassage", DigestMismatchError),
        (b'wsu:Id="i"', b'wsu:Id="j"', UnexpectedReferenceError),
        (b'URI="#i"', b'URI="#j"', UnexpectedReferenceError),
        (b'URI="#i"', b'URI=""', UnexpectedReferenceError),
        (b'URI="#i"', b'URI="i"', UnexpectedReferenceError),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA", SignatureMismatchError),
        (b"</ds:Reference>", b"</ds:Reference><ds:Reference/>", UnexpectedReferenceError),
        (b"#X509v3", b"#X509PKIPathv1", CertificateMissingError),
        (b"#Base64Binary", b"#HexBinary", CertificateMissingError),
        (b"wsse:Security>", b"wsse:Safety>", MalformedXmlError),
        (b"oasis-200401-wss-wssecurity-secext-1.0.xsd", b"other", SignatureMissingError),
    ],
)
def test_each_kind_of_change_has_its_own_error(old: bytes, new: bytes, error: type[KzedsError]) -> None:
    document = sign_body(ENVELOPE, key(), body_id="i")
    assert old in document
    _refused(document.replace(old, new), error)


def test_only_exactly_the_trusted_certificates_are_accepted() -> None:
    document = sign_body(ENVELOPE, key("stranger"))
    assert verify_body(document, trusted=None).certificate == certificate("stranger")
    for trusted in ([certificate("gateway")], []):
        with pytest.raises(UntrustedCertificateError):
            verify_body(document, trusted=trusted)


def test_unsigned_envelope_is_refused() -> None:
    _refused(ENVELOPE, SignatureMissingError)
    empty = f'<s:Header><wsse:Security xmlns:wsse="{WSSE}"/></s:Header><s:Body>'.encode()
    _refused(ENVELOPE.replace(b"<s:Body>", empty), SignatureMissingError)


# Signature wrapping: the signature is right, but the Body that a reader would take is another.

EVIL = "<s:Body>evil</s:Body>"


def test_signed_body_moved_into_the_header_is_refused() -> None:
    _refused(_hand_signed(body=EVIL, header=f"<x>{BODY}</x>"), UnexpectedReferenceError)
    _refused(_hand_signed(body=EVIL, header=BODY), UnexpectedReferenceError)


def test_signed_body_moved_behind_a_forged_one_is_refused() -> None:
    _refused(_hand_signed(body=EVIL, envelope=BODY), MalformedSignatureError)
    _refused(_hand_signed(body=EVIL, envelope=f"<x>{BODY}</x>"), UnexpectedReferenceError)


def test_signed_body_inside_the_forged_one_is_refused() -> None:
    _refused(_hand_signed(body=f"<s:Body>evil{BODY}</s:Body>"), UnexpectedReferenceError)


def test_signed_body_inside_the_security_header_is_refused() -> None:
    _refused(_hand_signed(body=EVIL, security=f"@{BODY}"), UnexpectedReferenceError)


@pytest.mark.parametrize("attribute", [f'xmlns:wsu="{WSU}" wsu:Id', "Id", "ID", "id", "xml:id"])
def test_forged_body_with_the_identifier_of_the_signed_one_is_refused(attribute: str) -> None:
    forged = f'<s:Body {attribute}="b">evil</s:Body>'
    _refused(_hand_signed(body=forged, header=f"<x>{BODY}</x>"), DuplicateIdError)
    _refused(_hand_signed(header=f'<x {attribute}="b"/>'), DuplicateIdError)


def test_whole_signed_envelope_inside_a_forged_one_is_refused() -> None:
    signed = sign_body(ENVELOPE, key()).decode()
    forged = f'<s:Envelope xmlns:s="{SOAP}"><s:Header>{signed}</s:Header>{EVIL}</s:Envelope>'
    _refused(forged.encode(), SignatureMissingError)


def test_security_header_of_the_inner_envelope_does_not_count() -> None:
    signed = parse(sign_body(ENVELOPE, key()))
    security = etree.tostring(signed[0][0]).decode()
    body = etree.tostring(signed[1]).decode()
    forged = f'<s:Envelope xmlns:s="{SOAP}"><s:Header>{security}<x>{body}</x></s:Header>{EVIL}</s:Envelope>'
    _refused(forged.encode(), UnexpectedReferenceError)


def test_right_signature_over_another_element_is_refused() -> None:
    stamp = f'<u:Timestamp xmlns:u="{WSU}" u:Id="t">now</u:Timestamp>'
    _refused(_hand_signed(uri="#t", signed=stamp, security=f"@{stamp}"), UnexpectedReferenceError)


def test_second_security_header_or_signature_is_refused() -> None:
    second = f'<wsse:Security xmlns:wsse="{WSSE}"/>'
    _refused(_hand_signed(header=second), MalformedSignatureError)
    _refused(_hand_signed(security="@@"), MalformedSignatureError)


@pytest.mark.parametrize(
    "transforms",
    [
        (),
        (C14N,),
        (f"{EXC}WithComments",),
        (EXC, EXC),
        (ENVELOPED, EXC),
        ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",),
    ],
)
def test_transforms_that_are_not_expected_are_refused(transforms: tuple[str, ...]) -> None:
    _refused(_hand_signed(transforms=transforms), UnexpectedReferenceError)


# Variants that other software makes and that are accepted.


def test_plain_identifier_on_the_body_is_accepted() -> None:
    body = f'<s:Body xmlns:s="{SOAP}" Id="b">good</s:Body>'
    assert verify_body(_hand_signed(body=body, signed=body), trusted=[certificate()]).body.text == "good"


def test_identifiers_of_other_names_make_nothing_referable() -> None:
    body = f'<s:Body xmlns:s="{SOAP}" id="b">good</s:Body>'
    _refused(_hand_signed(body=body, signed=body), UnexpectedReferenceError)


def test_inclusive_canonicalization_of_signed_info_is_accepted() -> None:
    assert verify_body(_hand_signed(canonicalization=C14N), trusted=[certificate()]).body.text == "good"


def test_inclusive_prefixes_that_wss4j_adds_are_honoured() -> None:
    prefixes = f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="p s"/>'
    transform = f'<ds:Transform Algorithm="{EXC}">{prefixes}</ds:Transform>'
    body = BODY.replace("<s:Body", '<s:Body xmlns:p="urn:p"')
    template = signature_template("#b", (transform,), _key_identifier())
    document = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header><wsse:Security xmlns:wsse="{WSSE}">{template}'
        f"</wsse:Security></s:Header>{body}</s:Envelope>"
    )
    signed = complete(document, c14n(parse(body.encode()), exclusive=True, prefixes=["p", "s"]))
    assert verify_body(signed, trusted=[certificate()]).body.nsmap["p"] == "urn:p"
    _refused(signed.replace(b'"urn:p"', b'"urn:q"'), DigestMismatchError)


def test_certificate_in_a_binary_security_token_is_accepted() -> None:
    token = (
        f'<wsse:BinarySecurityToken xmlns:wsu="{WSU}" wsu:Id="t" ValueType="{X509V3}">'
        f"{encoded(certificate().der)}</wsse:BinarySecurityToken>"
    )
    reference = _str(f'<wsse:Reference URI="#t" ValueType="{X509V3}"/>')
    document = _hand_signed(key_info=reference, security=f"{token}@")
    assert verify_body(document, trusted=[certificate()]).certificate == certificate()
    _refused(_hand_signed(key_info=reference, security="@"), UnexpectedReferenceError)
    _refused(_hand_signed(key_info=reference, security=f"{token}@{token}"), DuplicateIdError)
    _refused(_hand_signed(key_info=reference, header=f'<x xmlns:wsse="{WSSE}">{token}</x>'), UnexpectedReferenceError)
    other = token.replace("#X509v3", "#X509PKIPathv1")
    _refused(_hand_signed(key_info=reference, security=f"{other}@"), CertificateMissingError)


@pytest.mark.parametrize("wrapped", [True, False])
def test_certificate_in_x509_data_is_accepted(wrapped: bool) -> None:
    key_info = _str(x509_data()) if wrapped else x509_data()
    assert verify_body(_hand_signed(key_info=key_info), trusted=[certificate()]).certificate == certificate()


def test_certificate_named_by_issuer_and_serial_number_must_be_given() -> None:
    document = _hand_signed(key_info=_str(issuer_serial()))
    assert verify_body(document, trusted=[certificate("gateway"), certificate()]).certificate == certificate()
    for trusted in (None, [certificate("gateway")]):
        with pytest.raises(CertificateMissingError):
            verify_body(document, trusted=trusted)


@pytest.mark.parametrize(
    "key_info",
    [
        "",
        _str(""),
        _str("<wsse:Embedded/>"),
        _str("<ds:X509Data/>"),
        _str("<wsse:KeyIdentifier/><wsse:KeyIdentifier/>"),
        _str('<wsse:KeyIdentifier ValueType="urn:thumbprint">AAAA</wsse:KeyIdentifier>'),
    ],
)
def test_certificate_named_in_other_ways_cannot_be_judged(key_info: str) -> None:
    with pytest.raises(CertificateMissingError):
        verify_body(_hand_signed(key_info=key_info), trusted=[certificate()])


def test_line_breaks_that_java_writes_as_references_are_dropped_from_base64() -> None:
    document = sign_body(ENVELOPE, key())
    wrapped = re.sub(rb"(?<=<ds:SignatureValue>)[^<]{76}", lambda found: b"&#13;\n" + found[0] + b"&#13;\n", document)
    assert b"&#13;" in wrapped
    assert verify_body(wrapped, trusted=[certificate()]).certificate == certificate()


def test_sha1_is_refused_unless_asked_for() -> None:
    family = "http://www.w3.org/2001/04/xmldsig-more#"
    document = _hand_signed(hash_name="sha1", signature_method=f"{family}rsa-sha1", digest_method=f"{family}sha1")
    _refused(document, WeakAlgorithmError)
    assert verify_body(document, trusted=[certificate()], allow_weak=True).body.text == "good"


def test_vector_of_the_nca_tells_signer_and_content() -> None:
    document = shared("vectors/rsa-wsse.xml").read_bytes()
    verified = verify_body(document, trusted=None)
    assert verified.certificate.iin == "123456789011"
    assert verified.body.findtext(".//serviceId") == "contract"


@pytest.mark.parametrize("name", ["gost2015-wsse.xml", "gost2004-wsse.xml"])
def test_envelopes_that_the_ncas_provider_signed_with_gost_verify(name: str) -> None:
    document = shared(f"vectors/{name}").read_bytes()
    assert "gost" in verify_body(document, trusted=None).signature_algorithm
    changed = document.replace(b"5b7a1d0e", b"5b7a1d0f")
    with pytest.raises(DigestMismatchError):
        verify_body(changed, trusted=None)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_altered_envelopes_raise_nothing_but_our_errors(data: st.DataObject) -> None:
    document = bytearray(sign_body(ENVELOPE, key(), body_id="i"))
    expected = verify_body(bytes(document), trusted=None).body
    pieces = [b"<", b'"', b"&", b"s:Body", b"<s:Body>", b"</s:Body>", b'Id="i"', b"<!--", b"-->", b"\xff", b"", b"#i"]
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(document)))
        width = data.draw(st.integers(0, 30))
        document[place : place + width] = data.draw(st.sampled_from(pieces) | st.binary(max_size=4))
    try:
        verified = verify_body(bytes(document), trusted=[certificate()])
    except KzedsError:
        return
    assert _text(verified.body) == _text(expected)


def _text(element: Element) -> bytes:
    return c14n(element, exclusive=True)
