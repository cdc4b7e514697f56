"""What an owner signed comes back while others act: on PostgreSQL only what is still awaited is taken, and once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from support.ledger_values import BIN, DAY, HOUR, NOW, enqueued
from support.line import WeekdayCalendar
from support.outbox_steps import claim_all
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.system_clock import SystemEntropy
from usrec.application.acting import Actor
from usrec.application.approve import approve
from usrec.application.retry import retry
from usrec.application.take_signed import Fate, TakenPaper, take_signed
from usrec.domain.authority import SigningCertificate
from usrec.domain.errors import UnsafeRequest
from usrec.domain.message import RenderedMessage
from usrec.domain.signing_request import SigningRequest
from usrec.domain.state import State
from usrec.domain.submission import SubmissionId, WaitReason
from usrec.ports.ledger import Claim, UnitOfWork
from usrec.ports.signing_package import HandSignature, Inspected, OwnersPackage, ReturnedPaper

S1 = SubmissionId("s1")
DANA = Actor("dana", "the owner's package")
CLOCK = ManualClock(NOW + HOUR)
MOMENT = 0.15
"""Seconds in which a thread that does not wait would long have finished."""
CERTIFICATE = SigningCertificate("5f3a9c", "f" * 64, NOW - DAY, NOW + DAY, head=True)

pytestmark = pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)


class Believing:
    """Takes every paper for the well signed document of its submission."""

    def write(self, package: OwnersPackage, file: Path) -> None:
        raise NotImplementedError

    def read(self, source: Path) -> Sequence[ReturnedPaper]:
        raise NotImplementedError

    def inspect(
        self, papers: Sequence[ReturnedPaper], requests: Sequence[SigningRequest], *, employer_bin: str, at: datetime
    ) -> Inspected:
        del employer_bin, at
        asked = {request.submission_id: request for request in requests}
        found = [(paper, asked[paper.submission_id]) for paper in papers if paper.submission_id in asked]
        return Inspected([HandSignature(paper, request, CERTIFICATE) for paper, request in found], [])


@pytest.fixture
def person() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def request_of(which: SubmissionId, said: str = "") -> SigningRequest:
    return SigningRequest.of(which, RenderedMessage(f"<{which}>{said}</{which}>".encode(), None), NOW)


def awaited(ledger: SqlLedger, names: Collection[str], why: WaitReason = WaitReason.AWAITING_SIGNATURE) -> None:
    with ledger.begin() as work:
        for name in names:
            entry = {"status": "held", "wait_reason": why}
            work.signing_requests.put(request_of(enqueued(work, name, entry=entry).id))
        work.commit()


def take(ledger: SqlLedger, names: Sequence[str] = ("s1",), signature: str = "") -> list[TakenPaper]:
    papers = [ReturnedPaper(name, f"{name} signed {signature}".encode(), SubmissionId(name)) for name in names]
    ports = {"packages": Believing(), "ledger": ledger, "clock": CLOCK, "entropy": SystemEntropy()}
    return list(take_signed(papers, [BIN], DANA, **ports))  # type: ignore[arg-type]


def cancel(work: UnitOfWork) -> None:
    work.outbox.remove(S1)


def check_out(work: UnitOfWork) -> None:
    entry = work.outbox.get(S1)
    assert entry is not None
    work.outbox.put(replace(entry, wait_reason=WaitReason.CHECKED_OUT))


def make_anew(work: UnitOfWork) -> None:
    work.signing_requests.put(request_of(S1, "anew"))


def correct(work: UnitOfWork) -> None:
    submission = work.submissions.get(S1)
    assert submission is not None
    work.submissions.update(replace(submission, replaced_by=enqueued(work, "s2").id), was=submission.state)


@pytest.mark.parametrize("deed", [cancel, check_out, make_anew, correct])
def test_what_is_taken_back_waits_for_whoever_decides_on_its_contract_and_is_then_refused(
    shared_ledger: SqlLedger, person: ThreadPoolExecutor, deed: Callable[[UnitOfWork], None]
) -> None:
    awaited(shared_ledger, ["s1"])
    with shared_ledger.begin() as deciding:
        submission = deciding.submissions.get(S1)
        assert submission is not None
        deciding.contracts.lock(submission.employer_bin, submission.contract_key)
        taking = person.submit(take, shared_ledger)
        with pytest.raises(NotYet):
            taking.result(MOMENT)
        deed(deciding)
        deciding.commit()
    assert [one.fate for one in taking.result(10)] == [Fate.REFUSED]
    with shared_ledger.begin() as work:
        assert work.submissions.message(S1) is None
        stands = work.submissions.get(S1)
        assert stands is not None
        assert stands.state is State.PENDING


def test_two_operators_who_take_the_same_package_take_each_document_once(
    shared_ledger: SqlLedger, person: ThreadPoolExecutor
) -> None:
    names = [f"s{number}" for number in range(20)]
    awaited(shared_ledger, names)
    both = [person.submit(take, shared_ledger, names, signature) for signature in ("one", "two")]
    taken = [one.submission_id for future in both for one in future.result(30) if one.fate is Fate.TAKEN]
    assert sorted(filter(None, taken)) == sorted(names)
    claims = claim_all(shared_ledger, hours=2)
    assert {claim.submission.id for claim in claims} == set(names)
    assert all(claim.message is not None for claim in claims)


def test_agent_that_claims_all_the_while_never_sees_a_taken_document_without_its_signature(
    shared_ledger: SqlLedger, person: ThreadPoolExecutor
) -> None:
    names = [f"s{number}" for number in range(20)]
    awaited(shared_ledger, names)
    taking = person.submit(take, shared_ledger, names)
    claims: list[Claim] = []
    while len(claims) < len(names):
        claims += claim_all(shared_ledger, hours=2)
        assert not taking.done() or taking.exception() is None
    assert all(claim.message is not None and claim.message.document for claim in claims)
    assert {one.fate for one in taking.result(10)} == {Fate.TAKEN}


def test_approval_waits_for_whoever_makes_the_document_anew_and_is_then_refused(
    shared_ledger: SqlLedger, person: ThreadPoolExecutor
) -> None:
    awaited(shared_ledger, ["s1"], WaitReason.AWAITING_APPROVAL)
    digest = request_of(S1).digest
    with shared_ledger.begin() as deciding:
        submission = deciding.submissions.get(S1)
        assert submission is not None
        deciding.contracts.lock(submission.employer_bin, submission.contract_key)
        approving = person.submit(approve, S1, digest, DANA, ledger=shared_ledger, clock=CLOCK)
        with pytest.raises(NotYet):
            approving.result(MOMENT)
        make_anew(deciding)
        deciding.commit()
    with pytest.raises(UnsafeRequest, match="the digest is not that of the document"):
        approving.result(10)
    assert claim_all(shared_ledger, hours=2) == []


def test_retry_that_meets_a_taking_keeps_the_signed_document(
    shared_ledger: SqlLedger, person: ThreadPoolExecutor
) -> None:
    """Whichever comes first: a document that was taken is never thrown away, one that was made anew never signed."""
    names = [f"s{number}" for number in range(20)]
    awaited(shared_ledger, names)

    def retry_all() -> None:
        for name in reversed(names):
            more = {"employers": {}, "calendar": WeekdayCalendar(), "entropy": SystemEntropy()}
            retry(SubmissionId(name), DANA, ledger=shared_ledger, clock=CLOCK, **more)  # type: ignore[arg-type]

    retrying = person.submit(retry_all)
    taken = {one.submission_id for one in take(shared_ledger, names) if one.fate is Fate.TAKEN}
    retrying.result(30)
    claims = {claim.submission.id: claim for claim in claim_all(shared_ledger, hours=2)}
    assert set(claims) == set(names)
    assert {which for which, claim in claims.items() if claim.message is not None} == taken
    assert all(claim.request is None for which, claim in claims.items() if which not in taken)
