"""A key that signs an evidence bundle: one that this process holds, or a token's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kzeds.errors import KzedsError
from kzeds.signers.base import KeySigner
from usrec.adapters.signing.held_key import HeldKey
from usrec.domain.errors import SigningRefused

_ABLE: Final = frozenset({"file", "token"})
"""Kinds of places whose keys sign bundles: a signer daemon cannot know what a bundle's digests stand for."""
_KEPT: Final = "No bundle was written"
_ADVICE: Final = (
    "Name an employer whose key is a file or a token with --sign-with, or set [gateway.transport_key] to such a key: "
    "signer daemons and NCANode sign no bundles"
)


@dataclass(frozen=True, slots=True)
class StatementKey:
    """A key that is about to sign; ``at`` is written into its signatures."""

    signer: KeySigner
    at: datetime

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return self.signer.certificate.fingerprint

    def sign(self, content: bytes) -> bytes:
        """A detached CMS signature.

        Raises:
            SigningRefused: The key cannot sign now.
        """
        try:
            return self.signer.sign_detached(content, at=self.at)
        except KzedsError as problem:
            raise SigningRefused(str(problem), where="evidence bundle", kept=_KEPT, next_step=_ADVICE) from None


def usable_key(keys: Sequence[HeldKey], at: datetime) -> StatementKey:
    """The first of some keys that can sign a bundle.

    Raises:
        SigningRefused: None can.
    """
    refusals = []
    for key in keys:
        try:
            signer = key.usable(at).signer if key.place.kind in _ABLE else None
        except SigningRefused as refusal:
            refusals.append(refusal)
            continue
        if isinstance(signer, KeySigner):
            return StatementKey(signer, at)
    if refusals:
        raise SigningRefused(refusals[0].what, where=refusals[0].where, kept=_KEPT, next_step=_ADVICE)
    raise SigningRefused("no key can sign the bundle", where="evidence bundle", kept=_KEPT, next_step=_ADVICE)
