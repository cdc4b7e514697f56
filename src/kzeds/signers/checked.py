"""What another process signed is looked at before it is used: the same content, a good signature, the expected key."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError, SignerUntrustworthyError
from kzeds.references import WSU, WSU_ID
from kzeds.signature import ds
from kzeds.wsse import SOAP, WSSE, VerifiedBody, verify_body
from kzeds.xml import Element, ElementTree, parse
from kzeds.xmldsig import VerifiedDocument, detach_signature, verify_enveloped

_BODY = f"{{{SOAP}}}Body"
_HEADER = f"{{{SOAP}}}Header"


def require_signed(document: bytes, signed: bytes, certificate: Certificate | None) -> VerifiedDocument:
    """Check that `signed` is `document` with one enveloped signature, and nothing else.

    Source: ours; content is compared by its canonical form (Canonical XML 1.0), comments included.

    Args:
        document: What was to be signed.
        signed: What came back.
        certificate: Whose signature is expected; None takes the embedded one, and the caller judges whose it is.

    Raises:
        SignerUntrustworthyError: When another content came back, or the signature is not good or not the expected one.
    """
    try:
        verified = verify_enveloped(signed, trusted=None if certificate is None else [certificate])
        root = parse(signed, what="signed document")
        detach_signature(next(root.iter(ds("Signature"))))
        original = parse(document, what="document to sign")
    except KzedsError as error:
        raise SignerUntrustworthyError(f"the signature that came back is not good: {error}") from error
    if _canonical(root.getroottree()) != _canonical(original.getroottree()):
        raise SignerUntrustworthyError("what came back signed is not the document that was to be signed")
    return verified


def require_signed_body(envelope: bytes, signed: bytes, certificate: Certificate) -> VerifiedBody:
    """Check that `signed` is `envelope` with one WS-Security signature over the same Body.

    Source: ours; content is compared by its canonical form (Exclusive XML Canonicalization 1.0).

    Args:
        envelope: What was to be signed.
        signed: What came back.
        certificate: Whose signature is expected.

    Raises:
        SignerUntrustworthyError: As `require_signed` does.
    """
    try:
        verified = verify_body(signed, trusted=[certificate])
        before, after = parse(envelope, what="envelope to sign"), parse(signed, what="signed envelope")
    except KzedsError as error:
        raise SignerUntrustworthyError(f"the signature that came back is not good: {error}") from error
    if _body_content(before) != _body_content(after) or _unsigned(before) != _unsigned(after):
        raise SignerUntrustworthyError("what came back signed is not the envelope that was to be signed")
    return verified


def _unsigned(envelope: Element) -> bytes:
    """The envelope without what a signature adds: wsse:Security, a Header made for it, the Body's identifier."""
    whole = deepcopy(envelope)
    for section in list(whole):
        if section.tag == _BODY and section.get(WSU_ID) is not None:
            del section.attrib[WSU_ID]
        for security in section.findall(f"{{{WSSE}}}Security") if section.tag == _HEADER else []:
            section.remove(security)
        if section.tag == _HEADER and not len(section) and not (section.text or "").strip():
            whole.remove(section)
    return _canonical(whole, exclusive=True)


def _body_content(envelope: Element) -> list[tuple[bytes, dict[str | None, str]]]:
    """Each element of the Body, and the namespaces that values in it may speak of; wsu came with the signature."""
    return [
        (_canonical(child, exclusive=True), {prefix: uri for prefix, uri in child.nsmap.items() if uri != WSU})
        for child in envelope.iterfind(f"{_BODY}/*")  # lxml crashes over a comment alone; `_unsigned` has those
    ]


def _canonical(root: Element | ElementTree, *, exclusive: bool = False) -> bytes:
    try:
        return etree.tostring(root, method="c14n", exclusive=exclusive, with_comments=True)
    except etree.C14NError:
        raise SignerUntrustworthyError("what came back signed, or was to be signed, has no canonical form") from None
