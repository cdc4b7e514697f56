"""Kazakhstan's electronic digital signature (EDS) in Python: keys of the NCA, XML signatures, WS-Security.

The package stands alone: it knows nothing of USREC. `import kzeds` is cheap; a name is loaded when it is first used.

Example::

    import kzeds

    key = kzeds.load_pkcs12(Path("key.p12").read_bytes(), password)
    key.require_may_sign(at=now)
    signed = kzeds.sign_enveloped(b"<contract/>", key)
    print(kzeds.verify_enveloped(signed).certificate.bin)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kzeds.certificate import Certificate, Role
    from kzeds.cms import VerifiedSignature, sign_detached, verify_detached
    from kzeds.crl import judge_crl
    from kzeds.errors import KzedsError
    from kzeds.fetching import HttpFetch
    from kzeds.keys.pkcs12 import load_pkcs12
    from kzeds.keys.signing_key import SigningKey
    from kzeds.ocsp import judge_ocsp
    from kzeds.revocation import Revocation, RevocationAnswer
    from kzeds.revocation_sources import CrlServer, OcspServer, StoredAnswers, check_chain, check_revocation
    from kzeds.revocation_store import RevocationStore
    from kzeds.test_pki import KeyKind, TestPki, make_test_pki
    from kzeds.timestamp import Timestamp, verify_timestamp
    from kzeds.trust import require_chain
    from kzeds.tsp import fetch_timestamp
    from kzeds.wsse import VerifiedBody, sign_body, verify_body
    from kzeds.xmldsig import VerifiedDocument, sign_enveloped, verify_enveloped

__all__ = [
    "Certificate",
    "CrlServer",
    "HttpFetch",
    "KeyKind",
    "KzedsError",
    "OcspServer",
    "Revocation",
    "RevocationAnswer",
    "RevocationStore",
    "Role",
    "SigningKey",
    "StoredAnswers",
    "TestPki",
    "Timestamp",
    "VerifiedBody",
    "VerifiedDocument",
    "VerifiedSignature",
    "check_chain",
    "check_revocation",
    "fetch_timestamp",
    "judge_crl",
    "judge_ocsp",
    "load_pkcs12",
    "make_test_pki",
    "require_chain",
    "sign_body",
    "sign_detached",
    "sign_enveloped",
    "verify_body",
    "verify_detached",
    "verify_enveloped",
    "verify_timestamp",
]

_HOMES = {
    "Certificate": "certificate",
    "CrlServer": "revocation_sources",
    "HttpFetch": "fetching",
    "KeyKind": "test_pki",
    "KzedsError": "errors",
    "OcspServer": "revocation_sources",
    "Revocation": "revocation",
    "RevocationAnswer": "revocation",
    "RevocationStore": "revocation_store",
    "Role": "certificate",
    "SigningKey": "keys.signing_key",
    "StoredAnswers": "revocation_sources",
    "TestPki": "test_pki",
    "Timestamp": "timestamp",
    "VerifiedBody": "wsse",
    "VerifiedDocument": "xmldsig",
    "VerifiedSignature": "cms",
    "check_chain": "revocation_sources",
    "check_revocation": "revocation_sources",
    "fetch_timestamp": "tsp",
    "judge_crl": "crl",
    "judge_ocsp": "ocsp",
    "load_pkcs12": "keys.pkcs12",
    "make_test_pki": "test_pki",
    "require_chain": "trust",
    "sign_body": "wsse",
    "sign_detached": "cms",
    "sign_enveloped": "xmldsig",
    "verify_body": "wsse",
    "verify_detached": "cms",
    "verify_enveloped": "xmldsig",
    "verify_timestamp": "timestamp",
}


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'kzeds' has no attribute {name!r}")
    return getattr(importlib.import_module(f"kzeds.{_HOMES[name]}"), name)
