"""Social leaves: what each kind has to say, and that its days make sense.

Sources: response codes SCSE122, 127-131, 143, 144 and the dictionary of leaves (1 maternity and adoption, 2 child
care). That both end days count towards the 184 days is assumed: it is the stricter reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from usrec.domain.events.leaves import SocialLeave
from usrec.domain.rules.finding import Finding, error
from usrec.domain.rules.spans import FAR, is_far_ahead, years_before
from usrec.domain.source_event import Details

MATERNITY: Final = "1"
LONGEST_MATERNITY: Final = timedelta(days=184)
_ONLY_MATERNITY: Final = {"timesheet_number": "SCSE122", "first_working_day": "SCSE129"}


def check_leave(details: Details, today: date) -> Iterator[Finding]:
    """Findings about a social leave."""
    if not isinstance(details, SocialLeave):
        return
    yield from leave_days(details, today)
    if details.leave_type_code == MATERNITY:
        yield from maternity_leave(details, today)
    else:
        yield from other_leave_only_dates(details)


def leave_days(details: SocialLeave, today: date) -> Iterator[Finding]:
    """A leave runs forward and did not end half a century ago (127, 128)."""
    if details.not_worked_from > details.not_worked_to:
        message = "The leave begins after its last day."
        yield error("leave_begin_not_after_end", "not_worked_to", message, code="SCSE127")
    if details.not_worked_to < years_before(today, FAR):
        message = "not_worked_to is over 50 years ago."
        yield error("leave_end_too_early", "not_worked_to", message, code="SCSE128")


def maternity_leave(details: SocialLeave, today: date) -> Iterator[Finding]:
    """A leave of type 1 says when work begins again and under which timesheet number (122, 129-131, 143)."""
    for name, code in _ONLY_MATERNITY.items():
        if getattr(details, name) is None:
            message = f"A leave of type 1 needs {name}."
            yield error("leave_field_required_by_type", name, message, code=code)
    back = details.first_working_day
    if back and details.not_worked_to > back:
        message = "The first working day lies before the last day of the leave."
        yield error("first_working_day_not_before_leave_end", "first_working_day", message, code="SCSE130")
    if back and is_far_ahead(back, today):
        message = "first_working_day is over 50 years ahead."
        yield error("first_working_day_too_late", "first_working_day", message, code="SCSE131")
    if details.not_worked_to - details.not_worked_from >= LONGEST_MATERNITY:
        message = "The leave of type 1 is longer than 184 days, both end days counted."
        yield error("maternity_leave_length", "not_worked_to", message, code="SCSE143")


def other_leave_only_dates(details: SocialLeave) -> Iterator[Finding]:
    """A leave of another type has its first and last day only (144)."""
    for name in _ONLY_MATERNITY:
        if getattr(details, name) is not None:
            message = f"{name} belongs to a leave of type 1 only; the paper says which type this leave is."
            yield error("other_leave_only_dates", name, message, code="SCSE144")
