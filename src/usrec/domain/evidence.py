"""What proves how one submission went, and the questions that an inspector asks of it.

The five times of a contract event: both parties signed it, HR entered it, the agent took it, the agent signed it, USREC
acknowledged it. Which of them was late tells whose delay it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from usrec.domain.alert import Threshold, Watched
from usrec.domain.chain import ChainLine
from usrec.domain.day_count import CountedDay
from usrec.domain.inquiry import Finding
from usrec.domain.message import SignedMessage
from usrec.domain.outage import Outage
from usrec.domain.source_event import Operation, SourceRow
from usrec.domain.state import State
from usrec.domain.submission import Submission, SubmissionId
from usrec.domain.verdict import Ending

SIGNED_ON_TRIGGER: Final = frozenset({Operation.CONCLUSION, Operation.AMENDMENT})
"""Their term runs from the day on which both parties signed (Order 353 p.7 and 8)."""
ID_CORRECTED: Final = "contract_id_corrected"
"""The journal's word where a person gave a settled conclusion the right id in the place of a wrong one."""


@dataclass(frozen=True, slots=True)
class AttemptEvidence:
    """One try to send, as the ledger keeps it.

    Attributes:
        envelope_digest: SHA-256 of the envelope's bytes, which are not kept: they hold the sender's password.
        reply: What was received, byte for byte; empty when nothing was.
    """

    id: str
    number: int
    opened_at: datetime
    closed_at: datetime | None
    ending: Ending | None
    code: str
    detail: str
    correlation_id: str
    envelope_digest: str
    reply: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class QuestionEvidence:
    """One question to the registry about a record in doubt, and its answer.

    Attributes:
        after_attempt: Number of the attempt after which it was asked.
        signed_digest: Of the signed answer that was believed, None where there was none.
        reply: What was received, byte for byte; empty when nothing was.
    """

    after_attempt: int
    asked_at: datetime
    answered_at: datetime
    correlation_id: str
    finding: Finding
    code: str
    detail: str
    signed_digest: str | None
    reply: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DecisionEvidence:
    """What decided: a trusted answer, or a person who settled a doubt.

    Attributes:
        kind: ``answer``, ``question`` (the answer to one) or ``settlement``.
        evidence: The answer's bytes, or those of the person's file.
    """

    attempt_id: str | None
    kind: str
    accepted: bool
    code: str
    registry_id: str | None
    signed_digest: str
    acknowledged_at: datetime
    evidence: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AlertEvidence:
    """An alert about the event.

    Attributes:
        told: When each sink took it, aware UTC.
    """

    watched: Watched
    threshold: Threshold
    last_day: date
    raised_at: datetime
    told: Mapping[str, datetime] = field(hash=False)


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """All that the ledger holds of one submission.

    Attributes:
        row: The row as HR gave it, None when it is not kept any more.
        message: The signed document, None before signing, or when it is not kept any more.
        lines: Its lines of the journal.
        digest_key: The key of the digests in those lines.
        pruned_at: When its personal data was removed by retention, None while it is there.
    """

    submission: Submission
    row: SourceRow | None
    message: SignedMessage | None
    attempts: Sequence[AttemptEvidence]
    questions: Sequence[QuestionEvidence]
    decisions: Sequence[DecisionEvidence]
    alerts: Sequence[AlertEvidence]
    lines: Sequence[ChainLine]
    digest_key: bytes = field(repr=False)
    pruned_at: datetime | None = None


def without_content(record: EvidenceRecord) -> EvidenceRecord:
    """A record whose personal data was removed: what stands in its place is no document and no answer."""
    return replace(
        record,
        row=None,
        message=None if record.message is None else replace(record.message, document=b""),
        attempts=[replace(one, reply=b"") for one in record.attempts],
        questions=[replace(one, reply=b"") for one in record.questions],
        decisions=[replace(one, evidence=b"") for one in record.decisions],
    )


class Timeliness(StrEnum):
    """How a submission stands to its legal date."""

    IN_TIME = "in_time"
    LATE = "late"
    OPEN = "open"
    """Not registered, and the term still runs."""
    OVERDUE = "overdue"
    """Not registered, and the term is over."""
    NO_TERM = "no_term"
    NOT_DUE = "not_due"
    """Taken back or replaced: nothing of it has to be registered."""


@dataclass(frozen=True, slots=True)
class FiveTimes:
    """The five times; None where one has not come, or is not known.

    Attributes:
        signed_by_both: The day, as HR's row says.
    """

    signed_by_both: date | None
    entered_by_hr: datetime | None
    taken: datetime
    signed_by_us: datetime | None
    acknowledged: datetime | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """A record with what follows from it.

    Attributes:
        days: How the term was counted.
        counted_with: Version of the calendar that the days were counted with now.
        outages: Those that touch the time from the intake to the decision.
    """

    record: EvidenceRecord
    times: FiveTimes
    timeliness: Timeliness
    days: Sequence[CountedDay]
    counted_with: str
    outages: Sequence[Outage]

    @property
    def counting_agrees(self) -> bool:
        """Whether today's calendar counts to the legal date on record; it may have been corrected since."""
        return not self.days or self.days[-1].day == self.record.submission.legal_date


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One line of the index of a period."""

    id: SubmissionId
    event_id: str
    revision: int
    operation: str
    employer_bin: str
    contract_key: str
    state: State
    code: str
    point: str
    legal_date: date | None
    taken: datetime
    acknowledged: datetime | None
    attempts: int
    outages: int
    timeliness: Timeliness


def five_times(record: EvidenceRecord) -> FiveTimes:
    """The five times of a submission."""
    submission = record.submission
    accepted = [one.acknowledged_at for one in record.decisions if one.accepted]
    return FiveTimes(
        signed_by_both=submission.trigger if submission.operation in SIGNED_ON_TRIGGER else None,
        entered_by_hr=submission.entered_at,
        taken=submission.received_at,
        signed_by_us=None if record.message is None else record.message.signed_at,
        acknowledged=min(accepted, default=None) if submission.state is State.ACCEPTED else None,
    )


def timeliness_of(submission: Submission, now: datetime) -> Timeliness:
    """How it stands to its legal date at an aware moment."""
    return timeliness(
        submission.state,
        replaced=submission.replaced_by is not None,
        due=submission.due_utc,
        decided=submission.decided_at,
        now=now,
    )


def timeliness(
    state: State, *, replaced: bool, due: datetime | None, decided: datetime | None, now: datetime
) -> Timeliness:
    """The same of what is known of a submission; all times are aware.

    Args:
        due: First moment that is too late, None where the law sets no term.
        decided: When it was registered or refused, None where it was not.
    """
    if state is State.CANCELLED or replaced:
        return Timeliness.NOT_DUE
    if due is None:
        return Timeliness.NO_TERM
    if state is State.ACCEPTED and decided is not None:
        return Timeliness.IN_TIME if decided < due else Timeliness.LATE
    return Timeliness.OPEN if now < due else Timeliness.OVERDUE


def window_of(submission: Submission, now: datetime) -> tuple[datetime, datetime]:
    """The time in which an outage could have hindered it: from the intake to the decision, or until now."""
    return submission.received_at, submission.decided_at or now


def period_row(dossier: Dossier) -> PeriodRow:
    """A dossier in one line."""
    submission = dossier.record.submission
    return PeriodRow(
        id=submission.id,
        event_id=submission.event_id,
        revision=submission.revision,
        operation="" if submission.operation is None else submission.operation.value,
        employer_bin=submission.employer_bin,
        contract_key=submission.contract_key,
        state=submission.state,
        code=submission.code,
        point=submission.point,
        legal_date=submission.legal_date,
        taken=submission.received_at,
        acknowledged=dossier.times.acknowledged,
        attempts=len(dossier.record.attempts),
        outages=len(dossier.outages),
        timeliness=dossier.timeliness,
    )
