"""Internal targets of events for which the law sets no term, so that deadline order never starves them.

A target is the employer's own, counted from the day on which the agent took the event. It is no term of law: nothing is
breached when it passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from usrec.domain.source_event import Operation
from usrec.domain.working_calendar import WorkingCalendar

DEFAULT_DAYS: Final = 30
WITHOUT_TERM: Final = frozenset(
    {
        Operation.IIN_CHANGE,
        Operation.BIN_CHANGE,
        Operation.TRANSFER,
        Operation.SOCIAL_LEAVE,
        Operation.SOCIAL_LEAVE_EDIT,
        Operation.SOCIAL_LEAVE_DELETE,
    }
)
"""No point of Order 353 sets a term for them (a social leave stands in p.6, which sets none)."""
TARGETED: Final = WITHOUT_TERM | {
    Operation.CONTRACT_EDIT,
    Operation.CONTRACT_DELETE,
    Operation.AMENDMENT_EDIT,
    Operation.AMENDMENT_DELETE,
}
"""Those, and corrections: their term cannot be counted when nobody knows the day of the first entry."""


class CountedIn(StrEnum):
    """How the days of a target are counted."""

    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """How many days each event may take.

    Attributes:
        days: By operation; ``otherwise`` for those that are not named.
    """

    otherwise: int = DEFAULT_DAYS
    counted_in: CountedIn = CountedIn.CALENDAR_DAYS
    days: Mapping[Operation, int] = field(default_factory=dict)

    def date_of(self, operation: Operation | None, taken_on: date, calendar: WorkingCalendar) -> date | None:
        """Last day of the target; None for an event that has none.

        Args:
            taken_on: Kazakhstan's day of the intake; the days after it are counted.
        """
        if operation not in TARGETED:
            return None
        days = self.days.get(operation, self.otherwise)
        if self.counted_in is CountedIn.WORKING_DAYS:
            return calendar.add_working_days(taken_on, days)
        return taken_on + timedelta(days=days)
