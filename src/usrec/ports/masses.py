"""What belongs together: changes that are held as one, and pairs of events. Part of the ledger's ports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from usrec.domain.mass import MassBatch, MassDecision, MassGroup, MassMember
from usrec.domain.pair import Pair
from usrec.domain.source_event import ContractKey
from usrec.domain.submission import Submission, SubmissionId


class Masses(Protocol):
    """Batches of changes that a person looks at before they are sent."""

    def arrive(self, members: Sequence[MassMember]) -> None:
        """Remember what arrived."""
        ...

    def how_many(self, group: MassGroup, since: datetime) -> int:
        """Events of a group that arrived since then, are in no batch, and were not taken back or replaced."""
        ...

    def undecided_of(self, group: MassGroup) -> str | None:
        """The batch of a group about which nobody has decided."""
        ...

    def batches_of(self, group: MassGroup) -> int:
        """How many batches a group had so far."""
        ...

    def open(self, batch: MassBatch) -> None:
        """Begin a batch."""
        ...

    def join(self, name: str, group: MassGroup, since: datetime) -> None:
        """Put the events of a group that arrived since then and are in no batch into this one."""
        ...

    def hold(self, name: str) -> Sequence[Submission]:
        """Stop what of a batch is not stopped yet; returns which.

        Leaves out what was signed, what a person holds or is asked about, and what another transaction has locked.
        """
        ...

    def leave(self, submission_id: SubmissionId) -> None:
        """A person decided about this one alone: it belongs to no batch, and is not counted with later ones."""
        ...

    def batch(self, name: str) -> MassBatch | None:
        """One batch, its row locked."""
        ...

    def undecided(self) -> Sequence[MassBatch]:
        """Batches about which nobody has decided, oldest first."""
        ...

    def unfinished(self) -> Sequence[MassBatch]:
        """Batches whose decision has not reached all of their events."""
        ...

    def decide(self, name: str, decision: MassDecision, by: str, reason: str, at: datetime) -> None:
        """Record a person's decision."""
        ...

    def held(self, name: str, limit: int) -> Sequence[Submission]:
        """Up to ``limit`` events of a batch that are stopped, in the order of their contracts, which are locked."""
        ...

    def free(self, ids: Collection[SubmissionId], now: datetime) -> None:
        """Let these go on: at once, at their paper's date, or when their contract is known."""
        ...

    def take_back(self, ids: Collection[SubmissionId], reason: str, now: datetime) -> None:
        """Cancel these."""
        ...

    def with_others(self, ids: Collection[SubmissionId], *, at_least: int) -> Sequence[tuple[str, ContractKey]]:
        """Contracts of these that have so many open events, these included as far as they are open."""
        ...


class Pairs(Protocol):
    """Terminations and conclusions that are two halves of one transfer."""

    def link(self, links: Mapping[SubmissionId, str]) -> None:
        """Remember the ``pair_key`` of each."""
        ...

    def of_submissions(self, ids: Collection[SubmissionId]) -> Mapping[SubmissionId, Pair]:
        """The pairs to which those of ``ids`` belong that stand for an event and are in one."""
        ...

    def others_of(self, ids: Collection[SubmissionId]) -> Collection[SubmissionId]:
        """What stands in the pairs to which these belong or did, without these."""
        ...

    def of_keys(self, keys: Collection[str]) -> Sequence[Pair]:
        """The pairs with these keys, as far as anything stands in them."""
        ...
