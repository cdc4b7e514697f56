"""Many changes at once: an agreement for a whole staff, or a termination of hundreds, is looked at before it is sent.

Each row may be right by itself and the whole still a mistake: a wrong export terminates a staff, and what USREC holds
of a termination only the state labour body changes (Order 353 p.13). So more than a set number of one kind, of one
employer and of one day, that arrive within one window, are held as one batch until a person has looked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from usrec.domain.source_event import Amendment, Details, EmployerName, Operation, Termination
from usrec.domain.submission import SubmissionId


class MassDecision(StrEnum):
    """What a person decided about a batch."""

    RELEASED = "released"
    CANCELLED = "cancelled"


MASSED: Final = frozenset({Operation.AMENDMENT, Operation.TERMINATION})
"""What may be one of many; everything else is never held for its number."""


@dataclass(frozen=True, slots=True)
class MassPolicy:
    """From how many on a change counts as one of many; 0 holds none.

    Attributes:
        terminations: Lower: what was sent by mistake only the labour authority can undo.
        window: Rows that arrive within it belong together.
    """

    amendments: int = 150
    terminations: int = 20
    window: timedelta = timedelta(days=1)

    def limit_of(self, operation: Operation) -> int:
        """How many may pass; 0 without a limit."""
        limits: Mapping[Operation, int] = {
            Operation.AMENDMENT: self.amendments,
            Operation.TERMINATION: self.terminations,
        }
        return limits.get(operation, 0)


@dataclass(frozen=True, slots=True, order=True)
class MassGroup:
    """What belongs together.

    Attributes:
        day: Date of the agreement, or of the termination.
    """

    employer_bin: str
    operation: Operation
    day: date

    @classmethod
    def of(cls, employer_bin: str, details: Details) -> MassGroup | None:
        """The group of an event; None for a kind that is never held, such as a conclusion."""
        match details:
            case Amendment():
                return cls(employer_bin, Operation.AMENDMENT, details.agreement_date)
            case Termination():
                return cls(employer_bin, Operation.TERMINATION, details.termination_date)
            case _:
                return None


@dataclass(frozen=True, slots=True)
class MassMember:
    """One event of a group, when it arrived."""

    submission_id: SubmissionId
    group: MassGroup
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class MassBatch:
    """Many changes that are held, or were decided about.

    Attributes:
        name: By which a person calls it: employer, kind, day, and a number from the second on.
        opened_at: Aware UTC, as ``decided_at`` is.
        reason: The person's own words.
    """

    name: str
    employer_bin: str
    employer: EmployerName
    operation: Operation
    day: date
    opened_at: datetime
    decision: MassDecision | None = None
    decided_at: datetime | None = None
    decided_by: str = ""
    reason: str = ""

    @property
    def group(self) -> MassGroup:
        """What belongs to it."""
        return MassGroup(self.employer_bin, self.operation, self.day)


FIRST: Final = 1


def batch_name(employer: EmployerName, group: MassGroup, number: int) -> str:
    """The name of the ``number``-th batch of a group."""
    name = f"{employer}-{group.operation.value}-{group.day.isoformat()}".replace(" ", "_")
    return name if number == FIRST else f"{name}-{number}"
