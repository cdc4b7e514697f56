"""What an export of evidence reads, and where it puts it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Protocol

from usrec.domain.chain_proof import Link
from usrec.domain.evidence import EvidenceRecord
from usrec.domain.outage import Exchange
from usrec.domain.submission import SubmissionId
from usrec.ports.chain import SignedHead


@dataclass(frozen=True, slots=True)
class Chosen:
    """Submissions of an export.

    Attributes:
        since: The earliest intake among them, aware UTC; None when there are none.
    """

    ids: Sequence[SubmissionId]
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Volume:
    """How large a bundle becomes at least.

    Attributes:
        size: In bytes.
    """

    files: int
    size: int

    def __add__(self, other: Volume) -> Volume:
        """Both together."""
        return Volume(self.files + other.files, self.size + other.size)


class EvidenceReading(Protocol):
    """One snapshot of the ledger: whatever is asked is as of one moment."""

    @property
    def ledger_id(self) -> str:
        """A name of the ledger that no other has."""
        ...

    def identified(self, beginning: str) -> SubmissionId | None:
        """The submission whose id is, or begins with, this.

        Raises:
            ValidationProblem: Several begin so.
        """
        ...

    def chosen(self, ids: Collection[SubmissionId]) -> Chosen:
        """Submissions by their ids."""
        ...

    def due_or_taken(self, first: date, last: date) -> Chosen:
        """Those whose legal date lies in a period, or that were taken in it; by their intake."""
        ...

    def volume(self, ids: Collection[SubmissionId]) -> Volume:
        """What these submissions fill at least; found without reading any of their content."""
        ...

    def records(self, ids: Collection[SubmissionId]) -> Sequence[EvidenceRecord]:
        """All of some submissions, in the order of ``ids``; at most 500 at once."""
        ...

    def exchanges(self, since: datetime) -> Iterator[Exchange]:
        """Attempts as they ended: from the last before ``since`` that reached somebody."""
        ...

    def links(self, seqs: Collection[int]) -> Iterator[Link]:
        """Batches from the first that holds one of these lines to the first signed head behind the last of them.

        Where no head is behind it, to the end of the chain. Digests come only with batches that hold one.
        """
        ...

    def head_at(self, number: int) -> SignedHead | None:
        """The signed head of a batch."""
        ...


class EvidenceLedger(Protocol):
    """Opens snapshots."""

    def reading(self) -> AbstractContextManager[EvidenceReading]:
        """One snapshot, until the block ends."""
        ...


class EvidenceFiles(Protocol):
    """A bundle that is being written."""

    @property
    def names(self) -> Collection[str]:
        """What was written so far."""
        ...

    def add(self, name: str, content: bytes) -> None:
        """Write one file."""
        ...

    def add_stream(self, name: str, content: IO[bytes]) -> None:
        """Write one file from a stream."""
        ...


CertificatesOf = Callable[[bytes], Mapping[str, bytes]]
"""The certificate that signed a document or an answer, DER by SHA-256 fingerprint; empty where no signature holds."""
