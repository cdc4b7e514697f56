"""The stop of an employer: nothing more of it is signed or sent until a person releases it.

What is about the employer itself, its key above all, is met by each of its documents in turn. The first signed answer
that says so stops them all, so that thousands are not refused one after another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from usrec.domain.source_event import EmployerName
from usrec.domain.submission import SubmissionId

AGENT = "agent"
"""Who stopped it, where an answer of USREC did."""


@dataclass(frozen=True, slots=True)
class EmployerStop:
    """An employer is stopped.

    Attributes:
        employer: Its name in the settings.
        stopped_at: Aware UTC.
        stopped_by: :data:`AGENT`, or a person's login name.
        reason: A person's words; empty where an answer of USREC stopped it.
        code: The answer's code, empty where a person stopped it.
        submission_id: What was answered so.
    """

    employer_bin: str
    employer: EmployerName
    stopped_at: datetime
    stopped_by: str
    reason: str = ""
    code: str = ""
    submission_id: SubmissionId | None = None

    def __repr__(self) -> str:
        """Never the number: that of an individual entrepreneur is an IIN."""
        return f"EmployerStop({self.employer}, {self.code or self.stopped_by})"
