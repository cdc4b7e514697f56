"""The parts of an XML signature that the enveloped and the WS-Security layout share.

Source: W3C XML Signature Syntax and Processing (sections 3 and 4), its Best Practices note, Canonical XML 1.0 and
Exclusive XML Canonicalization 1.0. Reading is strict on purpose: one reference, known transforms, no comments and
no extra elements inside ds:Signature, so that there is one reading of what was signed.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from lxml import etree

from kzeds.algorithms import DigestAlgorithm, SignatureAlgorithm, digest_by_uri, signature_by_uri
from kzeds.certificate import Certificate
from kzeds.errors import (
    DigestMismatchError,
    MalformedSignatureError,
    MalformedXmlError,
    UnexpectedReferenceError,
    UnsupportedAlgorithmError,
    WeakAlgorithmError,
)
from kzeds.keys.signing_key import SigningKey
from kzeds.xml import MAXIMUM_NAMESPACES, Element, ElementTree

DS = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_WITH_COMMENTS = f"{C14N}#WithComments"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"

_XML_ATTRIBUTE = "{http://www.w3.org/XML/1998/namespace}"
_INCLUSIVE_NAMESPACES = f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces"
_WHITESPACE = " \t\r\n"
_DROPPED = str.maketrans("", "", _WHITESPACE)

etree.register_namespace("ds", DS)


@cache
def ds(name: str) -> str:
    """Return a name of the XML Signature namespace as lxml writes it."""
    return f"{{{DS}}}{name}"


@dataclass(frozen=True, slots=True)
class Transform:
    """A canonicalization, or enveloped-signature; `prefixes` are those that exclusive canonicalization keeps anyway."""

    uri: str
    prefixes: tuple[str, ...] = ()

    def canonicalize(self, element: Element) -> bytes:
        """Return the canonical bytes of an element and all below it.

        Comments are left out: a same-document reference has none in its node-set, so "#WithComments" changes nothing
        (XML Signature, section 4.4.3.3; the NCA's provider agrees). Inclusive canonicalization inherits namespaces and
        xml: attributes from the ancestors (Canonical XML 1.0, section 2.4); lxml hands down the namespaces only.

        Raises:
            MalformedXmlError: When the content has no canonical form (relative namespace names).
        """
        inherited = {} if self.uri == EXCLUSIVE_C14N else _inherited_xml_attributes(element)
        for name, value in inherited.items():
            element.set(name, value)
        try:
            return self._canonical(element)
        finally:
            for name in inherited:
                del element.attrib[name]

    def canonicalize_document(self, root: Element) -> bytes:
        """Return the canonical bytes of a whole document, processing instructions around the root included.

        Raises:
            MalformedXmlError: When the content has no canonical form.
        """
        return self._canonical(root.getroottree())

    def _canonical(self, node: Element | ElementTree) -> bytes:
        try:
            return etree.tostring(
                node,
                method="c14n",
                exclusive=self.uri == EXCLUSIVE_C14N,
                with_comments=False,
                inclusive_ns_prefixes=list(self.prefixes) or None,
            )
        except etree.C14NError:
            raise MalformedXmlError("the document has no canonical form") from None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a signature says that it covers."""

    uri: str
    transforms: tuple[Transform, ...]
    digest_algorithm: DigestAlgorithm
    digest: bytes


@dataclass(frozen=True, slots=True)
class SignatureParts:
    """A ds:Signature, taken apart and in the accepted layout; nothing in it is verified yet."""

    signed_info: Element
    canonicalization: Transform
    algorithm: SignatureAlgorithm
    reference: Reference
    value: bytes
    key_info: Element | None


def children(element: Element) -> list[Element]:
    """Return the child elements.

    Raises:
        MalformedSignatureError: When there is anything but elements and text, such as a comment.
    """
    found = list(element)
    if len(found) != len(list(element.iterchildren("*"))):
        raise MalformedSignatureError("the signature holds comments or processing instructions, which is refused")
    return found


def decode_base64(element: Element) -> bytes:
    """Decode an element's text; line breaks are dropped, also those that Java writes as character references.

    Only the one spelling of the bytes is accepted, so that a signed document cannot be varied unnoticed.

    Raises:
        MalformedSignatureError: When the text is not base64.
    """
    if len(element) and children(element):
        raise MalformedSignatureError(f"{_name_of(element)} holds elements where base64 is expected")
    text = element.text or ""
    if any(mark in text for mark in _WHITESPACE):
        text = text.translate(_DROPPED)
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedSignatureError(f"{_name_of(element)} is not base64") from None
    if base64.b64encode(decoded).decode() != text:
        raise MalformedSignatureError(f"{_name_of(element)} is not base64 in its usual spelling")
    return decoded


def read_signature(signature: Element) -> SignatureParts:
    """Take a ds:Signature apart.

    Raises:
        MalformedSignatureError: When its elements are not in the accepted layout.
        UnexpectedReferenceError: When it has other than one reference, or an unknown transform.
        UnsupportedAlgorithmError: When an algorithm is not built in.
    """
    parts = children(signature)
    names = [part.tag for part in parts]
    if names not in ([ds("SignedInfo"), ds("SignatureValue")], [ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")]):
        raise MalformedSignatureError("ds:Signature must hold SignedInfo, SignatureValue and KeyInfo, and nothing else")
    signed_info = children(parts[0])
    if [part.tag for part in signed_info[:2]] != [ds("CanonicalizationMethod"), ds("SignatureMethod")]:
        raise MalformedSignatureError("ds:SignedInfo must begin with CanonicalizationMethod and SignatureMethod")
    if [part.tag for part in signed_info[2:]] != [ds("Reference")]:
        raise UnexpectedReferenceError("exactly one ds:Reference is expected in ds:SignedInfo")
    return SignatureParts(
        signed_info=parts[0],
        canonicalization=_read_transform(signed_info[0], accepted=(C14N, EXCLUSIVE_C14N)),
        algorithm=signature_by_uri(_algorithm(signed_info[1])),
        reference=_read_reference(signed_info[2]),
        value=decode_base64(parts[1]),
        key_info=parts[2] if len(parts) > 2 else None,
    )


def require_strong(parts: SignatureParts, certificate: Certificate) -> None:
    """Refuse what can be forged or will soon be.

    Raises:
        WeakAlgorithmError: For SHA-1 anywhere and for RSA keys that are too short.
    """
    for algorithm in (parts.algorithm, parts.reference.digest_algorithm):
        if algorithm.weak:
            raise WeakAlgorithmError(f"{algorithm.name} is too weak; it is accepted only when asked for")
    if parts.algorithm.is_weak_key(certificate.public_key):
        raise WeakAlgorithmError("the signer's key is too short; it is accepted only when asked for")


def require_signature(parts: SignatureParts, certificate: Certificate) -> None:
    """Check the signature value over the canonical SignedInfo, where it stands in its document.

    Raises:
        SignatureMismatchError: When they do not fit.
        UnsupportedAlgorithmError: When the certificate's key cannot make such signatures.
    """
    octets = parts.canonicalization.canonicalize(parts.signed_info)
    certificate.verify(parts.value, octets, parts.algorithm.uri)


def require_digest(reference: Reference, octets: bytes) -> None:
    """Check that the canonical bytes are those that were signed.

    Raises:
        DigestMismatchError: When they are not.
    """
    if not hmac.compare_digest(reference.digest_algorithm.compute(octets), reference.digest):
        raise DigestMismatchError("the signed content was changed after signing: its digest differs")


def append_signature(parent: Element, key: SigningKey, *, canonicalization: str, reference: Reference) -> Element:
    """Append a ds:Signature without KeyInfo and return it.

    SignedInfo is canonicalised where it stands, because inclusive canonicalization shows the namespaces of the
    ancestors.
    """
    signature = etree.SubElement(parent, ds("Signature"), nsmap={"ds": DS})
    signed_info = etree.SubElement(signature, ds("SignedInfo"))
    etree.SubElement(signed_info, ds("CanonicalizationMethod"), Algorithm=canonicalization)
    etree.SubElement(signed_info, ds("SignatureMethod"), Algorithm=key.signature_uri)
    entry = etree.SubElement(signed_info, ds("Reference"), URI=reference.uri)
    chain = etree.SubElement(entry, ds("Transforms"))
    for transform in reference.transforms:
        etree.SubElement(chain, ds("Transform"), Algorithm=transform.uri)
    etree.SubElement(entry, ds("DigestMethod"), Algorithm=reference.digest_algorithm.uri)
    etree.SubElement(entry, ds("DigestValue")).text = base64.b64encode(reference.digest).decode()
    value = key.sign(Transform(canonicalization).canonicalize(signed_info))
    etree.SubElement(signature, ds("SignatureValue")).text = base64.b64encode(value).decode()
    return signature


def _inherited_xml_attributes(element: Element) -> dict[str, str]:
    """Collect xml:lang and its kind from the ancestors, the nearest winning."""
    found: dict[str, str] = {}
    for ancestor in element.iterancestors():
        for key, value in ancestor.items():
            name = str(key)
            if name.startswith(_XML_ATTRIBUTE) and name not in element.attrib:
                found.setdefault(name, str(value))
    return found


def _name_of(element: Element) -> str:
    return etree.QName(element).localname


def _algorithm(element: Element) -> str:
    """The Algorithm of an element that has no parameters."""
    if len(element) and children(element):
        raise MalformedSignatureError(f"ds:{_name_of(element)} holds parameters, which is refused")
    return element.get("Algorithm", "")


def _read_transform(element: Element, *, accepted: Sequence[str]) -> Transform:
    uri = element.get("Algorithm", "")
    parameters = children(element) if len(element) else []
    if uri not in accepted:
        raise UnexpectedReferenceError(f"transform {uri[:120]!r} is not one of those expected here")
    if not parameters:
        return Transform(uri)
    if uri != EXCLUSIVE_C14N or [parameter.tag for parameter in parameters] != [_INCLUSIVE_NAMESPACES]:
        raise UnexpectedReferenceError("a transform holds parameters that are not expected")
    prefixes = tuple(parameters[0].get("PrefixList", "").split())
    if len(prefixes) > MAXIMUM_NAMESPACES:
        raise UnexpectedReferenceError(f"a transform names more than {MAXIMUM_NAMESPACES} prefixes")
    if "#default" in prefixes:
        raise UnsupportedAlgorithmError("InclusiveNamespaces with #default is not built in", identifier=uri)
    return Transform(uri, prefixes)


def _read_reference(element: Element) -> Reference:
    parts = children(element)
    if [part.tag for part in parts] != [ds("Transforms"), ds("DigestMethod"), ds("DigestValue")]:
        raise UnexpectedReferenceError("ds:Reference must hold Transforms, DigestMethod and DigestValue")
    uri = element.get("URI")
    if uri is None:
        raise UnexpectedReferenceError("ds:Reference does not say what it covers")
    accepted = (ENVELOPED, C14N, C14N_WITH_COMMENTS, EXCLUSIVE_C14N)
    transforms = children(parts[0])
    if any(transform.tag != ds("Transform") for transform in transforms):
        raise UnexpectedReferenceError("ds:Transforms holds something else than ds:Transform")
    return Reference(
        uri=uri,
        transforms=tuple(_read_transform(transform, accepted=accepted) for transform in transforms),
        digest_algorithm=digest_by_uri(_algorithm(parts[1])),
        digest=decode_base64(parts[2]),
    )
