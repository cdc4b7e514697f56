"""A submission: one revision of one contract event on its way to the registry.

Two stories are kept apart. The legal story is ``state``; the delivery story (``QueueStatus``, lease, wait reason) lives
in the outbox and may be rebuilt at any time from the legal one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import takewhile
from typing import Final, NewType

from usrec.domain.source_event import ContractKey, EmployerName, EventId, Operation, SourceName
from usrec.domain.state import MAY_BE_REGISTERED, OPEN, SETTLED, State

SubmissionId = NewType("SubmissionId", str)
AttemptId = NewType("AttemptId", str)

OUTSIDE_THE_LINE: Final = -1
"""Position of a submission that holds nobody: a refused revision, a second conclusion, a row without a contract."""
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class QueueStatus(StrEnum):
    """Where a submission stands in the outbox. Final submissions have no outbox row."""

    READY = "ready"
    """May be claimed now."""
    SCHEDULED = "scheduled"
    """May be claimed from ``available_at`` on."""
    CLAIMED = "claimed"
    """Leased to an agent."""
    HELD = "held"
    """Waits for a person."""
    BLOCKED = "blocked"
    """Waits for an earlier event of the same contract."""


class WaitReason(StrEnum):
    """Why a submission is not being sent now, in words that a person knows."""

    PAPER_DATE = "paper_date"
    """Its date has not come: USREC refuses future dates."""
    PREDECESSOR_OPEN = "predecessor_open"
    """An earlier event of the same contract is on its way."""
    PREDECESSOR_REFUSED = "predecessor_refused"
    """An earlier event of the same contract was refused or is invalid."""
    PREDECESSOR_IN_DOUBT = "predecessor_in_doubt"
    """It is not known whether an earlier event of the same contract was registered."""
    CONTRACT_UNKNOWN = "contract_unknown"
    """The registry's id of the contract is not known yet."""
    GATEWAY_UNREACHABLE = "gateway_unreachable"
    """Nothing could be sent; the agent tries again."""
    GATEWAY_FAULT = "gateway_fault"
    """The gateway did not process the request; the agent tries again."""
    ANSWER_UNKNOWN = "answer_unknown"
    """The answer is unknown; the agent resends the same bytes."""
    KEY_UNUSABLE = "key_unusable"
    """The employer's key cannot sign; tried again after a while."""
    NEEDS_DECISION = "needs_decision"
    """The agent cannot find out by itself; a person settles it."""
    HELD_BY_PERSON = "held_by_person"
    """A person stopped it."""
    MASS_HELD = "mass_held"
    """One of many changes that a person looks at before they are sent."""
    REPLAY = "replay"
    """Its turn in a replay has not come; replays are spread over time."""
    CHECKED_OUT = "checked_out"
    """A person enters it in the portal by hand."""
    NEXT_DAY = "next_day"
    """USREC refused it for a reason that passes with the day: the same goes again on the next one."""
    TO_CONFIRM = "to_confirm"
    """USREC says that it is registered already: a person looks and settles it."""
    OTHER_PARTY = "other_party"
    """Somebody else has to act first; then a person has it sent again."""
    EMPLOYER_STOPPED = "employer_stopped"
    """Nothing of its employer goes out. Never on record: it is seen from the stop of the employer."""
    AWAITING_SIGNATURE = "awaiting_signature"
    """Its owner signs it by hand."""
    AWAITING_APPROVAL = "awaiting_approval"
    """A person has to approve it before it is signed."""
    AWAITING_IIN = "awaiting_iin"
    """The employee of the contract, a foreigner, has no IIN yet."""


AFTER_REFUSAL: Final = frozenset({WaitReason.TO_CONFIRM, WaitReason.OTHER_PARTY})
"""USREC refused it, and it waits until somebody has acted."""

ON_THE_DESK: Final = AFTER_REFUSAL | {WaitReason.NEEDS_DECISION}
"""Only a person gets it on; they are reminded on every working day."""

REFUSED_SO_FAR: Final = AFTER_REFUSAL | {WaitReason.NEXT_DAY}
"""The code of a refusal stands with the submission, and nothing is decided yet."""

PROVEN_ABSENT: Final = frozenset({WaitReason.NEXT_DAY, WaitReason.OTHER_PARTY})
"""Of one that is signed and waits so, a signed refusal proves that it is not registered."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The legal story of one revision of one event.

    Attributes:
        position: Order among the events of the contract: the conclusion has 0, later events count from 1;
            ``OUTSIDE_THE_LINE`` for those that hold nobody.
        trigger: Day from which the term runs; None when the row did not tell.
        legal_date: Last day of the term (primary reading), None where the law sets none.
        safe_date: The strictest reading; never after ``legal_date``. Where the law sets no term, the internal target.
        due_utc: Exclusive bound of ``legal_date``, aware UTC.
        not_before: From when USREC takes the paper's date, aware UTC.
        contract_id: The registry's id that this message refers to or received.
        entered_at: When HR entered the row; ``received_at``: when the agent took it.
        decided_at: When the final answer came.
    """

    id: SubmissionId
    source: SourceName
    row_ref: str
    event_id: EventId
    revision: int
    operation: Operation | None
    employer: EmployerName | None
    employer_bin: str
    contract_key: ContractKey
    position: int
    state: State
    details: str
    withdrawn: bool
    received_at: datetime
    entered_at: datetime | None = None
    trigger: date | None = None
    legal_date: date | None = None
    safe_date: date | None = None
    due_utc: datetime | None = None
    safe_utc: datetime | None = None
    edition: str = ""
    point: str = ""
    term: str = ""
    calendar_version: str = ""
    not_before: datetime | None = None
    record_id: str | None = None
    contract_id: str | None = None
    code: str = ""
    reason: str = ""
    findings: str = "[]"
    decided_at: datetime | None = None
    replaces: SubmissionId | None = None
    replaced_by: SubmissionId | None = None

    @property
    def target_date(self) -> date | None:
        """Last day of the internal target of an event without a term of law."""
        return self.safe_date if self.legal_date is None else None

    def __repr__(self) -> str:
        """Never the details."""
        return f"Submission({self.id}, {self.operation}, {self.state})"


def contract_of(submission: Submission) -> tuple[str, ContractKey]:
    """The contract that a submission belongs to: its employer's number and the HR system's key."""
    return submission.employer_bin, submission.contract_key


def awaits_iin(submission: Submission) -> bool:
    """Whether HR's row says that the employee of the contract has no IIN yet; nothing of the contract can be sent."""
    if submission.operation is not Operation.CONCLUSION or "awaits_iin" not in submission.details:
        return False
    details = json.loads(submission.details)
    return details.get("awaits_iin") == "true" and not details.get("employee_iin")


def counts(submission: Submission) -> bool:
    """Whether it counts of its contract: it is registered, or stands open in the line for its event."""
    stands = submission.replaced_by is None and submission.position != OUTSIDE_THE_LINE
    return submission.state is State.ACCEPTED or (submission.state in OPEN and stands)


def turn(submission: Submission) -> tuple[bool, datetime, int, str]:
    """Sorts what counts of a contract: what was decided as it was decided, behind it what is open as it stands."""
    decided_at = submission.decided_at
    return decided_at is None, decided_at or _NEVER, submission.position, submission.id


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """The delivery story of an open submission.

    Attributes:
        priority: Exclusive bound of the safe date, aware UTC; earliest first.
        available_at: From when it may be claimed, aware UTC.
        fence: Rises with every claim; a writer with an older one is refused.
    """

    submission_id: SubmissionId
    employer_bin: str
    contract_key: ContractKey
    status: QueueStatus
    priority: datetime
    available_at: datetime
    wait_reason: WaitReason | None = None
    blocked_by: SubmissionId | None = None
    lease_owner: str | None = None
    lease_until: datetime | None = None
    fence: int = 0
    attempts: int = 0
    doubtful: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a submission until ``until``, proven by ``fence`` at every write."""

    submission_id: SubmissionId
    owner: str
    fence: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What the order of events needs to know of one submission of a contract."""

    id: SubmissionId
    position: int
    state: State
    status: QueueStatus | None
    not_before: datetime | None = None
    received_at: datetime | None = None


def head_of_line(
    line: Sequence[Standpoint], *, by_hand: Collection[SubmissionId] = (), held: Collection[SubmissionId] = ()
) -> Standpoint | None:
    """The first submission of a contract that is neither registered nor taken back, None when all are.

    One that may have reached the authority goes before all others, whatever its position: it was sent, or a person
    is entering it in the portal. One that waits for its day lets pass what could be sent before that day, up to the
    next that holds its followers.

    Args:
        line: The submissions of one contract that no later revision replaced, in any order.
        by_hand: Those that a person is entering.
        held: Those that a person has stopped; they pass nobody.
    """
    waiting = [one for one in line if one.state not in SETTLED]
    waiting.sort(key=lambda one: (one.state not in MAY_BE_REGISTERED and one.id not in by_hand, one.position))
    if not waiting or waiting[0].id in by_hand:
        return waiting[0] if waiting else None
    head = waiting[0]
    for one in takewhile(lambda behind: behind.state is State.PENDING and behind.id not in held, waiting[1:]):
        head = one if passes(one, head) else head
    return head


def passes(later: Standpoint | Submission, earlier: Standpoint | Submission) -> bool:
    """Whether ``later`` could be sent before the day for which ``earlier`` waits; nothing passes the conclusion."""
    taken, day = later.received_at, earlier.not_before
    if earlier.state is not State.PENDING or earlier.position <= 0 or day is None or taken is None:
        return False
    return day > max(later.not_before or taken, taken)


def wait_behind(head: Standpoint) -> WaitReason:
    """Why the followers of ``head`` wait."""
    match head.state:
        case State.INVALID | State.REJECTED:
            return WaitReason.PREDECESSOR_REFUSED
        case State.INDETERMINATE:
            return WaitReason.PREDECESSOR_IN_DOUBT
        case _:
            return WaitReason.PREDECESSOR_OPEN
