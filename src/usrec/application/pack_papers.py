"""What the owner of an EDS is asked to sign: all that waits for them, and the record of which package holds it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from usrec.application.acting import Actor, refuse
from usrec.application.contract_line import known
from usrec.application.recording import journal
from usrec.domain.signing_request import SigningRequest
from usrec.domain.submission import Submission, SubmissionId
from usrec.ports.ledger import Ledger, UnitOfWork

MOST_IN_A_PACKAGE: Final = 2000
"""A person reads them all."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A document that waits for its owner's signature.

    Attributes:
        conclusion: The contract's conclusion as far as it is on record; it names the employee and the contract.
    """

    submission: Submission
    request: SigningRequest
    conclusion: Submission | None


def unsigned_papers(employer_bin: str, *, ledger: Ledger) -> Sequence[Unsigned]:
    """All of an employer, most urgent first; nothing is changed."""
    with ledger.begin() as work:
        return [
            Unsigned(submission, request, _conclusion(work, submission))
            for submission, request in work.signing_requests.awaiting(employer_bin)
        ]


def unsigned_paper(submission_id: SubmissionId, *, ledger: Ledger) -> Unsigned:
    """The document of one submission that a person is asked to sign or approve.

    Raises:
        UnsafeRequest: None is.
    """
    with ledger.begin() as work:
        submission = known(work, submission_id)
        request = work.signing_requests.get(submission_id)
        if request is None:
            refuse(submission, "nobody is asked to sign or approve it", "See why it waits: usrec submission show")
        return Unsigned(submission, request, _conclusion(work, submission))


def _conclusion(work: UnitOfWork, submission: Submission) -> Submission | None:
    contract = submission.employer_bin, submission.contract_key
    found = work.submissions.conclusions_of([contract])[contract]
    return found[-1] if found else None


def fit_for_one_package(papers: Sequence[Unsigned]) -> Sequence[Unsigned]:
    """The most urgent ones that one package holds; of equal documents the first, the others wait for their turn."""
    distinct: dict[str, Unsigned] = {}
    for paper in papers:
        distinct.setdefault(paper.request.digest, paper)
    return list(distinct.values())[:MOST_IN_A_PACKAGE]


def record_package(
    package_id: str, requests: Sequence[SigningRequest], actor: Actor, *, ledger: Ledger, now: datetime
) -> None:
    """Remember in which package each document is; one that was made anew meanwhile is left out."""
    for request in requests:
        with ledger.begin() as work:
            submission = work.submissions.get(request.submission_id)
            if submission is None:
                continue
            work.contracts.lock(submission.employer_bin, submission.contract_key)
            current = work.signing_requests.get(request.submission_id)
            if current is None or current.digest != request.digest:
                continue
            work.signing_requests.put(replace(current, package_id=package_id, packaged_at=now))
            keyed = work.journal.digest(submission.id, current.document)
            detail = json.dumps({"package": package_id, "unsigned": keyed})
            journal(work, submission, "package", submission.state, now, actor=actor.name, detail=detail)
            work.commit()
