"""What the made-up company consists of, and what an undisturbed run should make of each of its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from usrec.domain.identifiers import Sex
from usrec.domain.source_event import Operation


class Fate(StrEnum):
    """How an event ends when nothing is disturbed."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    INVALID = "invalid"
    BLOCKED = "blocked"
    """It waits behind an event of the same contract that is invalid or refused."""
    WAITING = "waiting"
    """Its date has not come."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post of the staff schedule.

    Attributes:
        code: Code of the national classifier of occupations.
        title: Free text, Kazakh or Russian.
    """

    department: str
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Employee:
    """A person on the company's books."""

    personnel_no: str
    iin: str
    family_name: str
    given_name: str
    patronymic: str
    birth_date: date
    sex: Sex

    @property
    def full_name(self) -> str:
        """Family name first, as on the contract."""
        return f"{self.family_name} {self.given_name} {self.patronymic}"


@dataclass(frozen=True, slots=True)
class Contract:
    """An employment contract as the HR system holds it.

    Attributes:
        key: The HR system's own key, which the outbox calls ``contract_key``.
        begin_date: First day of work.
        registry_id: The registry's id; None while its conclusion is still to be registered.
        ended_on: Last day of a contract that ended, and was reported, long ago.
    """

    key: str
    employee: Employee
    post: Post
    number: str
    contract_date: date
    begin_date: date
    registry_id: str | None = None
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """An agreement or a leave that the registry holds before the demonstration begins, with the id that HR noted.

    Attributes:
        day: Date of the agreement, or first day of the leave.
        number: Of the agreement; a leave has none.
    """

    registry_id: str
    contract: Contract
    operation: Operation
    day: date
    number: str | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One row for the table of ``schemas/hr-outbox``.

    Attributes:
        payload: Text that should be a JSON object.
        entered_at: Aware UTC, always before the company's ``today``.
    """

    event_id: str
    revision: int
    event_type: str
    contract_key: str
    employer_bin: str
    payload: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event that the agent has not seen yet.

    Attributes:
        story: Why it is in the demonstration, such as ``unknown_person``; ``everyday`` for the bulk.
        fate: What an undisturbed run makes of its last revision.
        late: Its term has run out already.
        rows: Its revisions, oldest first.
    """

    event_id: str
    story: str
    fate: Fate
    late: bool
    rows: tuple[OutboxRow, ...]


@dataclass(frozen=True, slots=True)
class Company:
    """Everything that the demonstration needs to know.

    Attributes:
        bin: The employer's BIN.
        unknown_persons: IINs that the registry must answer with SCSE012; for the simulator's fault script.
    """

    name_ru: str
    name_kk: str
    bin: str
    today: date
    employees: tuple[Employee, ...]
    contracts: tuple[Contract, ...]
    papers: tuple[Paper, ...]
    pending: tuple[PendingEvent, ...]
    unknown_persons: tuple[str, ...]

    @property
    def history(self) -> tuple[Contract, ...]:
        """Contracts that the registry holds before the demonstration begins."""
        return tuple(contract for contract in self.contracts if contract.registry_id is not None)

    @property
    def rows(self) -> tuple[OutboxRow, ...]:
        """All pending rows in the order in which HR entered them."""
        rows = (row for event in self.pending for row in event.rows)
        return tuple(sorted(rows, key=lambda row: (row.entered_at, row.event_id, row.revision)))
