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
    from kzeds.errors import KzedsError
    from kzeds.keys.pkcs12 import load_pkcs12
    from kzeds.keys.signing_key import SigningKey
    from kzeds.test_pki import KeyKind, TestPki, make_test_pki
    from kzeds.trust import require_chain
    from kzeds.wsse import VerifiedBody, sign_body, verify_body
    from kzeds.xmldsig import VerifiedDocument, sign_enveloped, verify_enveloped

__all__ = [
    "Certificate",
    "KeyKind",
    "KzedsError",
    "Role",
    "SigningKey",
    "TestPki",
    "VerifiedBody",
    "VerifiedDocument",
    "VerifiedSignature",
    "load_pkcs12",
    "make_test_pki",
    "require_chain",
    "sign_body",
    "sign_detached",
    "sign_enveloped",
    "verify_body",
    "verify_detached",
    "verify_enveloped",
]

_HOMES = {
    "Certificate": "certificate",
    "KeyKind": "test_pki",
    "KzedsError": "errors",
    "Role": "certificate",
    "SigningKey": "keys.signing_key",
    "TestPki": "test_pki",
    "VerifiedBody": "wsse",
    "VerifiedDocument": "xmldsig",
    "VerifiedSignature": "cms",
    "load_pkcs12": "keys.pkcs12",
    "make_test_pki": "test_pki",
    "require_chain": "trust",
    "sign_body": "wsse",
    "sign_detached": "cms",
    "sign_enveloped": "xmldsig",
    "verify_body": "wsse",
    "verify_detached": "cms",
    "verify_enveloped": "xmldsig",
}


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'kzeds' has no attribute {name!r}")
    return getattr(importlib.import_module(f"kzeds.{_HOMES[name]}"), name)
