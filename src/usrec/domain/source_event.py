"""A contract event as the HR system commits it: the raw row, and the typed event that the rules made of it.

The events themselves are in :mod:`usrec.domain.events`; this module knows all of them. A contract's identity is the HR
system's own key, never the IIN: one person may hold several contracts, be rehired, or have no IIN yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NewType

from usrec.domain.events.changes import (
    Amendment,
    AmendmentDelete,
    AmendmentEdit,
    BinChange,
    Extension,
    IinChange,
    Reinstatement,
    Termination,
    Transfer,
)
from usrec.domain.events.contracts import Conclusion, ContractDelete, ContractEdit, LegacyContract
from usrec.domain.events.leaves import SocialLeave, SocialLeaveDelete, SocialLeaveEdit

__all__ = [
    "DEPARTMENT",
    "DETAILS_TYPES",
    "HEADS",
    "PAPER_FIELDS",
    "TRIGGER_FIELDS",
    "Amendment",
    "AmendmentDelete",
    "AmendmentEdit",
    "BinChange",
    "Conclusion",
    "ContractDelete",
    "ContractEdit",
    "ContractKey",
    "Details",
    "EmployerName",
    "EventId",
    "Extension",
    "IinChange",
    "LegacyContract",
    "Operation",
    "Reinstatement",
    "SocialLeave",
    "SocialLeaveDelete",
    "SocialLeaveEdit",
    "SourceEvent",
    "SourceName",
    "SourceRow",
    "Termination",
    "Transfer",
    "contract_id_given",
    "dump_details",
    "load_details",
    "operation_of",
    "paper_dates",
    "parsed_payload",
    "trigger_date",
]

SourceName = NewType("SourceName", str)
EventId = NewType("EventId", str)
ContractKey = NewType("ContractKey", str)
EmployerName = NewType("EmployerName", str)


class Operation(StrEnum):
    """What is to be registered; the value is also the row's ``event_type``."""

    CONCLUSION = "conclusion"
    AMENDMENT = "amendment"
    TERMINATION = "termination"
    CONTRACT_EDIT = "contract_edit"
    CONTRACT_DELETE = "contract_delete"
    AMENDMENT_EDIT = "amendment_edit"
    AMENDMENT_DELETE = "amendment_delete"
    REINSTATEMENT = "reinstatement"
    EXTENSION = "extension"
    SOCIAL_LEAVE = "social_leave"
    SOCIAL_LEAVE_EDIT = "social_leave_edit"
    SOCIAL_LEAVE_DELETE = "social_leave_delete"
    LEGACY_CONTRACT = "legacy_contract"
    IIN_CHANGE = "iin_change"
    BIN_CHANGE = "bin_change"
    TRANSFER = "transfer"


DEPARTMENT = "department"
"""Field of any payload that only counts in figures: two deliveries that differ in nothing else are the same."""

HEADS = frozenset({Operation.CONCLUSION, Operation.LEGACY_CONTRACT})
"""Those that put a contract into the registry: they go first, and their answer tells the contract's id."""


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


@lru_cache(maxsize=512)
def parsed_payload(text: str) -> Any:
    """The JSON value of a payload, read once for all who look at a row; nobody changes it.

    Raises:
        ValueError, RecursionError: It is none.
    """
    return json.loads(text)


def _canonical_json(text: str) -> str:
    try:
        payload = parsed_payload(text)
        if isinstance(payload, dict) and DEPARTMENT in payload:
            payload = {name: value for name, value in payload.items() if name != DEPARTMENT}
        return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return text


Details = (
    Conclusion
    | Amendment
    | Termination
    | ContractEdit
    | ContractDelete
    | AmendmentEdit
    | AmendmentDelete
    | Reinstatement
    | Extension
    | SocialLeave
    | SocialLeaveEdit
    | SocialLeaveDelete
    | LegacyContract
    | IinChange
    | BinChange
    | Transfer
)

DETAILS_TYPES: Mapping[Operation, type[Details]] = {
    Operation.CONCLUSION: Conclusion,
    Operation.AMENDMENT: Amendment,
    Operation.TERMINATION: Termination,
    Operation.CONTRACT_EDIT: ContractEdit,
    Operation.CONTRACT_DELETE: ContractDelete,
    Operation.AMENDMENT_EDIT: AmendmentEdit,
    Operation.AMENDMENT_DELETE: AmendmentDelete,
    Operation.REINSTATEMENT: Reinstatement,
    Operation.EXTENSION: Extension,
    Operation.SOCIAL_LEAVE: SocialLeave,
    Operation.SOCIAL_LEAVE_EDIT: SocialLeaveEdit,
    Operation.SOCIAL_LEAVE_DELETE: SocialLeaveDelete,
    Operation.LEGACY_CONTRACT: LegacyContract,
    Operation.IIN_CHANGE: IinChange,
    Operation.BIN_CHANGE: BinChange,
    Operation.TRANSFER: Transfer,
}
_OPERATIONS: Mapping[type[Details], Operation] = {kind: operation for operation, kind in DETAILS_TYPES.items()}
_FIELDS: Mapping[type[Details], Sequence[str]] = {kind: [one.name for one in fields(kind)] for kind in _OPERATIONS}
_DATES: Mapping[type[Details], frozenset[str]] = {
    kind: frozenset(one.name for one in fields(kind) if str(one.type).startswith("date")) for kind in _OPERATIONS
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


TRIGGER_FIELDS: Mapping[Operation, str] = {
    Operation.CONCLUSION: "signed_on",
    Operation.AMENDMENT: "signed_on",
    Operation.TERMINATION: "termination_date",
    Operation.CONTRACT_EDIT: "entered_on",
    Operation.CONTRACT_DELETE: "entered_on",
    Operation.AMENDMENT_EDIT: "entered_on",
    Operation.AMENDMENT_DELETE: "entered_on",
    Operation.REINSTATEMENT: "reinstatement_date",
    Operation.EXTENSION: "extension_date",
    Operation.SOCIAL_LEAVE: "not_worked_from",
    Operation.SOCIAL_LEAVE_EDIT: "not_worked_from",
    Operation.LEGACY_CONTRACT: "contract_date",
    Operation.TRANSFER: "reorganisation_date",
}
"""The field with the day from which a term runs, or with the day of what happened where the Order sets no term."""

PAPER_FIELDS: Mapping[Operation, tuple[str, ...]] = {
    Operation.CONCLUSION: ("contract_date", "signed_on", "permit_begin_date"),
    Operation.AMENDMENT: ("agreement_date", "signed_on"),
    Operation.TERMINATION: ("termination_date",),
    Operation.CONTRACT_EDIT: ("contract_date", "permit_begin_date"),
    Operation.AMENDMENT_EDIT: ("agreement_date",),
    Operation.REINSTATEMENT: ("reinstatement_date",),
    Operation.EXTENSION: ("extension_date",),
    Operation.SOCIAL_LEAVE: ("not_worked_from",),
    Operation.SOCIAL_LEAVE_EDIT: ("not_worked_from",),
    Operation.LEGACY_CONTRACT: ("contract_date", "permit_begin_date"),
    Operation.TRANSFER: ("reorganisation_date",),
}
"""Fields that USREC refuses with a day in the future (codes 059, 062, 066, 094, 110, 126, 156, 270)."""


def operation_of(details: Details) -> Operation:
    """What is to be registered."""
    return _OPERATIONS[type(details)]


def trigger_date(details: Details) -> date | None:
    """The day from which the term of Order 353 runs; None where the row does not tell or nothing runs."""
    found: date | None = getattr(details, TRIGGER_FIELDS.get(operation_of(details), ""), None)
    return found


def paper_dates(details: Details) -> tuple[date, ...]:
    """Dates that must have come before it is sent, because USREC refuses them in the future.

    What both parties are to sign tomorrow is no contract yet (Order 353 p.7 and 8: the term runs from the signing).
    """
    dates = (getattr(details, name) for name in PAPER_FIELDS.get(operation_of(details), ()))
    return tuple(day for day in dates if day is not None)


def contract_id_given(details: Details) -> str | None:
    """The registry's id of the contract, where HR gave it."""
    return None if isinstance(details, Conclusion | LegacyContract) else details.contract_id


def dump_details(details: Details) -> str:
    """Details as JSON text for the ledger, without what is absent; :func:`load_details` is its inverse."""
    values = ((name, getattr(details, name)) for name in _FIELDS[type(details)])
    return json.dumps(
        {name: value.isoformat() if isinstance(value, date) else value for name, value in values if value is not None},
        ensure_ascii=False,
        sort_keys=True,
    )


@lru_cache(maxsize=512)
def load_details(operation: Operation, text: str) -> Details:
    """Details from the ledger's JSON text, which :func:`dump_details` wrote."""
    kind = DETAILS_TYPES[operation]
    raw: dict[str, str | None] = json.loads(text)
    dates = _DATES[kind]
    values: dict[str, object] = {
        name: date.fromisoformat(value) if name in dates and value is not None else value for name, value in raw.items()
    }
    return kind(**values)  # type: ignore[arg-type]  # the names and types are those of dump_details
