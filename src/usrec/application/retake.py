"""A row that is on record is examined again: the settings, or what the ledger knows, may have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from usrec.application.hold_against import held_against
from usrec.application.new_submission import by_policy, new_submission, with_target
from usrec.application.on_record import OnRecord
from usrec.application.placing import is_second_conclusion, position_after, stands_already
from usrec.application.standing import against_standing
from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.rules.examine import examine
from usrec.domain.rules.preflight import BY_DEFAULT, Preflight
from usrec.domain.source_event import ContractKey, EmployerName
from usrec.domain.state import MAY_BE_REGISTERED, State
from usrec.domain.submission import Submission, contract_of
from usrec.domain.working_calendar import Calendars
from usrec.ports.clock import Entropy
from usrec.ports.ledger import UnitOfWork


def retake(
    work: UnitOfWork,
    old: Submission,
    *,
    employers: Mapping[str, EmployerName],
    calendar: Calendars,
    now: datetime,
    entropy: Entropy,
    preflight: Preflight = BY_DEFAULT,
) -> Submission | None:
    """Examine an invalid submission's row again (the settings may have changed); None when it is still invalid.

    What the employer's policy does not enter is marked as that, and is not sent.
    """
    row = work.inbox.row((old.source, old.event_id, old.revision))
    if row is None or row.withdrawn:
        return None
    found = examine(row, employers=employers, calendar=calendar, now=now, preflight=preflight)
    contract, event = (row.employer_bin, ContractKey(row.contract_key)), (old.source, old.event_id)
    record = OnRecord(work, events=[event], contracts=[contract])
    before = record.standing(contract)
    imported = record.imported(contract)
    held = held_against(work, found, before, imported, preflight=preflight, calendar=calendar, now=now)
    taken = with_target(new_submission(held, now, entropy), preflight.intake.targets, calendar)
    new = by_policy(taken, held, preflight.intake)
    new = replace(new, position=position_after(record, new, old), replaces=old.id, received_at=old.received_at)
    others = (other for other in record.of_event(event) if other.replaced_by is None)
    in_the_way = any(_stands_in_the_way(other, new) for other in others)
    if in_the_way or is_second_conclusion(record, new, before) or stands_already(record, new):
        return None
    if new.reason == NOT_REGISTRABLE and new.state is State.PENDING:
        return replace(new, state=State.CANCELLED)
    again = against_standing(record, replace(new, reason="retaken"), before, preflight.unsure)
    return again if again.state is State.PENDING else None


def _stands_in_the_way(other: Submission, new: Submission) -> bool:
    """Whether both could be registered; behind one on the wire of the same contract the new one waits."""
    elsewhere = contract_of(other) != contract_of(new)
    return other.state in {State.ACCEPTED, State.PENDING} or (other.state in MAY_BE_REGISTERED and elsewhere)
