"""Who signed a document of ours, or an answer of the gateway."""

from __future__ import annotations

from collections.abc import Mapping

from kzeds.certificate import Certificate
from kzeds.errors import KzedsError
from kzeds.wsse import verify_body
from kzeds.xmldsig import verify_enveloped
from usrec.ports.act import Signer


def certificates_of(content: bytes) -> Mapping[str, bytes]:
    """The certificate whose signature holds, DER by its fingerprint; empty where none does."""
    found = signer_of_document(content) or signer_of_answer(content)
    return {} if found is None else {found.fingerprint: found.der}


def signer_named(document: bytes) -> Signer | None:
    """Whose signature a document bears, in the words of the certificate; None where none holds."""
    found = signer_of_document(document)
    if found is None:
        return None
    return Signer(found.organisation or "", found.subject_common_name, found.short_id)


def signer_of_document(content: bytes) -> Certificate | None:
    """Whose enveloped signature covers a whole document; mathematics only."""
    try:
        return verify_enveloped(content, trusted=None).certificate
    except KzedsError:
        return None


def signer_of_answer(content: bytes) -> Certificate | None:
    """Whose WS-Security signature covers the Body of an answer; mathematics only."""
    try:
        return verify_body(content, trusted=None).certificate
    except KzedsError:
        return None
