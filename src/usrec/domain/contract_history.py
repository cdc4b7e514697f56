"""What is registered of a contract, or will be before an event's turn comes: one pure value, whoever tells the events.

The agent's ledger tells them at ingest, the rows above in a file tell them for lint; the same rules read both. What
the events do not settle stays unknown (None, or ``term_known`` false), and no rule may refuse a row for it: a contract
registered elsewhere, an agreement corrected by an id that nobody here knows, a term that went on by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from usrec.domain.events.contracts import ContractBody, WorkTerms
from usrec.domain.source_event import (
    Amendment,
    AmendmentDelete,
    AmendmentEdit,
    BinChange,
    Conclusion,
    ContractEdit,
    Details,
    Extension,
    IinChange,
    LegacyContract,
    Reinstatement,
    SocialLeave,
    SocialLeaveDelete,
    SocialLeaveEdit,
    Termination,
    Transfer,
)

_INDEFINITE: Final = "1"


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One event that goes before.

    Attributes:
        record_id: The registry's id of what it entered; None while it is not known.
        entered: Day on which the registry took it; None while it has not.
    """

    details: Details
    record_id: str | None = None
    entered: date | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A term by the dictionary, with its last day where it has one."""

    code: str
    end: date | None


@dataclass(frozen=True, slots=True)
class PastChange:
    """An agreement, or an extension (which has no number), in the order of registration.

    Attributes:
        ends: The last day that an agreement gives to the term in force without naming a kind of term.
    """

    day: date
    number: str | None = None
    record_id: str | None = None
    term: Term | None = None
    ends: date | None = None
    entered: date | None = None


@dataclass(frozen=True, slots=True)
class PastLeave:
    """A social leave."""

    begins: date
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class ContractHistory:
    """A contract as its events have made it.

    Attributes:
        employer_bin: Whose contract it is now.
        known: Its conclusion is among the events, and no deletion after it.
        employee_iin: As the registry holds it.
        entered: Day on which the registry took the conclusion.
        first_term: The term of the conclusion.
        term_known: False once the term in force cannot be told from the events.
        terminated_on: None while the contract runs.
    """

    employer_bin: str
    known: bool = False
    employee_iin: str | None = field(default=None, repr=False)
    contract_number: str | None = None
    contract_date: date | None = None
    begin_date: date | None = None
    entered: date | None = None
    first_term: Term | None = None
    term_known: bool = True
    changes: tuple[PastChange, ...] = ()
    leaves: tuple[PastLeave, ...] = ()
    terminated_on: date | None = None

    @property
    def agreements(self) -> tuple[PastChange, ...]:
        """The additional agreements."""
        return tuple(one for one in self.changes if one.number is not None)

    @property
    def extensions(self) -> tuple[PastChange, ...]:
        """The extensions."""
        return tuple(one for one in self.changes if one.number is None)

    @property
    def term(self) -> Term | None:
        """The term in force, None where the events do not tell it."""
        if not self.term_known:
            return None
        term = self.first_term
        for one in self.changes:
            term = one.term or _until(term, one.ends)
        return term

    def after(self, event: PastEvent) -> ContractHistory:
        """The same contract once ``event`` is registered."""
        match event.details:
            case Termination(termination_date=day):
                return replace(self, terminated_on=day)
            case Reinstatement():
                return replace(self, terminated_on=None)
            case IinChange() | BinChange() | Transfer() as passed:
                return _passed(self, passed)
            case SocialLeave() | SocialLeaveDelete() as leave:
                return replace(self, leaves=_leaves(self.leaves, leave, event))
            case Extension() | Amendment() | AmendmentEdit() | AmendmentDelete() as change:
                return _changed(self, change, event)
            case _:
                return _entered(self, event)


def history_of(employer_bin: str, events: Iterable[PastEvent]) -> ContractHistory:
    """The contract that ``events`` have made, in their order."""
    history = ContractHistory(employer_bin)
    for event in events:
        history = history.after(event)
    return history


def _entered(history: ContractHistory, event: PastEvent) -> ContractHistory:
    """A contract was concluded, corrected or deleted."""
    match event.details:
        case Conclusion() | LegacyContract() as body:
            return _begun(history.employer_bin, body, event)
        case ContractEdit() as body:
            return _corrected(history, body)
        case _:
            return ContractHistory(history.employer_bin)


def _passed(history: ContractHistory, change: IinChange | BinChange | Transfer) -> ContractHistory:
    if isinstance(change, IinChange):
        return replace(history, employee_iin=change.new_employee_iin)
    return replace(history, employer_bin=change.new_employer_bin)


def _begun(employer_bin: str, body: Conclusion | LegacyContract, event: PastEvent) -> ContractHistory:
    return ContractHistory(
        employer_bin,
        known=True,
        employee_iin=body.employee_iin,
        contract_number=body.contract_number,
        contract_date=body.contract_date,
        begin_date=body.begin_date,
        entered=event.entered,
        first_term=_term_of(body),
        term_known=body.auto_extension_term_code is None,
    )


def _corrected(history: ContractHistory, body: ContractBody) -> ContractHistory:
    """A correction with another IIN may or may not have moved the contract to that person."""
    return replace(
        history,
        employee_iin=history.employee_iin if history.employee_iin == body.employee_iin else None,
        contract_number=body.contract_number,
        contract_date=body.contract_date,
        begin_date=body.begin_date,
        first_term=_term_of(body) or _until(history.first_term, body.end_date),
        term_known=history.term_known and body.auto_extension_term_code is None,
    )


def _term_of(body: WorkTerms) -> Term | None:
    return Term(body.term_code, body.end_date) if body.term_code else None


def _until(term: Term | None, day: date | None) -> Term | None:
    """A term with a new last day; unknown where an indefinite one gets a last day and no other kind."""
    if term is None or day is None:
        return term
    return None if term.code == _INDEFINITE else replace(term, end=day)


def _changed(
    history: ContractHistory, change: Extension | Amendment | AmendmentEdit | AmendmentDelete, event: PastEvent
) -> ContractHistory:
    if isinstance(change, Extension):
        term = Term(change.term_code, change.end_date)
        further = PastChange(change.extension_date, None, event.record_id, term, entered=event.entered)
        return replace(history, changes=(*history.changes, further))
    if isinstance(change, Amendment):
        agreed = _agreement(change, event.record_id, event.entered)
        ends = history.term_known and change.auto_extension_term_code is None
        return replace(history, changes=(*history.changes, agreed), term_known=ends)
    return _corrected_agreement(history, change)


def _corrected_agreement(history: ContractHistory, change: AmendmentEdit | AmendmentDelete) -> ContractHistory:
    """One that is corrected by an id which nobody here knows may be any of those without an id."""
    named = next((one for one in history.agreements if one.record_id == change.agreement_id), None)
    if named is None:
        certain = tuple(one for one in history.changes if one.number is None or one.record_id is not None)
        return replace(history, changes=certain, term_known=False)
    new = () if isinstance(change, AmendmentDelete) else (_as_corrected(named, change),)
    place = history.changes.index(named)
    ends = isinstance(change, AmendmentDelete) or change.auto_extension_term_code is None
    changes = (*history.changes[:place], *new, *history.changes[place + 1 :])
    return replace(history, changes=changes, term_known=history.term_known and ends)


def _as_corrected(named: PastChange, change: AmendmentEdit) -> PastChange:
    new = _agreement(change, named.record_id, named.entered)
    return replace(new, term=new.term or _until(named.term, new.ends), ends=new.ends or named.ends)


def _agreement(body: Amendment | AmendmentEdit, record_id: str | None, entered: date | None) -> PastChange:
    ends = None if body.term_code else body.end_date
    return PastChange(body.agreement_date, body.agreement_number, record_id, _term_of(body), ends, entered)


def _leaves(
    leaves: tuple[PastLeave, ...], leave: SocialLeave | SocialLeaveDelete, event: PastEvent
) -> tuple[PastLeave, ...]:
    """An edit is a leave of its own kind; one of an id that nobody here knows may be any of those without an id."""
    if not isinstance(leave, SocialLeaveEdit | SocialLeaveDelete):
        return (*leaves, PastLeave(leave.not_worked_from, event.record_id))
    if all(one.record_id != leave.leave_id for one in leaves):
        return tuple(one for one in leaves if one.record_id is not None)
    others = tuple(one for one in leaves if one.record_id != leave.leave_id)
    return (*others, PastLeave(leave.not_worked_from, leave.leave_id)) if isinstance(leave, SocialLeaveEdit) else others
