"""The marks of the special social payment against what the ledger knows of the contract (codes SCSE178-181, 258)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from usrec.domain.rules.examine import Examined
from usrec.domain.rules.finding import Severity, has_errors
from usrec.domain.rules.harmful import ConditionCodes, Earlier, check_payment_marks, may_concern_payment, past_of
from usrec.domain.rules.readings import by_reading
from usrec.domain.source_event import load_details
from usrec.domain.submission import Submission


def with_marks_checked(
    one: Examined, standing: Sequence[Submission], conditions: ConditionCodes, unsure: Severity = Severity.ERROR
) -> Examined:
    """``one``, refused when its marks contradict the contract.

    Args:
        standing: What counts of the contract, in its order.
        unsure: How severe a rule is that rests on our reading.
    """
    if one.event is None or not may_concern_payment(one.event.details, conditions):
        return one
    past = past_of(_earlier(one, standing), one.event.details)
    findings = by_reading(check_payment_marks(one.event.details, past, conditions), unsure)
    if not findings:
        return one
    event = None if has_errors(findings) else one.event
    return replace(one, event=event, findings=(*one.findings, *findings))


def _earlier(one: Examined, standing: Sequence[Submission]) -> Iterator[Earlier]:
    """What is registered or will be; another revision of this event does not count."""
    for found in standing:
        is_this = (found.source, found.event_id) == (one.row.source, one.event_id)
        if not is_this and found.operation is not None and found.details != "{}":
            yield Earlier(found.record_id or found.id, load_details(found.operation, found.details))
