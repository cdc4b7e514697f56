"""Asking the registry about a record in doubt, and what its answer means.

No query operation of USREC is public; both shipped wire profiles leave it out, and nothing else of the line rests on
it. Where a profile has one, the registry is asked before the same bytes are sent again: at most once after each
attempt.

======================  ==========================================================
answer                  what follows
======================  ==========================================================
found, and it is ours   accepted
found, but different    a person: our id stands for something that we did not send
not found               nothing by itself: the request may still be on its way; resend
not answered            nothing: the submission stands as it stood; resend
======================  ==========================================================

"Ours" is the record id that we supplied, with the employer, the number, the date and the IIN that our own message
carried. An answer about another id is an answer to another question: it counts as none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from usrec.domain.message import CorrelationId, MessageId
from usrec.domain.outcome import Doubt, ReplyProof
from usrec.domain.source_event import PAPER_FIELDS, Operation
from usrec.domain.state import Move
from usrec.domain.submission import Submission, SubmissionId
from usrec.domain.verdict import AttemptWindow, Next, doubt_about

_NUMBER_FIELDS: Final[Mapping[Operation, str]] = {
    Operation.CONCLUSION: "contract_number",
    Operation.LEGACY_CONTRACT: "contract_number",
    Operation.CONTRACT_EDIT: "contract_number",
    Operation.AMENDMENT: "agreement_number",
    Operation.AMENDMENT_EDIT: "agreement_number",
}


class Finding(StrEnum):
    """What a question found out."""

    OURS = "ours"
    DIFFERENT = "different"
    NOT_FOUND = "not_found"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and by which ids its answer is known.

    Attributes:
        record_id: The id that we supplied for the record.
    """

    record_id: str
    employer_bin: str
    message_id: MessageId
    correlation_id: CorrelationId


@dataclass(frozen=True, slots=True)
class Facts:
    """What identifies an entry beside its id; None is what a message does not carry."""

    employer_bin: str
    employee_iin: str | None = None
    number: str | None = None
    day: date | None = None

    def __repr__(self) -> str:
        """Never the numbers."""
        return "Facts()"

    def differing(self, held: Facts) -> Iterator[str]:
        """Names of what the registry holds otherwise; what our message did not carry is not compared."""
        for name in self.__slots__:
            ours = getattr(self, name)
            if ours is not None and ours != getattr(held, name):
                yield name


def facts_of(submission: Submission) -> Facts:
    """What our own message says."""
    details: dict[str, str] = json.loads(submission.details)
    operation = submission.operation
    number = details.get(_NUMBER_FIELDS.get(operation, "")) if operation else None
    days = PAPER_FIELDS.get(operation, ()) if operation else ()
    day = details.get(days[0]) if days else None
    return Facts(
        submission.employer_bin,
        details.get("employee_iin") or None,
        number or None,
        date.fromisoformat(day) if day else None,
    )


@dataclass(frozen=True, slots=True)
class Found:
    """The registry holds a record.

    Attributes:
        record_id: Its id; that of the question, or the answer is not believed.
        contract_id: The registry's id of its contract.
    """

    record_id: str
    contract_id: str
    facts: Facts
    code: str
    proof: ReplyProof


@dataclass(frozen=True, slots=True)
class NotFound:
    """The registry holds no such record at this moment."""

    code: str
    proof: ReplyProof


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nothing was found out.

    Attributes:
        detail: A technical sentence without personal data.
        raw: What was received, for the evidence; never shown.
    """

    doubt: Doubt | None
    detail: str
    code: str = ""
    raw: bytes = b""

    def __repr__(self) -> str:
        """Never the bytes."""
        return f"Unanswered({self.doubt}, {self.detail!r})"


RegistryReply = Found | NotFound | Unanswered


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question and its answer on record, for good.

    Attributes:
        after_attempt: Number of the attempt after which it was asked; once after each.
        signed_digest: Of the signed answer, None where there was none; once in the ledger, so that a replay shows.
        reply: What was received, evidence.
    """

    submission_id: SubmissionId
    after_attempt: int
    asked_at: datetime
    answered_at: datetime
    correlation_id: CorrelationId
    finding: Finding
    code: str
    detail: str
    signed_digest: str | None
    reply: bytes


@dataclass(frozen=True, slots=True)
class Ruling:
    """What follows from an answer.

    Attributes:
        move: ACCEPT, or None: an answer never makes anything refused, and a failing question changes no state.
        registry_id: Of the contract, or of the entry, as an answer to the message itself would have told it.
        detail: What is different, or why there was no answer; without personal data.
    """

    finding: Finding
    move: Move | None
    next: Next
    reason: str
    registry_id: str | None = None
    detail: str = ""


def authenticate_reply(
    reply: RegistryReply, question: Question, window: AttemptWindow, *, seen_before: bool
) -> RegistryReply:
    """Distrust a signed answer that is not this question's, as an attempt's answer is distrusted.

    Args:
        window: From the question to its answer.
        seen_before: Its signed digest is already on record.
    """
    if isinstance(reply, Unanswered):
        return reply
    why = doubt_about(reply.proof, window, seen_before=seen_before)
    if why is not None:
        return Unanswered(*why, raw=reply.proof.raw)
    if isinstance(reply, Found) and reply.record_id != question.record_id:
        return Unanswered(Doubt.OTHER_MESSAGE, "the answer tells of another record id", raw=reply.proof.raw)
    return reply


def decide_by_answer_to_question(reply: RegistryReply, ours: Facts, *, is_head: bool) -> Ruling:
    """Apply the table of this module.

    Args:
        reply: Held against its question already.
        is_head: It puts a contract into the registry, so that its id is the contract's.
    """
    match reply:
        case Unanswered():
            return Ruling(Finding.UNANSWERED, None, Next.RESEND, "question_failed", detail=reply.detail)
        case NotFound():
            return Ruling(Finding.NOT_FOUND, None, Next.RESEND, "question_not_found")
        case Found():
            differing = ", ".join(ours.differing(reply.facts))
            if differing:
                return Ruling(Finding.DIFFERENT, None, Next.PERSON, "question_contradicts", detail=differing)
            registry_id = reply.contract_id if is_head else reply.record_id
            return Ruling(Finding.OURS, Move.ACCEPT, Next.NOTHING, "question_found", registry_id)
