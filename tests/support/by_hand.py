"""An owner who signs by hand, for tests on the line in memory: what the owner signs is a mark behind the document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from support.line import BIN, Line
from usrec.adapters.inmemory.signer import InMemorySigner
from usrec.application.acting import Actor
from usrec.application.approve import approve
from usrec.application.pack_papers import unsigned_papers
from usrec.application.take_signed import TakenPaper, take_signed
from usrec.domain.errors import SignatureAwaited
from usrec.domain.message import MessageId, RenderedMessage, SignedMessage
from usrec.domain.signing_request import SigningRequest
from usrec.domain.submission import SubmissionId
from usrec.ports.signing_package import HandSignature, Inspected, OwnersPackage, ReturnedPaper, UnfitPaper

MARK = b"<!-- signed by hand -->"
OPERATOR = Actor("dana", "")


class OwnersSigner(InMemorySigner):
    """The key of the employer is elsewhere."""

    def sign(
        self, rendered: RenderedMessage, *, employer_bin: str, message_id: MessageId, at: datetime
    ) -> SignedMessage:
        if employer_bin == BIN:
            raise SignatureAwaited("its owner signs by hand", where=f"message {message_id}")
        return super().sign(rendered, employer_bin=employer_bin, message_id=message_id, at=at)


class MarkedPapers:
    """Takes a document with the mark for one that its owner signed."""

    def __init__(self, line: Line) -> None:
        self._certificate = line.signer.certificates[BIN]

    def write(self, package: OwnersPackage, file: Path) -> None:
        raise NotImplementedError

    def read(self, source: Path) -> Sequence[ReturnedPaper]:
        raise NotImplementedError

    def inspect(
        self, papers: Sequence[ReturnedPaper], requests: Sequence[SigningRequest], *, employer_bin: str, at: datetime
    ) -> Inspected:
        del employer_bin, at
        wanted = {request.document: request for request in requests}
        signatures, unfit = [], []
        for paper in papers:
            request = wanted.get(paper.document.removesuffix(MARK))
            if request is None:
                unfit.append(UnfitPaper(paper, "it was not asked for", foreign=True))
            elif not paper.document.endswith(MARK):
                unfit.append(UnfitPaper(paper, "it is not signed", foreign=False))
            else:
                signatures.append(HandSignature(paper, request, self._certificate))
        return Inspected(signatures, unfit)


def asked(line: Line, event_id: str) -> SigningRequest:
    """The document of an event that a person is asked about."""
    which = line.of(event_id).id
    with line.ledger.begin() as work:
        request = work.signing_requests.get(which)
    assert request is not None
    return request


def signed_by_hand(line: Line) -> list[ReturnedPaper]:
    """All that waits for the owner, signed."""
    found = unsigned_papers(BIN, ledger=line.ledger)
    return [ReturnedPaper(one.submission.id, one.request.document + MARK, one.submission.id) for one in found]


def take(line: Line, papers: Sequence[ReturnedPaper]) -> dict[SubmissionId | None, TakenPaper]:
    """Take papers back; what became of each, by its submission."""
    taken = take_signed(
        papers,
        [BIN],
        OPERATOR,
        packages=MarkedPapers(line),
        ledger=line.ledger,
        clock=line.clock,
        entropy=line.entropy,
    )
    return {one.submission_id: one for one in taken}


def approve_event(line: Line, event_id: str, digest: str) -> None:
    approve(line.of(event_id).id, digest, OPERATOR, ledger=line.ledger, clock=line.clock)
