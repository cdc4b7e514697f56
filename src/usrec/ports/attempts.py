"""What the ledger keeps of attempts and of the answers that decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from usrec.domain.message import CorrelationId
from usrec.domain.submission import AttemptId, SubmissionId
from usrec.domain.verdict import Ending


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send, opened before the first byte leaves.

    Attributes:
        number: 1 for the first of a submission.
        fence: Of the lease under which it was opened.
        envelope_digest: SHA-256 of the envelope's bytes.
    """

    id: AttemptId
    submission_id: SubmissionId
    number: int
    fence: int
    opened_at: datetime
    correlation_id: CorrelationId
    envelope_digest: str


@dataclass(frozen=True, slots=True)
class AttemptClosing:
    """How an attempt ended; ``reply`` is kept as evidence and never shown."""

    ending: Ending
    closed_at: datetime
    code: str
    detail: str
    reply: bytes


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A trusted decision of the authority, or of a person who settled a doubt with evidence.

    Attributes:
        kind: ``answer``, ``question`` (the registry was asked) or ``settlement``.
        signed_digest: Digest of the signed answer; unique, so that a replay shows.
        acknowledged_at: When it came, which of an answer may be before it could be recorded; aware UTC.
        evidence: The answer's bytes, or the evidence file's.
    """

    submission_id: SubmissionId
    attempt_id: AttemptId | None
    kind: str
    accepted: bool
    code: str
    registry_id: str | None
    signed_digest: str
    acknowledged_at: datetime
    evidence: bytes


class Attempts(Protocol):
    """Every try to send."""

    def open(self, attempt: Attempt) -> None:
        """Record an attempt before it is made."""
        ...

    def close(self, attempt_id: AttemptId, closing: AttemptClosing) -> None:
        """Record how it ended, once.

        Closing a closed attempt again changes nothing, but for the bytes of an answer: where it was closed without one,
        they are kept.
        """
        ...

    def recorded(self, attempt_ids: Collection[AttemptId]) -> Collection[AttemptId]:
        """Those of these that were ever opened."""
        ...

    def closed(self, attempt_ids: Collection[AttemptId]) -> Mapping[AttemptId, bool]:
        """Those of these that have ended, each with whether something that was received is on record."""
        ...

    def open_of(self, submission_id: SubmissionId) -> AttemptId | None:
        """The attempt that was never closed, None when there is none."""
        ...

    def last_number(self, submission_id: SubmissionId) -> int:
        """The number of its last attempt, 0 when there was none."""
        ...

    def sent_of(self, submission_id: SubmissionId) -> int:
        """After how many attempts the authority may hold the record (open ones included)."""
        ...

    def refused_of(self, submission_id: SubmissionId) -> int:
        """How many attempts a signed answer refused."""
        ...


class Acknowledgements(Protocol):
    """Trusted decisions."""

    def seen(self, signed_digests: Collection[str]) -> Collection[str]:
        """Those of these digests under which an answer is on record."""
        ...

    def add(self, acknowledgement: Acknowledgement) -> None:
        """Record a decision."""
        ...
