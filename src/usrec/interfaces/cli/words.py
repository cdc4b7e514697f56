"""What the ledger's stable words mean to a person, in plain English; translated where they are shown.

Each table stands beside one enum (a test holds them together). Response codes have their words in the explanations,
three languages beside each other (:mod:`usrec.adapters.explanations.book`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usrec.domain.outcome import Doubt
from usrec.domain.source_event import Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.verdict import Ending
from usrec.interfaces.i18n import N_, language, tr

STATES: Final[Mapping[State, str]] = {
    State.PENDING: N_("taken from HR, not signed yet"),
    State.INVALID: N_("not sent: HR must mend the row"),
    State.SIGNED: N_("signed, on its way"),
    State.SUBMITTED: N_("delivered, no decision yet"),
    State.INDETERMINATE: N_("in doubt: it may or may not be registered"),
    State.ACCEPTED: N_("registered in USREC"),
    State.REJECTED: N_("refused by USREC"),
    State.CANCELLED: N_("taken back, will not be sent"),
}

STATE_NAMES: Final[Mapping[State, str]] = {
    State.PENDING: N_("pending"),
    State.INVALID: N_("invalid"),
    State.SIGNED: N_("signed"),
    State.SUBMITTED: N_("submitted"),
    State.INDETERMINATE: N_("indeterminate"),
    State.ACCEPTED: N_("accepted"),
    State.REJECTED: N_("rejected"),
    State.CANCELLED: N_("cancelled"),
}
"""For the narrow column of a table; in English the words that ``--state`` takes."""

WAITS: Final[Mapping[WaitReason, str]] = {
    WaitReason.PAPER_DATE: N_("its date has not come; USREC refuses future dates"),
    WaitReason.PREDECESSOR_OPEN: N_("an earlier event of the same contract is on its way"),
    WaitReason.PREDECESSOR_REFUSED: N_("an earlier event of the same contract was refused or is invalid"),
    WaitReason.PREDECESSOR_IN_DOUBT: N_("it is not known whether an earlier event of the same contract was registered"),
    WaitReason.CONTRACT_UNKNOWN: N_("the registry's id of the contract is not known; HR can give it in the row"),
    WaitReason.GATEWAY_UNREACHABLE: N_("the gateway could not be reached; the agent tries again"),
    WaitReason.GATEWAY_FAULT: N_("the gateway did not process it; the agent tries again"),
    WaitReason.ANSWER_UNKNOWN: N_("the answer is unknown; the agent sends the same bytes again to find out"),
    WaitReason.KEY_UNUSABLE: N_(
        "the employer's key cannot sign; it is tried again by itself, within a quarter of an hour"
    ),
    WaitReason.NEEDS_DECISION: N_("the agent cannot find out by itself; a person settles it"),
    WaitReason.HELD_BY_PERSON: N_("a person stopped it"),
    WaitReason.MASS_HELD: N_("one of many changes that are held until a person has looked"),
    WaitReason.REPLAY: N_("its turn in a replay has not come"),
    WaitReason.CHECKED_OUT: N_("a person enters it in the portal by hand"),
    WaitReason.NEXT_DAY: N_("USREC refused it today; the agent sends the same again on the next day"),
    WaitReason.TO_CONFIRM: N_("USREC says that it is registered already; a person looks and settles it"),
    WaitReason.OTHER_PARTY: N_("USREC refused it; somebody else has to act, then it is sent again"),
    WaitReason.EMPLOYER_STOPPED: N_("the employer is stopped: nothing of it goes out"),
    WaitReason.AWAITING_SIGNATURE: N_("the EDS's owner signs it by hand"),
    WaitReason.AWAITING_APPROVAL: N_("a person has to approve it before it is signed"),
    WaitReason.AWAITING_IIN: N_("the employee's IIN is not issued yet; the term runs"),
}

STATUSES: Final[Mapping[QueueStatus, str]] = {
    QueueStatus.READY: N_("it will be sent next"),
    QueueStatus.SCHEDULED: N_("it waits for its time"),
    QueueStatus.CLAIMED: N_("an agent is sending it at this moment"),
    QueueStatus.HELD: N_("it waits for a person"),
    QueueStatus.BLOCKED: N_("it waits for an earlier event of the same contract"),
}

OPERATIONS: Final[Mapping[Operation, str]] = {
    Operation.CONCLUSION: N_("conclusion of a contract"),
    Operation.AMENDMENT: N_("amendment of a contract"),
    Operation.TERMINATION: N_("termination of a contract"),
    Operation.CONTRACT_EDIT: N_("correction of a contract"),
    Operation.CONTRACT_DELETE: N_("deletion of a contract"),
    Operation.AMENDMENT_EDIT: N_("correction of an agreement"),
    Operation.AMENDMENT_DELETE: N_("deletion of an agreement"),
    Operation.REINSTATEMENT: N_("reinstatement of an employee"),
    Operation.EXTENSION: N_("extension of a contract"),
    Operation.SOCIAL_LEAVE: N_("social leave"),
    Operation.SOCIAL_LEAVE_EDIT: N_("correction of a social leave"),
    Operation.SOCIAL_LEAVE_DELETE: N_("deletion of a social leave"),
    Operation.LEGACY_CONTRACT: N_("entry of an older contract"),
    Operation.IIN_CHANGE: N_("change of the employee's IIN"),
    Operation.BIN_CHANGE: N_("change of the employer's BIN"),
    Operation.TRANSFER: N_("transfer of a contract to another employer"),
}

OPERATION_NAMES: Final[Mapping[Operation, str]] = {
    Operation.CONCLUSION: N_("conclusion"),
    Operation.AMENDMENT: N_("amendment"),
    Operation.TERMINATION: N_("termination"),
    Operation.CONTRACT_EDIT: N_("contract_edit"),
    Operation.CONTRACT_DELETE: N_("contract_delete"),
    Operation.AMENDMENT_EDIT: N_("amendment_edit"),
    Operation.AMENDMENT_DELETE: N_("amendment_delete"),
    Operation.REINSTATEMENT: N_("reinstatement"),
    Operation.EXTENSION: N_("extension"),
    Operation.SOCIAL_LEAVE: N_("social_leave"),
    Operation.SOCIAL_LEAVE_EDIT: N_("social_leave_edit"),
    Operation.SOCIAL_LEAVE_DELETE: N_("social_leave_delete"),
    Operation.LEGACY_CONTRACT: N_("legacy_contract"),
    Operation.IIN_CHANGE: N_("iin_change"),
    Operation.BIN_CHANGE: N_("bin_change"),
    Operation.TRANSFER: N_("transfer"),
}
"""For the narrow column of a table."""

ENDINGS: Final[Mapping[Ending, str]] = {
    Ending.REGISTERED: N_("registered"),
    Ending.REFUSED: N_("refused"),
    Ending.NOT_PROCESSED: N_("the gateway did not process it"),
    Ending.UNKNOWN: N_("the answer is unknown"),
    Ending.NOTHING_SENT: N_("nothing was sent"),
}

DOUBTS: Final[Mapping[Doubt, str]] = {
    Doubt.TIMEOUT: N_("no answer came in time"),
    Doubt.CONNECTION_LOST: N_("the connection broke after the request had left"),
    Doubt.HTTP_ERROR: N_("the gateway answered with an HTTP error"),
    Doubt.NOT_SOAP: N_("the answer was not the gateway's own format"),
    Doubt.SIGNATURE_MISSING: N_("the answer was not signed"),
    Doubt.SIGNATURE_INVALID: N_("the answer's signature is wrong"),
    Doubt.UNKNOWN_SHAPE: N_("a success was answered in a form that the profile does not know"),
    Doubt.REPLAYED: N_("the gateway repeated an older answer"),
    Doubt.OTHER_MESSAGE: N_("the answer belongs to another message"),
    Doubt.CLOCK: N_("the answer's date lies outside the attempt"),
    Doubt.SERVER_UNSURE: N_("the service itself did not know whether it took the record"),
    Doubt.PROCESS_DIED: N_("the agent stopped between sending and recording"),
    Doubt.LEDGER_RESTORED: N_("the ledger went back in time: it may have been sent since"),
}

REASONS: Final[Mapping[str, str]] = {
    "registered": N_("the registry confirmed it"),
    "own_id_used": N_("the registry already holds our own record id: an earlier attempt had arrived"),
    "own_agreement_exists": N_("the registry already holds this agreement: an earlier attempt had arrived"),
    "late_answer": N_("the registry's confirmation came late"),
    "refused": N_("the registry refused it"),
    "settled": N_("a person settled it with evidence"),
    "id_used_by_unknown": N_("the registry says that our record id is taken although it was never sent"),
    "exists_already": N_("the registry says that the same is there already"),
    "question_found": N_("the registry was asked and holds our own record: an earlier attempt had arrived"),
    "question_not_found": N_("the registry was asked and does not hold it yet"),
    "question_failed": N_("the registry was asked and nothing was found out"),
    "question_contradicts": N_("the registry was asked and holds something else under our record id"),
    "refused_today": N_("the registry refused it for a reason that passes with the day"),
    "other_party": N_("the registry refused it until somebody else has acted"),
    "own_contract_id_unknown": N_("an earlier attempt may have registered the contract, but its id cannot be learnt"),
    "terminated_by_unknown": N_("the contract is already terminated, by an earlier attempt or by somebody else"),
    "late_after_doubt": N_("the refusal came after an attempt in doubt and says nothing about that one"),
    "gateway_fault": N_("the gateway did not process it"),
    "gateway_unreachable": N_("the gateway could not be reached"),
    "held_back": N_("the agent held it back before a byte left: it was stopping, or nothing might be sent then"),
    "withdrawn": N_("HR withdrew it"),
    "superseded": N_("a later revision of the row took its place"),
    "already_registered": N_("the event was registered before this revision came"),
    "newer_change": N_("a newer change of the same thing took its place"),
    "contract_not_terminated": N_("the contract's termination is registered or goes before it"),
    "second_conclusion": N_("the contract already has a conclusion under another event"),
    "stands_in_registry": N_("the contract stands in USREC already, by an export of it"),
    "entered_by_hand": N_("a person is entering an earlier revision in the portal"),
    "contract_changed": N_("an earlier revision is on its way for another contract or employer"),
    "document": N_("the document cannot be made from the row"),
    "ledger restored from a backup": N_("the ledger was restored from a backup"),
    "not_registrable": N_("by the employer's policy this change is not entered in USREC"),
    "retried": N_("a person had it sent again"),
    "retaken": N_("a person had its row examined again"),
    "ledger_went_back": N_("the database had lost what it had confirmed"),
    **{doubt.value: text for doubt, text in DOUBTS.items()},
}
"""Reasons that the agent writes itself; a person's own reason is shown as it was given."""

ACTIONS: Final[Mapping[str, str]] = {
    "receive": N_("taken from HR"),
    "sign": N_("signed"),
    "attempt_opened": N_("sending"),
    "attempt_closed": N_("answered"),
    "intent_restored": N_("what was being sent was recorded again"),
    "intent_lost": N_("the answer belongs to bytes that are not on record"),
    "doubt": N_("in doubt"),
    "receipt": N_("delivered without a decision"),
    "accept": N_("registered"),
    "reject": N_("refused"),
    "cancel": N_("taken back"),
    "invalidate": N_("found invalid"),
    "not_signed": N_("could not be signed"),
    "retry": N_("tried again as a new version"),
    "resend": N_("sent on at a person's wish"),
    "hold": N_("held"),
    "employer_stopped": N_("the employer was stopped"),
    "release": N_("released"),
    "mass_hold": N_("held with many like it"),
    "mass_release": N_("released with many like it"),
    "check_out": N_("checked out"),
    "contract_id_corrected": N_("given the right id of its contract"),
    "asked": N_("asked the registry"),
    "ask_signature": N_("put before the EDS's owner for signature"),
    "ask_approval": N_("put before a person for approval"),
    "approve": N_("approved"),
    "package": N_("put into a signing package"),
    "exported": N_("exported to a file with personal data"),
}
"""Actions of the journal."""

LAW: Final = frozenset(
    {
        *(N_("p.7"), N_("p.8"), N_("p.12"), N_("p.6"), N_("p.7 para 2"), N_("p.10"), N_("p.13-1")),
        *(N_("p.9(1)"), N_("p.9(2)"), N_("p.9(1) first edition"), N_("p.9(2) first edition")),
        *(N_("5 working days"), N_("15 calendar days"), N_("3 working days"), N_("10 working days")),
        *(N_("15 working days"), N_("30 working days"), N_("30 calendar days"), N_("1 year, headcount up to 2000")),
        *(N_("Order 353 p.7"), N_("Order 353 p.8"), N_("Order 353 p.9"), N_("Order 353 p.12")),
        *(N_("Order 353 p.7 para 2"), N_("Order 353 p.10"), N_("Order 353 p.13"), N_("Order 353 p.13-1")),
    }
)
"""Points and terms as the ledger keeps them."""


def state_name(state: State) -> str:
    """A state in one word or two."""
    return tr(STATE_NAMES[state])


def operation_name(operation: str) -> str:
    """An operation in one word; ``unknown`` for what HR's row does not tell."""
    name = next((text for known, text in OPERATION_NAMES.items() if known == operation), None)
    return tr(name) if name else tr("unknown")


def actor_name(actor: str) -> str:
    """Who did something: the agent itself, or a person by the name that is on record."""
    return tr("agent") if actor == "agent" else actor


def law_words(text: str) -> str:
    """A point or a term of the law."""
    return tr(text) if text in LAW else text


def code_words(code: str) -> str:
    """A response code with its meaning, as far as it is known here."""
    from usrec.adapters.explanations.book import explain

    known = explain(code)
    return f"{code}: {known.texts[language()].meaning}" if known else code


def reason_words(reason: str, code: str = "") -> str:
    """Why something is as it is, in words; the code explains a refusal better than the reason."""
    known = REASONS.get(reason)
    text = tr(known) if known else reason
    return f"{text} ({code_words(code)})" if code else text


def wait_words(reason: WaitReason | None, status: QueueStatus | None) -> str:
    """Why a submission is not being sent now; empty when nothing is to be sent any more."""
    if reason is not None:
        return tr(WAITS[reason])
    return "" if status is None else tr(STATUSES[status])
