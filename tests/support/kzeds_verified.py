"""What a verification gives, in one shape for the signed documents of every layout and kind of key."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache

from lxml import etree

from kzeds import KeyKind, SigningKey, sign_body, sign_enveloped, verify_body, verify_enveloped
from kzeds.algorithms import digest_by_uri
from kzeds.certificate import Certificate
from kzeds.xml import parse
from support.kzeds_kinds import key_of
from support.kzeds_material import C14N, DS, ENVELOPED, EXC, SOAP, c14n, encoded, signature_template

EFFORT = int(os.environ.get("FUZZ", "1"))
"""How many times the usual number of inputs is tried; `make fuzz` sets it."""

CONTENT = (
    '<n:contract xmlns:n="urn:n" xmlns:v="urn:v"><!-- not signed --><head Id="h">Жұмыс &amp; co</head>'
    '<part v:unit="KZT">250000</part><iin>850515400012</iin></n:contract>'
).encode()

BODY = (
    f'<s:Envelope xmlns:s="{SOAP}"><s:Body><t:SendMessage xmlns:t="urn:t"><iin>850515400012</iin>'
    '<data Id="d">&lt;a&gt;Қ</data></t:SendMessage></s:Body></s:Envelope>'
).encode()


@dataclass(frozen=True)
class Accepted:
    """Canonical bytes of the tree that is given back, and whose signature it was."""

    content: bytes
    certificate: Certificate


Verify = Callable[[bytes, Collection[Certificate] | None], Accepted]


def accept_enveloped(document: bytes, trusted: Collection[Certificate] | None) -> Accepted:
    verified = verify_enveloped(document, trusted=trusted)
    return Accepted(etree.tostring(verified.element, method="c14n"), verified.certificate)


def accept_body(document: bytes, trusted: Collection[Certificate] | None) -> Accepted:
    verified = verify_body(document, trusted=trusted)
    return Accepted(etree.tostring(verified.body, method="c14n"), verified.certificate)


@cache
def signed_content(kind: KeyKind) -> bytes:
    return sign_enveloped(CONTENT, key_of(kind))


@cache
def signed_envelope(kind: KeyKind) -> bytes:
    return sign_body(BODY, key_of(kind), body_id="b")


def forge(content: str, template: str, octets: bytes, key: SigningKey, *, digest_method: str = "") -> bytes:
    """A document that the key really signed, whatever the template of `kzeds_material.signature_template` says.

    Args:
        content: Where "@" stands for ds:Signature.
        template: With marks for digest and value.
        octets: What is digested.
        digest_method: Of the key's kind unless given.
    """
    digest = digest_by_uri(digest_method or key.digest_uri).compute(octets)
    document = content.replace("@", template.replace("@DIGEST@", encoded(digest)))
    signed_info = parse(document.encode()).find(f".//{{{DS}}}SignedInfo")
    method = None if signed_info is None else signed_info.find(f"{{{DS}}}CanonicalizationMethod")
    assert signed_info is not None
    assert method is not None
    canonical = c14n(signed_info, exclusive=method.get("Algorithm") == EXC)
    return document.replace("@VALUE@", encoded(key.sign(canonical))).encode()


def template_of(
    key: SigningKey,
    uri: str = "",
    transforms: Sequence[str] = (ENVELOPED, C14N),
    key_info: str | None = None,
    *,
    canonicalization: str = C14N,
    signature_method: str = "",
    digest_method: str = "",
) -> str:
    """A ds:Signature of the key's kind, with marks instead of digest and value."""
    return signature_template(
        uri,
        transforms,
        x509_data_of(key.certificate) if key_info is None else key_info,
        canonicalization=canonicalization,
        signature_method=signature_method or key.signature_uri,
        digest_method=digest_method or key.digest_uri,
    )


def x509_data_of(*certificates: Certificate) -> str:
    inside = "".join(f"<ds:X509Certificate>{encoded(one.der)}</ds:X509Certificate>" for one in certificates)
    return f"<ds:X509Data>{inside}</ds:X509Data>"
