"""When a foreigner's permit is about to end: three times before its last day, each told once.

The permit of a contract is the one that its newest registered event names. A newer permit has another last day, so it
is told anew; the number of days of the last telling is kept, and settings that change take effect at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from usrec.domain.alert import Threshold
from usrec.domain.source_event import EmployerName
from usrec.domain.submission import SubmissionId


@dataclass(frozen=True, slots=True)
class PermitDays:
    """So many days before a permit's last day it is told; each less than the one before."""

    first: int = 60
    second: int = 30
    last: int = 10

    @property
    def thresholds(self) -> Sequence[tuple[Threshold, int]]:
        """The nearest first: what is told now makes the earlier ones needless."""
        return (
            (Threshold.PERMIT_LAST, self.last),
            (Threshold.PERMIT_SECOND, self.second),
            (Threshold.PERMIT_FIRST, self.first),
        )


@dataclass(frozen=True, slots=True)
class EndingPermit:
    """The permit of a contract that is registered and goes on; no personal data.

    Attributes:
        submission_id: The event that named the permit to USREC.
        end_date: Its last day.
    """

    submission_id: SubmissionId
    event_id: str
    employer: EmployerName | None
    contract_key: str
    end_date: date
