"""A person decides while an agent begins to send: on PostgreSQL neither may act on what the other has just changed."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from datetime import timedelta

import pytest

from support.ledger_values import HOUR, NOW, an_attempt, enqueued
from support.outbox_steps import FIVE_MINUTES, claim_all, claim_one, get
from usrec.adapters.inmemory.clock import ManualClock
from usrec.adapters.persistence import SqlLedger
from usrec.application import operate
from usrec.application.acting import Actor
from usrec.application.settle import Settlement, settle
from usrec.domain.errors import LeaseLost, UnsafeRequest
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, SubmissionId
from usrec.ports.clock import Clock

S1 = SubmissionId("s1")
ASEL = Actor("asel", "the registry's letter")
CLOCK = ManualClock(NOW + FIVE_MINUTES / 2)
MOMENT = 0.15
"""Seconds in which a thread that does not wait would long have finished."""

Deed = Callable[[SqlLedger, Clock], object]


def settle_it(ledger: SqlLedger, clock: Clock) -> None:
    settle(S1, Settlement(False, None, b"letter"), ASEL, ledger=ledger, clock=clock)


def hold(ledger: SqlLedger, clock: Clock) -> None:
    operate.hold(S1, ASEL, ledger=ledger, clock=clock)


def check_out(ledger: SqlLedger, clock: Clock) -> None:
    operate.check_out(S1, "Asel", ASEL, ledger=ledger, clock=clock, duration=HOUR)


DEEDS: dict[State, Deed] = {State.INDETERMINATE: settle_it, State.SIGNED: hold, State.PENDING: check_out}

pytestmark = pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)


@pytest.fixture
def person() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def waits(future: Future[object]) -> bool:
    """Whether the person is still waiting after a moment."""
    try:
        future.result(MOMENT)
    except NotYet:
        return True
    except UnsafeRequest:
        return False
    return False


def given(ledger: SqlLedger, state: State) -> None:
    with ledger.begin() as work:
        enqueued(work, state=state, entry={"doubtful": state is State.INDETERMINATE})
        work.commit()


@pytest.mark.parametrize("state", DEEDS)
def test_person_who_meets_a_claim_that_has_just_begun_waits_for_it_and_is_refused(
    shared_ledger: SqlLedger, person: ThreadPoolExecutor, state: State
) -> None:
    given(shared_ledger, state)
    with shared_ledger.begin() as agent:
        (claim,) = agent.outbox.claim("agent-1", NOW, FIVE_MINUTES, 1)
        deed = person.submit(DEEDS[state], shared_ledger, CLOCK)
        assert waits(deed)
        agent.commit()
    with pytest.raises(UnsafeRequest, match="an agent is sending it at this moment"):
        deed.result(10)
    assert get(shared_ledger) == claim.entry
    with shared_ledger.begin() as work:
        submission = work.submissions.get(S1)
        assert submission is not None
        assert submission.state is state


@pytest.mark.parametrize("state", DEEDS)
def test_person_who_meets_an_attempt_that_is_just_being_opened_is_refused(
    shared_ledger: SqlLedger, person: ThreadPoolExecutor, state: State
) -> None:
    given(shared_ledger, state)
    claim = claim_one(shared_ledger)
    with shared_ledger.begin() as agent:
        agent.outbox.hold_lease(claim.lease, NOW)
        deed = person.submit(DEEDS[state], shared_ledger, CLOCK)
        assert waits(deed)
        agent.attempts.open(an_attempt(S1))
        agent.commit()
    with pytest.raises(UnsafeRequest, match="an agent is sending it at this moment"):
        deed.result(10)
    assert get(shared_ledger) == claim.entry


def test_agent_begins_nothing_of_a_contract_on_which_a_person_is_deciding(
    shared_ledger: SqlLedger, person: ThreadPoolExecutor
) -> None:
    given(shared_ledger, State.PENDING)
    with shared_ledger.begin() as other:
        submission = enqueued(other, "s2")
        other.commit()
    with shared_ledger.begin() as deciding:
        deciding.contracts.lock(submission.employer_bin, submission.contract_key)
        assert [claim.submission.id for claim in claim_all(shared_ledger)] == [S1]
        assert person.submit(claim_all, shared_ledger).result(10) == []
    assert [claim.submission.id for claim in claim_all(shared_ledger)] == ["s2"]


def test_claim_that_was_begun_before_a_person_decided_writes_nothing_afterwards(
    shared_ledger: SqlLedger, person: ThreadPoolExecutor
) -> None:
    given(shared_ledger, State.PENDING)
    claim = claim_one(shared_ledger)

    def open_attempt() -> None:
        with shared_ledger.begin() as agent:
            agent.outbox.hold_lease(claim.lease, NOW)

    with shared_ledger.begin() as deciding:
        deciding.contracts.lock(claim.submission.employer_bin, claim.submission.contract_key)
        agent = person.submit(open_attempt)
        with pytest.raises(NotYet):
            agent.result(MOMENT)
        deciding.outbox.remove(S1)
        deciding.commit()
    with pytest.raises(LeaseLost):
        agent.result(10)


def test_restart_that_frees_dead_leases_and_a_decision_do_not_wait_for_each_other_in_a_circle(
    shared_ledger: SqlLedger, person: ThreadPoolExecutor
) -> None:
    """Many rounds: the two take the same entries, and one of them used to take them in any order."""
    names = [f"s{number}" for number in range(8)]
    with shared_ledger.begin() as work:
        for number, name in enumerate(names):
            enqueued(work, name, contract_key=f"K-{8 - number}", entry={"priority": NOW + number * timedelta(hours=1)})
        work.commit()

    def decide() -> None:
        for _ in range(30):
            with shared_ledger.begin() as work:
                for number in range(1, 9):
                    work.contracts.lock(claims[0].submission.employer_bin, f"K-{number}")  # type: ignore[arg-type]
                work.commit()

    claims = claim_all(shared_ledger, "dead")
    deciding = person.submit(decide)
    for _ in range(30):
        with shared_ledger.begin() as work:
            work.outbox.free_leases(["dead"])
            work.commit()
        claim_all(shared_ledger, "dead")
    deciding.result(30)
    states = {entry.status for name in names if (entry := get(shared_ledger, name)) is not None}
    assert states <= {QueueStatus.READY, QueueStatus.CLAIMED}
