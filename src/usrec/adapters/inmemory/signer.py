"""A signer without keys for tests and simulation: same input, same bytes. What it makes would convince nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from usrec.domain.errors import SigningRefused
from usrec.domain.message import MessageId, RenderedMessage, SignedMessage

_MARK: Final = b"<!-- signed in memory by %s -->"


class InMemorySigner:
    """Marks documents instead of signing them.

    Args:
        valid_until: Last moment of each employer's imaginary certificate, by BIN.
    """

    def __init__(self, valid_until: Mapping[str, datetime]) -> None:
        self._valid_until = dict(valid_until)

    def sign(
        self, rendered: RenderedMessage, *, employer_bin: str, message_id: MessageId, at: datetime
    ) -> SignedMessage:
        """The document with a mark behind its root.

        Raises:
            SigningRefused: There is no such employer, or its certificate has expired.
        """
        valid_until = self._valid_until.get(employer_bin)
        if valid_until is None or at > valid_until:
            what = "no key is configured for the employer" if valid_until is None else "the certificate has expired"
            raise SigningRefused(what, where=f"message {message_id}", kept="Nothing was sent")
        certificate = hashlib.sha256(employer_bin.encode()).hexdigest()
        document = rendered.document + _MARK % certificate.encode()
        return SignedMessage(
            document=document,
            digest=hashlib.sha256(document).hexdigest(),
            record_id=rendered.record_id,
            message_id=message_id,
            signed_at=at,
            certificate=certificate,
            valid_until=valid_until,
        )
