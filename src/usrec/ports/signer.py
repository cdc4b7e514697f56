"""The employer's EDS."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from usrec.domain.message import MessageId, RenderedMessage, SignedMessage


class Signer(Protocol):
    """Signs for the employers whose keys it holds."""

    def sign(
        self, rendered: RenderedMessage, *, employer_bin: str, message_id: MessageId, at: datetime
    ) -> SignedMessage:
        """The document with the employer's enveloped signature.

        Raises:
            SigningRefused: The key is missing, expired, not for signing, or belongs to another BIN. Nothing was sent.
        """
        ...
