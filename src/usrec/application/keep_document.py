"""A supporting document on its way: from HR's file into the ledger, and from there into a message.

The bytes that were checked are the bytes that are kept; the file is never read again. Each message gives its document
an id of its own, so that none is used twice (codes SCSE169 and 170); a resend carries the same signed bytes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from usrec.domain.document import Attachment, digest_in
from usrec.domain.errors import InvariantViolation
from usrec.domain.events.contracts import WorkTerms
from usrec.domain.identifiers import new_record_id
from usrec.domain.rules.documents import NOT_TAKEN
from usrec.domain.rules.examine import Examined
from usrec.domain.source_event import load_details
from usrec.domain.submission import Submission
from usrec.ports.clock import Entropy
from usrec.ports.ledger import Ledger, UnitOfWork


def with_document_kept(work: UnitOfWork, one: Examined, now: datetime) -> Examined:
    """``one`` with its document in the ledger, named by its digest from now on; refused where it was not read."""
    details = one.event and one.event.details
    if one.event is None or not isinstance(details, WorkTerms) or details.supporting_document is None:
        return one
    if one.document is None:
        return replace(one, event=None, findings=(*one.findings, NOT_TAKEN))
    work.documents.keep(one.document, now)
    name = details.supporting_document_name or one.document.title
    taken = replace(details, supporting_document=one.document.reference, supporting_document_name=name)
    return replace(one, event=replace(one.event, details=taken))


def attach(submission: Submission, *, ledger: Ledger, entropy: Entropy) -> Attachment | None:
    """The document of a submission, under a fresh id; None where its event names none.

    Raises:
        InvariantViolation: The ledger does not hold what the event names, or not as it was taken.
    """
    details = load_details(submission.operation, submission.details) if submission.operation else None
    if not isinstance(details, WorkTerms) or details.supporting_document is None:
        return None
    digest = digest_in(details.supporting_document)
    with ledger.begin() as work:
        found = work.documents.get(digest) if digest else None
    if found is None or sha256(found[1]).hexdigest() != digest:
        raise InvariantViolation("the ledger does not hold the document as it was taken", where=submission.id)
    stored, content = found
    return Attachment(str(new_record_id(entropy.token(16))), stored.format, content)
