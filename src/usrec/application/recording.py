"""What every change leaves behind: a line in the journal, and a note for HR."""

from __future__ import annotations

from datetime import datetime

from usrec.domain.change import NOT_REGISTRABLE
from usrec.domain.state import State
from usrec.domain.submission import Submission, WaitReason
from usrec.ports.event_source import StatusNote
from usrec.ports.ledger import JournalEntry, UnitOfWork


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


_ASKED = {
    WaitReason.AWAITING_SIGNATURE: "Taken; it waits for the signature of the EDS's owner.",
    WaitReason.AWAITING_APPROVAL: "Taken; it waits for an approval before it is signed.",
    WaitReason.MASS_HELD: "Taken; held with many like it until a person has looked at them.",
}
_PASSED_OVER = "Not sent, by the employer's own policy of what is entered; usrec_findings says more."


def status_note(submission: Submission, now: datetime, *, waits_for: WaitReason | None = None) -> StatusNote:
    """What HR is told about the row of ``submission``.

    Args:
        waits_for: What a person is asked for before it can be sent.
    """
    return StatusNote(
        source=submission.source,
        row_ref=submission.row_ref,
        revision=submission.revision,
        state=submission.state.value,
        code=submission.code,
        message=_sentence(submission) if waits_for is None else _ASKED[waits_for],
        findings=submission.findings,
        contract_id=submission.contract_id,
        legal_date=submission.legal_date,
        noted_at=now,
    )


def _sentence(submission: Submission) -> str:
    passed_over = submission.state is State.CANCELLED and submission.reason == NOT_REGISTRABLE
    return _PASSED_OVER if passed_over else _SENTENCES[submission.state]
