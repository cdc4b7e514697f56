"""Harmful work: conditions and list belong together, the list fits the first day, and the marks at its end.

Sources: response codes SCSE162, 165, 176, 178-181, 183 and 258. The dictionary of working conditions is not public:
which of its codes mean normal and harmful work is set by the operator, and 1 and 2 are [assumed] until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from usrec.domain.identifiers import IdentifierError, birth_date_of, parse_iin
from usrec.domain.rules.finding import Finding, error, undetermined
from usrec.domain.source_event import (
    Amendment,
    AmendmentDelete,
    AmendmentEdit,
    Conclusion,
    ContractEdit,
    Details,
    IinChange,
    LegacyContract,
    Termination,
)

LISTS_CHANGED: Final = date(2014, 1, 1)
MARKS_FROM: Final = date(2024, 1, 1)
MARKS_AGE: Final = 55

_NOT_THERE: Final = ""
_LATER_LIST: Final = "L3"
_CONSENTS: Final = ("employee_consent", "employer_consent")
_PHONES: Final = ("employee_phone", "employer_phone")
_WITH_CONDITIONS = Conclusion | LegacyContract | ContractEdit | Amendment | AmendmentEdit
_WITH_MARKS = Amendment | AmendmentEdit | Termination


@dataclass(frozen=True, slots=True)
class ConditionCodes:
    """What codes of the dictionary of working conditions mean."""

    normal: frozenset[str] = frozenset({"1"})
    harmful: frozenset[str] = frozenset({"2"})


@dataclass(frozen=True, slots=True)
class ContractPast:
    """What stood of a contract before an event.

    Attributes:
        conditions: Code of the working conditions; None where the contract says nothing of them.
        employee_iin: The employee's number then.
    """

    conditions: str | None = None
    employee_iin: str | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier event of the same contract.

    Attributes:
        record_id: The id under which it is registered, or another that names it here alone.
    """

    record_id: str
    details: Details


def check_conditions(details: Details, codes: ConditionCodes) -> Iterator[Finding]:
    """Whether conditions, list and first day of one row go together."""
    if not isinstance(details, _WITH_CONDITIONS):
        return
    if details.harmful_conditions_code is None:
        yield from _without_item(details.working_conditions_code, codes)
        return
    if details.working_conditions_code is None or details.working_conditions_code in codes.normal:
        yield error(
            "harmful_code_forbidden_by_conditions",
            "harmful_conditions_code",
            "harmful_conditions_code is given, and working_conditions_code does not name harmful work.",
            code="SCSE162",
        )
    yield from _list_of_its_time(details.harmful_conditions_code, details.begin_date)


def _without_item(conditions: str | None, codes: ConditionCodes) -> Iterator[Finding]:
    if conditions in codes.harmful:
        rule, code = "harmful_code_required_by_harmful_work", "SCSE183"
    elif conditions is not None and conditions not in codes.normal:
        rule, code = "harmful_code_required_by_conditions", "SCSE176"
    else:
        return
    message = "working_conditions_code names such work that harmful_conditions_code is needed beside it."
    yield error(rule, "harmful_conditions_code", message, code=code)


def _list_of_its_time(item: str, begins: date) -> Iterator[Finding]:
    later = begins >= LISTS_CHANGED
    if item.startswith(_LATER_LIST) is later:
        return
    if later:
        message = "begin_date is 2014-01-01 or later: harmful_conditions_code must be an entry that starts with L3."
    else:
        message = "begin_date is before 2014-01-01: harmful_conditions_code must be an entry of list 1 or list 2."
    yield error("harmful_list_fits_begin_date", "harmful_conditions_code", message, code="SCSE165")


def past_of(earlier: Iterable[Earlier], event: Details) -> ContractPast | None:
    """What a contract's earlier events, oldest first, leave behind for ``event``.

    None when that cannot be known: the conclusion is not among them, or an agreement that one of them corrects or
    deletes. For the correction of an agreement, what stood before that agreement counts.
    """
    past: ContractPast | None = None
    agreements: dict[str, str | None] = {}
    for one in earlier:
        details = one.details
        if isinstance(details, Conclusion | LegacyContract):
            past = ContractPast(details.working_conditions_code, details.employee_iin)
        elif isinstance(details, ContractEdit) and past is not None:
            past = ContractPast(details.working_conditions_code or past.conditions, details.employee_iin)
        elif isinstance(details, IinChange) and past is not None:
            past = replace(past, employee_iin=details.new_employee_iin)
        elif not _follow(agreements, one):
            return None
    return None if past is None else _with_agreements(past, agreements, event)


def _follow(agreements: dict[str, str | None], one: Earlier) -> bool:
    """Enter what ``one`` does to the agreements of its contract; False when it concerns one that is not known."""
    match one.details:
        case Amendment() as details:
            agreements[one.record_id] = details.working_conditions_code
        case AmendmentEdit() as details:
            known = details.agreement_id in agreements
            agreements[details.agreement_id] = details.working_conditions_code or agreements.get(details.agreement_id)
            return known
        case AmendmentDelete() as details:
            return agreements.pop(details.agreement_id, _NOT_THERE) != _NOT_THERE
        case _:
            pass
    return True


def _with_agreements(past: ContractPast, agreements: Mapping[str, str | None], event: Details) -> ContractPast | None:
    if isinstance(event, AmendmentEdit) and event.agreement_id not in agreements:
        return None
    for record_id, conditions in agreements.items():
        if isinstance(event, AmendmentEdit) and record_id == event.agreement_id:
            break
        past = replace(past, conditions=conditions or past.conditions)
    return past


def may_concern_payment(details: Details, codes: ConditionCodes) -> bool:
    """Whether :func:`check_payment_marks` can find anything: else nobody need look the contract's past up."""
    if not isinstance(details, _WITH_MARKS):
        return False
    return _ends_harmful_work(details, codes) or any(getattr(details, name) for name in (*_CONSENTS, *_PHONES))


def check_payment_marks(details: Details, past: ContractPast | None, codes: ConditionCodes) -> Iterator[Finding]:
    """The marks of the special social payment, set when harmful work ends: at 55 and more, from 2024 on.

    Args:
        details: The event.
        past: What stood before it; None when nobody here knows.
        codes: What conditions mean.
    """
    if not isinstance(details, _WITH_MARKS):
        return
    marked = any(getattr(details, name) for name in _CONSENTS)
    day = details.termination_date if isinstance(details, Termination) else details.agreement_date
    if marked and day < MARKS_FROM:
        message = "The marks of the special social payment exist since 2024; this event is older."
        yield error("payment_marks_not_before_2024", "employee_consent", message, code="SCSE178")
    given = marked or any(getattr(details, name) for name in _PHONES)
    if past is None:
        if given:
            yield _past_unknown()
        return
    yield from _against_past(details, past, codes, day, marked=marked, given=given)


def _past_unknown() -> Finding:
    message = (
        "The contract's conclusion is not known here: whether the marks of the special social payment fit its "
        "conditions and the employee's age was not checked."
    )
    return undetermined("payment_marks_fit_chosen_conditions", "employee_consent", message, code="SCSE258")


def _against_past(
    details: _WITH_MARKS, past: ContractPast, codes: ConditionCodes, day: date, *, marked: bool, given: bool
) -> Iterator[Finding]:
    harmful_before = past.conditions is not None and past.conditions not in codes.normal
    leaves = harmful_before and _ends_harmful_work(details, codes)
    old_enough = _is_old_enough(past.employee_iin, day)
    if marked and not harmful_before:
        message = "The marks of the special social payment are set, and the work before this event was not harmful."
        yield error("payment_marks_not_with_normal_conditions", "employee_consent", message, code="SCSE180")
    elif given and not leaves:
        message = "Fields of the special social payment are filled in, and this event does not end harmful work."
        yield error("payment_marks_fit_chosen_conditions", "employee_consent", message, code="SCSE258")
    if marked and old_enough is False:
        message = "The marks of the special social payment are set, and the employee is under 55 on that day."
        yield error("payment_marks_need_age_55", "employee_consent", message, code="SCSE179")
    elif marked and old_enough is None:
        message = "The employee's IIN does not tell a day of birth: whether the employee is 55 was not checked."
        yield undetermined("payment_marks_need_age_55", "employee_consent", message, code="SCSE179")
    if leaves and old_enough and day >= MARKS_FROM:
        yield from _all_marks(details)


def _ends_harmful_work(details: _WITH_MARKS, codes: ConditionCodes) -> bool:
    return isinstance(details, Termination) or details.working_conditions_code in codes.normal


def _all_marks(details: _WITH_MARKS) -> Iterator[Finding]:
    absent = [name for name in (*_CONSENTS, *_PHONES) if not getattr(details, name)]
    if absent:
        message = (
            "The employee is 55 or older and leaves harmful work: both consents and both phones are needed. Fill in "
            "a consent as it really is; never mark one that was not given."
        )
        yield error("payment_marks_when_leaving_harmful_work", absent[0], message, code="SCSE181")


def _is_old_enough(iin: str | None, day: date) -> bool | None:
    """Whether the person is 55 on ``day``; None where the number does not tell a day of birth."""
    try:
        born = birth_date_of(parse_iin(iin or ""))
    except IdentifierError:
        return None
    return None if born is None else (born.year + MARKS_AGE, born.month, born.day) <= (day.year, day.month, day.day)
