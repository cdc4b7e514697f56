"""What the tests of kzeds share: a PKI at a fixed date, the NCA's published material, an independent signer."""

from __future__ import annotations

import atexit
import base64
import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import pkcs12
from lxml import etree

from kzeds.certificate import Certificate
from kzeds.keys.pkcs12 import load_pkcs12
from kzeds.keys.signing_key import SigningKey
from kzeds.test_pki import KeyKind, TestPki, make_test_pki
from kzeds.xml import Element, parse

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)

DS = "http://www.w3.org/2000/09/xmldsig#"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
X509V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256_URI = "http://www.w3.org/2001/04/xmlenc#sha256"

CONTRACT = (
    '<n:contractRequest xmlns:n="http://enbek.kz/contract/ws/schemas"><newContractData>'
    "<position code='2511-1-002'>Жүйелік талдаушы &amp; кеңесші</position><!-- a comment -->"
    "<beginDate>2026-11-03+05:00</beginDate></newContractData></n:contractRequest>"
).encode()

ENVELOPE = (
    f'<s:Envelope xmlns:s="{SOAP}"><s:Body><t:SendMessage xmlns:t="http://bip.bee.kz/SyncChannel/v10/Types">'
    "<request><data>&lt;a&gt;Қ&lt;/a&gt;</data></request></t:SendMessage></s:Body></s:Envelope>"
).encode()


@cache
def pki() -> TestPki:
    """Make the test PKI, of RSA keys so that other libraries read them too, once for each test process."""
    place = Path(tempfile.mkdtemp(prefix="kzeds-tests-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return make_test_pki(place / "pki", now=NOW, kind=KeyKind.RSA)


def key_bytes(name: str) -> bytes:
    return pki().key_file(name).read_bytes()


def password(name: str) -> str:
    return pki().password_file(name).read_text()


@cache
def key(name: str = "employer") -> SigningKey:
    return load_pkcs12(key_bytes(name), password(name))


def certificate(name: str = "employer") -> Certificate:
    return key(name).certificate


@cache
def private_key(name: str = "employer") -> RSAPrivateKey:
    found, _, _ = pkcs12.load_key_and_certificates(key_bytes(name), password(name).encode())
    assert isinstance(found, RSAPrivateKey)
    return found


def shared(relative: str) -> Path:
    """Return a file of the reference material beside the checkout, or skip the test."""
    path = Path(__file__).parents[2].parent / "shared" / "reference" / relative
    if not path.exists():
        pytest.skip(f"the NCA's published material ({relative}) is not beside the checkout")
    return path


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def signature_template(
    uri: str,
    transforms: Sequence[str],
    key_info: str,
    *,
    canonicalization: str = EXC,
    signature_method: str = RSA_SHA256,
    digest_method: str = SHA256_URI,
) -> str:
    """Write a ds:Signature by hand, with marks where the digest and the signature go."""
    chain = "".join(one if one.startswith("<") else f'<ds:Transform Algorithm="{one}"/>' for one in transforms)
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{canonicalization}"/>'
        f'<ds:SignatureMethod Algorithm="{signature_method}"/><ds:Reference URI="{uri}"><ds:Transforms>{chain}'
        f'</ds:Transforms><ds:DigestMethod Algorithm="{digest_method}"/><ds:DigestValue>@DIGEST@</ds:DigestValue>'
        "</ds:Reference></ds:SignedInfo><ds:SignatureValue>@VALUE@</ds:SignatureValue>"
        f"<ds:KeyInfo>{key_info}</ds:KeyInfo></ds:Signature>"
    )


def x509_data(name: str = "employer") -> str:
    der = encoded(certificate(name).der)
    return f"<ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data>"


def issuer_serial(name: str = "employer") -> str:
    return (
        "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>C=KZ,CN=someone</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{certificate(name).serial_number}</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>"
    )


def complete(
    template: str,
    octets: bytes,
    *,
    signer: RSAPrivateKey | None = None,
    exclusive: bool = True,
    prefixes: list[str] | None = None,
    hash_name: str = "sha256",
) -> bytes:
    """Fill the marks of a hand-written document: the second signer, which uses nothing of kzeds but its parser."""
    digest = encoded(hashlib.new(hash_name, octets, usedforsecurity=False).digest())
    document = template.replace("@DIGEST@", digest)
    signed_info = parse(document.encode()).find(f".//{{{DS}}}SignedInfo")
    assert signed_info is not None
    canonical = c14n(signed_info, exclusive=exclusive, prefixes=prefixes)
    algorithm = {"sha256": SHA256(), "sha1": SHA1()}[hash_name]  # noqa: S303 - documents that must be refused
    value = (signer or private_key()).sign(canonical, PKCS1v15(), algorithm)
    return document.replace("@VALUE@", encoded(value)).encode()


def c14n(element: Element, *, exclusive: bool, prefixes: list[str] | None = None) -> bytes:
    return etree.tostring(
        element, method="c14n", exclusive=exclusive, with_comments=False, inclusive_ns_prefixes=prefixes
    )


def flipped(data: bytes, position: int, bit: int) -> bytes:
    """Return the bytes with one bit changed."""
    return data[:position] + bytes([data[position] ^ (1 << bit)]) + data[position + 1 :]
