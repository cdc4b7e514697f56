"""How one attempt ended, told apart by type. There are three outcomes, never two: registered, refused, unknown.

Sources: ShEP SyncChannel v10 (status SCSS001, other status codes, SOAP fault with ErrorInfo). A fourth channel is
everything else: a timeout, a reset after the request left, a 5xx without a valid signed answer, a success whose
shape is not recognised. ``NothingSent`` is the one proof that a plain retry is allowed: the connection was never made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Doubt(StrEnum):
    """Why it is not known whether the authority took the record."""

    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    HTTP_ERROR = "http_error"
    NOT_SOAP = "not_soap"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_INVALID = "signature_invalid"
    UNKNOWN_SHAPE = "unknown_shape"
    REPLAYED = "replayed"
    OTHER_MESSAGE = "other_message"
    CLOCK = "clock"
    SERVER_UNSURE = "server_unsure"
    PROCESS_DIED = "process_died"
    LEDGER_RESTORED = "ledger_restored"


@dataclass(frozen=True, slots=True)
class ReplyProof:
    """What the gateway signed, kept as evidence with every signed answer.

    Attributes:
        signed_digest: Digest of the signed Body, hexadecimal; recorded once, so a replay shows.
        response_date: The answer's own date, aware UTC; None when absent (faults).
        message_id: The receiver's id; may be minted by it, so inequality with ours is no error.
        correlation_id: Echo of ours, where given.
        raw: The answer's bytes.
    """

    signed_digest: str
    response_date: datetime | None
    message_id: str
    correlation_id: str | None
    raw: bytes

    def __repr__(self) -> str:
        """Never the bytes."""
        return f"ReplyProof({self.signed_digest[:12]}, {len(self.raw)} bytes)"


@dataclass(frozen=True, slots=True)
class Registered:
    """SCSS001 with the shape that the profile promises.

    ``registry_id`` is the id that the registry gave: of the contract (after a conclusion) or of the entry.
    """

    code: str
    message: str
    registry_id: str
    proof: ReplyProof


@dataclass(frozen=True, slots=True)
class Refused:
    """A signed answer with another status code."""

    code: str
    message: str
    proof: ReplyProof


@dataclass(frozen=True, slots=True)
class Faulted:
    """A signed SOAP fault: the gateway or the service did not process the request."""

    code: str
    message: str
    proof: ReplyProof


@dataclass(frozen=True, slots=True)
class Unknown:
    """No trustworthy answer, although the request may have arrived.

    Attributes:
        detail: A technical sentence without personal data.
        code: The status or fault code read from an answer that cannot be trusted, if any.
        raw: What was received, for the evidence; never shown.
    """

    doubt: Doubt
    detail: str
    code: str = ""
    raw: bytes = b""

    def __repr__(self) -> str:
        """Never the bytes."""
        return f"Unknown({self.doubt}, {self.detail!r})"


@dataclass(frozen=True, slots=True)
class NothingSent:
    """Proven: no byte of the request left (name not resolved, connection or TLS handshake refused).

    Attributes:
        held_back: The agent itself did not send it, which says nothing of the gateway.
    """

    detail: str
    held_back: bool = False


def was_held_back(outcome: object) -> bool:
    """Whether the agent itself did not send it."""
    return isinstance(outcome, NothingSent) and outcome.held_back


SubmissionOutcome = Registered | Refused | Faulted | Unknown | NothingSent


def proof_of(outcome: SubmissionOutcome) -> ReplyProof | None:
    """The signed part of an outcome, None where nothing signed came back."""
    match outcome:
        case Registered() | Refused() | Faulted():
            return outcome.proof
        case Unknown() | NothingSent():
            return None


def code_of(outcome: SubmissionOutcome) -> str:
    """The status or fault code, empty where there is none."""
    match outcome:
        case Registered() | Refused() | Faulted() | Unknown():
            return outcome.code
        case NothingSent():
            return ""
