"""What the ledger knows of a correction or a deletion: the registry's id of its object, and when that was entered.

HR may name an agreement or a leave by the ``event_id`` with which this agent registered it, in the place of the
registry's id. Order 353 p.9 counts from the day on which the first data were entered, not from the discovery of the
mistake; the row may name it, and of what this agent registered itself the ledger knows it. The earlier of the two
counts: what is registered on a day was not entered first on a later one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from usrec.application.standing import history_before
from usrec.domain.contract_history import ContractHistory
from usrec.domain.deadline import ORDER_353_IN_FORCE
from usrec.domain.onboarding import ImportedContract
from usrec.domain.rules.examine import Examined, term_of
from usrec.domain.rules.finding import Finding, error
from usrec.domain.rules.late import CORRECTIONS
from usrec.domain.source_event import (
    AmendmentDelete,
    AmendmentEdit,
    Details,
    Operation,
    SocialLeaveDelete,
    SocialLeaveEdit,
)
from usrec.domain.state import State
from usrec.domain.submission import Submission
from usrec.domain.working_calendar import Calendars


def with_registered_id(one: Examined, standing: Sequence[Submission]) -> Examined:
    """A correction that names its object by an event of HR's, with the registry's id instead; refused without one.

    Args:
        standing: What counts of its contract.
    """
    if one.event is None:
        return one
    field, code, entered_by, name = _named(one.event.details)
    ours = [found for found in standing if (found.source, found.event_id) == (one.row.source, name)]
    entry = next((found for found in ours if found.operation is entered_by), None)
    if entry is None:
        return one
    if entry.state is not State.ACCEPTED or entry.record_id is None:
        return replace(one, event=None, findings=(*one.findings, _not_registered(field, code)))
    return replace(one, event=replace(one.event, details=_naming(one.event.details, entry.record_id)))


def _named(details: Details) -> tuple[str, str, Operation | None, str]:
    """Field, response code for its absence, and operation and name of what an event corrects."""
    match details:
        case AmendmentEdit(agreement_id=name) | AmendmentDelete(agreement_id=name):
            return "agreement_id", "SCSE051", Operation.AMENDMENT, name
        case SocialLeaveEdit(leave_id=name) | SocialLeaveDelete(leave_id=name):
            return "leave_id", "SCSE134", Operation.SOCIAL_LEAVE, name
        case _:
            return "", "", None, ""


def _naming(details: Details, name: str) -> Details:
    match details:
        case AmendmentEdit() | AmendmentDelete():
            return replace(details, agreement_id=name)
        case SocialLeaveEdit() | SocialLeaveDelete():
            return replace(details, leave_id=name)
        case _:
            return details


def _not_registered(field: str, code: str) -> Finding:
    rule = "agreement_id_known" if field == "agreement_id" else "leave_id_known"
    return error(
        rule,
        field,
        f"{field} names an event whose id in the registry is not known. Is that event unsent: raise its own revision "
        "instead. Otherwise give the id from the portal, or raise the revision of this event once that one is "
        "registered.",
        code=code,
    )


def with_first_entry(
    one: Examined,
    standing: Sequence[Submission],
    calendar: Calendars,
    imported: ImportedContract | None = None,
) -> Examined:
    """A correction with the term that runs from its first entry, by the ledger or the row, whichever is earlier.

    A day before Order 353 took effect begins no term.

    Args:
        standing: What counts of its contract.
        imported: What was taken over of it from an export; what this agent registered itself goes first.
    """
    if one.operation not in CORRECTIONS or one.event is None:
        return one
    details = one.event.details
    day = _first_entry(details, history_before(None, one.row.employer_bin, standing)) or _told(details, imported)
    if day is None or day < ORDER_353_IN_FORCE or (one.trigger is not None and one.trigger <= day):
        return one
    return replace(one, trigger=day, deadline=term_of(one.operation, day, calendar.of(one.row.employer_bin)))


def _first_entry(details: Details, history: ContractHistory) -> date | None:
    if not isinstance(details, AmendmentEdit | AmendmentDelete):
        return history.entered
    return next((one.entered for one in history.agreements if one.record_id == details.agreement_id), None)


def _told(details: Details, imported: ImportedContract | None) -> date | None:
    if imported is None:
        return None
    if not isinstance(details, AmendmentEdit | AmendmentDelete):
        return imported.entered
    return next((one.entered for one in imported.agreements if one.agreement_id == details.agreement_id), None)
