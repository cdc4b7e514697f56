"""A forger with a key of their own: a bundle's files changed, and signed anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from kzeds.bundle import BundleWriter
from kzeds.bundle.layout import MANIFEST, SIGNATURE
from kzeds.cms import sign_detached
from kzeds.keys.pkcs12 import load_pkcs12


def signed_anew(members: Mapping[str, bytes], pki: Path, file: Path) -> Path:
    """Write the files into a bundle, and sign it with another employer's key."""
    key = load_pkcs12((pki / "employer-2.p12").read_bytes(), (pki / "employer-2.password").read_text().strip())
    now = datetime.now(UTC)
    fields = json.loads(members[MANIFEST])
    with BundleWriter(file) as writer:
        for name, content in members.items():
            if name not in {MANIFEST, SIGNATURE}:
                writer.add(name, content)
        rest = {name: value for name, value in fields.items() if name not in {"signer", "files"}}
        writer.finish(
            rest, signer=key.certificate.fingerprint, sign=lambda content: sign_detached(content, key, at=now)
        )
    return file
