"""Settling a doubt: what a person found out, or did by hand, with the evidence of it (T5); mending a mistyped id."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from usrec.application.acting import IN_DOUBT, Actor, locked, not_claimed, queued, refuse
from usrec.application.contract_id import forget_id, resting_on
from usrec.application.contract_line import arrange_line
from usrec.application.decision import Decision, record_decision
from usrec.application.record_intent import ABANDONED
from usrec.application.recording import journal, status_note
from usrec.domain.evidence import ID_CORRECTED
from usrec.domain.source_event import HEADS
from usrec.domain.state import Move, State
from usrec.domain.submission import Submission, SubmissionId, WaitReason, contract_of
from usrec.domain.verdict import Ending
from usrec.ports.attempts import Acknowledgement, AttemptClosing
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger, UnitOfWork

_SETTLED: Final = "settled"
"""The reason of a decision that a person made, with evidence."""
_SETTLED_WRONGLY: Final = 'Was that a mistake, see "Settled wrongly" in docs/how-to/operate.md'


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a doubt was resolved outside the agent.

    Attributes:
        contract_id: The registry's id, needed for an accepted conclusion whose id is not known: under a profile
            without record ids, and for what a person entered, to which the registry gave an id of its own.
        evidence: The bytes of the evidence file (a portal extract, a letter).
    """

    accepted: bool
    contract_id: str | None
    evidence: bytes


def settle(submission_id: SubmissionId, settlement: Settlement, actor: Actor, *, ledger: Ledger, clock: Clock) -> None:
    """Record what a person found out about a submission in doubt, or did by hand with one that is checked out (T5).

    Where USREC says that the record is there already, the registry's id of it is not ours. A conclusion that is settled
    once more with another id of its contract gets that one, as long as nothing was signed under the wrong one.

    Raises:
        UnsafeRequest: It is not in doubt, an attempt is running, the contract's id is missing or another contract's, or
            something rests on the id that is to be corrected.
    """
    now = clock.now()
    with ledger.begin() as work:
        submission = locked(work, submission_id)
        if settlement.contract_id is not None:
            _not_of_another(work, submission, settlement.contract_id)
        if _corrects_id(submission, settlement):
            _correct_id(work, submission, settlement, actor, now)
            work.commit()
            return
        if submission.reason == _SETTLED:
            refuse(submission, f"somebody has settled it: it is {submission.state}", _SETTLED_WRONGLY)
        entry = queued(work, submission)
        checked_out = entry.wait_reason is WaitReason.CHECKED_OUT
        if submission.state not in IN_DOUBT and not checked_out:
            refuse(
                submission,
                f"it is {submission.state}, so there is no doubt to settle",
                "Only a submission whose answer is unknown, or that is checked out, is settled. If you entered it in"
                " the portal after your check-out had ended:"
                " check it out again (usrec submission checkout), then settle it",
            )
        not_claimed(entry, submission)
        if checked_out and not settlement.accepted:
            refuse(submission, "it was never sent, so nothing was refused", "Release it instead")
        foreign = checked_out or entry.wait_reason is WaitReason.TO_CONFIRM
        registry_id = settlement.contract_id or (None if foreign else submission.record_id)
        if settlement.accepted and submission.operation in HEADS and registry_id is None:
            refuse(submission, "the registry's contract id is needed", "Give it: --contract-id")
        _record_settlement(work, submission, settlement, registry_id, actor, now=now)
        work.commit()


def _not_of_another(work: UnitOfWork, submission: Submission, contract_id: str) -> None:
    for key in work.contracts.with_registry_id(submission.employer_bin, contract_id):
        if key != submission.contract_key:
            refuse(submission, f"{contract_id} is the registry's id of contract {key}", "Look again: --contract-id")


def _corrects_id(submission: Submission, settlement: Settlement) -> bool:
    settled = submission.state is State.ACCEPTED and submission.reason == _SETTLED and submission.operation in HEADS
    return settled and settlement.accepted and settlement.contract_id not in {None, submission.contract_id}


def _correct_id(work: UnitOfWork, submission: Submission, settlement: Settlement, actor: Actor, now: datetime) -> None:
    """Put the right id in the place of the one that was given; when it was registered stays as it was settled."""
    contract = contract_of(submission)
    imported = work.imported.of([contract])[contract]
    if work.contracts.registry_id(*contract) != submission.contract_id:
        refuse(submission, "its contract goes by another id by now", "See usrec onboard show")
    if imported is not None and imported.contract_id != settlement.contract_id:
        refuse(submission, "an export of the registry has its id", "See usrec onboard show, and usrec onboard undo")
    resting = resting_on(work, contract)
    if any(one.state is not State.PENDING for one in resting):
        refuse(submission, "later events were signed or registered under its id", "Correct the contract in the portal")
    corrected = replace(submission, contract_id=settlement.contract_id)
    work.submissions.update(corrected, was=submission.state)
    work.contracts.set_registry_id(*contract, settlement.contract_id)
    forget_id(work, resting, now)
    arrange_line(work, *contract, now)
    keyed = _keep_evidence(work, corrected, settlement, settlement.contract_id, now)
    detail = {"evidence": keyed, "was": submission.contract_id, "is": settlement.contract_id}
    text = json.dumps(detail, ensure_ascii=False)
    journal(work, corrected, ID_CORRECTED, corrected.state, now, reason=actor.reason, actor=actor.name, detail=text)
    work.write_backs.put(status_note(corrected, now))


def _record_settlement(
    work: UnitOfWork,
    submission: Submission,
    settlement: Settlement,
    registry_id: str | None,
    actor: Actor,
    *,
    now: datetime,
) -> None:
    """With the end of an attempt that an agent which is gone has left open, as the next claim would have ended it."""
    left_open = work.attempts.open_of(submission.id)
    if left_open is not None:
        work.attempts.close(left_open, AttemptClosing(Ending.UNKNOWN, now, "", ABANDONED, b""))
    move = Move.ACCEPT if settlement.accepted else Move.REJECT
    keyed = _keep_evidence(work, submission, settlement, registry_id, now)
    detail = json.dumps({"evidence": keyed, "why": actor.reason}, ensure_ascii=False)
    record_decision(work, submission, Decision(move, "", _SETTLED, registry_id, actor.name, detail), now)


def _keep_evidence(
    work: UnitOfWork, submission: Submission, settlement: Settlement, registry_id: str | None, now: datetime
) -> str:
    """Store what proves it; gives the keyed digest of it for the journal."""
    digest = hashlib.sha256(settlement.evidence).hexdigest()
    of_earlier = f"settlement:{submission.id}:{digest}"
    once_more = submission.state is State.ACCEPTED
    work.acknowledgements.add(
        Acknowledgement(
            submission_id=submission.id,
            attempt_id=None,
            kind="settlement",
            accepted=settlement.accepted,
            code="",
            registry_id=registry_id if settlement.accepted else None,
            signed_digest=f"{of_earlier}:{now.isoformat()}" if once_more else of_earlier,
            acknowledged_at=now,
            evidence=settlement.evidence,
        )
    )
    return work.journal.digest(submission.id, settlement.evidence)
