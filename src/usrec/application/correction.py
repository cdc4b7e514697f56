"""What the ledger knows of a correction or a deletion: when the first data were entered.

Order 353 p.9 counts from the day on which the first data were entered; the row may name it, and of what this agent
registered itself the ledger knows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from usrec.application.standing import history_before
from usrec.domain.contract_history import ContractHistory
from usrec.domain.rules.examine import Examined, term_of
from usrec.domain.rules.late import CORRECTIONS
from usrec.domain.source_event import AmendmentDelete, AmendmentEdit, Details
from usrec.domain.submission import Submission
from usrec.domain.working_calendar import WorkingCalendar


def with_first_entry(one: Examined, standing: Sequence[Submission], calendar: WorkingCalendar) -> Examined:
    """A correction with the term that runs from its first entry, where the row is silent and the ledger knows.

    Args:
        standing: What counts of its contract.
    """
    if one.operation not in CORRECTIONS or one.event is None or one.trigger is not None:
        return one
    day = _first_entry(one.event.details, history_before(None, one.row.employer_bin, standing))
    return one if day is None else replace(one, trigger=day, deadline=term_of(one.operation, day, calendar))


def _first_entry(details: Details, history: ContractHistory) -> date | None:
    if not isinstance(details, AmendmentEdit | AmendmentDelete):
        return history.entered
    return next((one.entered for one in history.agreements if one.record_id == details.agreement_id), None)
