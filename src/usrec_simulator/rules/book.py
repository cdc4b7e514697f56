"""What every rule works with: the record, the registry, and the choices that make two simulated registries differ."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from usrec_simulator.business import BusinessRecord, Profile
from usrec_simulator.contracts import Change, Contract, Leave
from usrec_simulator.dictionaries import Dictionaries


class DeadlinePolicy(StrEnum):
    """Whether a late entry is refused or only noted; which of the two the real service does is not public."""

    WARN = "warn"
    REFUSE = "refuse"


class Demand(StrEnum):
    """Whether a contract needs only what clients of 2018 sent, or all data of point 3 of the Order."""

    SEEN = "seen"
    ORDER = "order"


class RegistryView(Protocol):
    """What the rules may ask the registry."""

    def record_id_used(self, record_id: str) -> bool:
        """Tell whether a record with this id exists."""

    def document_id_used(self, document_id: str) -> bool:
        """Tell whether a supporting document with this id exists."""

    def contract(self, contract_id: str) -> Contract | None:
        """Return a registered contract; a deleted one is not there any more."""

    def number_used(self, employer: str, number: str, *, beside: str | None = None) -> bool:
        """Tell whether the employer has a contract with this number, the contract `beside` not counted."""

    def agreement(self, agreement_id: str) -> tuple[Contract, Change] | None:
        """Return an agreement and its contract."""

    def leave(self, leave_id: str) -> tuple[Contract, Leave] | None:
        """Return a social leave and its contract."""

    def earlier_iins(self, employee: str) -> Collection[str]:
        """Return the numbers that were changed into this IIN."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The choices that make two simulated registries differ."""

    profile: Profile = Profile.CURRENT
    deadlines: DeadlinePolicy = DeadlinePolicy.WARN
    demand: Demand = Demand.SEEN
    unknown_persons: Collection[str] = field(default=frozenset(), repr=False)
    foreign_persons: Collection[str] = field(default=frozenset(), repr=False)
    dictionaries: Dictionaries = field(default_factory=Dictionaries, repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The code that refuses, or None; and codes that were only noted."""

    code: str | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One record before the registry."""

    record: BusinessRecord
    registry: RegistryView
    book: RuleBook
    today: date

    def text(self, name: str) -> str | None:
        """Return a further value of the record."""
        return self.record.details.text(name)

    def day(self, name: str) -> date | None:
        """Return a further date of the record."""
        return self.record.details.day(name)
