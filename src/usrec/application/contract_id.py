"""What rests on the registry's id of a contract, and what becomes of it when that id was a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from usrec.application.queue_entry import released_entry
from usrec.application.recording import status_note
from usrec.domain.signing_request import AWAITING
from usrec.domain.source_event import HEADS, contract_id_given, load_details
from usrec.domain.submission import QueueEntry, QueueStatus, Submission, WaitReason
from usrec.ports.contracts import ContractRef
from usrec.ports.ledger import UnitOfWork


def resting_on(work: UnitOfWork, contract: ContractRef) -> Sequence[Submission]:
    """The events of a contract, open or registered, whose messages name it by what we know and not by HR's own word."""
    return [one for one in work.submissions.standing_of([contract])[contract] if _rests(one)]


def _rests(one: Submission) -> bool:
    if one.contract_id is None or one.operation is None or one.operation in HEADS:
        return False
    return contract_id_given(load_details(one.operation, one.details)) is None


def forget_id(work: UnitOfWork, resting: Sequence[Submission], now: datetime) -> None:
    """Let what was not signed yet learn its contract's id anew.

    A document that a person is to sign or approve names the wrong contract: it is made anew when the id is known. What
    a person holds, or is entering in the portal, stays with them.
    """
    for one in resting:
        bare = replace(one, contract_id=None)
        work.submissions.update(bare, was=one.state)
        work.signing_requests.remove(one.id)
        entry = work.outbox.get(one.id)
        if entry is None:
            continue
        if entry.wait_reason in AWAITING:
            work.write_backs.put(status_note(bare, now))
        if entry.wait_reason in AWAITING or _goes_by_itself(entry):
            work.outbox.put(released_entry(work, bare, now))


def _goes_by_itself(entry: QueueEntry) -> bool:
    waits = entry.status in {QueueStatus.HELD, QueueStatus.BLOCKED}
    return not waits and entry.wait_reason is not WaitReason.CHECKED_OUT
