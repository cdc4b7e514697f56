"""What is sent, stage by stage: each stage is a type of its own, so that a wrong order cannot be written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NewType

DATA_CAP_BYTES: Final = 100 * 1024
"""What USREC takes at most (code SCSE999); whether it counts before or after signing is not known, so both must fit."""

MessageId = NewType("MessageId", str)
CorrelationId = NewType("CorrelationId", str)


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A contractRequest that obeys the schema; not signed.

    Attributes:
        document: UTF-8 XML.
        record_id: The id that we supply for the record, None under a profile without one.
    """

    document: bytes
    record_id: str | None

    def __repr__(self) -> str:
        """Never the document."""
        return f"RenderedMessage({len(self.document)} bytes)"


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """The document that the employer signed. These bytes and ids are the same in every resend.

    Attributes:
        document: UTF-8 XML with the enveloped signature.
        digest: SHA-256 of ``document``, hexadecimal.
        message_id: messageId of every envelope that carries it.
        signed_at: Our signature, aware UTC.
        certificate: SHA-256 fingerprint of the signing certificate, hexadecimal.
        valid_until: Last moment of that certificate, aware UTC.
    """

    document: bytes
    digest: str
    record_id: str | None
    message_id: MessageId
    signed_at: datetime
    certificate: str
    valid_until: datetime

    def __repr__(self) -> str:
        """Never the document."""
        return f"SignedMessage({self.message_id}, {len(self.document)} bytes)"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A SOAP envelope ready for the wire, made anew for each attempt around the same signed message.

    Attributes:
        body: The bytes to post.
        digest: SHA-256 of ``body``, hexadecimal.
        correlation_id: Ties the answer to this very attempt.
        leave_by: When its lease ends, by a counter that nobody can set. An agent that stood still until then does not
            send it any more: others, or a person, may have decided meanwhile. None where nobody else can.
    """

    body: bytes
    digest: str
    message_id: MessageId
    correlation_id: CorrelationId
    leave_by: timedelta | None = None

    def may_leave(self, steady: timedelta) -> bool:
        """Whether its first byte may leave when that counter stands at ``steady``."""
        return self.leave_by is None or steady < self.leave_by

    def __repr__(self) -> str:
        """Never the body."""
        return f"Envelope({self.message_id}, {len(self.body)} bytes)"
