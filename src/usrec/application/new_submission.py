"""From an examined row to a new submission: what the row says, the target and the policy that apply to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.identifiers import new_record_id
from usrec.domain.intake import IntakePolicy
from usrec.domain.kazakhstan_time import day_end_utc, kazakhstan_date
from usrec.domain.rules.examine import Examined
from usrec.domain.rules.finding import dump_findings
from usrec.domain.rules.registrable import is_passed_over, judge_changes
from usrec.domain.source_event import ContractKey, contract_id_given, dump_details
from usrec.domain.state import State
from usrec.domain.submission import OUTSIDE_THE_LINE, Submission, SubmissionId
from usrec.domain.target import TargetPolicy
from usrec.domain.working_calendar import Calendars
from usrec.ports.clock import Entropy


def with_target(submission: Submission, targets: TargetPolicy, calendar: Calendars) -> Submission:
    """With the last day of its internal target, where the law sets no term."""
    if submission.legal_date is not None:
        return submission
    last = targets.date_of(
        submission.operation, kazakhstan_date(submission.received_at), calendar.of(submission.employer_bin)
    )
    return submission if last is None else replace(submission, safe_date=last, safe_utc=day_end_utc(last))


def by_policy(submission: Submission, one: Examined, policy: IntakePolicy) -> Submission:
    """With what the employer's policy says of its changes; one that is not entered is marked as that."""
    details = None if one.event is None else one.event.details
    said = judge_changes(details, policy.registrable_of(submission.employer_bin))
    if not said:
        return submission
    reason = NOT_REGISTRABLE if is_passed_over(said) else submission.reason
    return replace(submission, reason=reason, findings=dump_findings([*one.findings, *said]))


def policy_noted(submission: Submission, policy: IntakePolicy) -> dict[str, object]:
    """For the journal: what the policy rests on by which a submission is not sent."""
    if submission.reason != NOT_REGISTRABLE:
        return {}
    return {"policy": policy.registrable_of(submission.employer_bin).note}


def new_submission(one: Examined, now: datetime, entropy: Entropy) -> Submission:
    """The submission of a row, before it is placed beside others."""
    row, deadline = one.row, one.deadline
    details = None if one.event is None else one.event.details
    return Submission(
        id=SubmissionId(new_record_id(entropy.token(16))),
        source=row.source,
        row_ref=row.row_ref,
        event_id=one.event_id,
        revision=row.revision,
        operation=one.operation,
        employer=one.employer,
        employer_bin=row.employer_bin,
        contract_key=ContractKey(row.contract_key),
        position=OUTSIDE_THE_LINE,
        state=State.INVALID if details is None else State.PENDING,
        details="{}" if details is None else dump_details(details),
        withdrawn=row.withdrawn,
        received_at=now,
        entered_at=row.entered_at,
        trigger=one.trigger,
        legal_date=None if deadline is None else deadline.legal_date,
        safe_date=None if deadline is None else deadline.safe_date,
        due_utc=None if deadline is None else deadline.deadline_utc,
        safe_utc=None if deadline is None else deadline.safe_utc,
        edition="" if deadline is None else deadline.edition.value,
        point="" if deadline is None else deadline.point or "",
        term="" if deadline is None else deadline.term or "",
        calendar_version="" if deadline is None else deadline.calendar_version,
        not_before=one.not_before,
        contract_id=None if details is None else contract_id_given(details),
        findings=dump_findings(one.findings),
    )
