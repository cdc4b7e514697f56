"""Social leaves: maternity, adoption, child care up to three years. The Order names them in p.6 and sets no term.

Source: response codes 121-137, 143, 144, 147.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from usrec.domain.events.changes import FollowUp


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialLeave(FollowUp):
    """A social leave.

    Attributes:
        not_worked_from: First day of the leave; ``not_worked_to``: its last day.
        first_working_day: When work begins again; with ``timesheet_number`` for a maternity leave only.
    """

    leave_type_code: str
    not_worked_from: date
    not_worked_to: date
    first_working_day: date | None = None
    timesheet_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialLeaveEdit(SocialLeave):
    """Corrected data of a registered leave.

    Attributes:
        leave_id: The registry's id of the leave.
    """

    leave_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialLeaveDelete(FollowUp):
    """A registered leave is deleted."""

    employee_iin: str
    leave_id: str
