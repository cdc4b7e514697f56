"""One alert per submission, date and threshold: before the safe date, before the legal date, and when it is missed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from usrec.domain.source_event import EmployerName, Operation
from usrec.domain.submission import SubmissionId


class Watched(StrEnum):
    """Which date an alert is about."""

    SAFE = "safe_date"
    LEGAL = "legal_date"


class Threshold(StrEnum):
    """How much time is left."""

    WORKING_DAYS_3 = "3_working_days"
    DAY_1 = "1_day"
    HOURS_4 = "4_hours"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Alert:
    """A submission is open and a threshold was reached."""

    submission_id: SubmissionId
    watched: Watched
    threshold: Threshold
    operation: Operation | None
    employer: EmployerName | None
    last_day: date
    raised_at: datetime
