"""Whatever the NCA's provider and its test authority signed with GOST is good on each path, and nothing changed is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pytest

from kzeds import load_pkcs12, verify_body, verify_enveloped
from kzeds.certificate import Certificate
from kzeds.errors import DigestMismatchError, SignatureMismatchError
from kzeds.gost import native
from kzeds.issued import require_issued, require_signature
from support.kzeds_material import shared
from support.without_libraries import without_libraries

Conditions = Callable[[], AbstractContextManager[object]]

PATHS = pytest.mark.parametrize("path", [nullcontext, without_libraries], ids=["native", "python"])


@pytest.fixture(autouse=True)
def _libraries(path: Conditions) -> None:
    if path is nullcontext and "python" in native.names().values():
        pytest.skip("libcrypto or libgcrypt is not on this machine")


def signed(layout: str, document: bytes) -> bytes:
    """The digest of what is signed."""
    if layout == "wsse":
        return verify_body(document, trusted=None).digest
    return verify_enveloped(document, trusted=None).digest


@PATHS
@pytest.mark.parametrize("layout", ["enveloped", "wsse"])
@pytest.mark.parametrize("kind", ["gost2015", "gost2004"])
def test_document_of_the_ncas_provider(kind: str, layout: str, path: Conditions) -> None:
    document = shared(f"vectors/{kind}-{layout}.xml").read_bytes()
    with path():
        assert len(signed(layout, document)) == {"gost2015": 64, "gost2004": 32}[kind]
        with pytest.raises(SignatureMismatchError):
            signed(layout, document.replace(b"<ds:SignedInfo", b'<ds:SignedInfo Id="x"', 1))
        content = document.rindex(b">", 0, document.index(b"</", document.index(b"Body" if layout == "wsse" else b"<")))
        with pytest.raises(DigestMismatchError):
            signed(layout, document[: content + 1] + b"x" + document[content + 1 :])


@PATHS
@pytest.mark.parametrize(
    ("name", "password", "issuer"),
    [
        ("key_ceo_revoked_2015.p12", "Aa123456", "nca_2015_cert.cer"),
        ("key_individual_valid_2015.p12", "Aa123456", "nca_2015_cert.cer"),
        ("gokalkan_gost1.p12", "Qwerty12", "nca_2015_cert.cer"),
        ("key_ceo_sign_revoked_2004.p12", "Qwerty12", "nca_2004_gost_cert.pem"),
    ],
)
def test_key_and_certificate_of_the_ncas_test_authority(
    name: str, password: str, issuer: str, path: Conditions
) -> None:
    """The key fits its certificate (the file opens) and signs; the authority's signature on the certificate is good."""
    data, authority = shared(f"testkeys/{name}").read_bytes(), Certificate.load(shared(f"testkeys/{issuer}"))
    with path():
        key = load_pkcs12(data, password)
        certificate = key.certificate
        certificate.verify(key.sign(b"data"), b"data", key.signature_uri)
        require_issued(certificate, authority)
        oid, signature = certificate.signature_oid, certificate.signature
        require_signature(authority, oid, signature, certificate.signed_part, what="certificate")
        with pytest.raises(SignatureMismatchError):
            require_signature(authority, oid, signature, certificate.signed_part + b"\0", what="certificate")
