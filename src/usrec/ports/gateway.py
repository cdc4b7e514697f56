"""The way to the authority: ShEP, or the simulator."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from usrec.domain.message import CorrelationId, Envelope, SignedMessage
from usrec.domain.outcome import SubmissionOutcome


class Gateway(Protocol):
    """One endpoint that takes envelopes and gives signed answers."""

    def seal(
        self, message: SignedMessage, *, employer_bin: str, correlation_id: CorrelationId, at: datetime
    ) -> Envelope:
        """The signed transport envelope for one attempt; sends nothing.

        Raises:
            SigningRefused: The transport key cannot sign. Nothing was sent.
        """
        ...

    def submit(self, envelope: Envelope) -> SubmissionOutcome:
        """Post the envelope and tell what happened. Never raises for anything the network or the gateway does."""
        ...
