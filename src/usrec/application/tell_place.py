"""HR's rows say what they wait for, when a person or the line of their contract has changed that.

A ledger that went back in time says nothing: until somebody has compared, HR's rows know more than it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from usrec.application.after_restore import NOTES as AFTER_RESTORE
from usrec.application.recording import status_note
from usrec.domain.employer_stop import EmployerStop
from usrec.domain.state import State
from usrec.domain.submission import QueueEntry, Submission, WaitReason
from usrec.ports.ledger import UnitOfWork

Place = tuple[Submission, WaitReason | None]
"""A submission, and what has to happen before its turn; None: its turn comes by itself."""


def tell_places(work: UnitOfWork, places: Sequence[Place], now: datetime) -> None:
    """Note for HR what these wait for."""
    if not places:
        return
    stops = work.employer_stops.of({submission.employer_bin for submission, _ in places})
    told = [(one, why) for one, why in places if not _went_back(stops, one)]
    work.write_backs.put(*(status_note(one, now, waits_for=why) for one, why in told))


def tell_freed(work: UnitOfWork, submission: Submission, now: datetime) -> None:
    """A person let it go on: whatever held it until now, HR's row says that it will be sent."""
    if submission.state is State.PENDING:
        tell_places(work, [(submission, None)], now)


def tell_taken_over(work: UnitOfWork, submission: Submission, entry: QueueEntry, now: datetime) -> None:
    """A person holds or enters it: what became of what it waited for before is not told any more."""
    if entry.wait_reason in {WaitReason.PREDECESSOR_REFUSED, WaitReason.MASS_HELD}:
        tell_places(work, [(submission, None)], now)


def _went_back(stops: Mapping[str, EmployerStop], submission: Submission) -> bool:
    stop = stops.get(submission.employer_bin)
    return stop is not None and stop.reason in AFTER_RESTORE
