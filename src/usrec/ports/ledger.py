"""The agent's own durable memory, in domain words. One implementation serves SQLite and PostgreSQL.

A unit of work is one transaction: it rolls back unless ``commit`` is called. Transactions that change a contract take
that contract's lock first (``contracts.lock``), so that two agents cannot both decide what goes next in its line.

All methods raise :class:`usrec.domain.errors.LedgerUnavailable` when the database cannot be reached or written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from usrec.domain.alert import Alert, Watched
from usrec.domain.document import FoundFile, StoredDocument
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.message import CorrelationId, SignedMessage
from usrec.domain.signing_request import SigningRequest
from usrec.domain.source_event import ContractKey, EventId, SourceName, SourceRow
from usrec.domain.state import State
from usrec.domain.submission import AttemptId, Lease, QueueEntry, Standpoint, Submission, SubmissionId, WaitReason
from usrec.domain.verdict import Ending
from usrec.ports.alert_sinks import AlertSinks
from usrec.ports.event_source import StatusNote
from usrec.ports.masses import Masses, Pairs

InboxKey = tuple[SourceName, EventId, int]
"""(source, event id, revision)."""

ContractRef = tuple[str, ContractKey]
"""(employer's BIN, the HR system's key)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased submission with all that its delivery needs.

    Attributes:
        entry: Its ``attempts`` is the number of the last attempt on record, also of one that nobody closed.
        message: The signed message of an earlier attempt, None before the first.
        open_attempt: An attempt that an agent began and never closed: its process died or lost its lease.
        sent_attempts: Closed attempts after which the authority may hold the record.
        request: The document that a person was asked to sign or approve.
    """

    submission: Submission
    entry: QueueEntry
    lease: Lease
    message: SignedMessage | None
    open_attempt: AttemptId | None
    sent_attempts: int
    request: SigningRequest | None = None


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
        kind: ``answer`` or ``settlement``.
        signed_digest: Digest of the signed answer; unique, so that a replay shows.
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


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the append-only journal: a transition, an attempt, or a person's decision.

    Attributes:
        action: Stable word: ``received``, ``sign``, ``attempt_opened``, ``attempt_closed``, ``accept``, ``hold``...
        actor: ``agent`` or the person's login name.
        detail: JSON object without personal data.
    """

    at: datetime
    submission_id: SubmissionId | None
    action: str
    from_state: State | None
    to_state: State | None
    actor: str
    reason: str
    detail: str = "{}"


class Inbox(Protocol):
    """What was taken from the sources: the idempotent receiver."""

    def fingerprint(self, canonical: bytes) -> str:
        """Keyed digest of a row's canonical bytes (a bare digest of personal data could be guessed back)."""
        ...

    def known(self, keys: Collection[InboxKey]) -> Mapping[InboxKey, str]:
        """The fingerprints of those ``keys`` that are on record."""
        ...

    def add(self, row: SourceRow, event_id: EventId, fingerprint: str, at: datetime) -> None:
        """Record a row. Unique on (source, event id, revision).

        Raises:
            LedgerUnavailable: Another agent recorded it since ``known`` was asked; the transaction is lost.
            ValidationProblem: The database cannot hold it (a NUL character, a number beyond 64 bits); likewise.
        """
        ...

    def row(self, key: InboxKey) -> SourceRow | None:
        """The row as it was taken, None when it never was."""
        ...


class Submissions(Protocol):
    """The legal story."""

    def add(self, submission: Submission) -> None:
        """Store a new submission."""
        ...

    def get(self, submission_id: SubmissionId) -> Submission | None:
        """One submission, None when there is none."""
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

    def conclusions_of(self, employer_bin: str, contract_key: ContractKey) -> Sequence[Submission]:
        """The conclusion events in the line of a contract (position >= 0), neither replaced nor cancelled."""
        ...

    def standing_of(self, contracts: Collection[ContractRef]) -> Mapping[ContractRef, Sequence[Submission]]:
        """What counts of these contracts: accepted submissions as they were decided, behind them the open ones in line.

        Those that a later revision replaced, that are invalid, refused or taken back do not count.
        """
        ...

    def line_of(self, employer_bin: str, contract_key: ContractKey) -> Sequence[Standpoint]:
        """The submissions in the line of a contract (position >= 0) that no other replaced and that are not settled."""
        ...

    def next_position(self, employer_bin: str, contract_key: ContractKey) -> int:
        """A position (>= 1) behind all events of the contract."""
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

    def remove(self, submission_id: SubmissionId) -> None:
        """The delivery is over."""
        ...

    def promote(self, now: datetime) -> int:
        """Make scheduled entries whose time has come ready, and claimed ones whose lease ran out. Returns how many.

        A call does a bounded number, longest due first, and leaves out what another transaction holds.
        """
        ...

    def hasten(self, reason: WaitReason, limit: int) -> int:
        """Make up to ``limit`` scheduled entries that wait for ``reason`` ready before their time; returns how many.

        Earliest priority first; leaves out what another transaction holds.
        """
        ...

    def claim(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, only: SubmissionId | None = None
    ) -> Sequence[Claim]:
        """Lease up to ``limit`` ready entries, earliest priority first; rows leased by others are skipped.

        Those of a stopped employer are left. With ``only``, at most that one.
        """
        ...

    def waiting_since(self, submissions: Collection[SubmissionId]) -> Mapping[SubmissionId, datetime]:
        """Since when those of ``submissions`` that wait for somebody after a refusal do."""
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

    def release(self, lease: Lease, entry: QueueEntry) -> None:
        """Give the lease back and store the entry's new status, times and reason.

        Raises:
            LeaseLost: Somebody else holds it now.
        """
        ...


class SigningRequests(Protocol):
    """What persons are asked to sign or approve. A request lasts as long as its submission's queue entry."""

    def put(self, request: SigningRequest) -> None:
        """Insert or replace."""
        ...

    def get(self, submission_id: SubmissionId) -> SigningRequest | None:
        """One request, None when nothing was asked."""
        ...

    def remove(self, submission_id: SubmissionId) -> None:
        """What was asked and approved is void."""
        ...

    def awaiting(self, employer_bin: str) -> Sequence[tuple[Submission, SigningRequest]]:
        """All of an employer that wait for its owner's signature, most urgent first."""
        ...

    def asked_at(self, submissions: Collection[SubmissionId]) -> Mapping[SubmissionId, datetime]:
        """Since when those of ``submissions`` that wait for a person's signature or approval do."""
        ...


class Attempts(Protocol):
    """Every try to send."""

    def open(self, attempt: Attempt) -> None:
        """Record an attempt before it is made."""
        ...

    def close(self, attempt_id: AttemptId, closing: AttemptClosing) -> None:
        """Record how it ended. Closing a closed attempt again changes nothing."""
        ...

    def open_of(self, submission_id: SubmissionId) -> AttemptId | None:
        """The attempt that was never closed, None when there is none."""
        ...

    def sent_of(self, submission_id: SubmissionId) -> int:
        """After how many attempts the authority may hold the record (open ones included)."""
        ...

    def refused_of(self, submission_id: SubmissionId) -> int:
        """How many attempts a signed answer refused."""
        ...


class Acknowledgements(Protocol):
    """Trusted decisions."""

    def seen(self, signed_digest: str) -> bool:
        """Whether an answer with this digest is on record."""
        ...

    def add(self, acknowledgement: Acknowledgement) -> None:
        """Record a decision."""
        ...


class Contracts(Protocol):
    """The contracts that the agent knows, by the HR system's key."""

    def lock(self, employer_bin: str, contract_key: ContractKey) -> None:
        """Make the contract known and hold its lock until the transaction ends.

        Until then nobody else decides what goes next in its line, no claim of its submissions begins, and a claim
        that was begun before writes nothing. So take it before reading what the decision rests on.
        """
        ...

    def registry_id(self, employer_bin: str, contract_key: ContractKey) -> str | None:
        """The registry's id of the contract, None while unknown."""
        ...

    def set_registry_id(self, employer_bin: str, contract_key: ContractKey, registry_id: str | None) -> None:
        """Remember the registry's id; None: the registry has no such contract any more."""
        ...

    def add_number(self, employer_bin: str, contract_key: ContractKey, number: str) -> None:
        """Remember that an event gives the contract this number; a number once remembered stays."""
        ...

    def with_number(self, employer_bin: str, number: str) -> Sequence[ContractKey]:
        """The employer's contracts to which an event ever gave this number, ordered."""
        ...


class Journal(Protocol):
    """Append-only; the database refuses changes."""

    def append(self, *entries: JournalEntry) -> None:
        """Add lines in this order."""
        ...


class WriteBacks(Protocol):
    """Notes to HR that are still to be written; the newest about the latest revision of a row wins."""

    def put(self, *notes: StatusNote) -> None:
        """Remember to write each note, unless one about a later revision, or a later one, waits for the same row.

        Of more than one, each must be about a row of its own.
        """
        ...

    def due(self, source: SourceName, now: datetime, limit: int) -> Sequence[tuple[int, StatusNote]]:
        """Notes to write now, oldest first, each with its handle."""
        ...

    def done(self, handles: Sequence[int], at: datetime) -> None:
        """They were written."""
        ...

    def postpone(self, handles: Sequence[int], until: datetime) -> None:
        """They could not be written; try again then."""
        ...


class Alerts(Protocol):
    """Durable alerts, each raised once. What each sink took of them is told in ``AlertSinks``."""

    def add(self, alerts: Sequence[Alert]) -> Sequence[Alert]:
        """Record alerts; returns those that were new (unique on event, date and threshold).

        A new one closes the event's earlier alerts about the same date. One that was raised before and closed is open
        again: it stands for its event once more.
        """
        ...

    def outdated(self, limit: int) -> Sequence[tuple[int, Alert]]:
        """Open alerts whose submission is settled or was replaced, and reminders of what is not awaited any more.

        Each with its handle. What is told of a pair stays open while its half stands, registered or not.
        """
        ...

    def unsay(self, after: datetime, now: datetime, limit: int) -> Sequence[SubmissionId]:
        """Close open alerts that were raised after ``after``, as if nobody had been told; gives whose they were."""
        ...

    def hand_over(self, handle: int, to: SubmissionId) -> None:
        """Another submission of the same event stands for it now."""
        ...

    def close(self, handles: Sequence[int], at: datetime) -> None:
        """There is nothing left to tell."""
        ...

    def withdraw(self, submission_id: SubmissionId, watched: Watched, at: datetime) -> None:
        """What was told of this about its event is not true any more."""
        ...

    def watch(self, submission_id: SubmissionId, at: datetime | None) -> None:
        """Look at the submission's dates at ``at`` (aware UTC); None: never again. The latest call wins."""
        ...

    def to_watch(self, now: datetime, limit: int) -> Sequence[Submission]:
        """Submissions whose time to be looked at has come, earliest first."""
        ...


class Permits(Protocol):
    """Foreigners' permits: at most one for each contract, that of its newest registered event."""

    def put(self, employer_bin: str, contract_key: ContractKey, submission_id: SubmissionId, end_date: date) -> None:
        """The contract's permit ends then. With another last day than before it is a newer permit, told anew."""
        ...

    def remove(self, employer_bin: str, contract_key: ContractKey) -> None:
        """The contract has no permit."""
        ...

    def pause(self, employer_bin: str, contract_key: ContractKey, *, ended: bool) -> None:
        """The contract has ended, so nobody is told of its permit; or it goes on again."""
        ...

    def move(self, employer_bin: str, contract_key: ContractKey, *, to: str) -> None:
        """The employer of the contract has another BIN; a permit that is known there already stays in its place."""
        ...

    def untold(self, until: date, days: int, limit: int) -> Sequence[tuple[SubmissionId, date]]:
        """Permits that end by ``until`` and were not told ``days`` before their end or later, the first to end first.

        Each by the event that named it, with its last day.
        """
        ...

    def told(self, submission_id: SubmissionId, days: int) -> None:
        """The permit that this event named was told ``days`` before its end."""
        ...


class Agents(Protocol):
    """The agents that work on the ledger, each with its last sign of life."""

    def beat(self, sign: Heartbeat) -> None:
        """Put the agent's newest sign in the place of its last one; a sign after a farewell revokes that."""
        ...

    def leave(self, owner: str, at: datetime) -> None:
        """The agent takes its leave; one that never gave a sign may do so too."""
        ...

    def forget(self, before: datetime) -> int:
        """Strike off agents that have given no sign since ``before``; returns how many."""
        ...


class Documents(Protocol):
    """The supporting documents that events name, each content once."""

    def keep(self, found: FoundFile, at: datetime) -> None:
        """Store a file of a known format; nothing happens when its content is there already."""
        ...

    def get(self, digest: str) -> tuple[StoredDocument, bytes] | None:
        """One document with its content."""
        ...

    def stored(self, limit: int) -> Sequence[StoredDocument]:
        """The documents taken last, newest first."""
        ...

    def like(self, beginning: str) -> Sequence[StoredDocument]:
        """Those whose digest begins so, two at most: enough to know one, none or several."""
        ...


class EmployerStops(Protocol):
    """Employers of whom nothing more is signed or sent until a person releases them."""

    def add(self, stop: EmployerStop) -> bool:
        """Stop an employer; false when it was stopped already, and then that stop stands."""
        ...

    def get(self, employer_bin: str) -> EmployerStop | None:
        """Its stop, None when it has none."""
        ...

    def remove(self, employer_bin: str) -> bool:
        """Release an employer; false when nobody had stopped it."""
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
    def contracts(self) -> Contracts: ...  # noqa: D102 -- the type says it
    @property
    def documents(self) -> Documents: ...  # noqa: D102 -- the type says it
    @property
    def journal(self) -> Journal: ...  # noqa: D102 -- the type says it
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

    def commit(self) -> None:
        """Make everything durable; without it the transaction rolls back."""
        ...


class Ledger(Protocol):
    """Gives units of work."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """Start a transaction."""
        ...
