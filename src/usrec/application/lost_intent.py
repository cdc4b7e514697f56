"""T3 once more, for a ledger that has forgotten it.

A database that fails over to a replica which lags behind loses its last commits, although it had confirmed them. If one
of them was T3, the message is on its way and the ledger says that nothing was ever signed: the next agent would sign
the event anew, under the same record id, and a person would have to look. As long as the agent that sent it lives, it
has everything at hand: it writes T3 again, in the transaction that records the answer. (docs/how-to/many-agents.md says
what happens when it does not live.)
"""

from __future__ import annotations

import json
from datetime import datetime

from usrec.application.contract_line import known
from usrec.application.record_intent import OpenAttempt, store_signature
from usrec.application.recording import journal
from usrec.domain.state import State
from usrec.domain.submission import Submission
from usrec.ports.ledger import UnitOfWork

FORGOTTEN = "the ledger has lost what it had committed before the message was sent"


def restored_intent(work: UnitOfWork, opened: OpenAttempt, now: datetime) -> Submission | None:
    """The submission with T3 on record, written again where it is missing; None where other bytes stand in its place.

    The caller holds the contract's lock.
    """
    submission = known(work, opened.submission.id)
    if work.attempts.recorded([opened.attempt.id]):
        return submission
    told = json.dumps(json.loads(opened.line) | {"record_id": opened.message.record_id})
    stored = work.submissions.message(submission.id)
    if submission.state is not State.PENDING or stored is not None:
        journal(work, submission, "intent_lost", submission.state, now, reason="ledger_went_back", detail=told)
        return None
    signed = store_signature(work, submission, opened.message, now)
    work.attempts.open(opened.attempt)
    journal(work, signed, "intent_restored", submission.state, now, reason="ledger_went_back", detail=told)
    return signed
