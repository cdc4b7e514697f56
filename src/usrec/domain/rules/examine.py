"""Steps 2 and 3 of the line: from an untrusted row to an event with its term, or to findings that say why not.

Total: whatever the row holds, it returns. A refused row keeps the term that can still be read from it, because the
law's clock runs on whether or not the row is well made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from usrec.domain.deadline import (
    AFTER_MIDNIGHT,
    ONE_YEAR_HEADCOUNT,
    ORDER_353_IN_FORCE,
    Deadline,
    DeadlineError,
    DeadlineEvent,
    compute_deadline,
    not_before,
)
from usrec.domain.document import FoundFile
from usrec.domain.identifiers import IdentifierError, parse_employer_id
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.kept_key import LONGEST_KEY
from usrec.domain.rules.codes import check_codes
from usrec.domain.rules.completeness import check_completeness
from usrec.domain.rules.content import check_content
from usrec.domain.rules.documents import check_document
from usrec.domain.rules.field_table import PROVISIONAL_FROM
from usrec.domain.rules.fields import read_date, read_details, read_payload
from usrec.domain.rules.finding import Finding, error, has_errors, warning
from usrec.domain.rules.foreigner import check_foreigner
from usrec.domain.rules.harmful import check_conditions
from usrec.domain.rules.preflight import BY_DEFAULT, Preflight
from usrec.domain.rules.reader import with_reader
from usrec.domain.rules.readings import by_reading
from usrec.domain.source_event import (
    TRIGGER_FIELDS,
    ContractKey,
    Details,
    EmployerName,
    EventId,
    Operation,
    SourceEvent,
    SourceRow,
    paper_dates,
    trigger_date,
)
from usrec.domain.working_calendar import Calendars, WorkingCalendar

_TERMS: Final[Mapping[Operation, DeadlineEvent]] = {
    Operation.CONCLUSION: DeadlineEvent.CONCLUSION,
    Operation.AMENDMENT: DeadlineEvent.AMENDMENT,
    Operation.TERMINATION: DeadlineEvent.TERMINATION,
    Operation.CONTRACT_EDIT: DeadlineEvent.CORRECTION,
    Operation.CONTRACT_DELETE: DeadlineEvent.DELETION,
    Operation.AMENDMENT_EDIT: DeadlineEvent.CORRECTION,
    Operation.AMENDMENT_DELETE: DeadlineEvent.DELETION,
    Operation.REINSTATEMENT: DeadlineEvent.REINSTATEMENT,
    Operation.EXTENSION: DeadlineEvent.EXTENSION,
    Operation.SOCIAL_LEAVE: DeadlineEvent.SOCIAL_LEAVE,
    Operation.SOCIAL_LEAVE_EDIT: DeadlineEvent.SOCIAL_LEAVE,
    Operation.LEGACY_CONTRACT: DeadlineEvent.LEGACY,
}
"""Which term an operation has. A changed IIN or BIN and a transfer have none: no point of the Order names them."""
REGISTRY_BEGAN: Final = date(2010, 1, 1)
"""Nothing was entered earlier: such a day is the empty date of an HR system. The first clients known are of 2018."""
_OF_THE_FIRST_ENTRY: Final = frozenset({DeadlineEvent.CORRECTION, DeadlineEvent.DELETION})
"""Their term runs from the day on which the data were first entered, which may lie before the Order."""
_OLDER_PAPER: Final = "Check the date; if the paper is so, ask USREC support how to enter it"


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of a row.

    Attributes:
        event: None when a finding is an error.
        event_id: Made from the row's own key when the row has none.
        trigger: None when it cannot be read.
        deadline: None without a readable trigger.
        not_before: None when the paper's dates cannot be read.
        document: The supporting document as it was read.
    """

    row: SourceRow
    event_id: EventId
    operation: Operation | None
    employer: EmployerName | None
    event: SourceEvent | None
    trigger: date | None
    deadline: Deadline | None
    not_before: datetime | None
    findings: tuple[Finding, ...]
    document: FoundFile | None = None


def examine(
    row: SourceRow,
    *,
    employers: Mapping[str, EmployerName],
    calendar: Calendars,
    now: datetime,
    preflight: Preflight = BY_DEFAULT,
) -> Examined:
    """Read, check and date one row.

    Args:
        employers: Configured employers by BIN (or IIN).
        calendar: Terms are counted in that of the row's employer.
        now: The present, aware UTC.
        preflight: What the row is held against.
    """
    today = kazakhstan_date(now)
    operation, findings = _identity(row, employers)
    payload, unreadable = read_payload(row.payload)
    findings += unreadable
    uncoded: list[Finding] = []
    details: Details | None = None
    trigger: date | None = None
    document: FoundFile | None = None
    if operation is not None and not unreadable:
        payload, uncoded = preflight.approved.of(row.source).coded(operation, payload)
        readable, problems = read_details(operation, payload)
        details = None if uncoded else readable
        findings += problems
        trigger = read_date(payload, TRIGGER_FIELDS.get(operation, ""))
    if details is not None:
        findings += check_content(details, row.employer_bin, today)
        findings += check_completeness(details, preflight.completeness)
        findings += check_codes(details, preflight.codes, today) if preflight.codes else []
        findings += check_conditions(details, preflight.conditions)
        document, problems = check_document(details, preflight.shelf)
        findings += problems
        findings += check_foreigner(details, row.employer_bin, today)
        trigger = trigger_date(details)
        findings = by_reading(findings, preflight.unsure)
    own = calendar.of(row.employer_bin)
    deadline, late = _examined_term(operation, trigger, own, today)
    findings += late
    if details is None and trigger is None and operation is not None:
        deadline, provisional = _provisional_term(operation, read_date(payload, PROVISIONAL_FROM), own, today)
        findings += provisional
    findings = with_reader(findings, payload, uncoded)
    return Examined(
        row=row,
        event_id=EventId(row.event_id or f"row:{row.row_ref}"),
        operation=operation,
        employer=employers.get(row.employer_bin),
        event=_event(row, operation, details) if operation and details and not has_errors(findings) else None,
        trigger=trigger,
        deadline=deadline,
        not_before=None if details is None else _not_before(paper_dates(details), today),
        findings=tuple(findings),
        document=document,
    )


def _identity(row: SourceRow, employers: Mapping[str, EmployerName]) -> tuple[Operation | None, list[Finding]]:
    findings: list[Finding] = []
    for name, text in (("event_id", row.event_id), ("contract_key", row.contract_key)):
        if not text.strip():
            findings.append(error("key_present", name, f"{name} is empty; without it nothing can be matched."))
        elif len(text) > LONGEST_KEY or not text.isprintable():
            findings.append(error("key_form", name, f"{name} is longer than {LONGEST_KEY} or not printable."))
    if row.revision < 1:
        findings.append(error("revision_counts", "revision", "revision must be a whole number, 1 or more."))
    findings += _employer(row.employer_bin, employers)
    try:
        return Operation(row.event_type), findings
    except ValueError:
        known = ", ".join(Operation)
        return None, [*findings, error("event_type_known", "event_type", f"event_type must be one of: {known}.")]


def _employer(employer_bin: str, employers: Mapping[str, EmployerName]) -> list[Finding]:
    if not employer_bin.strip():
        return [error("employer_present", "employer_bin", "employer_bin is missing.", code="SCSE009")]
    if employer_bin in employers:
        return []
    try:
        parse_employer_id(employer_bin)
    except IdentifierError as problem:
        return [error("employer_checksum", "employer_bin", f"employer_bin: {problem.what}.", code="SCSE043")]
    return [
        error(
            "employer_configured",
            "employer_bin",
            "No [employer] section of the settings has this BIN, so there is no key to sign with.",
            code="SCSE046",
        )
    ]


def term_of(operation: Operation, trigger: date, calendar: WorkingCalendar) -> Deadline | None:
    """The term of an operation that happened on ``trigger``; None where the Order knows no such event.

    A social leave has no term, so one may have begun before the Order. Data may have been entered before it too: no
    term of their correction runs from such a day. How many people an employer of legacy contracts had is not asked:
    either term has run out, and the shorter one is taken.

    Raises:
        DeadlineError: The trigger lies before the Order or absurdly late.
    """
    if operation not in _TERMS:
        return None
    event = _TERMS[operation]
    if event in _OF_THE_FIRST_ENTRY and REGISTRY_BEGAN <= trigger < ORDER_353_IN_FORCE:
        return None
    day = max(trigger, ORDER_353_IN_FORCE) if event is DeadlineEvent.SOCIAL_LEAVE else trigger
    return compute_deadline(event, day, calendar=calendar, headcount=ONE_YEAR_HEADCOUNT)


def _examined_term(
    operation: Operation | None, trigger: date | None, calendar: WorkingCalendar, today: date
) -> tuple[Deadline | None, list[Finding]]:
    if operation is None or trigger is None:
        return None, []
    if _TERMS.get(operation) in _OF_THE_FIRST_ENTRY and trigger > today:
        message = f"{trigger} has not come yet, so nothing can have been entered on it. Check the date."
        return None, [error("term_counts", TRIGGER_FIELDS[operation], message)]
    try:
        return term_of(operation, trigger, calendar), []
    except DeadlineError as problem:
        older = trigger < ORDER_353_IN_FORCE and operation is not Operation.CONCLUSION
        hint = _OLDER_PAPER if older else problem.next_step
        return None, [error("term_counts", TRIGGER_FIELDS[operation], f"{problem.what}. {hint}.")]


def _provisional_term(
    operation: Operation, day: date | None, calendar: WorkingCalendar, today: date
) -> tuple[Deadline | None, list[Finding]]:
    """The term of a row without the day from which it runs: by the strictest day that can be, and said so."""
    if day is None or operation not in _TERMS:
        return None, []
    deadline, wrong = _examined_term(operation, max(day, ORDER_353_IN_FORCE), calendar, today)
    message = f"The day from which the term runs is missing; until it is given, it is counted from {day}."
    said = warning("term_provisional", TRIGGER_FIELDS[operation], message, point="Order 353")
    return deadline, wrong or [said]


def _not_before(papers: Sequence[date], today: date) -> datetime | None:
    """From when on it may be sent; what waits for its day waits until the registry's clock has reached that too."""
    if not papers:
        return None
    return not_before(*papers) + (AFTER_MIDNIGHT if max(papers) > today else timedelta(0))


def _event(row: SourceRow, operation: Operation, details: Details) -> SourceEvent:
    return SourceEvent(
        source=row.source,
        row_ref=row.row_ref,
        event_id=EventId(row.event_id),
        revision=row.revision,
        operation=operation,
        contract_key=ContractKey(row.contract_key),
        employer_bin=row.employer_bin,
        details=details,
        withdrawn=row.withdrawn,
        entered_at=row.entered_at,
    )
