"""Kazakhstan's electronic digital signature (EDS) in Python: keys, signatures, certificates, signers, packages to sign.

The package stands alone: it knows nothing of USREC. `import kzeds` is cheap; a name is loaded when it is first used.

Example::

    from datetime import UTC, datetime
    from pathlib import Path

    import kzeds

    key = kzeds.load_pkcs12(Path("key.p12").read_bytes(), kzeds.read_password(Path("key.password")))
    key.require_may_sign(at=datetime.now(UTC))
    signed = kzeds.sign_enveloped(b"<contract/>", key)
    print(kzeds.verify_enveloped(signed, trusted=[key.certificate]).certificate.bin)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kzeds.bundle import BundleWriter, VerifiedBundle, verify_bundle
    from kzeds.certificate import Certificate
    from kzeds.cms import VerifiedSignature, sign_detached, verify_detached
    from kzeds.cms_timestamp import add_timestamp, stamped_bytes, timestamp_in
    from kzeds.errors import KzedsError
    from kzeds.fetching import HttpFetch
    from kzeds.files import read_password
    from kzeds.keys.pkcs12 import load_pkcs12
    from kzeds.keys.signing_key import SigningKey
    from kzeds.package import (
        MatchedDocument,
        Matching,
        PackageItem,
        SignedDocument,
        SignedPackage,
        SigningPackage,
        match_signed,
        read_package,
        read_signed,
        sign_package,
        write_package,
        write_signed,
    )
    from kzeds.revocation.answer import Revocation, RevocationAnswer
    from kzeds.revocation.crl import judge_crl
    from kzeds.revocation.ocsp import judge_ocsp
    from kzeds.revocation.sources import CrlServer, OcspServer, StoredAnswers, check_chain, check_revocation
    from kzeds.revocation.store import RevocationStore
    from kzeds.roles import Role
    from kzeds.signers.base import KeySigner, Signer
    from kzeds.signers.checked import require_signed, require_signed_body
    from kzeds.signers.daemon_client import SocketSigner
    from kzeds.signers.ncanode import NcanodeSigner
    from kzeds.signers.token import open_token_key
    from kzeds.test_pki import KeyKind, TestPki, make_test_pki
    from kzeds.test_servers import TestServers
    from kzeds.timestamp import Timestamp, verify_timestamp
    from kzeds.trust import load_authorities, require_chain
    from kzeds.tsp import fetch_timestamp
    from kzeds.wsse import VerifiedBody, sign_body, verify_body
    from kzeds.xmldsig import VerifiedDocument, sign_enveloped, verify_enveloped

__all__ = [
    "BundleWriter",
    "Certificate",
    "CrlServer",
    "HttpFetch",
    "KeyKind",
    "KeySigner",
    "KzedsError",
    "MatchedDocument",
    "Matching",
    "NcanodeSigner",
    "OcspServer",
    "PackageItem",
    "Revocation",
    "RevocationAnswer",
    "RevocationStore",
    "Role",
    "SignedDocument",
    "SignedPackage",
    "Signer",
    "SigningKey",
    "SigningPackage",
    "SocketSigner",
    "StoredAnswers",
    "TestPki",
    "TestServers",
    "Timestamp",
    "VerifiedBody",
    "VerifiedBundle",
    "VerifiedDocument",
    "VerifiedSignature",
    "add_timestamp",
    "check_chain",
    "check_revocation",
    "fetch_timestamp",
    "judge_crl",
    "judge_ocsp",
    "load_authorities",
    "load_pkcs12",
    "make_test_pki",
    "match_signed",
    "open_token_key",
    "read_package",
    "read_password",
    "read_signed",
    "require_chain",
    "require_signed",
    "require_signed_body",
    "sign_body",
    "sign_detached",
    "sign_enveloped",
    "sign_package",
    "stamped_bytes",
    "timestamp_in",
    "verify_body",
    "verify_bundle",
    "verify_detached",
    "verify_enveloped",
    "verify_timestamp",
    "write_package",
    "write_signed",
]

_HOMES = {
    "BundleWriter": "bundle",
    "Certificate": "certificate",
    "CrlServer": "revocation.sources",
    "HttpFetch": "fetching",
    "KeyKind": "test_pki",
    "KeySigner": "signers.base",
    "KzedsError": "errors",
    "MatchedDocument": "package",
    "Matching": "package",
    "NcanodeSigner": "signers.ncanode",
    "OcspServer": "revocation.sources",
    "PackageItem": "package",
    "Revocation": "revocation.answer",
    "RevocationAnswer": "revocation.answer",
    "RevocationStore": "revocation.store",
    "Role": "roles",
    "SignedDocument": "package",
    "SignedPackage": "package",
    "Signer": "signers.base",
    "SigningKey": "keys.signing_key",
    "SigningPackage": "package",
    "SocketSigner": "signers.daemon_client",
    "StoredAnswers": "revocation.sources",
    "TestPki": "test_pki",
    "TestServers": "test_servers",
    "Timestamp": "timestamp",
    "VerifiedBody": "wsse",
    "VerifiedBundle": "bundle",
    "VerifiedDocument": "xmldsig",
    "VerifiedSignature": "cms",
    "add_timestamp": "cms_timestamp",
    "check_chain": "revocation.sources",
    "check_revocation": "revocation.sources",
    "fetch_timestamp": "tsp",
    "judge_crl": "revocation.crl",
    "judge_ocsp": "revocation.ocsp",
    "load_authorities": "trust",
    "load_pkcs12": "keys.pkcs12",
    "make_test_pki": "test_pki",
    "match_signed": "package",
    "open_token_key": "signers.token",
    "read_package": "package",
    "read_password": "files",
    "read_signed": "package",
    "require_chain": "trust",
    "require_signed": "signers.checked",
    "require_signed_body": "signers.checked",
    "sign_body": "wsse",
    "sign_detached": "cms",
    "sign_enveloped": "xmldsig",
    "sign_package": "package",
    "stamped_bytes": "cms_timestamp",
    "timestamp_in": "cms_timestamp",
    "verify_body": "wsse",
    "verify_bundle": "bundle",
    "verify_detached": "cms",
    "verify_enveloped": "xmldsig",
    "verify_timestamp": "timestamp",
    "write_package": "package",
    "write_signed": "package",
}


def __getattr__(name: str) -> object:
    """Load a public name, or the module of the errors, on first use."""
    if name == "errors":
        return importlib.import_module("kzeds.errors")
    if name not in _HOMES:
        raise AttributeError(f"module 'kzeds' has no attribute {name!r}")
    return getattr(importlib.import_module(f"kzeds.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public names, so that an interactive shell offers them before they are loaded."""
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__, "errors"})
