"""What a verification gives, in one shape for the signed documents of every layout and kind of key."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache

from lxml import etree

from kzeds import KeyKind, sign_body, sign_enveloped, verify_body, verify_enveloped
from kzeds.certificate import Certificate
from support.kzeds_kinds import key_of
from support.kzeds_material import SOAP

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
