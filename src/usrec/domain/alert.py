"""One alert per event, date and threshold: before a date, when it is missed, and when HR is late with the event.

An alert belongs to the event and not only to the submission that raised it: a person who retries a submission, or HR
who mends a row, is not told the same thing again. When the date itself changes, it is another alert.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from usrec.domain.source_event import EmployerName, EventId, Operation, SourceName
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId, WaitReason


class Watched(StrEnum):
    """What an alert is about."""

    SAFE = "safe_date"
    LEGAL = "legal_date"
    ENTRY = "entry"
    """The days between the signing and a row that can be sent."""
    PERSON = "person"
    """The working days on which somebody is awaited; its date is the day of the reminder."""
    EMPLOYER = "employer"
    """The employer as a whole; its date is the day on which it was stopped."""
    IIN = "iin"
    """The working days on which an employee's IIN is awaited; its date is the day of the reminder."""
    PERMIT = "permit"
    """The last day of the permit of a foreigner whose contract is registered."""
    TARGET = "target"
    """The internal target of an event for which the law sets no term."""
    MASS = "mass"
    """Many changes that are held until a person has looked; its date is the day of the reminder."""
    PAIR = "pair"
    """A transfer in two halves; its date is the day of the reminder."""
    ANSWER = "answer"
    """An answer that somebody has to look at; its date is the day on which it came."""
    FORECAST = "forecast"
    """The line as a whole, by the one that would go last; its date is the day on which it was told."""
    PORTAL = "portal"
    """What will not make it on its last day by law."""
    CLOCK = "clock"
    """The clock of an agent's machine; its date is the day on which it was found wrong, by that clock."""
    KEY = "key"
    """The keys of an employer; its date is the day on which none of them could sign."""


class Threshold(StrEnum):
    """What was reached; in the order of time."""

    AWAITED = "awaited"
    """A person's signature or approval is awaited, an employee's IIN, or somebody's act after a refusal."""
    PERMIT_FIRST = "permit_first"
    """A foreigner's permit ends: the first time that it is told; the days are settings."""
    PERMIT_SECOND = "permit_second"
    PERMIT_LAST = "permit_last"
    TARGET_NEAR = "target_near"
    """At most three working days are left to an internal target."""
    TARGET_PASSED = "target_passed"
    """An internal target has passed; no law is broken."""
    MASS_HELD = "mass_held"
    """Many changes of one kind are held."""
    HALF_MISSING = "half_missing"
    """One half of a transfer is there and the other is not."""
    HALVES_CONTRADICT = "halves_contradict"
    """The two halves of a transfer cannot belong together."""
    WILL_BE_LATE = "will_be_late"
    """At the present rate some legal dates will be missed."""
    ENTER_BY_HAND = "enter_by_hand"
    """It will not make it today, and nothing of it was sent: it can be entered in the portal."""
    FIND_OUT = "find_out"
    """It will not make it today, and it may be registered: somebody has to look."""
    LATE_ENTRY = "late_entry"
    """Signed days ago, and HR entered it late or must still mend its row."""
    WORKING_DAYS_3 = "3_working_days"
    DAY_1 = "1_day"
    HOURS_4 = "4_hours"
    MISSED = "missed"
    STOPPED = "stopped"
    """An answer of USREC stopped its employer."""
    UNRECOGNISED = "unrecognised"
    """A signed answer has a shape, or a code, that the program does not know: it counts for nothing."""
    CONTRADICTED = "contradicted"
    """A signed answer says otherwise than the ledger."""
    CLOCK_WRONG = "clock_wrong"
    """Nothing goes out, because the clock of an agent's machine cannot be relied on."""
    KEY_UNUSABLE = "key_unusable"
    """Nothing of an employer goes out, because no key of it may sign: expired, revoked, or its file is gone."""


OF_ANSWERS: Final = frozenset({Threshold.UNRECOGNISED, Threshold.CONTRADICTED})
URGENT: Final = OF_ANSWERS | {
    Threshold.HOURS_4,
    Threshold.MISSED,
    Threshold.STOPPED,
    Threshold.ENTER_BY_HAND,
    Threshold.FIND_OUT,
    Threshold.CLOCK_WRONG,
    Threshold.KEY_UNUSABLE,
}
"""Told at once, also at night; the others wait for the next digest."""
REMINDERS: Final = frozenset(
    {Threshold.AWAITED, Threshold.MASS_HELD, Threshold.HALF_MISSING, Threshold.HALVES_CONTRADICT}
)
"""Told again on every working day, so none is urgent because its own date ends."""
OF_PERMITS: Final = frozenset({Threshold.PERMIT_FIRST, Threshold.PERMIT_SECOND, Threshold.PERMIT_LAST})
GENTLE: Final = REMINDERS | OF_PERMITS | {Threshold.TARGET_NEAR, Threshold.TARGET_PASSED}
"""Never told outside of a digest: no day of the Order ends with these."""

_PLAIN: Final = re.compile(r"(?!.*(?<!\d)\d{12}(?!\d))[!-~]{1,64}", re.ASCII)
"""Printable ASCII without blanks and without twelve digits in a row."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An event is open and a threshold was reached.

    Attributes:
        submission_id: The submission that stands for the event.
        last_day: The date that is watched; the legal date for a late entry, the day itself for a reminder.
        raised_at: Aware UTC.
        tell_at: From when on those are told who get digests, aware UTC; ``raised_at`` when that is at once.
    """

    submission_id: SubmissionId
    source: SourceName
    event_id: EventId
    watched: Watched
    threshold: Threshold
    operation: Operation | None
    employer: EmployerName | None
    last_day: date
    raised_at: datetime
    tell_at: datetime

    @property
    def urgent(self) -> bool:
        """Whether it is told at once, also at night."""
        return self.threshold in URGENT


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert whose event is still open, with how that stands now. Nothing in it is personal data.

    Attributes:
        code: The registry's response code, empty before a refusal.
        wait_reason: Why the agent is not sending it now.
        blocked_by: The earlier event of the same contract that it waits for.
        legal_date: Last day of the term; ``safe_date``: by the strictest reading.
        trigger: Day of the signing or of the termination.
        entered_at: When HR entered it or, where the row does not tell, when the agent took it; aware UTC.
    """

    alert: Alert
    state: State
    code: str
    wait_reason: WaitReason | None
    blocked_by: SubmissionId | None
    legal_date: date | None
    safe_date: date | None
    trigger: date | None
    entered_at: datetime

    @property
    def event(self) -> str:
        """HR's id of the event, by which HR finds its row; empty when it could hold a person's name or number."""
        event_id = self.alert.event_id
        return event_id if _PLAIN.fullmatch(event_id) else ""
