"""The decision table: what an attempt's outcome means for the submission.

Sources: the USREC response codes (SCSS001; SCSE086 "id already used"; SCSE014 and SCSE070 "number exists"; SCSE002
"unknown error"), the provider fault codes behind ShEP (SCE001...SCE909), and one principle: doubt is resolved by
resending the same bytes, never by making new ones.

======================  ========================================  =====================================
outcome                 earlier attempt may have arrived          none did
======================  ========================================  =====================================
registered              accepted                                  accepted
086 with a record id    accepted: our own stored bytes            a person: an id that we never sent
070 (amendment)         accepted: same contract, number and date  rejected: a duplicate or foreign entry
014 (conclusion)        a person: the id cannot be learnt         rejected: a duplicate or foreign entry
092 (termination)       a person: ours or somebody else's         rejected
053, 088, 089, 091      a person: time may have passed between    rejected
own effect (others)     a person: ours or somebody else's         rejected
other SCSE code         rejected                                  rejected
002, foreign code       unknown, resend                           unknown, resend
fault before service    resend, nothing new is doubtful           resend, nothing is doubtful
other fault             unknown, resend                           unknown, resend
unknown                 unknown, resend                           unknown, resend
nothing sent            stays as it was, resend                   stays signed, resend
======================  ========================================  =====================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from usrec.domain.outcome import (
    Doubt,
    Faulted,
    NothingSent,
    Refused,
    Registered,
    ReplyProof,
    SubmissionOutcome,
    Unknown,
    proof_of,
)
from usrec.domain.source_event import HEADS, Operation
from usrec.domain.state import Move

ID_USED: Final = "SCSE086"
CONTRACT_NUMBER_EXISTS: Final = "SCSE014"
AGREEMENT_EXISTS: Final = "SCSE070"
CHANGED_AFTER_TERMINATION: Final = "SCSE092"
UNKNOWN_ERROR: Final = "SCSE002"

NOT_PROCESSED_FAULTS: Final = frozenset(
    {"SCE001", "SCE004", "SCE005", "SCE006", "SCE007", "SCE015", "SCE016", "SCE017"}
)
"""Faults that are raised before the service handles the request (format, absent service, signatures)."""

TIME_DEPENDENT: Final = frozenset({"SCSE053", "SCSE088", "SCSE089", "SCSE091"})
"""Codes that a resend may meet although the first attempt did not: they say nothing about the first one."""

OWN_EFFECT: Final[Mapping[Operation, frozenset[str]]] = {
    Operation.CONTRACT_DELETE: frozenset({"SCSE025"}),
    Operation.AMENDMENT_DELETE: frozenset({"SCSE052"}),
    Operation.SOCIAL_LEAVE: frozenset({"SCSE121"}),
    Operation.SOCIAL_LEAVE_DELETE: frozenset({"SCSE137"}),
    Operation.REINSTATEMENT: frozenset({"SCSE095"}),
    Operation.EXTENSION: frozenset({"SCSE111", "SCSE112", "SCSE116", "SCSE120"}),
    Operation.IIN_CHANGE: frozenset({"SCSE145"}),
    Operation.BIN_CHANGE: frozenset({"SCSE097"}),
    Operation.TRANSFER: frozenset({"SCSE097"}),
}
"""What an operation meets when it has happened already: what it deletes is gone, what it adds is there."""

_BUSINESS_CODE = re.compile(r"SCSE\d{3}")


class Ending(StrEnum):
    """How an attempt is closed in the ledger."""

    REGISTERED = "registered"
    REFUSED = "refused"
    NOT_PROCESSED = "not_processed"
    UNKNOWN = "unknown"
    NOTHING_SENT = "nothing_sent"


class Next(StrEnum):
    """What the delivery does after recording."""

    NOTHING = "nothing"
    RESEND = "resend"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about a submission when an answer arrives.

    Attributes:
        record_id: The id that we supplied, None under a profile without one.
        may_have_arrived: An *earlier* attempt of the same bytes may have reached the authority.
    """

    operation: Operation
    record_id: str | None
    may_have_arrived: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to record.

    Attributes:
        move: The state's move, None when the state does not change.
        registry_id: The registry's id, when it is known by now.
        reason: Why, a stable word for the journal and the wait reason.
        alert: Somebody should look although the line goes on.
    """

    ending: Ending
    move: Move | None
    next: Next
    reason: str
    registry_id: str | None = None
    alert: bool = False


@dataclass(frozen=True, slots=True)
class AttemptWindow:
    """When the attempt ran, and how far the gateway's clock may differ from ours."""

    opened_at: datetime
    answered_at: datetime
    tolerance: timedelta
    correlation_id: str


def authenticate(outcome: SubmissionOutcome, window: AttemptWindow, *, seen_before: bool) -> SubmissionOutcome:
    """Distrust a signed answer that is not this attempt's.

    An answer belongs to the HTTP exchange it came in, plus ``correlationId`` when present; an unequal
    ``messageId`` alone is never an error, since receivers may mint their own.

    Args:
        seen_before: Its signed digest is already on record.
    """
    proof = proof_of(outcome)
    if proof is None:
        return outcome
    if seen_before:
        return _distrusted(proof, Doubt.REPLAYED, "the gateway repeated an answer that is already on record")
    if proof.correlation_id not in {None, "", window.correlation_id}:
        return _distrusted(proof, Doubt.OTHER_MESSAGE, "the answer names another message's correlationId")
    if proof.response_date is not None and not (
        window.opened_at - window.tolerance <= proof.response_date <= window.answered_at + window.tolerance
    ):
        return _distrusted(proof, Doubt.CLOCK, "the answer's responseDate lies outside this attempt")
    return outcome


def _distrusted(proof: ReplyProof, doubt: Doubt, detail: str) -> Unknown:
    return Unknown(doubt, detail, raw=proof.raw)


def decide(outcome: SubmissionOutcome, standing: Standing) -> Verdict:
    """Apply the decision table of this module."""
    match outcome:
        case Registered():
            differs = standing.operation in HEADS and standing.record_id not in {
                None,
                outcome.registry_id,
            }
            return Verdict(
                Ending.REGISTERED, Move.ACCEPT, Next.NOTHING, "registered", outcome.registry_id, alert=differs
            )
        case Refused():
            return _refused(outcome, standing)
        case Faulted() if outcome.code in NOT_PROCESSED_FAULTS:
            return Verdict(Ending.NOT_PROCESSED, None, Next.RESEND, "gateway_fault")
        case Faulted():
            return _doubt("server_unsure")
        case Unknown():
            return replace(_doubt(outcome.doubt.value), alert=outcome.doubt is Doubt.UNKNOWN_SHAPE)
        case NothingSent():
            return Verdict(Ending.NOTHING_SENT, None, Next.RESEND, "gateway_unreachable")


def _refused(outcome: Refused, standing: Standing) -> Verdict:
    code = outcome.code
    if code == UNKNOWN_ERROR or not _BUSINESS_CODE.fullmatch(code):
        return replace(_doubt("server_unsure"), alert=True)
    if code == ID_USED and standing.record_id is not None:
        if standing.may_have_arrived:
            return Verdict(Ending.REGISTERED, Move.ACCEPT, Next.NOTHING, "own_id_used", standing.record_id)
        return Verdict(Ending.UNKNOWN, Move.DOUBT, Next.PERSON, "id_used_by_unknown", alert=True)
    if standing.may_have_arrived and (code, standing.operation) == (AGREEMENT_EXISTS, Operation.AMENDMENT):
        return Verdict(Ending.REGISTERED, Move.ACCEPT, Next.NOTHING, "own_agreement_exists")
    if standing.may_have_arrived and (why := _unsettling(code, standing.operation)):
        return Verdict(Ending.UNKNOWN, Move.DOUBT, Next.PERSON, why)
    return Verdict(Ending.REFUSED, Move.REJECT, Next.NOTHING, "refused")


def _unsettling(code: str, operation: Operation) -> str:
    """Why a refusal after a doubtful attempt proves nothing about that attempt; empty when it does prove."""
    if code == CONTRACT_NUMBER_EXISTS and operation in HEADS:
        return "own_contract_id_unknown"
    if (code, operation) == (CHANGED_AFTER_TERMINATION, Operation.TERMINATION):
        return "terminated_by_unknown"
    return "late_after_doubt" if code in TIME_DEPENDENT | OWN_EFFECT.get(operation, frozenset()) else ""


def _doubt(reason: str) -> Verdict:
    return Verdict(Ending.UNKNOWN, Move.DOUBT, Next.RESEND, reason)
