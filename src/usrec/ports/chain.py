"""The chain over the journal: what the sequencer writes, and what whoever checks it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from usrec.domain.chain import Batch, BatchHeader, ChainLine, ChainState
from usrec.domain.spans import Span
from usrec.domain.submission import SubmissionId


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A statement of how far the chain reached, signed with an EDS.

    Attributes:
        number: Of the batch that is the head.
        hash: Of that batch.
        signed_at: Aware UTC.
        certificate: SHA-256 fingerprint of the signer's certificate, hexadecimal.
        statement: The signed text, canonical JSON.
        signature: Detached CMS over the statement's bytes.
        timestamp: RFC 3161 token over the signature, None without one.
    """

    number: int
    hash: str
    signed_at: datetime
    certificate: str
    statement: str
    signature: bytes
    timestamp: bytes | None = None


@dataclass(frozen=True, slots=True)
class Tail:
    """What is not linked yet.

    Attributes:
        lines: How many lines.
        oldest_at: When the oldest of them was written, aware UTC; None when there is none.
        linked: How many lines are linked.
        batches: How many batches there are.
    """

    lines: int
    oldest_at: datetime | None
    linked: int
    batches: int


class Chain(Protocol):
    """The sequencer's side, within a transaction."""

    def lead(self) -> bool:
        """Become the one that links, until the transaction ends; false when another does. Never waits for it."""
        ...

    def state(self) -> ChainState:
        """Where the chain stands."""
        ...

    def passed(self, horizon: int | None) -> bool:
        """Whether every transaction that wrote the journal at ``horizon`` has ended. Ask before reading the lines."""
        ...

    def horizon(self) -> int | None:
        """The mark that a later ``passed`` takes; None when it cannot be told now. Ask after reading."""
        ...

    def unlinked(self, state: ChainState, limit: int) -> Sequence[ChainLine]:
        """Lines in the gaps of ``state`` and behind it, ascending."""
        ...

    def add(self, batch: Batch) -> None:
        """Put a batch at the end."""
        ...

    def last_head(self) -> SignedHead | None:
        """The newest signed head."""
        ...

    def header(self, number: int) -> BatchHeader | None:
        """One batch's header."""
        ...

    def add_head(self, head: SignedHead) -> None:
        """Keep a signed head."""
        ...


class ChainView(Protocol):
    """Read-only questions about the chain; each is one short snapshot."""

    @property
    def gaps_happen(self) -> bool:
        """Whether the database may draw numbers that are never written."""
        ...

    def ledger_id(self) -> str:
        """A name of this ledger that no other has."""
        ...

    def digest_key(self, submission_id: SubmissionId) -> bytes:
        """The key of the digests in this submission's lines."""
        ...

    def batches(self, after: int, limit: int) -> Sequence[Batch]:
        """Batches with a higher number, ascending."""
        ...

    def headers(self, after: int, limit: int) -> Sequence[tuple[BatchHeader, str]]:
        """The same without digests: each header with its hash."""
        ...

    def batch_of(self, seq: int) -> Batch | None:
        """The batch that holds this line, None while it is not linked."""
        ...

    def lines(self, spans: Sequence[Span]) -> Sequence[ChainLine]:
        """The lines with these numbers, as far as they are there."""
        ...

    def lines_of(self, submission_id: SubmissionId) -> Sequence[ChainLine]:
        """All lines of a submission, ascending."""
        ...

    def newest(self, limit: int) -> Sequence[ChainLine]:
        """The last lines of the journal, ascending."""
        ...

    def restorings(self) -> Sequence[ChainLine]:
        """Lines that tell of a restored backup, ascending."""
        ...

    def ends(self) -> tuple[int, int] | None:
        """Lowest and highest number in the journal, None when it is empty."""
        ...

    def heads(self, after: int, limit: int) -> Sequence[SignedHead]:
        """Signed heads of batches with a higher number, ascending."""
        ...

    def last_head(self) -> SignedHead | None:
        """The newest signed head."""
        ...

    def tail(self) -> Tail:
        """What is not linked yet."""
        ...
