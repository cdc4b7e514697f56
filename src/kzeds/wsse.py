"""WS-Security as ShEP uses it: one signature over the SOAP Body.

Source: OASIS SOAP Message Security 1.0 and X.509 Token Profile 1.0, in the form of the national gateway's sample and
of public clients: soap:Header/wsse:Security[@mustUnderstand=1]/ds:Signature, one reference "#id-…" to the Body's
wsu:Id, exclusive canonicalization for SignedInfo and Body, the whole certificate in a wsse:KeyIdentifier of type
X509v3; no BinarySecurityToken, no Timestamp, no UsernameToken (who sends is said in the message itself).

A body is accepted only when the reference leads to the Body that stands in the Envelope, so content that was moved
aside (signature wrapping) is refused.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from lxml import etree

from kzeds.algorithms import digest_by_uri
from kzeds.certificate import Certificate
from kzeds.errors import (
    CertificateMissingError,
    MalformedSignatureError,
    NotSignableError,
    SignatureMissingError,
    UnexpectedReferenceError,
)
from kzeds.keyinfo import certificate_in_x509_data, require_pinned
from kzeds.keys.signing_key import SigningKey
from kzeds.references import IDENTIFIER, WSU, WSU_ID, elements_with_id, resolve
from kzeds.signature import (
    EXCLUSIVE_C14N,
    Reference,
    Transform,
    append_signature,
    children,
    decode_base64,
    ds,
    read_signature,
    require_digest,
    require_signature,
    require_strong,
)
from kzeds.xml import Element, parse, to_bytes

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
X509V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
BASE64_BINARY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"

etree.register_namespace("wsse", WSSE)
etree.register_namespace("wsu", WSU)
etree.register_namespace("soapenv", SOAP)


@cache
def _soap(name: str) -> str:
    return f"{{{SOAP}}}{name}"


@cache
def _wsse(name: str) -> str:
    return f"{{{WSSE}}}{name}"


@dataclass(frozen=True, slots=True)
class VerifiedBody:
    """The Body of an envelope whose signature was checked; nothing else of the envelope is proven, nor given back.

    Source: OASIS SOAP Message Security 1.0.

    Attributes:
        body: The signed soap:Body, read again from the very bytes that were digested. Read data from here.
        certificate: The signer's.
        signature_algorithm: Identifier in ds:SignatureMethod.
        digest: Verified ds:DigestValue of the canonical Body: 64 or 32 bytes (`VerifiedDocument.digest`).
    """

    body: Element
    certificate: Certificate
    signature_algorithm: str
    digest: bytes

    @property
    def signed_digest(self) -> str:
        """The digest as hex: an answer that was seen before has the same one (replay)."""
        return self.digest.hex()


def sign_body(envelope: bytes, key: SigningKey, *, body_id: str | None = None) -> bytes:
    """Sign the Body of a SOAP 1.1 envelope.

    Adds soap:Header when there is none, wsse:Security with the signature, and wsu:Id on the Body.

    Source: OASIS SOAP Message Security 1.0 and X.509 Token Profile 1.0 in the form of the national gateway's sample;
    the bytes of digest and signature are those of `sign_enveloped`.

    Args:
        envelope: The unsigned envelope, of the sizes that `sign_enveloped` takes.
        key: The sender's key.
        body_id: Identifier for the Body; by default the one it has, or "id-" and a fresh UUID.

    Returns:
        The envelope in UTF-8.

    Raises:
        TokenError, SignerUnreachableError: As `SigningKey.sign` does.
        MalformedXmlError: When the envelope cannot be read.
        NotSignableError: When it is no SOAP 1.1 envelope, already has a wsse:Security, or the identifier is taken.
    """
    root = parse(envelope, what="envelope to sign")
    header, body = _sections(root, NotSignableError)
    if header is None:
        header = etree.SubElement(root, _soap("Header"))
        root.insert(0, header)
    if header.find(_wsse("Security")) is not None:
        raise NotSignableError("the envelope already has a wsse:Security header; nothing was changed")
    identifier = _mark(root, body, body_id)
    security = etree.SubElement(header, _wsse("Security"), nsmap={"wsse": WSSE})
    security.set(_soap("mustUnderstand"), "1")
    digest = digest_by_uri(key.digest_uri)
    transform = Transform(EXCLUSIVE_C14N)
    octets = transform.canonicalize(body)
    signature = append_signature(
        security,
        key,
        canonicalization=EXCLUSIVE_C14N,
        reference=Reference(f"#{identifier}", (transform,), digest, digest.compute(octets)),
    )
    _append_key_identifier(signature, key.certificate)
    return to_bytes(root, like=envelope)


def verify_body(envelope: bytes, *, trusted: Collection[Certificate] | None, allow_weak: bool = False) -> VerifiedBody:
    """Check the signature over the Body of a SOAP 1.1 envelope.

    Accepted beside our own layout: a plain Id on the Body, a BinarySecurityToken in the same header, X509Data, and a
    certificate named by issuer and serial number when it is among the trusted ones.

    Source: OASIS SOAP Message Security 1.0, X.509 Token Profile 1.0, SOAP 1.1.

    Args:
        envelope: The signed envelope, of the sizes that `sign_enveloped` takes; of ds:SignatureValue see there, too.
        trusted: None checks the mathematics with the embedded certificate; otherwise the signer's certificate must be
            exactly one of these. Dates are not judged (`Certificate.require_valid_at`).
        allow_weak: Accept SHA-1 and RSA keys below 2048 bits.

    Raises:
        SignatureError: When the signature is not valid, by kind.
        IndeterminateError: When it cannot be judged, by kind.
        MalformedXmlError: When the envelope cannot be read.
        MalformedCertificateError: When the embedded certificate cannot be read.
    """
    root = parse(envelope, what="signed envelope")
    header, body = _sections(root, MalformedSignatureError)
    security = _only_security(header)
    parts = read_signature(_only_signature(security))
    canonicalization = _require_body(root, body, parts.reference)
    certificate = _certificate(root, security, parts.key_info, trusted)
    require_pinned(certificate, trusted)
    if not allow_weak:
        require_strong(parts, certificate)
    require_signature(parts, certificate)
    octets = canonicalization.canonicalize(body)
    require_digest(parts.reference, octets)
    return VerifiedBody(
        body=parse(octets, what="signed body"),
        certificate=certificate,
        signature_algorithm=parts.algorithm.uri,
        digest=parts.reference.digest,
    )


def _sections(
    root: Element, refusal: type[NotSignableError | MalformedSignatureError]
) -> tuple[Element | None, Element]:
    """Return Header (when there is one) and Body, the only ones in the Envelope."""
    headers, bodies = list(root.iterchildren(_soap("Header"))), list(root.iterchildren(_soap("Body")))
    if root.tag != _soap("Envelope") or len(bodies) != 1 or len(headers) > 1:
        raise refusal("not a SOAP 1.1 envelope with one Body and at most one Header")
    return (headers[0] if headers else None), bodies[0]


def _mark(root: Element, body: Element, body_id: str | None) -> str:
    """Give the Body its wsu:Id and return it."""
    identifier = body_id or body.get(WSU_ID) or f"id-{uuid.uuid4()}"
    if not IDENTIFIER.fullmatch(identifier):
        raise NotSignableError("the identifier for the Body is not one that a reference can name")
    body.set(WSU_ID, identifier)
    if elements_with_id(root, identifier) != [body]:
        raise NotSignableError("the identifier for the Body is taken by another element of the envelope")
    return identifier


def _append_key_identifier(signature: Element, certificate: Certificate) -> None:
    key_info = etree.SubElement(signature, ds("KeyInfo"))
    token = etree.SubElement(key_info, _wsse("SecurityTokenReference"))
    identifier = etree.SubElement(token, _wsse("KeyIdentifier"), EncodingType=BASE64_BINARY, ValueType=X509V3)
    identifier.text = base64.b64encode(certificate.der).decode()


def _only_security(header: Element | None) -> Element:
    found = [] if header is None else list(header.iterchildren(_wsse("Security")))
    if not found:
        raise SignatureMissingError("the envelope has no wsse:Security header, so its Body is not signed")
    if len(found) > 1:
        raise MalformedSignatureError(f"the envelope has {len(found)} wsse:Security headers; one is expected")
    return found[0]


def _only_signature(security: Element) -> Element:
    found = list(security.iterchildren(ds("Signature")))
    if not found:
        raise SignatureMissingError("the wsse:Security header holds no signature")
    if len(found) > 1:
        raise MalformedSignatureError(f"wsse:Security holds {len(found)} signatures; exactly one is expected")
    return found[0]


def _require_body(root: Element, body: Element, reference: Reference) -> Transform:
    """Check that the reference means the Body in the Envelope, and return how to canonicalise it."""
    if [transform.uri for transform in reference.transforms] != [EXCLUSIVE_C14N]:
        raise UnexpectedReferenceError("the only transform must be exclusive canonicalization")
    if resolve(root, reference.uri) is not body:
        raise UnexpectedReferenceError("the signature covers another element than the Body of this envelope")
    return reference.transforms[0]


def _certificate(
    root: Element, security: Element, key_info: Element | None, trusted: Collection[Certificate] | None
) -> Certificate:
    """Find the certificate by whichever way KeyInfo names it."""
    entry = _only_entry(key_info)
    if entry.tag == _wsse("SecurityTokenReference"):
        entry = _only_entry(entry)
    if entry.tag == ds("X509Data"):
        return certificate_in_x509_data(entry, trusted)
    if entry.tag == _wsse("KeyIdentifier"):
        return _certificate_in_token(entry)
    if entry.tag == _wsse("Reference"):
        return _security_token(root, security, entry.get("URI", ""))
    raise CertificateMissingError("the signature names its certificate in a way that is not built in")


def _only_entry(holder: Element | None) -> Element:
    """The one thing inside; of two, another reader might take the other for the signer's. A KeyName names no key."""
    entries = [] if holder is None else [one for one in children(holder) if one.tag != ds("KeyName")]
    if len(entries) != 1:
        raise CertificateMissingError("the signature does not name exactly one certificate")
    return entries[0]


def _security_token(root: Element, security: Element, uri: str) -> Certificate:
    """Return the certificate in the BinarySecurityToken of the same header."""
    token = resolve(root, uri)
    if token.tag != _wsse("BinarySecurityToken") or token.getparent() is not security:
        raise UnexpectedReferenceError("the key reference does not lead to a BinarySecurityToken of this header")
    return _certificate_in_token(token)


def _certificate_in_token(token: Element) -> Certificate:
    """Read a KeyIdentifier or BinarySecurityToken, of which only the whole certificate in base64 is understood."""
    if token.get("ValueType") != X509V3 or token.get("EncodingType", BASE64_BINARY) != BASE64_BINARY:
        raise CertificateMissingError("the signature names its certificate in a way that is not built in")
    return Certificate.from_der(decode_base64(token))
