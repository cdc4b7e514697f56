"""The agent's own durable memory, in domain words. One implementation serves SQLite and PostgreSQL.

A unit of work is one transaction: it rolls back unless ``commit`` is called. Transactions that change a contract take
that contract's lock first (``contracts.lock``), so that two agents cannot both decide what goes next in its line.

What is only written may be sent to the database together, when the transaction ends or something asks for it. So what
``Raises`` says of a method that returns nothing may be raised by ``commit``; locks and ``hold_lease`` work at once.

All methods raise :class:`usrec.domain.errors.LedgerUnavailable` when the database cannot be reached or written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from usrec.domain.identifiers import RecordId
from usrec.domain.message import SignedMessage
from usrec.domain.signing_request import SigningRequest
from usrec.domain.source_event import EmployerName, EventId, SourceName, SourceRow
from usrec.domain.state import State
from usrec.domain.submission import AttemptId, Lease, QueueEntry, Standpoint, Submission, SubmissionId, WaitReason
from usrec.ports.alert_sinks import AlertSinks
from usrec.ports.attempts import Acknowledgements, Attempts
from usrec.ports.audits import Audits
from usrec.ports.chain import Chain
from usrec.ports.contracts import ContractRef, Contracts
from usrec.ports.documents import Documents
from usrec.ports.imported_contracts import ImportedContracts
from usrec.ports.inquiry import Questions
from usrec.ports.intake import Intake
from usrec.ports.masses import Masses, Pairs
from usrec.ports.outgoing import Journal, WriteBacks
from usrec.ports.retention import RetainedData
from usrec.ports.signing_requests import SigningRequests
from usrec.ports.snapshots import Snapshots
from usrec.ports.watched import Agents, Alerts, EmployerStops, Permits

InboxKey = tuple[SourceName, EventId, int]
"""(source, event id, revision)."""
EventRef = tuple[SourceName, EventId]
"""(source, event id)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased submission with all that its delivery needs.

    Attributes:
        entry: Its ``attempts`` is the number of the last attempt on record, also of one that nobody closed.
        message: The signed message of an earlier attempt, None before the first.
        open_attempt: An attempt that an agent began and never closed: its process died or lost its lease.
        sent_attempts: Closed attempts after which the authority may hold the record.
        request: The document that a person was asked to sign or approve.
        record_id: For a document that is made now, the same whenever it is made; None where there is one already.
        asked_after: Number of the last attempt after which the registry was asked, None where it never was.
        undecided_batch: The batch of many changes to which it belongs, while nobody has decided about that.
    """

    submission: Submission
    entry: QueueEntry
    lease: Lease
    message: SignedMessage | None
    open_attempt: AttemptId | None
    sent_attempts: int
    request: SigningRequest | None = None
    record_id: RecordId | None = None
    asked_after: int | None = None
    undecided_batch: str | None = None


class Inbox(Protocol):
    """What was taken from the sources: the idempotent receiver."""

    def take_turns(self, *, alone: bool) -> None:
        """Wait for another agent that takes rows just now, where one of the two has to be alone until it commits.

        Two revisions of one event may name two contracts, whose locks do not keep them apart: whoever takes a revision
        after the first is alone, and sees all that was taken before. Asked for before any lock of a contract.
        """
        ...

    def fingerprint(self, canonical: bytes) -> str:
        """Keyed digest of a row's canonical bytes (a bare digest of personal data could be guessed back)."""
        ...

    def known(self, keys: Collection[InboxKey]) -> Mapping[InboxKey, str]:
        """The fingerprints of those ``keys`` that are on record."""
        ...

    def row_refs(self, source: SourceName, events: Collection[EventId]) -> Mapping[InboxKey, str]:
        """Which row of its source each revision of these events was taken from."""
        ...

    def add(self, row: SourceRow, event_id: EventId, fingerprint: str, at: datetime) -> None:
        """Record a row. Unique on (source, event id, revision).

        Raises:
            LedgerUnavailable: Another agent recorded it since ``known`` was asked; the transaction is lost.
            ValidationProblem: The database cannot hold it (a NUL character, a number beyond 64 bits); likewise.
        """
        ...

    def add_all(self, rows: Sequence[tuple[SourceRow, EventId, str]], at: datetime) -> None:
        """Record rows, each with its event id and fingerprint, in one statement.

        Raises:
            LedgerUnavailable, ValidationProblem: As ``add`` does.
        """
        ...

    def row(self, key: InboxKey) -> SourceRow | None:
        """The row as it was taken, None when it never was."""
        ...

    def newest_of(self, source: SourceName) -> Iterator[SourceRow]:
        """Of each event of a source the newest revision that was taken."""
        ...


class Submissions(Protocol):
    """The legal story."""

    def add(self, submission: Submission, *, watch_at: datetime | None = None) -> None:
        """Store a new submission, whose dates are looked at first at ``watch_at`` (aware UTC)."""
        ...

    def open_ones(self) -> Sequence[SubmissionId]:
        """All that stand for their event and with which the agent has work to do, each contract's in its order."""
        ...

    def employers(self) -> Mapping[str, EmployerName]:
        """Every employer of whom there is a submission: a name that it had, by its number."""
        ...

    def get(self, submission_id: SubmissionId) -> Submission | None:
        """One submission, None when there is none."""
        ...

    def get_all(self, ids: Collection[SubmissionId]) -> Mapping[SubmissionId, Submission]:
        """Those of these that there are."""
        ...

    def update(self, submission: Submission, *, was: State) -> None:
        """Store a changed submission.

        Raises:
            LeaseLost: Its state on record is not ``was`` any more; nothing was written.
        """
        ...

    def of_event(self, source: SourceName, event_id: EventId) -> Sequence[Submission]:
        """All submissions of an event, oldest revision first."""
        ...

    def of_events(self, events: Collection[EventRef]) -> Mapping[EventRef, Sequence[Submission]]:
        """The same of many events; each is in the answer."""
        ...

    def conclusions_of(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, Sequence[Submission]]:
        """The conclusion events in the lines of contracts (position >= 0), neither replaced nor cancelled."""
        ...

    def standing_of(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, Sequence[Submission]]:
        """What counts of these contracts: accepted submissions as they were decided, behind them the open ones in line.

        Those that a later revision replaced, that are invalid, refused or taken back do not count, nor what was pruned:
        the contract is then as unknown as one that was registered elsewhere.
        """
        ...

    def lines_of(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, Sequence[Standpoint]]:
        """The submissions in the lines of contracts (position >= 0) that no other replaced and that are not settled."""
        ...

    def next_positions(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, int]:
        """A position (>= 1) behind all events of each contract."""
        ...

    def store_message(self, submission_id: SubmissionId, message: SignedMessage) -> None:
        """Store the signed bytes; written once."""
        ...

    def message(self, submission_id: SubmissionId) -> SignedMessage | None:
        """The signed bytes, None before signing."""
        ...

    def newest_certificate(self, employer_bin: str) -> str | None:
        """The certificate of the newest signature of an employer, None where nothing was signed."""
        ...

    def signed_as(self, digest: str) -> SubmissionId | None:
        """The submission whose signed bytes have this SHA-256, None when there is none."""
        ...


class Outbox(Protocol):
    """The delivery story of open submissions."""

    def put(self, entry: QueueEntry) -> None:
        """Insert or replace an entry (not its lease).

        A new entry has fence 0 and no lease. Replacing raises the fence and ends the lease, so that whoever held it
        cannot write any more. Of one contract at most one entry may be ready, scheduled or claimed at any moment: put
        the one that gives way first.
        """
        ...

    def get(self, submission_id: SubmissionId) -> QueueEntry | None:
        """One entry, None when the submission is not in the outbox."""
        ...

    def get_all(self, ids: Collection[SubmissionId], *, still: bool = False) -> Mapping[SubmissionId, QueueEntry]:
        """The entries of those of these that are in the outbox.

        Args:
            still: Nobody changes them until the transaction ends; who is changing one now is waited for.
        """
        ...

    def remove(self, submission_id: SubmissionId) -> None:
        """The delivery is over."""
        ...

    def promote(self, now: datetime) -> int:
        """Make scheduled entries whose time has come ready, and claimed ones whose lease ran out. Returns how many.

        A call does a bounded number, longest due first, and leaves out what another transaction holds.
        """
        ...

    def employers(self) -> Collection[str]:
        """The BINs of employers of which something is ready, scheduled or claimed."""
        ...

    def hasten(self, reason: WaitReason, limit: int, *, employer: str | None = None) -> int:
        """Make up to ``limit`` scheduled entries that wait for ``reason`` ready before their time; returns how many.

        Earliest priority first; leaves out what another transaction holds. With ``employer``, those of this BIN.
        """
        ...

    def claim(
        self,
        owner: str,
        now: datetime,
        lease: timedelta,
        limit: int,
        *,
        only: SubmissionId | None = None,
        tried_less_than: int | None = None,
        employer: str | None = None,
    ) -> Sequence[Claim]:
        """Lease up to ``limit`` ready entries, earliest priority first; rows leased by others are skipped.

        Those of a stopped employer are left. With ``only``, at most that one; with ``tried_less_than``, only entries
        with fewer attempts on record; with ``employer``, only those of this BIN.
        """
        ...

    def waiting_since(self, submissions: Collection[SubmissionId]) -> Mapping[SubmissionId, datetime]:
        """Since when those of ``submissions`` that wait for somebody to decide, or to act after a refusal, do."""
        ...

    def lease_owners(self) -> Collection[str]:
        """Who holds leases now, run out or not."""
        ...

    def free_leases(self, owners: Collection[str]) -> int:
        """Make the entries leased to these owners ready at once; for owners that are known to be dead."""
        ...

    def hold_lease(self, lease: Lease, now: datetime) -> QueueEntry:
        """Prove that ``lease`` is still the newest claim and has not run out, and lock its row.

        Raises:
            LeaseLost: It is not; the caller must not write.
        """
        ...

    def hold_leases(self, leases: Collection[Lease], now: datetime) -> Mapping[SubmissionId, QueueEntry]:
        """The same for many at once: the entries whose lease is still good, their rows locked; the others are lost."""
        ...

    def release(self, lease: Lease, entry: QueueEntry) -> None:
        """Give the lease back and store the entry's new status, times and reason.

        Raises:
            LeaseLost: Somebody else holds it now.
        """
        ...


class UnitOfWork(Protocol):
    """One transaction over the ledger."""

    @property
    def inbox(self) -> Inbox: ...  # noqa: D102 -- the type says it
    @property
    def submissions(self) -> Submissions: ...  # noqa: D102 -- the type says it
    @property
    def outbox(self) -> Outbox: ...  # noqa: D102 -- the type says it
    @property
    def signing_requests(self) -> SigningRequests: ...  # noqa: D102 -- the type says it
    @property
    def attempts(self) -> Attempts: ...  # noqa: D102 -- the type says it
    @property
    def acknowledgements(self) -> Acknowledgements: ...  # noqa: D102 -- the type says it
    @property
    def questions(self) -> Questions: ...  # noqa: D102 -- the type says it
    @property
    def contracts(self) -> Contracts: ...  # noqa: D102 -- the type says it
    @property
    def retained(self) -> RetainedData: ...  # noqa: D102 -- the type says it
    @property
    def documents(self) -> Documents: ...  # noqa: D102 -- the type says it
    @property
    def journal(self) -> Journal: ...  # noqa: D102 -- the type says it
    @property
    def chain(self) -> Chain: ...  # noqa: D102 -- the type says it
    @property
    def write_backs(self) -> WriteBacks: ...  # noqa: D102 -- the type says it
    @property
    def alerts(self) -> Alerts: ...  # noqa: D102 -- the type says it
    @property
    def alert_sinks(self) -> AlertSinks: ...  # noqa: D102 -- the type says it
    @property
    def permits(self) -> Permits: ...  # noqa: D102 -- the type says it
    @property
    def agents(self) -> Agents: ...  # noqa: D102 -- the type says it
    @property
    def employer_stops(self) -> EmployerStops: ...  # noqa: D102 -- the type says it
    @property
    def masses(self) -> Masses: ...  # noqa: D102 -- the type says it
    @property
    def pairs(self) -> Pairs: ...  # noqa: D102 -- the type says it
    @property
    def snapshots(self) -> Snapshots: ...  # noqa: D102 -- the type says it
    @property
    def intake(self) -> Intake: ...  # noqa: D102 -- the type says it
    @property
    def audits(self) -> Audits: ...  # noqa: D102 -- the type says it
    @property
    def imported(self) -> ImportedContracts: ...  # noqa: D102 -- the type says it

    def commit(self) -> None:
        """Make everything durable; without it the transaction rolls back."""
        ...


class Ledger(Protocol):
    """Gives units of work."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """Start a transaction."""
        ...
