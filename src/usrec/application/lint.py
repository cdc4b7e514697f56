"""What the rules say of many rows at once, before anything is taken: nothing is sent and nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from usrec.domain.identifiers import IdentifierError, parse_employer_id
from usrec.domain.intake import IntakePolicy
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.rules.examine import Examined, examine
from usrec.domain.rules.fields import read_payload
from usrec.domain.rules.finding import Finding, Severity
from usrec.domain.rules.harmful_together import check_marks_together
from usrec.domain.rules.late import with_late_entry
from usrec.domain.rules.letters import check_letters
from usrec.domain.rules.pairs import check_pairs
from usrec.domain.rules.preflight import BY_DEFAULT, Preflight
from usrec.domain.rules.registrable import judge_changes
from usrec.domain.rules.together import check_together
from usrec.domain.source_event import EmployerName, SourceRow
from usrec.domain.working_calendar import Calendars


def lint(
    rows: Sequence[tuple[SourceRow, Collection[Finding]]],
    *,
    employers: Mapping[str, EmployerName] | None,
    calendar: Calendars,
    now: datetime,
    preflight: Preflight = BY_DEFAULT,
) -> Sequence[Sequence[Finding]]:
    """The findings of each row, by the same rules as the agent's, and by what rows say about each other.

    Args:
        rows: Each with what its reader found. Where that is an error, the rules say no more of the same field.
        employers: By BIN; None takes every well-formed number for an employer.
        now: The present, aware UTC.
        preflight: What the rows are examined with.
    """
    known = well_formed(row.employer_bin for row, _ in rows) if employers is None else employers
    today = kazakhstan_date(now)
    read = [examine(row, employers=known, calendar=calendar, now=now, preflight=preflight) for row, _ in rows]
    examined = [with_late_entry(one, today) for one in read]
    found = [_of_row(one, read, preflight.intake) for one, (_, read) in zip(examined, rows, strict=True)]
    together = (
        *check_together(examined, preflight.unsure, preflight.approved),
        *check_marks_together(examined, preflight.conditions, preflight.unsure),
        *check_pairs(examined),
    )
    for place, finding in together:
        found[place].append(finding)
    return found


def well_formed(numbers: Iterable[str]) -> Mapping[str, EmployerName]:
    """Those of ``numbers`` that can be an employer's, as if each were configured."""
    return {number: EmployerName(number) for number in set(numbers) if _is_employer(number)}


def _is_employer(number: str) -> bool:
    try:
        parse_employer_id(number)
    except IdentifierError:
        return False
    return True


def _of_row(one: Examined, read: Collection[Finding], policy: IntakePolicy) -> list[Finding]:
    broken = {finding.field for finding in read if finding.severity is Severity.ERROR}
    payload, _ = read_payload(one.row.payload)
    details = None if one.event is None else one.event.details
    by_policy = judge_changes(details, policy.registrable_of(one.row.employer_bin))
    said = [*one.findings, *check_letters(payload), *by_policy]
    return [*read, *(finding for finding in said if finding.field not in broken)]
