"""When a document needs a person before it is sent: the owner of the EDS signs it by hand, or somebody approves it.

The document is kept with its digest and the submission waits for that person; nothing else of its contract overtakes
it. What comes back is held against the document that is kept here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from usrec.application.contract_line import arrange_line
from usrec.application.recording import journal, status_note
from usrec.domain.message import RenderedMessage
from usrec.domain.signing_request import ACTIONS, SigningRequest
from usrec.domain.submission import QueueStatus, Submission, WaitReason
from usrec.ports.clock import Clock
from usrec.ports.ledger import Claim, Ledger


@dataclass(frozen=True, slots=True)
class Asked:
    """A document that waits for a person, and for what: a signature or an approval."""

    rendered: RenderedMessage
    waits_for: WaitReason


def ask_person(claim: Claim, asked: Asked, *, ledger: Ledger, clock: Clock) -> Submission:
    """Keep the document and let the submission wait; a document that was asked about before stays as it is.

    Raises:
        LeaseLost: Another agent holds the submission; nothing was written.
    """
    now = clock.now()
    submission = claim.submission
    request = claim.request or SigningRequest.of(submission.id, asked.rendered, now)
    with ledger.begin() as work:
        work.contracts.lock(submission.employer_bin, submission.contract_key)
        work.outbox.hold_lease(claim.lease, now)
        work.signing_requests.put(request)
        entry = replace(claim.entry, status=QueueStatus.HELD, wait_reason=asked.waits_for, available_at=now, note="")
        work.outbox.release(claim.lease, entry)
        work.alerts.watch(submission.id, now)
        detail = json.dumps({"unsigned": work.journal.digest(submission.id, request.document)})
        journal(work, submission, ACTIONS[asked.waits_for], submission.state, now, detail=detail)
        work.write_backs.put(status_note(submission, now, waits_for=asked.waits_for))
        arrange_line(work, submission.employer_bin, submission.contract_key, now)
        work.commit()
    return submission
