"""What stands of a contract in the ledger when an event of it is taken, and what the rules say of that.

Accepted events count, and open ones that go before the event; one that is invalid, refused or taken back does not, nor
one that waits for its day and lets the event pass. The ledger knows no history of a contract that was registered
elsewhere, and HR says that it was by giving ``contract_id``: such an event is held against nothing here, and the
registry decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from usrec.application.on_record import OnRecord
from usrec.domain.contract_history import ContractHistory, PastEvent, history_of
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.revision import refuse
from usrec.domain.rules.finding import Finding, Severity, dump_findings, has_errors, load_findings
from usrec.domain.rules.history import AFTER_TERMINATION, check_history
from usrec.domain.rules.numbers import contract_number_used, number_given
from usrec.domain.rules.readings import by_reading
from usrec.domain.source_event import HEADS, Details, Operation, contract_id_given, load_details
from usrec.domain.state import MAY_BE_REGISTERED, State
from usrec.domain.submission import OUTSIDE_THE_LINE, Submission, SubmissionId, contract_of, passes


def against_standing(
    record: OnRecord, new: Submission, standing: Sequence[Submission], unsure: Severity = Severity.ERROR
) -> Submission:
    """``new`` as it is, or invalid where the history of its contract forbids it.

    A number that it gives to its contract is remembered. After a termination nobody can mend the row, so that one holds
    no followers; every other refusal keeps its place in the line.

    Args:
        unsure: How severe a rule is that rests on our reading.
    """
    if new.state is not State.PENDING or new.withdrawn or new.position == OUTSIDE_THE_LINE or new.operation is None:
        return new
    details = load_details(new.operation, new.details)
    found = by_reading([*_found(new, details, standing), *_number_used(record, new, details)], unsure)
    closed = next((one for one in found if one.rule == AFTER_TERMINATION), None)
    if closed is not None:
        return refuse(new, closed)
    if has_errors(found):
        return replace(new, state=State.INVALID, findings=_with(new, found))
    number = number_given(details)
    if number is not None:
        record.add_number(contract_of(new), number)
    return replace(new, findings=_with(new, found)) if found else new


def _with(new: Submission, found: Sequence[Finding]) -> str:
    return dump_findings([*load_findings(new.findings), *found])


def _found(new: Submission, details: Details, standing: Sequence[Submission]) -> Sequence[Finding]:
    if contract_id_given(details) is not None:
        return []
    return check_history(details, history_before(new, new.employer_bin, standing), new.employer_bin)


def _number_used(record: OnRecord, new: Submission, details: Details) -> Iterator[Finding]:
    number = number_given(details)
    if number is None:
        return
    keys = [key for key in record.with_number((new.employer_bin, number)) if key != new.contract_key]
    others = record.standing_of([(new.employer_bin, key) for key in keys])
    registered = [[one for one in standing if one.state is State.ACCEPTED] for standing in others.values()]
    known = [*registered, *others.values()]
    yield from contract_number_used(number, (history_before(None, new.employer_bin, one) for one in known))


def history_before(new: Submission | None, employer_bin: str, standing: Sequence[Submission]) -> ContractHistory:
    """The contract as it will be when ``new`` comes to its turn; without ``new``, when all that is open has."""
    before = [one for one in standing if _goes_before(one, new)]
    return history_of(employer_bin, [_past(one.operation, one) for one in before if one.operation is not None])


def _goes_before(one: Submission, new: Submission | None) -> bool:
    if one.withdrawn:
        return False
    if new is None or one.state is State.ACCEPTED:
        return True
    itself = (one.source, one.event_id) == (new.source, new.event_id)
    before = one.state in MAY_BE_REGISTERED or (one.position < new.position and not passes(new, one))
    return not itself and before


def _past(operation: Operation, one: Submission) -> PastEvent:
    entered = None if one.decided_at is None else kazakhstan_date(one.decided_at)
    return PastEvent(load_details(operation, one.details), one.record_id, entered)


def deleted_conclusions(standing: Sequence[Submission]) -> Collection[SubmissionId]:
    """The conclusions that a registered deletion has undone: another one may take their place."""
    registered = [one for one in standing if one.state is State.ACCEPTED]
    last = max((place for place, one in enumerate(registered) if one.operation is Operation.CONTRACT_DELETE), default=0)
    return {one.id for one in registered[:last] if one.operation in HEADS}
