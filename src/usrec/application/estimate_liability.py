"""What is late in the ledger, and what each of it may cost by art. 98; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.liability import Breach, Circumstances, Liability, assess
from usrec.domain.source_event import EmployerName
from usrec.domain.state import State
from usrec.ports.clock import Clock
from usrec.ports.ledger_view import LedgerView, SubmissionFilter, SubmissionRow


@dataclass(frozen=True, slots=True)
class Case:
    """One late event."""

    row: SubmissionRow
    liability: Liability

    @property
    def registered_at(self) -> datetime | None:
        """When its registration was recorded, None while it is not registered."""
        return self.row.decided_at if self.row.state is State.ACCEPTED else None

    def days_late(self, now: datetime) -> int:
        """Days in Kazakhstan from the legal date to the registration, or to ``now``."""
        ended = kazakhstan_date(self.registered_at or now)
        return 0 if self.row.legal_date is None else (ended - self.row.legal_date).days


@dataclass(frozen=True, slots=True)
class Estimate:
    """The late events of the ledger at one moment.

    Attributes:
        cases: By legal date. They are never summed up.
        undated: Open ones whose legal date is not known; nothing can be said of them.
    """

    at: datetime
    told: Circumstances
    cases: Sequence[Case]
    undated: int


def estimate_liability(
    *, view: LedgerView, clock: Clock, told: Circumstances, employer: EmployerName | None = None
) -> Estimate:
    """Look for what was registered late, or is over its legal date and not registered.

    Args:
        told: What the employer says of itself; counts for every case, so ``employer`` is named where there are several.
    """
    now = clock.now()
    rows = view.rows(SubmissionFilter(employer=employer, unsettled_or_late=True))
    return Estimate(now, told, list(_cases(rows, told, now)), sum(row.due_utc is None for row in rows))


def _cases(rows: Sequence[SubmissionRow], told: Circumstances, now: datetime) -> Iterator[Case]:
    for row in rows:
        if row.due_utc is None:
            continue
        entered_at = row.decided_at if row.state is State.ACCEPTED else None
        liability = assess(Breach(row.due_utc, entered_at, row.attempts), told, now)
        if liability is not None:
            yield Case(row, liability)
