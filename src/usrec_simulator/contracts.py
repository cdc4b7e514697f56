"""A contract as the registry knows it: what its messages, one after another, have made of it.

Nothing of this is stored: the registry keeps messages, and a contract is read from them anew, so that deleting an
agreement or restoring an employee needs no bookkeeping.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from usrec_simulator.details import Details
from usrec_simulator.operations import Operation


@dataclass(frozen=True, slots=True)
class Stored:
    """One registered message, as far as later messages depend on it."""

    operation: Operation
    record_id: str
    employer: str
    employee: str | None = field(default=None, repr=False)
    number: str | None = None
    event_date: date | None = None
    begin_date: date | None = None
    entered: date = date.min
    details: Details = field(default_factory=Details)


@dataclass(frozen=True, slots=True)
class Term:
    """The term of a contract: its code, and its last day where it has one."""

    code: str
    end: date | None


@dataclass(frozen=True, slots=True)
class Change:
    """An agreement or an extension, in the order of registration."""

    change_id: str
    made_by: Operation
    entered: date
    number: str | None = None
    day: date | None = None
    term: Term | None = None
    ends: date | None = None
    conditions: str | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """A social leave."""

    leave_id: str
    begins: date | None
    entered: date


@dataclass(frozen=True, slots=True)
class Contract:
    """A registered contract as later messages meet it."""

    contract_id: str
    employer: str
    entered: date
    employee: str | None = field(default=None, repr=False)
    number: str | None = None
    signed: date | None = None
    begin_date: date | None = None
    first_term: Term | None = None
    first_conditions: str | None = None
    extends_itself: bool = False
    changes: tuple[Change, ...] = ()
    leaves: tuple[Leave, ...] = ()
    terminated_on: date | None = None
    deleted: bool = False

    @property
    def terminated(self) -> bool:
        """Tell whether the contract is terminated now."""
        return self.terminated_on is not None

    @property
    def term(self) -> Term | None:
        """The term in force: the latest registered; None where it may have gone on by itself (code SCSE116)."""
        if self.extends_itself:
            return None
        term = self.first_term
        for change in self.changes:
            term = change.term or _until(term, change.ends)
        return term

    @property
    def conditions(self) -> str | None:
        """The working conditions in force."""
        return self._conditions_after(self.changes)

    def conditions_before(self, change: Change) -> str | None:
        """The working conditions that an agreement of this contract found."""
        return self._conditions_after(self.changes[: self.changes.index(change)])

    def _conditions_after(self, changes: tuple[Change, ...]) -> str | None:
        return next((change.conditions for change in reversed(changes) if change.conditions), self.first_conditions)

    @property
    def agreements(self) -> tuple[Change, ...]:
        """Agreements, those made by a change of BIN included."""
        return tuple(change for change in self.changes if change.made_by is not Operation.EXTENSION)

    @property
    def extensions(self) -> tuple[Change, ...]:
        """Extensions in the order of registration."""
        return tuple(change for change in self.changes if change.made_by is Operation.EXTENSION)


def term_of(details: Details) -> Term | None:
    """Read the term that a message names."""
    code = details.text("term_code")
    return Term(code, details.day("end_date")) if code else None


def _until(term: Term | None, day: date | None) -> Term | None:
    """Move the end of a term whose kind an agreement does not name; an indefinite one with an end is no known term."""
    if term is None or day is None:
        return term
    return None if term.code == "1" else Term(term.code, day)


def build(contract_id: str, messages: Iterable[Stored]) -> Contract | None:
    """Read a contract from its messages in the order of registration; None where none concludes it."""
    contract: Contract | None = None
    for message in messages:
        if message.operation in {Operation.CONCLUSION, Operation.LEGACY_CONTRACT}:
            contract = _begun(contract_id, message)
        elif contract is not None:
            contract = _after(contract, message)
        if contract is not None and message.details.text("auto_extension_term_code"):
            contract = replace(contract, extends_itself=True)
    return contract


def _begun(contract_id: str, message: Stored) -> Contract:
    return Contract(
        contract_id=contract_id,
        employer=message.employer,
        entered=message.entered,
        employee=message.employee,
        number=message.number,
        signed=message.event_date,
        begin_date=message.begin_date,
        first_term=term_of(message.details),
        first_conditions=message.details.text("working_conditions_code"),
    )


def _after(contract: Contract, message: Stored) -> Contract:
    match message.operation:
        case Operation.CONTRACT_EDIT:
            return _edited(contract, message)
        case Operation.CONTRACT_DELETE:
            return replace(contract, deleted=True)
        case Operation.TERMINATION:
            return replace(contract, terminated_on=message.event_date)
        case Operation.REINSTATEMENT:
            return replace(contract, terminated_on=None)
        case Operation.IIN_CHANGE | Operation.BIN_CHANGE | Operation.TRANSFER:
            return _succeeded(contract, message)
        case Operation.SOCIAL_LEAVE | Operation.SOCIAL_LEAVE_EDIT | Operation.SOCIAL_LEAVE_DELETE:
            return replace(contract, leaves=_leaves(contract.leaves, message))
        case _:
            return replace(contract, changes=_changes(contract.changes, message))


def _edited(contract: Contract, message: Stored) -> Contract:
    """Take every value that the correction names; what it leaves out stays."""
    return replace(
        contract,
        number=message.number or contract.number,
        signed=message.event_date or contract.signed,
        begin_date=message.begin_date or contract.begin_date,
        first_term=term_of(message.details) or _until(contract.first_term, message.details.day("end_date")),
        first_conditions=message.details.text("working_conditions_code") or contract.first_conditions,
    )


def _succeeded(contract: Contract, message: Stored) -> Contract:
    """Apply a change of person or employer; a change of BIN leaves an agreement behind (code SCSE119)."""
    if message.operation is Operation.IIN_CHANGE:
        return replace(contract, employee=message.details.text("new_employee_iin") or contract.employee)
    employer = message.details.text("new_employer_bin") or contract.employer
    if message.operation is Operation.TRANSFER:
        return replace(contract, employer=employer)
    return replace(contract, employer=employer, changes=(*contract.changes, _change(message)))


def _changes(changes: tuple[Change, ...], message: Stored) -> tuple[Change, ...]:
    target = message.details.text("agreement_id")
    match message.operation:
        case Operation.AMENDMENT | Operation.EXTENSION:
            return (*changes, _change(message))
        case Operation.AMENDMENT_EDIT:
            return tuple(_corrected(change, message) if change.change_id == target else change for change in changes)
        case _:
            return tuple(change for change in changes if change.change_id != target)


def _change(message: Stored) -> Change:
    return Change(
        change_id=message.record_id,
        made_by=message.operation,
        entered=message.entered,
        number=message.number,
        day=message.event_date,
        term=term_of(message.details),
        ends=message.details.day("end_date"),
        conditions=message.details.text("working_conditions_code"),
    )


def _corrected(change: Change, message: Stored) -> Change:
    new = _change(message)
    return replace(
        change,
        number=new.number or change.number,
        day=new.day or change.day,
        term=new.term or _until(change.term, new.ends),
        ends=new.ends or change.ends,
        conditions=new.conditions or change.conditions,
    )


def _leaves(leaves: tuple[Leave, ...], message: Stored) -> tuple[Leave, ...]:
    target = message.details.text("leave_id")
    match message.operation:
        case Operation.SOCIAL_LEAVE:
            return (*leaves, Leave(message.record_id, message.event_date, message.entered))
        case Operation.SOCIAL_LEAVE_EDIT:
            return tuple(
                replace(leave, begins=message.event_date or leave.begins) if leave.leave_id == target else leave
                for leave in leaves
            )
        case _:
            return tuple(leave for leave in leaves if leave.leave_id != target)
