"""The enveloped XML signature of the NCA of Kazakhstan: sign and verify.

Source: W3C XML Signature with the layout that the NCA's own software makes (NCALayer, and public clients of the state
systems): ds:Signature with that very prefix as the last child of the root, inclusive canonicalization, one reference
to the whole document ("") with the transforms enveloped-signature and C14N#WithComments, the signer's certificate
alone in X509Data. The reference "" has no comments in its node-set, so the digest is taken without them.

Example::

    key = load_pkcs12(Path("key.p12").read_bytes(), password)
    key.require_may_sign(at=now)
    signed = sign_enveloped(document, key)
    verified = verify_enveloped(signed, trusted=[key.certificate])
    verified.certificate.bin, verified.element
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass

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
from kzeds.references import resolve
from kzeds.signature import (
    C14N,
    C14N_WITH_COMMENTS,
    ENVELOPED,
    EXCLUSIVE_C14N,
    Reference,
    Transform,
    append_signature,
    children,
    ds,
    read_signature,
    require_digest,
    require_signature,
    require_strong,
)
from kzeds.xml import Element, parse, to_bytes


@dataclass(frozen=True, slots=True)
class VerifiedDocument:
    """A document whose signature was checked.

    Source: W3C XML Signature 1.1, 3.2 (core validation).

    Attributes:
        element: Root of the signed content, read again from the very bytes that were digested: without ds:Signature and
            without comments. Read data from here, never from the document that was passed in.
        certificate: The signer's.
        signature_algorithm: Identifier in ds:SignatureMethod.
        digest: Verified ds:DigestValue: 64 bytes (Streebog-512) or 32 (GOST 34.311-95, SHA-256), as libgcrypt gives
            them; the GOST standards print theirs the other way round.
    """

    element: Element
    certificate: Certificate
    signature_algorithm: str
    digest: bytes


def sign_enveloped(document: bytes, key: SigningKey) -> bytes:
    """Sign a whole document in the NCA's layout.

    The content is not touched: nothing is indented, and an XML declaration is kept where there was one. Whether the key
    may sign today is the caller's question (`SigningKey.require_may_sign`).

    Source: W3C XML Signature 1.1 in the layout of NCALayer; algorithm URIs of the NCA's provider. ds:DigestValue is the
    hash as libgcrypt gives it, ds:SignatureValue that of `SigningKey.sign` (GOST: r, s, little-endian), both base64.

    Args:
        document: XML in any encoding that it declares, without a DTD; at most 64 namespaces in force and 256 attributes
            in one place, and 10 MB for one text.
        key: The signer's.

    Returns:
        The document in UTF-8, with the signature as the last child of its root.

    Raises:
        MalformedXmlError: When the document cannot be read.
        NotSignableError: When it already holds a ds:Signature.
        TokenError, SignerUnreachableError: As `SigningKey.sign` does.
    """
    root = parse(document, what="document to sign")
    if _signatures(root):
        raise NotSignableError("the document is already signed; nothing was changed")
    digest = digest_by_uri(key.digest_uri)
    octets = Transform(C14N).canonicalize_document(root)
    transforms = (Transform(ENVELOPED), Transform(C14N_WITH_COMMENTS))
    signature = append_signature(
        root,
        key,
        canonicalization=C14N,
        reference=Reference("", transforms, digest, digest.compute(octets)),
    )
    x509_data = etree.SubElement(etree.SubElement(signature, ds("KeyInfo")), ds("X509Data"))
    etree.SubElement(x509_data, ds("X509Certificate")).text = base64.b64encode(key.certificate.der).decode()
    return to_bytes(root, like=document)


def verify_enveloped(
    document: bytes, *, trusted: Collection[Certificate] | None, allow_weak: bool = False
) -> VerifiedDocument:
    """Check an enveloped signature that covers the whole document.

    Accepted beside our own layout: exclusive canonicalization, a reference by the root's identifier, and a certificate
    named by issuer and serial number when it is among the trusted ones. What the certificate is allowed to do and
    until when is in `VerifiedDocument.certificate`; its chain is `kzeds.require_chain`'s question.

    Source: W3C XML Signature 1.1, 3.2, and its Best Practices note; documents that the NCA's provider signed.

    Args:
        document: The signed document, of the sizes that `sign_enveloped` takes. ds:SignatureValue has 128 or 64 bytes
            (GOST: r, then s, little-endian) or those of the modulus (RSA); another length fits no key.
        trusted: None checks the mathematics with the embedded certificate; otherwise the signer's certificate must be
            exactly one of these. Dates are not judged (`Certificate.require_valid_at`).
        allow_weak: Accept SHA-1 and RSA keys below 2048 bits.

    Raises:
        SignatureError: When the signature is not valid, by kind.
        IndeterminateError: When it cannot be judged, by kind.
        MalformedXmlError: When the document cannot be read.
        MalformedCertificateError: When the embedded certificate cannot be read.
    """
    root = parse(document, what="signed document")
    signature = _only_signature(root)
    parts = read_signature(signature)
    canonicalization = _require_whole_document(root, parts.reference)
    certificate = _certificate(parts.key_info, trusted)
    require_pinned(certificate, trusted)
    if not allow_weak:
        require_strong(parts, certificate)
    require_signature(parts, certificate)
    detach_signature(signature)
    octets = (
        canonicalization.canonicalize(root) if parts.reference.uri else canonicalization.canonicalize_document(root)
    )
    require_digest(parts.reference, octets)
    return VerifiedDocument(
        element=parse(octets, what="signed content"),
        certificate=certificate,
        signature_algorithm=parts.algorithm.uri,
        digest=parts.reference.digest,
    )


def _signatures(root: Element) -> list[Element]:
    return list(root.iter(ds("Signature")))


def _only_signature(root: Element) -> Element:
    """Return the one ds:Signature, a child of the root; others, anywhere, would leave open which one counts."""
    found = _signatures(root)
    if not found:
        raise SignatureMissingError("the document holds no signature")
    if len(found) > 1:
        raise MalformedSignatureError(f"the document holds {len(found)} signatures; exactly one is expected")
    if found[0].getparent() is not root:
        raise UnexpectedReferenceError("the signature is not a child of the root element")
    return found[0]


def _require_whole_document(root: Element, reference: Reference) -> Transform:
    """Check that the reference covers everything but the signature, and return how to canonicalise it."""
    uris = [transform.uri for transform in reference.transforms]
    if len(uris) != 2 or uris[0] != ENVELOPED or uris[1] not in (C14N, C14N_WITH_COMMENTS, EXCLUSIVE_C14N):
        raise UnexpectedReferenceError("the transforms must be enveloped-signature and one canonicalization")
    if reference.uri and resolve(root, reference.uri) is not root:
        raise UnexpectedReferenceError("the signature covers a part of the document, not the whole")
    return reference.transforms[1]


def _certificate(key_info: Element | None, trusted: Collection[Certificate] | None) -> Certificate:
    found = [] if key_info is None else [child for child in children(key_info) if child.tag == ds("X509Data")]
    if not found:
        raise CertificateMissingError("the signature names no certificate (ds:KeyInfo without ds:X509Data)")
    if len(found) > 1:
        raise MalformedSignatureError("ds:KeyInfo holds several ds:X509Data; exactly one is expected")
    return certificate_in_x509_data(found[0], trusted)


def detach_signature(signature: Element) -> None:
    """Remove the signature and leave the text behind it where it is."""
    parent = signature.getparent()
    if parent is None:
        return
    before = signature.getprevious()
    tail = signature.tail or ""
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    parent.remove(signature)
