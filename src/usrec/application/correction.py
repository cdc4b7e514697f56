"""What the ledger knows of a correction or a deletion: when the first data were entered, and whether it comes too late.

Order 353 p.9 counts from the day on which the first data were entered; the row may name it, and of what this agent
registered itself the ledger knows it. After a registered termination only the state labour body changes data (p.13).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.revision import AFTER_TERMINATION, refuse
from usrec.domain.rules.examine import Examined, term_of
from usrec.domain.source_event import (
    HEADS,
    AmendmentDelete,
    AmendmentEdit,
    ContractDelete,
    ContractEdit,
    ContractKey,
    Operation,
)
from usrec.domain.submission import OUTSIDE_THE_LINE, Submission
from usrec.domain.working_calendar import WorkingCalendar
from usrec.ports.ledger import UnitOfWork

CORRECTIONS: Final = frozenset(
    {
        Operation.CONTRACT_EDIT,
        Operation.CONTRACT_DELETE,
        Operation.AMENDMENT_EDIT,
        Operation.AMENDMENT_DELETE,
    }
)


def with_first_entry(work: UnitOfWork, one: Examined, calendar: WorkingCalendar) -> Examined:
    """A correction with the term that runs from its first entry, where the row is silent and the ledger knows."""
    if one.operation not in CORRECTIONS or one.event is None or one.trigger is not None:
        return one
    registered = work.submissions.registered_of(one.row.employer_bin, ContractKey(one.row.contract_key))
    first = next((found for found in registered if _is_corrected(found, one)), None)
    if first is None or first.decided_at is None:
        return one
    day = kazakhstan_date(first.decided_at)
    return replace(one, trigger=day, deadline=term_of(one.operation, day, calendar))


def _is_corrected(registered: Submission, one: Examined) -> bool:
    match one.event and one.event.details:
        case ContractEdit() | ContractDelete():
            return registered.operation in HEADS
        case AmendmentEdit() | AmendmentDelete() as details:
            return registered.operation is Operation.AMENDMENT and registered.record_id == details.agreement_id
        case _:
            return False


def refuse_after_termination(work: UnitOfWork, new: Submission) -> Submission:
    """``new`` as it is, or refused with the way out when the contract's termination is registered."""
    if new.operation not in CORRECTIONS or new.position == OUTSIDE_THE_LINE:
        return new
    registered = work.submissions.registered_of(new.employer_bin, new.contract_key)
    return refuse(new, AFTER_TERMINATION) if _is_terminated(registered) else new


def _is_terminated(registered: Sequence[Submission]) -> bool:
    """Whether the last end of the contract was not followed by a return, in the order of the registry's answers."""
    ends = [one for one in registered if one.operation in {Operation.TERMINATION, Operation.REINSTATEMENT}]
    return bool(ends) and ends[-1].operation is Operation.TERMINATION
