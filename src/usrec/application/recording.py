"""What a change leaves behind: a line in the journal, a note for HR, an alert where somebody has to know at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from usrec.domain.alert import Alert, Threshold, Watched
from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.kazakhstan_time import kazakhstan_date
from usrec.domain.state import State
from usrec.domain.submission import Submission, WaitReason, awaits_iin
from usrec.domain.superseding import NEWER_CHANGE
from usrec.ports.event_source import StatusNote
from usrec.ports.ledger import UnitOfWork
from usrec.ports.outgoing import JournalEntry


def journal(
    work: UnitOfWork,
    submission: Submission,
    action: str,
    was: State | None,
    now: datetime,
    *,
    reason: str = "",
    actor: str = "agent",
    detail: str = "{}",
) -> None:
    """Append one line about ``submission``."""
    work.journal.append(JournalEntry(now, submission.id, action, was, submission.state, actor, reason, detail))


_SENTENCES = {
    State.PENDING: "Taken; it will be sent.",
    State.INVALID: "Not sent: mend the fields named here and raise the revision.",
    State.SIGNED: "Signed; being sent.",
    State.SUBMITTED: "Delivered; no decision yet.",
    State.INDETERMINATE: "The answer is unknown; the agent is finding out. Do not enter it by hand.",
    State.ACCEPTED: "Registered in USREC.",
    State.REJECTED: "Refused by USREC.",
    State.CANCELLED: "Taken back; it will not be sent.",
}


_NO_IIN_YET = "Taken; it waits for the employee's IIN while the term runs. When it is issued, raise the revision."

_ASKED = {
    WaitReason.AWAITING_SIGNATURE: "Taken; it waits for the signature of the EDS's owner.",
    WaitReason.AWAITING_APPROVAL: "Taken; it waits for an approval before it is signed.",
    WaitReason.NEXT_DAY: "Refused by USREC today; the agent sends the same again on the next day.",
    WaitReason.TO_CONFIRM: "USREC says that it is registered already; somebody has to look. Do not enter it by hand.",
    WaitReason.OTHER_PARTY: "Refused by USREC until somebody else has acted; then it is sent again.",
    WaitReason.PREDECESSOR_REFUSED: "Taken; an earlier event of the same contract was refused or has errors: "
    "it waits until that one has been mended or taken back.",
    WaitReason.EMPLOYER_STOPPED: "Taken; its employer is stopped: nothing is sent until a person lets it go on.",
    WaitReason.MASS_HELD: "Taken; held with many like it until a person has looked at them.",
}
_OUTLIVED = {
    State.SIGNED: "Signed, but the certificate ended before it was sent; somebody has to decide how it goes on.",
    State.INDETERMINATE: "The answer is unknown and the certificate has ended; somebody has to look in the portal. "
    "Do not enter it by hand.",
}
_PASSED_OVER = "Not sent, by the employer's own policy of what is entered; usrec_findings says more."


_GAVE_WAY = "Taken back: a newer change of the same thing goes in its place."
_REPLACED = frozenset({NEWER_CHANGE, "superseded"})


def status_note(submission: Submission, now: datetime, *, waits_for: WaitReason | None = None) -> StatusNote:
    """What HR is told about the row of ``submission``.

    Args:
        waits_for: What has to happen before it can be sent.
    """
    return StatusNote(
        source=submission.source,
        row_ref=submission.row_ref,
        revision=submission.revision,
        state=submission.state.value,
        code=submission.code,
        message=_message(submission, waits_for),
        findings=submission.findings,
        contract_id=submission.contract_id,
        legal_date=submission.legal_date,
        noted_at=now,
        record_id=submission.record_id if submission.state is State.ACCEPTED else None,
    )


def outlived_note(submission: Submission, now: datetime) -> StatusNote:
    """What HR is told of a row whose signed document is not sent any more: it is signed, or in doubt."""
    note = status_note(submission, now)
    return replace(note, message=_OUTLIVED.get(submission.state, note.message))


def told_of(waits_for: WaitReason | None) -> str:
    """The sentence about a row that was taken and waits for this; None: for its turn."""
    return _SENTENCES[State.PENDING] if waits_for is None else _ASKED[waits_for]


def _message(submission: Submission, waits_for: WaitReason | None) -> str:
    if waits_for is not None:
        return _ASKED[waits_for]
    if submission.state is State.PENDING and awaits_iin(submission):
        return _NO_IIN_YET
    if submission.state is State.CANCELLED and submission.reason == NOT_REGISTRABLE:
        return _PASSED_OVER
    gave_way = submission.state is State.CANCELLED and submission.reason in _REPLACED
    return _GAVE_WAY if gave_way else _SENTENCES[submission.state]


def alert_now(submission: Submission, watched: Watched, threshold: Threshold, now: datetime) -> Alert:
    """An alert about ``submission`` that is told at once; one of the same kind, event and day is the same alert."""
    return Alert(
        submission_id=submission.id,
        source=submission.source,
        event_id=submission.event_id,
        watched=watched,
        threshold=threshold,
        operation=submission.operation,
        employer=submission.employer,
        last_day=kazakhstan_date(now),
        raised_at=now,
        tell_at=now,
    )
