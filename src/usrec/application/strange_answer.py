"""Answers that somebody has to look at: told at once, while the line goes on as the decision table says.

A success of unknown shape counts for nothing, and so does a code that no list of response codes holds; both mean that
the service has changed, or that something stands between it and us. An answer that contradicts the ledger is a fact
that no rule may decide. The alert lasts until its submission is settled.
"""

from __future__ import annotations

from datetime import datetime

from usrec.application.recording import alert_now
from usrec.domain.alert import Threshold, Watched
from usrec.domain.outcome import SubmissionOutcome, code_of
from usrec.domain.policies import UNKNOWN_ERROR
from usrec.domain.submission import Submission
from usrec.domain.verdict import Next, Verdict
from usrec.ports.ledger import UnitOfWork


def tell_of_answer(
    work: UnitOfWork, submission: Submission, outcome: SubmissionOutcome, verdict: Verdict, now: datetime
) -> None:
    """Raise an alert where an answer was not understood; for the registry's own "unknown error" nobody is called."""
    if verdict.alert and verdict.next is Next.RESEND and code_of(outcome) != UNKNOWN_ERROR:
        raise_alert(work, submission, Threshold.UNRECOGNISED, now)


def raise_alert(work: UnitOfWork, submission: Submission, threshold: Threshold, now: datetime) -> None:
    """Raise the alert; one of the same kind, event and day stands already or is opened again."""
    work.alerts.add([alert_now(submission, Watched.ANSWER, threshold, now)])
