"""A contract event as the HR system commits it: the raw row, and the typed event that the rules made of it.

The fields are those of the three operations whose elements working clients show (newContractData,
subsidiaryContractData, terminationContractData). A contract's identity is the HR system's own key, never the
IIN: one person may hold several contracts, be rehired, or have no IIN yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

SourceName = NewType("SourceName", str)
EventId = NewType("EventId", str)
ContractKey = NewType("ContractKey", str)
EmployerName = NewType("EmployerName", str)


class Operation(StrEnum):
    """What is to be registered; the value is also the row's ``event_type`` and the deadline's event."""

    CONCLUSION = "conclusion"
    AMENDMENT = "amendment"
    TERMINATION = "termination"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a source, exactly as read: nothing about it is trusted yet.

    Attributes:
        source: Name of the source in the settings.
        row_ref: How the source finds the row again (its primary key, as text).
        event_id: The HR system's id of the event; empty when the row has none.
        revision: 1 for the first version of the event; HR raises it with each correction.
        event_type: Text that should name an :class:`Operation`.
        contract_key: The HR system's key of the contract; empty when the row has none.
        employer_bin: BIN, or the IIN of an individual entrepreneur, as text.
        payload: JSON text of an object.
        withdrawn: HR takes the event back.
        entered_at: When HR entered the row, aware UTC; None where the row does not tell.
    """

    source: SourceName
    row_ref: str
    event_id: str
    revision: int
    event_type: str
    contract_key: str
    employer_bin: str
    payload: str
    withdrawn: bool = False
    entered_at: datetime | None = None

    def canonical(self) -> bytes:
        """The bytes that make two deliveries of the same revision equal or different."""
        what = [
            self.event_type,
            self.contract_key,
            self.employer_bin,
            _canonical_json(self.payload),
            self.withdrawn,
        ]
        return json.dumps(what, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")

    def __repr__(self) -> str:
        """Never the payload: it holds personal data."""
        return f"SourceRow({self.source}/{self.event_id or self.row_ref} r{self.revision} {self.event_type})"


def _canonical_json(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return text


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A concluded employment contract (newContractData).

    Attributes:
        contract_date: Date of the contract, part of its identity on the wire.
        signed_on: Day on which both parties had signed; the term of Order 353 p.7 runs from it.
        begin_date: First day of work.
        position_code: Code of the national classifier of occupations (НКЗ).
        established_post: Post of the staff schedule, free text.
        conscript_code: Relation to military service.
    """

    employee_iin: str
    contract_number: str
    contract_date: date
    signed_on: date
    begin_date: date
    position_code: str
    established_post: str
    conscript_code: str


@dataclass(frozen=True, slots=True)
class Amendment:
    """An additional agreement (subsidiaryContractData); its term, p.8, runs from ``signed_on``.

    ``contract_id`` is the registry's id of the contract, given only for contracts that this agent did not register.
    """

    agreement_number: str
    agreement_date: date
    signed_on: date
    begin_date: date
    position_code: str
    established_post: str
    contract_id: str | None = None


@dataclass(frozen=True, slots=True)
class Termination:
    """A terminated contract (terminationContractData); its term, p.12, runs from ``termination_date``."""

    termination_date: date
    reason_code: str
    contract_id: str | None = None


Details = Conclusion | Amendment | Termination

DETAILS_TYPES: Mapping[Operation, type[Details]] = {
    Operation.CONCLUSION: Conclusion,
    Operation.AMENDMENT: Amendment,
    Operation.TERMINATION: Termination,
}


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """A row that passed the rules."""

    source: SourceName
    row_ref: str
    event_id: EventId
    revision: int
    operation: Operation
    contract_key: ContractKey
    employer_bin: str
    details: Details
    withdrawn: bool = False
    entered_at: datetime | None = None

    def __repr__(self) -> str:
        """Never the details: they hold personal data."""
        return f"SourceEvent({self.source}/{self.event_id} r{self.revision} {self.operation})"


def trigger_date(details: Details) -> date:
    """The day from which the term of Order 353 runs: signing by both (p.7, p.8) or termination (p.12)."""
    match details:
        case Conclusion() | Amendment():
            return details.signed_on
        case Termination():
            return details.termination_date


def paper_dates(details: Details) -> tuple[date, ...]:
    """Dates that must have come before it is sent: USREC refuses them in the future (codes 059, 062, 066).

    What both parties are to sign tomorrow is no contract yet (Order 353 p.7 and 8: the term runs from the signing).
    """
    match details:
        case Conclusion():
            return (details.contract_date, details.signed_on)
        case Amendment():
            return (details.agreement_date, details.signed_on)
        case Termination():
            return (details.termination_date,)


def dump_details(details: Details) -> str:
    """Details as JSON text for the ledger; :func:`load_details` is its inverse."""
    values = {item.name: getattr(details, item.name) for item in fields(details)}
    return json.dumps(
        {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()},
        ensure_ascii=False,
        sort_keys=True,
    )


def load_details(operation: Operation, text: str) -> Details:
    """Details from the ledger's JSON text, which :func:`dump_details` wrote."""
    kind = DETAILS_TYPES[operation]
    raw: dict[str, str | None] = json.loads(text)
    dates = {item.name for item in fields(kind) if item.type in {date, "date"}}
    values: dict[str, object] = {
        name: date.fromisoformat(value) if name in dates and value is not None else value for name, value in raw.items()
    }
    return kind(**values)  # type: ignore[arg-type]  # the names and types are those of dump_details
