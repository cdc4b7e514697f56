"""The employer's EDS."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from usrec.domain.authority import SigningCertificate
from usrec.domain.message import MessageId, RenderedMessage, SignedMessage


class Signer(Protocol):
    """Signs for the employers whose keys it holds."""

    @property
    def certificates(self) -> Mapping[str, SigningCertificate]:
        """What the certificates of its keys say, by the employer's BIN (or IIN)."""
        ...

    def sign(
        self, rendered: RenderedMessage, *, employer_bin: str, message_id: MessageId, at: datetime
    ) -> SignedMessage:
        """The document with the employer's enveloped signature.

        Raises:
            SigningRefused: The key is missing, expired, not for signing, or belongs to another BIN. Nothing was sent.
        """
        ...
