"""What a person is asked for before a document may be sent: the signature of the EDS's owner, or an approval.

The document is kept as it was when it was asked for. An approval binds to its digest, and what is signed later is that
very document: it is never made anew behind a person's back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from usrec.domain.message import RenderedMessage
from usrec.domain.submission import SubmissionId, WaitReason

AWAITING: Final = frozenset({WaitReason.AWAITING_SIGNATURE, WaitReason.AWAITING_APPROVAL})
"""A person is asked for something, and the submission waits until it is given."""

ACTIONS: Final[Mapping[WaitReason, str]] = {
    WaitReason.AWAITING_SIGNATURE: "ask_signature",
    WaitReason.AWAITING_APPROVAL: "ask_approval",
}
"""The journal's words for the asking."""


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """One document that waits for a person.

    Attributes:
        document: UTF-8 XML, not signed.
        digest: SHA-256 of ``document``, hexadecimal.
        record_id: The id that we supply for the record, None under a profile without one.
        asked_at: When it was first asked for, aware UTC.
        package_id: The newest signing package that holds it.
        approved_digest: Digest of the document that ``approved_by`` had before them.
    """

    submission_id: SubmissionId
    document: bytes
    digest: str
    record_id: str | None
    asked_at: datetime
    package_id: str | None = None
    packaged_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    approved_digest: str | None = None

    @classmethod
    def of(cls, submission_id: SubmissionId, rendered: RenderedMessage, at: datetime) -> SigningRequest:
        """A new one."""
        return cls(submission_id, rendered.document, digest_of(rendered.document), rendered.record_id, at)

    @property
    def rendered(self) -> RenderedMessage:
        """The document that was asked for."""
        return RenderedMessage(self.document, self.record_id)

    @property
    def is_approved(self) -> bool:
        """Whether a person approved exactly these bytes."""
        return self.approved_digest is not None and self.approved_digest == digest_of(self.document)

    def approved(self, by: str, at: datetime) -> SigningRequest:
        """The same, approved."""
        return replace(self, approved_by=by, approved_at=at, approved_digest=digest_of(self.document))

    def __repr__(self) -> str:
        """Never the document."""
        return f"SigningRequest({self.submission_id}, {self.digest})"


def digest_of(document: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(document).hexdigest()
