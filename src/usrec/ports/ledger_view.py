"""What operators read. Screens and lists query tables directly; they never go through the line's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from usrec.domain.employer_stop import EmployerStop
from usrec.domain.forecast import QueueLoad
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.last_day import LastDayCase
from usrec.domain.lateness import Passage
from usrec.domain.mass import MassBatch
from usrec.domain.oversight import Sight
from usrec.domain.pair import Pair
from usrec.domain.permit import EndingPermit, PermitDays
from usrec.domain.source_event import EmployerName, Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId, WaitReason
from usrec.ports.alert_sinks import NoticeBoard
from usrec.ports.figures import Figures

_PERMIT_DAYS: Final = PermitDays()
TAIL_BOUND: Final = timedelta(hours=1)
"""So long a line of the journal may wait to be linked, where the settings do not say."""


@dataclass(frozen=True, slots=True)
class SubmissionFilter:
    """Which submissions; every part that is None matches all.

    Attributes:
        due_before: Legal bound earlier than this, aware UTC.
        current: Only those that no later revision or retry replaced.
        unsettled: Only those that are neither registered nor taken back.
        unsettled_or_late: Only the unsettled ones and those that were registered when their legal bound was over.
    """

    state: State | None = None
    code: str | None = None
    due_before: datetime | None = None
    employer: EmployerName | None = None
    contract_key: str | None = None
    current: bool = True
    ids: Sequence[SubmissionId] | None = None
    unsettled: bool = False
    wait_reason: WaitReason | None = None
    unsettled_or_late: bool = False


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """One line of a list, without personal data.

    Attributes:
        safe_date: As in :class:`usrec.domain.submission.Submission`.
        pruned_at: When its personal data went by the rules of retention; None while it is there.
    """

    id: SubmissionId
    state: State
    operation: str
    employer: str
    contract_key: str
    event_id: str
    revision: int
    code: str
    reason: str
    findings: str
    legal_date: date | None
    safe_date: date | None
    due_utc: datetime | None
    received_at: datetime
    decided_at: datetime | None
    contract_id: str | None
    status: QueueStatus | None
    wait_reason: WaitReason | None
    available_at: datetime | None
    blocked_by: SubmissionId | None
    attempts: int
    doubtful: bool
    record_id: str | None
    replaced_by: SubmissionId | None
    pruned_at: datetime | None = None

    @property
    def target_date(self) -> date | None:
        """Last day of the internal target of an event without a term of law."""
        return self.safe_date if self.legal_date is None else None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt as operators see it."""

    id: str
    number: int
    opened_at: datetime
    closed_at: datetime | None
    ending: str | None
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One journal line as operators see it."""

    seq: int
    at: datetime
    action: str
    from_state: str | None
    to_state: str | None
    actor: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class RequestRow:
    """What a person was asked to sign or approve, without the document."""

    digest: str
    asked_at: datetime
    package_id: str | None
    packaged_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class SubmissionStory:
    """Everything about one submission that may be shown."""

    row: SubmissionRow
    edition: str
    point: str
    term: str
    entered_at: datetime | None
    signed_at: datetime | None
    replaces: SubmissionId | None
    attempts: Sequence[AttemptRow]
    journal: Sequence[JournalRow]
    behind: Sequence[SubmissionRow]
    request: RequestRow | None = None
    pair: Pair | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What the outbox holds now, to know whether work is left without a person or a date."""

    ready: int
    claimed: int
    retrying: int
    """Scheduled for another try by the agent itself."""
    dated: int
    """Scheduled for a day that has not come: the paper's date, or the day after a refusal that passes with the day."""
    held: int
    """A person must act: held, checked out, of a stopped employer, or without a usable key."""
    blocked: int
    next_at: datetime | None
    """Earliest time at which a scheduled entry becomes ready."""


@dataclass(frozen=True, slots=True)
class UsedCodes:
    """The codes of official dictionaries that a submission holds.

    Attributes:
        codes: By the name of the field.
    """

    submission_id: SubmissionId
    employer_bin: str
    contract_key: str
    operation: Operation
    state: State
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MassRow:
    """A batch of changes that are held until a person has looked, or were.

    Attributes:
        by_state: All events of the batch that no later revision replaced.
        held: Those that are stopped now.
        first_legal: Earliest legal date among the open ones; ``first_safe``: by the strictest reading.
        last_legal: Latest legal date among them.
    """

    batch: MassBatch
    by_state: Mapping[State, int]
    held: int
    first_legal: date | None
    last_legal: date | None
    first_safe: date | None

    @property
    def events(self) -> int:
        """How many events it has."""
        return sum(self.by_state.values())


@dataclass(frozen=True, slots=True)
class Named:
    """How many submissions there are of a kind, and the first of them."""

    number: int = 0
    first: Sequence[SubmissionRow] = ()


@dataclass(frozen=True, slots=True)
class UnsettledGroup:
    """How many unsettled submissions stand alike; without a status those that are not in the outbox."""

    state: State
    status: QueueStatus | None
    wait_reason: WaitReason | None
    number: int


@dataclass(frozen=True, slots=True)
class Unsettled:
    """The current submissions that are neither registered nor taken back.

    Attributes:
        oldest: The one that was taken first.
        overdue: Those whose legal date is over.
        due_soon: Those whose legal date ends soon.
        targets: Those without a term of law, whose internal target counts; the earliest target first.
        targets_passed: Those of them whose target has passed.
    """

    groups: Sequence[UnsettledGroup]
    oldest: SubmissionRow | None
    overdue: Named
    due_soon: Named
    targets: Named
    targets_passed: Named


class LedgerView(Protocol):
    """Read-only questions; each is one short snapshot."""

    def rows(self, which: SubmissionFilter, *, limit: int | None = None) -> Sequence[SubmissionRow]:
        """Matching submissions, earliest due first."""
        ...

    def story(self, submission_id: SubmissionId) -> SubmissionStory | None:
        """One submission with attempts, journal and what waits behind it; accepts a unique id prefix."""
        ...

    def codes_in_use(self) -> Sequence[UsedCodes]:
        """Codes of current submissions, except those taken back; within a contract in the order of its events."""
        ...

    def counts(self) -> Mapping[tuple[State, str], int]:
        """How many current submissions stand in each (state, code)."""
        ...

    def unsettled(self, now: datetime, today: date, soon: timedelta, named: int) -> Unsettled:
        """What is unsettled, counted; up to ``named`` of each kind are told one by one, earliest due first."""
        ...

    def has_work(self) -> bool:
        """Whether the agent can do anything by itself: send, try again, or tell HR. Cheap, however long the queue."""
        ...

    def progress(self) -> Progress:
        """What the outbox holds."""
        ...

    def next_date(self) -> date | None:
        """The earliest legal date of an unsettled submission, None when there is none."""
        ...

    def employer_stops(self) -> Sequence[EmployerStop]:
        """Employers of whom nothing goes out, the oldest stop first."""
        ...

    def standing(self, action: str, *, before: datetime | None = None) -> JournalRow | None:
        """The newest journal line of this kind about the agent as a whole, None when there is none (before then)."""
        ...

    def passed_over(self) -> int:
        """How many current submissions are not sent because of the employer's policy of what is entered."""
        ...

    def masses(self) -> Sequence[MassRow]:
        """Batches of changes, newest first."""
        ...

    def mass_sample(self, name: str, limit: int) -> Sequence[SubmissionRow]:
        """Some current events of a batch, earliest legal date first."""
        ...

    def mass_changes(self, name: str) -> Mapping[str, int]:
        """How many current events of a batch change what: an amendment's words, a termination's ground."""
        ...

    def pairs(self) -> Sequence[Pair]:
        """Transfers in two halves, in the order of their keys."""
        ...

    def write_backs_waiting(self) -> int:
        """Notes to HR that are not written yet."""
        ...

    def heartbeats(self) -> Sequence[Heartbeat]:
        """The last sign of life of each agent, newest beat first."""
        ...

    def sight(
        self, now: datetime, since: datetime, permit_days: PermitDays = _PERMIT_DAYS, tail_bound: timedelta = TAIL_BOUND
    ) -> Sight:
        """What an independent watcher looks at.

        Args:
            since: Whatever an agent should have done before this instant, earlier than ``now``, it has failed to do.
            permit_days: When agents tell that a permit ends.
            tail_bound: How long a line of the journal may wait to be linked.
        """
        ...

    def permits(self, until: date) -> Sequence[EndingPermit]:
        """Permits of registered contracts that go on, ended or ending by then, the first to end first."""
        ...

    def last_exchange(self) -> datetime | None:
        """When the newest trusted answer of the authority was recorded, None when there is none."""
        ...

    def figures(self, now: datetime) -> Figures:
        """The numbers for a monitoring system; ``now`` (aware UTC) tells which alerts should be delivered by now."""
        ...

    def queue_load(self, now: datetime, since: datetime) -> QueueLoad:
        """What waits to be sent at ``now``, by dates, and the exchanges that ended since ``since``; both aware UTC."""
        ...

    def last_day(self, due: datetime) -> Sequence[LastDayCase]:
        """Open submissions in the queue whose legal date ends at ``due`` (aware UTC), in the order of sending."""
        ...

    def passages(
        self, since: datetime | None, employer: EmployerName | None, *, departments: bool = False
    ) -> Sequence[Passage]:
        """The ways of the events that were registered, those since ``since`` (aware UTC) and of ``employer``.

        Args:
            departments: Read HR's departments, too.
        """
        ...

    def notice_board(self) -> NoticeBoard:
        """The open alerts, who took them, and how each sink fares."""
        ...
