"""Taking back what the owner of an EDS signed by hand. Each document is held against the one that was asked for.

A document is taken only while its submission still waits for exactly this signature: what HR corrected, somebody
registered by hand or took back meanwhile is refused and named. Taking the same package again changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from uuid import UUID

from usrec.application.acting import Actor, locked, refuse
from usrec.application.queue_entry import released_entry
from usrec.application.record_intent import store_signature
from usrec.application.recording import status_note
from usrec.domain.authority import SigningCertificate
from usrec.domain.errors import LeaseLost, UnsafeRequest
from usrec.domain.message import DATA_CAP_BYTES, MessageId, SignedMessage
from usrec.domain.signing_request import digest_of
from usrec.domain.submission import SubmissionId, WaitReason
from usrec.ports.clock import Clock, Entropy
from usrec.ports.ledger import Ledger, UnitOfWork
from usrec.ports.signing_package import HandSignature, ReturnedPaper, SigningPackages, UnfitPaper

_NEW_PACKAGE: Final = "If it still waits for a signature, make a new package: usrec package create"
_SEE: Final = "See how it stands: usrec submission show"
_RELEASE: Final = "When it may go on (usrec submission release), take the same file again"
_ELSEWHERE: Final = "Take it to the agent that made its package"


class Fate(StrEnum):
    """What became of a document that came back."""

    TAKEN = "taken"
    """It is signed and goes on."""
    ALREADY_TAKEN = "already_taken"
    """It had been taken before; nothing was changed."""
    REFUSED = "refused"
    """It was not taken."""


@dataclass(frozen=True, slots=True)
class TakenPaper:
    """One document and what became of it.

    Attributes:
        submission_id: None where it is not known which it is.
        why: Of a refusal.
        certificate: Of whoever signed what was taken.
    """

    name: str
    submission_id: SubmissionId | None
    fate: Fate
    why: str = ""
    employer_bin: str = ""
    certificate: SigningCertificate | None = None


def take_signed(
    papers: Sequence[ReturnedPaper],
    employers: Collection[str],
    actor: Actor,
    *,
    packages: SigningPackages,
    ledger: Ledger,
    clock: Clock,
    entropy: Entropy,
) -> Sequence[TakenPaper]:
    """Take what can be taken, each document in a transaction of its own.

    Args:
        papers: What came back.
        employers: The BINs whose documents may be among them.
    """
    done = {paper.name: taken for paper in papers if (taken := _taken_before(paper, ledger))}
    unfit: dict[str, UnfitPaper] = {}
    for bin_ in employers:
        rest = [paper for paper in papers if paper.name not in done]
        with ledger.begin() as work:
            requests = [request for _, request in work.signing_requests.awaiting(bin_)]
        inspected = packages.inspect(rest, requests, employer_bin=bin_, at=clock.now())
        for one in inspected.signatures:
            done[one.paper.name] = _take(one, bin_, actor, ledger=ledger, clock=clock, entropy=entropy)
        for other in inspected.unfit:
            if other.paper.name not in unfit or not other.foreign:
                unfit[other.paper.name] = other
    refused = _refusals([paper for paper in papers if paper.name not in done], unfit, ledger)
    return [*done.values(), *refused]


def _taken_before(paper: ReturnedPaper, ledger: Ledger) -> TakenPaper | None:
    with ledger.begin() as work:
        known = work.submissions.signed_as(digest_of(paper.document))
    return None if known is None else TakenPaper(paper.name, known, Fate.ALREADY_TAKEN)


def _take(
    one: HandSignature, employer_bin: str, actor: Actor, *, ledger: Ledger, clock: Clock, entropy: Entropy
) -> TakenPaper:
    which = one.request.submission_id
    try:
        _store(one, actor, ledger=ledger, clock=clock, entropy=entropy)
    except (UnsafeRequest, LeaseLost) as refusal:
        return TakenPaper(one.paper.name, which, Fate.REFUSED, str(refusal))
    return TakenPaper(one.paper.name, which, Fate.TAKEN, "", employer_bin, one.certificate)


def _store(one: HandSignature, actor: Actor, *, ledger: Ledger, clock: Clock, entropy: Entropy) -> None:
    """The signed bytes become those of the submission, under its contract's lock.

    Raises:
        UnsafeRequest: It does not wait for this signature any more, or the document is too large.
    """
    now = clock.now()
    document = one.paper.document
    with ledger.begin() as work:
        submission = locked(work, one.request.submission_id)
        entry, request = work.outbox.get(submission.id), work.signing_requests.get(submission.id)
        waits = entry is not None and entry.wait_reason is WaitReason.AWAITING_SIGNATURE
        if not waits or request is None or request.digest != one.request.digest:
            refuse(submission, "it does not wait for this signature any more", _NEW_PACKAGE)
        if len(document) > DATA_CAP_BYTES:
            refuse(submission, "the signed document is over 100 KB (code SCSE999)", "Shorten the row's texts in HR")
        message = SignedMessage(
            document=document,
            digest=digest_of(document),
            record_id=request.record_id,
            message_id=MessageId(str(UUID(bytes=entropy.token(16), version=4))),
            signed_at=now,
            certificate=one.certificate.fingerprint,
            valid_until=one.certificate.not_after,
        )
        signed = store_signature(work, submission, message, now, actor=actor.name)
        work.outbox.put(replace(released_entry(work, signed, now), note=""))
        work.alerts.watch(signed.id, now)
        work.write_backs.put(status_note(signed, now))
        work.commit()


def _refusals(papers: Sequence[ReturnedPaper], unfit: dict[str, UnfitPaper], ledger: Ledger) -> Iterator[TakenPaper]:
    """Why each of the others was not taken: what is wrong with it, or what became of its submission."""
    for paper in papers:
        found = unfit.get(paper.name)
        why = "no employer's owner is asked for a signature" if found is None else found.why
        advice = _NEW_PACKAGE if found is None or found.foreign else found.advice
        if paper.submission_id is not None and (found is None or found.foreign):
            with ledger.begin() as work:
                why, advice = _standing(work, paper.submission_id)
        told = f"{why}. {advice}" if advice else why
        yield TakenPaper(paper.name, paper.submission_id, Fate.REFUSED, told)


def _standing(work: UnitOfWork, submission_id: SubmissionId) -> tuple[str, str]:
    """Why this document of a submission is not wanted, and what to do."""
    submission = work.submissions.get(submission_id)
    if submission is None:
        return f"there is no submission {submission_id} in this ledger", _ELSEWHERE
    if submission.replaced_by is not None:
        return f"{submission.replaced_by} stands in the place of {submission_id}", _NEW_PACKAGE
    entry = work.outbox.get(submission_id)
    if entry is None or work.submissions.message(submission_id) is not None:
        return f"{submission_id} is {submission.state} and waits for no signature", _SEE
    if entry.wait_reason is not WaitReason.AWAITING_SIGNATURE:
        by_a_person = entry.wait_reason in {WaitReason.HELD_BY_PERSON, WaitReason.CHECKED_OUT}
        now = entry.wait_reason or entry.status
        return f"{submission_id} does not wait for a signature now ({now})", _RELEASE if by_a_person else _SEE
    changed = f"another document of {submission_id} waits for the signature: what came back was changed, or is older"
    return changed, _NEW_PACKAGE
