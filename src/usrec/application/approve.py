"""A person approves a document before it is signed. The approval binds to the document's digest, not to the event.

What is signed later is the approved document itself. A new revision of the row is a new submission and needs a new
approval; so does a document that was made anew.
"""

from __future__ import annotations

import json
from dataclasses import replace

from usrec.application.acting import Actor, locked, refuse
from usrec.application.queue_entry import released_entry
from usrec.application.recording import journal, status_note
from usrec.domain.submission import SubmissionId, WaitReason
from usrec.ports.clock import Clock
from usrec.ports.ledger import Ledger


def approve(submission_id: SubmissionId, digest: str, actor: Actor, *, ledger: Ledger, clock: Clock) -> None:
    """Approve the document with this SHA-256 and let the submission go on.

    Raises:
        UnsafeRequest: It does not wait for an approval, or its document is another one; nothing was changed.
    """
    now = clock.now()
    with ledger.begin() as work:
        submission = locked(work, submission_id)
        entry, request = work.outbox.get(submission.id), work.signing_requests.get(submission.id)
        if entry is None or request is None or entry.wait_reason is not WaitReason.AWAITING_APPROVAL:
            refuse(submission, "it does not wait for an approval", "See why it waits: usrec submission show")
        approved = request.approved(actor.name, now)
        if approved.approved_digest != digest:
            refuse(
                submission,
                "the digest is not that of the document that waits for approval",
                "Look at it again: usrec submission approve ID shows the document's summary and digest",
            )
        work.signing_requests.put(approved)
        work.outbox.put(replace(released_entry(work, submission, now), note=""))
        work.alerts.watch(submission.id, now)
        detail = json.dumps({"unsigned": work.journal.digest(submission.id, request.document)})
        journal(
            work, submission, "approve", submission.state, now, reason=actor.reason, actor=actor.name, detail=detail
        )
        work.write_backs.put(status_note(submission, now))
        work.commit()
