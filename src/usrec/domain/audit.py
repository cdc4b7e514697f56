"""What an audit says: what three books hold of a contract, and the words for what is found.

How it is found: :mod:`usrec.domain.audit_rules`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from usrec.domain.onboarding import HrContract, KnownContract
from usrec.domain.source_event import ContractKey
from usrec.domain.submission import SubmissionId


class Kind(StrEnum):
    """What is said of a contract; the first one that holds."""

    UNCLEAR = "unclear"
    """Nobody but a person can tell what belongs together, or what happened."""
    BY_HAND = "by_hand"
    """It is in the registry, and the agent neither sent it nor took it over."""
    LATE = "late"
    """The legal date of one of its events is over, and that is not registered."""
    ORPHAN = "orphan"
    """The registry has it, as far as is known, and HR has not."""
    MISSING = "missing"
    DIFFERENT = "different"
    UNDERWAY = "underway"
    """What is not registered is in the ledger, in time."""
    AGREES = "agrees"


class Cause(StrEnum):
    """Why; each belongs to one kind."""

    SEVERAL = "several"
    PUZZLE = "puzzle"
    DELETED = "deleted"
    BEING_SENT = "being_sent"
    NOT_TAKEN_OVER = "not_taken_over"
    EVENT_LATE = "event_late"
    ENTRY_LATE = "entry_late"
    CHANGE_LATE = "change_late"
    UNKNOWN_TO_HR = "unknown_to_hr"
    GONE_FROM_HR = "gone_from_hr"
    NOT_IN_REGISTRY = "not_in_registry"
    ID_UNKNOWN = "id_unknown"
    NEVER_TAKEN = "never_taken"
    OTHER_ID = "other_id"
    OTHER_IDENTITY = "other_identity"
    NOT_TOLD = "not_told"
    OPEN = "open"
    NOTHING_STANDS = "nothing_stands"
    SAME = "same"


class Step(StrEnum):
    """What would be done about it. Only the first is ever done by the agent's audit; the others are advice."""

    TAKE_OVER = "take_over"
    """Import its id from the export, as ``usrec onboard import`` does."""
    SETTLE = "settle"
    """Record that it was entered in the portal."""
    SEND = "send"
    """Let HR's source deliver the event; a staff that is looked at delivers it with its next look."""
    LOOK = "look"
    """See why its submission waits."""
    FIND_ID = "find_id"
    """Find it in the portal and import its id."""
    COMPARE = "compare"
    """Compare it with the portal."""
    MATCH = "match"
    """Say which belong together, in a file of ``usrec onboard import``."""
    ASK_HR = "ask_hr"
    NONE = "none"


_MEANS: Final[Mapping[Cause, tuple[Kind, Step]]] = {
    Cause.SEVERAL: (Kind.UNCLEAR, Step.MATCH),
    Cause.PUZZLE: (Kind.UNCLEAR, Step.ASK_HR),
    Cause.DELETED: (Kind.UNCLEAR, Step.COMPARE),
    Cause.BEING_SENT: (Kind.BY_HAND, Step.SETTLE),
    Cause.NOT_TAKEN_OVER: (Kind.BY_HAND, Step.TAKE_OVER),
    Cause.EVENT_LATE: (Kind.LATE, Step.LOOK),
    Cause.ENTRY_LATE: (Kind.LATE, Step.SEND),
    Cause.CHANGE_LATE: (Kind.LATE, Step.SEND),
    Cause.UNKNOWN_TO_HR: (Kind.ORPHAN, Step.ASK_HR),
    Cause.GONE_FROM_HR: (Kind.ORPHAN, Step.ASK_HR),
    Cause.NOT_IN_REGISTRY: (Kind.MISSING, Step.COMPARE),
    Cause.ID_UNKNOWN: (Kind.MISSING, Step.FIND_ID),
    Cause.NEVER_TAKEN: (Kind.MISSING, Step.SEND),
    Cause.OTHER_ID: (Kind.DIFFERENT, Step.COMPARE),
    Cause.OTHER_IDENTITY: (Kind.DIFFERENT, Step.MATCH),
    Cause.NOT_TOLD: (Kind.DIFFERENT, Step.SEND),
    Cause.OPEN: (Kind.UNDERWAY, Step.LOOK),
    Cause.NOTHING_STANDS: (Kind.AGREES, Step.NONE),
    Cause.SAME: (Kind.AGREES, Step.NONE),
}
QUIET: Final = frozenset({Kind.UNDERWAY, Kind.AGREES})
"""Nobody has to look at these."""


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field in which books differ; a value is None where its book does not tell it."""

    name: str
    hr: str | None = field(default=None, repr=False)
    ledger: str | None = field(default=None, repr=False)
    registry: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """An event that follows from HR's row and is not in the ledger; ``legal_date`` None where none can be told."""

    operation: str
    why: str
    legal_date: date | None = None
    fields: tuple[FieldDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A contract as HR's roster has it now.

    Attributes:
        legal_date: Last day by law of its entry, if it were not entered; None where HR's row does not tell.
        changes: What the ledger was not told yet.
        puzzle: What nobody can tell from the row; empty when all is clear.
        needed_by: Its last day by the contract: the first event, as far as is known, that needs the registry's id.
    """

    known: HrContract
    legal_date: date | None = None
    changes: tuple[Change, ...] = ()
    puzzle: str = ""
    needed_by: date | None = None


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """An event of the ledger that is neither registered nor taken back."""

    submission: SubmissionId
    legal_date: date | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A contract as the ledger has it.

    Attributes:
        known: By what rows and a staff's baseline recognise it; there may be several, or none.
        contract_id: The registry's id, whoever told it.
        entered: Registered by the agent, or taken over from an export.
        registered_on: Day on which the agent recorded its registration.
        ended: Its end is registered; ``deleted``: so is its deletion.
        underway: Its conclusion may be registered, or a person enters it.
        remembered: A staff's baseline has it: it was entered before the agent came.
    """

    key: ContractKey
    known: tuple[HrContract, ...] = ()
    contract_id: str | None = None
    entered: bool = False
    registered_on: date | None = None
    ended: bool = False
    deleted: bool = False
    underway: bool = False
    remembered: bool = False
    open: tuple[OpenEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Books:
    """What is compared.

    Attributes:
        hr: None where HR has no roster; then HR knows what the ledger was told.
        is_whole: Every contract of the employer stands in HR's roster; else only those that were seen in it once are
            missed there.
        registry: None without an export.
        exported_on: Day of the export: what was registered on it or later need not be in it.
    """

    ledger: Sequence[LedgerEntry]
    hr: Sequence[RosterEntry] | None = None
    registry: Sequence[KnownContract] | None = None
    exported_on: date | None = None
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said of one contract.

    Attributes:
        key: HR's key; None of a contract that only the registry knows.
        contract_id: The registry's id, of the export or of the ledger.
        legal_date: The statutory date that is over, or comes next.
        needed_by: When its id is needed, as far as is known.
        submission: Which one of the ledger it is about.
        candidates: Keys or ids that may belong to it.
        operations: Events that the ledger was not told.
        puzzle: The word for what cannot be told.
        iin: Of the employee.
    """

    cause: Cause
    key: ContractKey | None = None
    contract_id: str | None = None
    legal_date: date | None = None
    needed_by: date | None = None
    submission: SubmissionId | None = None
    fields: tuple[FieldDifference, ...] = ()
    candidates: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    puzzle: str = ""
    iin: str = field(default="", repr=False)

    @property
    def kind(self) -> Kind:
        """Its class."""
        return _MEANS[self.cause][0]

    @property
    def step(self) -> Step:
        """What would be done."""
        return _MEANS[self.cause][1]


def count_kinds(findings: Iterable[Finding]) -> Mapping[Kind, int]:
    """How many contracts there are of each kind."""
    counted = Counter(one.kind for one in findings)
    return {kind: counted[kind] for kind in Kind}
