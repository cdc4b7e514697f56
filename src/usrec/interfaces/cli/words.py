"""What the ledger's stable words mean to a person, in plain English; the one place to translate later.

Each table stands beside one enum (a test holds them together). Response codes are told in our own short words after
USREC's public response dictionary; only those that the three operations can meet, others are shown by their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.application.plan_replay import Treatment
from usrec.application.replay import CanaryFate
from usrec.application.survey import PersonNeeded
from usrec.domain.outcome import Doubt
from usrec.domain.source_event import Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.verdict import Ending

STATES: Final[Mapping[State, str]] = {
    State.PENDING: "taken from HR, not signed yet",
    State.INVALID: "not sent: HR must mend the row",
    State.SIGNED: "signed, on its way",
    State.SUBMITTED: "delivered, no decision yet",
    State.INDETERMINATE: "in doubt: it may or may not be registered",
    State.ACCEPTED: "registered in USREC",
    State.REJECTED: "refused by USREC",
    State.CANCELLED: "taken back, will not be sent",
}

WAITS: Final[Mapping[WaitReason, str]] = {
    WaitReason.PAPER_DATE: "its date has not come; USREC refuses future dates",
    WaitReason.PREDECESSOR_OPEN: "an earlier event of the same contract is on its way",
    WaitReason.PREDECESSOR_REFUSED: "an earlier event of the same contract was refused or is invalid",
    WaitReason.PREDECESSOR_IN_DOUBT: "it is not known whether an earlier event of the same contract was registered",
    WaitReason.CONTRACT_UNKNOWN: "the registry's id of the contract is not known; HR can give it in the row",
    WaitReason.GATEWAY_UNREACHABLE: "the gateway could not be reached; the agent tries again",
    WaitReason.GATEWAY_FAULT: "the gateway did not process it; the agent tries again",
    WaitReason.ANSWER_UNKNOWN: "the answer is unknown; the agent sends the same bytes again to find out",
    WaitReason.KEY_UNUSABLE: "the employer's key cannot sign; it is tried again every quarter of an hour",
    WaitReason.NEEDS_DECISION: "the agent cannot find out by itself; a person settles it",
    WaitReason.HELD_BY_PERSON: "a person stopped it",
    WaitReason.REPLAY: "its turn in a replay has not come",
    WaitReason.CHECKED_OUT: "a person enters it in the portal by hand",
}

STATUSES: Final[Mapping[QueueStatus, str]] = {
    QueueStatus.READY: "it will be sent next",
    QueueStatus.SCHEDULED: "it waits for its time",
    QueueStatus.CLAIMED: "an agent is sending it at this moment",
    QueueStatus.HELD: "it waits for a person",
    QueueStatus.BLOCKED: "it waits for an earlier event of the same contract",
}

OPERATIONS: Final[Mapping[Operation, str]] = {
    Operation.CONCLUSION: "conclusion of a contract",
    Operation.AMENDMENT: "amendment of a contract",
    Operation.TERMINATION: "termination of a contract",
}

NEEDS: Final[Mapping[PersonNeeded, str]] = {
    PersonNeeded.REFUSED: "refused by USREC: mend the row or the cause, then retry",
    PersonNeeded.INVALID: "invalid: HR must mend the row",
    PersonNeeded.NEEDS_DECISION: "in doubt, and only a person can settle it",
    PersonNeeded.CONTRACT_UNKNOWN: "the registry's id of the contract is not known",
    PersonNeeded.KEY_UNUSABLE: "the employer's key cannot sign",
    PersonNeeded.HELD_BY_PERSON: "held by a person",
    PersonNeeded.CHECKED_OUT: "being entered in the portal by a person",
}

TREATMENTS: Final[Mapping[Treatment, str]] = {
    Treatment.NEW_VERSION: "signed anew and sent",
    Treatment.SAME_BYTES: "sent on as they stand",
    Treatment.UNKNOWN: "in doubt: the agent finds out by itself, or a person settles it",
    Treatment.INVALID: "invalid: HR must mend the row",
    Treatment.BLOCKED: "behind an earlier event of the same contract: they follow by themselves",
    Treatment.PAPER_DATE: "their date has not come",
    Treatment.WITH_PERSON: "with a person: held, to be decided, or being entered in the portal",
    Treatment.QUEUED: "already queued by a replay",
    Treatment.MOVING: "being sent, or about to be",
    Treatment.SETTLED: "registered or taken back",
}

CANARIES: Final[Mapping[CanaryFate, str]] = {
    CanaryFate.REGISTERED: "was registered",
    CanaryFate.REFUSED: "was refused again",
    CanaryFate.UNKNOWN: "is in doubt",
    CanaryFate.NOT_SENT: "could not be sent",
    CanaryFate.NONE_SENDABLE: "cannot be sent now",
}

ENDINGS: Final[Mapping[Ending, str]] = {
    Ending.REGISTERED: "registered",
    Ending.REFUSED: "refused",
    Ending.NOT_PROCESSED: "the gateway did not process it",
    Ending.UNKNOWN: "the answer is unknown",
    Ending.NOTHING_SENT: "nothing was sent",
}

DOUBTS: Final[Mapping[Doubt, str]] = {
    Doubt.TIMEOUT: "no answer came in time",
    Doubt.CONNECTION_LOST: "the connection broke after the request had left",
    Doubt.HTTP_ERROR: "the gateway answered with an HTTP error",
    Doubt.NOT_SOAP: "the answer was not the gateway's own format",
    Doubt.SIGNATURE_MISSING: "the answer was not signed",
    Doubt.SIGNATURE_INVALID: "the answer's signature is wrong",
    Doubt.UNKNOWN_SHAPE: "a success was answered in a form that the profile does not know",
    Doubt.REPLAYED: "the gateway repeated an older answer",
    Doubt.OTHER_MESSAGE: "the answer belongs to another message",
    Doubt.CLOCK: "the answer's date lies outside the attempt",
    Doubt.SERVER_UNSURE: "the service itself did not know whether it took the record",
    Doubt.PROCESS_DIED: "the agent stopped between sending and recording",
}

REASONS: Final[Mapping[str, str]] = {
    "registered": "the registry confirmed it",
    "own_id_used": "the registry already holds our own record id: an earlier attempt had arrived",
    "own_agreement_exists": "the registry already holds this agreement: an earlier attempt had arrived",
    "late_answer": "the registry's confirmation came late",
    "refused": "the registry refused it",
    "settled": "a person settled it with evidence",
    "id_used_by_unknown": "the registry says that our record id is taken although it was never sent",
    "own_contract_id_unknown": "an earlier attempt may have registered the contract, but its id cannot be learnt",
    "terminated_by_unknown": "the contract is already terminated, by an earlier attempt or by somebody else",
    "late_after_doubt": "the refusal came after an attempt in doubt and says nothing about that one",
    "gateway_fault": "the gateway did not process it",
    "gateway_unreachable": "the gateway could not be reached",
    "withdrawn": "HR withdrew it",
    "superseded": "a later revision of the row took its place",
    "already_registered": "the event was registered before this revision came",
    "second_conclusion": "the contract already has a conclusion under another event",
    "document": "the document cannot be made from the row",
    "retried": "a person had it sent again",
    "retaken": "a person had its row examined again",
    **{doubt.value: text for doubt, text in DOUBTS.items()},
}
"""Reasons that the agent writes itself; a person's own reason is shown as it was given."""

ACTIONS: Final[Mapping[str, str]] = {
    "receive": "taken from HR",
    "sign": "signed",
    "attempt_opened": "sending",
    "attempt_closed": "answered",
    "doubt": "in doubt",
    "receipt": "delivered without a decision",
    "accept": "registered",
    "reject": "refused",
    "cancel": "taken back",
    "invalidate": "found invalid",
    "not_signed": "could not be signed",
    "retry": "tried again as a new version",
    "resend": "sent on at a person's wish",
    "hold": "held",
    "release": "released",
    "check_out": "checked out",
}
"""Actions of the journal."""

CODES: Final[Mapping[str, str]] = {
    "SCSS001": "registered",
    "SCSE001": "the signature is not accepted: the certificate is invalid, expired, revoked or not for signing",
    "SCSE002": "unknown error of the registry",
    "SCSE003": "the contract's number is missing",
    "SCSE004": "the contract's date is missing",
    "SCSE005": "the first day of the contract is missing",
    "SCSE006": "the position is missing",
    "SCSE007": "the position's code is not in the dictionary",
    "SCSE009": "the employer's BIN or IIN is missing",
    "SCSE011": "the employee's IIN is missing",
    "SCSE012": "the registry does not know the employee's IIN",
    "SCSE014": "the employer already has a contract with this number",
    "SCSE015": "the agreement's number is missing",
    "SCSE018": "the date of termination is missing",
    "SCSE022": "the ground of termination is not in the dictionary",
    "SCSE023": "the agreement's date is missing",
    "SCSE024": "the day from which the agreement applies is missing",
    "SCSE025": "the registry does not know the contract's id",
    "SCSE026": "the contract's id is missing",
    "SCSE029": "the established post is missing",
    "SCSE043": "the employer's BIN is wrong",
    "SCSE045": "the IIN is wrong",
    "SCSE046": "the BIN or IIN of the message is not that of the key",
    "SCSE053": "the date lies too far in the past",
    "SCSE059": "the contract's date lies in the future",
    "SCSE062": "the agreement's date lies in the future",
    "SCSE063": "the agreement is dated before the contract",
    "SCSE064": "the agreement is dated after the day from which it applies",
    "SCSE066": "the date of termination lies in the future",
    "SCSE067": "the termination is dated before the contract",
    "SCSE070": "the contract already has an agreement with this number and date",
    "SCSE080": "the agreement changes nothing",
    "SCSE086": "the record id is already used",
    "SCSE087": "the record id has a wrong form",
    "SCSE088": "a new contract is entered within five working days",
    "SCSE089": "a change is entered within fifteen calendar days",
    "SCSE090": "a correction or deletion is entered within thirty calendar days",
    "SCSE091": "a termination is entered within three working days",
    "SCSE092": "the contract is terminated; only the labour authority can change it now",
    "SCSE097": "the contract belongs to another employer",
    "SCSE138": "the message holds nothing about a contract",
    "SCSE139": "the first day of work lies over seventy years ago",
    "SCSE140": "the first day of work lies over fifty years ahead",
    "SCSE999": "the document is larger than 100 KB",
}


def code_words(code: str) -> str:
    """A response code with its meaning, as far as it is known here."""
    meaning = CODES.get(code)
    return f"{code}: {meaning}" if meaning else code


def reason_words(reason: str, code: str = "") -> str:
    """Why something is as it is, in words; the code explains a refusal better than the reason."""
    text = REASONS.get(reason, reason)
    return f"{text} ({code_words(code)})" if code else text


def wait_words(reason: WaitReason | None, status: QueueStatus | None) -> str:
    """Why a submission is not being sent now; empty when nothing is to be sent any more."""
    if reason is not None:
        return WAITS[reason]
    return "" if status is None else STATUSES[status]


def counted(number: int, noun: str) -> str:
    """``1 submission``, ``2 submissions``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
