"""Documents that wait for a person's signature or approval, in domain words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from usrec.domain.signing_request import SigningRequest
from usrec.domain.submission import Submission, SubmissionId


class SigningRequests(Protocol):
    """What persons are asked to sign or approve. A request lasts as long as its submission's queue entry."""

    def put(self, request: SigningRequest) -> None:
        """Insert or replace."""
        ...

    def get(self, submission_id: SubmissionId) -> SigningRequest | None:
        """One request, None when nothing was asked."""
        ...

    def remove(self, submission_id: SubmissionId) -> None:
        """What was asked and approved is void."""
        ...

    def awaiting(self, employer_bin: str) -> Sequence[tuple[Submission, SigningRequest]]:
        """All of an employer that wait for its owner's signature, most urgent first."""
        ...

    def asked_at(self, submissions: Collection[SubmissionId]) -> Mapping[SubmissionId, datetime]:
        """Since when those of ``submissions`` that wait for a person's signature or approval do."""
        ...
