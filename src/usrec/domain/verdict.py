"""The decision table: what an attempt's outcome means for the submission.

Sources: the USREC response codes (SCSS001; SCSE086 "id already used"; SCSE014 and SCSE070 "number exists"; SCSE002
"unknown error"), the provider fault codes behind ShEP (SCE001...SCE909), and one principle: doubt is resolved by
resending the same bytes, never by making new ones.

What other refusals mean is a policy for each code (``domain/policies``): the safe default of its explanation, or what
the settings put in its place.

======================  ========================================  =====================================
outcome                 earlier attempt may have arrived          none did
======================  ========================================  =====================================
registered              accepted                                  accepted
086 with a record id    accepted: our own stored bytes            a person looks: none of ours used it
070 (amendment)         accepted: same contract, number and date  by its policy
014 (conclusion)        a person: the id cannot be learnt         by its policy
092 (termination)       a person: ours or somebody else's         by its policy
053, 088-091, 093       a person: time may have passed between    by its policy
001, 046                a person: they come before all else       by its policy
own effect (others)     a person: ours or somebody else's         by its policy
002, foreign code       unknown, resend                           unknown, resend
policy retry            stays in doubt, resend the next day       stays signed, resend the next day
... no day is left      a person                                  rejected
policy confirm          a person                                  a person looks, then settles
policy other_party      a person                                  waits for the other party
... a revision waits    a person                                  rejected
policy stop             a person: the employer is stopped         rejected: the employer is stopped
policy fix_and_resend   rejected                                  rejected
fault before service    resend, nothing new is doubtful           resend, nothing is doubtful
other fault             unknown, resend                           unknown, resend
unknown                 unknown, resend                           unknown, resend
nothing sent            stays as it was, resend                   stays signed, resend
======================  ========================================  =====================================

Where a wire profile can ask the registry, ``domain/inquiry`` says what its answer means.

A refusal that makes nothing doubtful closes its attempt as ``refused`` even where the submission goes on: a later
answer is then judged as if that attempt had never been.
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
from usrec.domain.policies import OF_THE_EMPLOYER, UNKNOWN_ERROR
from usrec.domain.response_code import Policy
from usrec.domain.source_event import HEADS, Operation
from usrec.domain.state import Move

REASON_HELD_BACK: Final = "held_back"
"""The journal's word for an attempt whose turn on the wire never came."""
ID_USED: Final = "SCSE086"
CONTRACT_NUMBER_EXISTS: Final = "SCSE014"
AGREEMENT_EXISTS: Final = "SCSE070"
CHANGED_AFTER_TERMINATION: Final = "SCSE092"

NOT_PROCESSED_FAULTS: Final = frozenset(
    {"SCE001", "SCE004", "SCE005", "SCE006", "SCE007", "SCE015", "SCE016", "SCE017"}
)
"""Faults that are raised before the service handles the request (format, absent service, signatures)."""

TIME_DEPENDENT: Final = frozenset({"SCSE053", "SCSE088", "SCSE089", "SCSE090", "SCSE091", "SCSE093"})
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
    NEXT_DAY = "next_day"
    """The same bytes again when the day has changed in Kazakhstan."""
    PERSON = "person"
    CONFIRM = "confirm"
    """A person looks whether it is registered already."""
    OTHER_PARTY = "other_party"
    """Somebody else has to act; then a person has it sent again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about a submission when an answer arrives.

    Attributes:
        record_id: The id that we supplied, None under a profile without one.
        may_have_arrived: An *earlier* attempt of the same bytes may have reached the authority.
        has_another_day: The same bytes may be tried on the next day: not too often yet, and before the term is over.
        is_revised: A later revision of the event waits for this one's decision.
    """

    operation: Operation
    record_id: str | None
    may_have_arrived: bool
    has_another_day: bool = True
    is_revised: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to record.

    Attributes:
        move: The state's move, None when the state does not change.
        registry_id: The registry's id, when it is known by now.
        reason: Why, a stable word for the journal and the wait reason.
        alert: Somebody should look although the line goes on.
        stops_employer: It is about the employer's key or the employer itself: nothing more of it may go out.
    """

    ending: Ending
    move: Move | None
    next: Next
    reason: str
    registry_id: str | None = None
    alert: bool = False
    stops_employer: bool = False


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
    why = None if proof is None else doubt_about(proof, window, seen_before=seen_before)
    return outcome if proof is None or why is None else Unknown(*why, raw=proof.raw)


def doubt_about(proof: ReplyProof, window: AttemptWindow, *, seen_before: bool) -> tuple[Doubt, str] | None:
    """Why a signed answer is not the one to what was sent in this window; None when nothing speaks against it."""
    if seen_before:
        return Doubt.REPLAYED, "the gateway repeated an answer that is already on record"
    if proof.correlation_id not in {None, "", window.correlation_id}:
        return Doubt.OTHER_MESSAGE, "the answer names another message's correlationId"
    if proof.response_date is not None and not (
        window.opened_at - window.tolerance <= proof.response_date <= window.answered_at + window.tolerance
    ):
        return Doubt.CLOCK, "the answer's responseDate lies outside this attempt"
    return None


def decide(outcome: SubmissionOutcome, standing: Standing, policy: Policy) -> Verdict:
    """Apply the decision table of this module.

    Args:
        policy: That of the outcome's code; without meaning for what is no refusal.
    """
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
            return _refused(outcome.code, standing, policy)
        case Faulted() if outcome.code in NOT_PROCESSED_FAULTS:
            return Verdict(Ending.NOT_PROCESSED, None, Next.RESEND, "gateway_fault")
        case Faulted():
            return _doubt("server_unsure")
        case Unknown():
            return replace(_doubt(outcome.doubt.value), alert=outcome.doubt is Doubt.UNKNOWN_SHAPE)
        case NothingSent():
            return Verdict(Ending.NOTHING_SENT, None, Next.RESEND, why_nothing_was_sent(outcome))


def why_nothing_was_sent(outcome: NothingSent) -> str:
    """The journal's word for it."""
    return REASON_HELD_BACK if outcome.held_back else "gateway_unreachable"


def _refused(code: str, standing: Standing, policy: Policy) -> Verdict:
    if code == UNKNOWN_ERROR or not _BUSINESS_CODE.fullmatch(code):
        return replace(_doubt("server_unsure"), alert=True)
    verdict = _after_doubt(code, standing, policy) if standing.may_have_arrived else _plainly(code, standing, policy)
    return replace(verdict, stops_employer=policy is Policy.STOP_EVERYTHING)


def _after_doubt(code: str, standing: Standing, policy: Policy) -> Verdict:
    """A refusal of bytes that may have been registered by an earlier attempt."""
    if code == ID_USED and standing.record_id is not None:
        return Verdict(Ending.REGISTERED, Move.ACCEPT, Next.NOTHING, "own_id_used", standing.record_id)
    if (code, standing.operation) == (AGREEMENT_EXISTS, Operation.AMENDMENT):
        return Verdict(Ending.REGISTERED, Move.ACCEPT, Next.NOTHING, "own_agreement_exists")
    if why := _unsettling(code, standing.operation):
        return Verdict(Ending.UNKNOWN, Move.DOUBT, Next.PERSON, why)
    match policy:
        case Policy.RETRY if _may_wait_a_day(standing):
            return _NEXT_DAY
        case Policy.RETRY | Policy.CONFIRM_THEN_ACCEPT | Policy.OTHER_PARTY | Policy.STOP_EVERYTHING:
            return Verdict(Ending.UNKNOWN, Move.DOUBT, Next.PERSON, "late_after_doubt")
        case _:
            return _REJECTED


def _plainly(code: str, standing: Standing, policy: Policy) -> Verdict:
    """A refusal of bytes that cannot be registered by an earlier attempt."""
    if code == ID_USED and standing.record_id is not None:
        return Verdict(Ending.REFUSED, Move.DOUBT, Next.CONFIRM, "id_used_by_unknown", alert=True)
    match policy:
        case Policy.RETRY if _may_wait_a_day(standing):
            return _NEXT_DAY
        case Policy.CONFIRM_THEN_ACCEPT:
            return Verdict(Ending.REFUSED, Move.DOUBT, Next.CONFIRM, "exists_already", alert=True)
        case Policy.OTHER_PARTY if not standing.is_revised:
            return Verdict(Ending.REFUSED, None, Next.OTHER_PARTY, "other_party", alert=True)
        case _:
            return _REJECTED


def _may_wait_a_day(standing: Standing) -> bool:
    return standing.has_another_day and not standing.is_revised


_NEXT_DAY: Final = Verdict(Ending.REFUSED, None, Next.NEXT_DAY, "refused_today")
_REJECTED: Final = Verdict(Ending.REFUSED, Move.REJECT, Next.NOTHING, "refused")


def _unsettling(code: str, operation: Operation) -> str:
    """Why a refusal after a doubtful attempt proves nothing about that attempt; empty when it may prove."""
    if code == CONTRACT_NUMBER_EXISTS and operation in HEADS:
        return "own_contract_id_unknown"
    if (code, operation) == (CHANGED_AFTER_TERMINATION, Operation.TERMINATION):
        return "terminated_by_unknown"
    meets_it_later = TIME_DEPENDENT | OF_THE_EMPLOYER | OWN_EFFECT.get(operation, frozenset())
    return "late_after_doubt" if code in meets_it_later else ""


def _doubt(reason: str) -> Verdict:
    return Verdict(Ending.UNKNOWN, Move.DOUBT, Next.RESEND, reason)
