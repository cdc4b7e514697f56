"""What the rules would say of a whole staff, if each of its contracts were to be entered as it stands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from usrec.domain.rules.examine import examine
from usrec.domain.rules.finding import Severity
from usrec.domain.rules.preflight import Preflight
from usrec.domain.snapshot.contract import operation_that_enters
from usrec.domain.snapshot.staff import StaffRow
from usrec.domain.source_event import EmployerName, SourceName, SourceRow
from usrec.domain.working_calendar import Calendars


@dataclass(frozen=True, slots=True)
class StaffFinding:
    """One rule that rows break.

    Attributes:
        rows: How many do.
    """

    rule: str
    field: str
    code: str
    rows: int


def check_staff(
    staff: Sequence[StaffRow],
    *,
    employers: Mapping[str, EmployerName],
    calendar: Calendars,
    now: datetime,
    preflight: Preflight,
) -> Sequence[StaffFinding]:
    """The rules that rows of a staff break, those of most rows first."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for row in staff:
        found = examine(_entry(row), employers=employers, calendar=calendar, now=now, preflight=preflight).findings
        counted.update({(one.rule, one.field, one.code) for one in found if one.severity is Severity.ERROR})
    return [StaffFinding(*what, rows) for what, rows in counted.most_common()]


def _entry(row: StaffRow) -> SourceRow:
    operation = operation_that_enters(row)
    payload = json.dumps(dict(row.contract), ensure_ascii=False)
    return SourceRow(SourceName("check"), "", "check", 1, operation.value, row.key, row.employer_bin, payload)
