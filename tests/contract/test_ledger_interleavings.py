"""Transactions of different agents and persons that meet at a bad moment, on PostgreSQL: one comes between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event
from time import sleep
from typing import Any

import pytest
from sqlalchemy import event, text

from support.ledger_values import HOUR, NOW, enqueued
from support.line import ASEL, BIN, DAY, EMPLOYERS, POLICY, TIMEOUT, TODAY, Line, WeekdayCalendar, refused
from usrec.adapters.inmemory.clock import ManualClock, SeededEntropy
from usrec.adapters.persistence import SqlLedger
from usrec.application.after_restore import hold_in_place
from usrec.application.masses import carry_out, watch_masses
from usrec.application.watch_deadlines import watch_deadlines
from usrec.domain.alert import Threshold
from usrec.domain.digest import DigestPolicy
from usrec.domain.intake import IntakePolicy
from usrec.domain.mass import MassDecision, MassPolicy
from usrec.domain.message import Envelope
from usrec.domain.outcome import Registered
from usrec.domain.source_event import ContractKey, Operation
from usrec.domain.state import State
from usrec.domain.submission import QueueStatus, WaitReason
from usrec.domain.watch import WatchPolicy
from usrec.ports.alert_sink import LOG

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
SECOND = timedelta(seconds=1)
BATCH = f"alatau-termination-{TODAY.isoformat()}"
WATCHING = WatchPolicy(DigestPolicy(WeekdayCalendar()), WeekdayCalendar())

pytestmark = pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)


@pytest.fixture
def other() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@contextmanager
def before(ledger: SqlLedger, words: str, act: Callable[[], object], *, nth: int = 1) -> Iterator[None]:
    """Let ``act`` happen, once, just before the nth statement with these words goes out."""
    seen = [0]

    def look(_: object, __: object, statement: str, *___: object) -> None:
        if words in statement:
            seen[0] += 1
            if seen[0] == nth:
                act()

    event.listen(ledger._engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(ledger._engine, "before_cursor_execute", look)
    assert seen[0] >= nth, "the moment never came"


def has_met(ledger: SqlLedger, future: Future[Any]) -> bool:
    """Wait until a thread has ended or waits for somebody's lock; whether it waits."""
    for _ in range(200):
        if future.done():
            return False
        with ledger._engine.connect() as connection:
            if connection.scalar(_WAITING):
                return True
        sleep(0.05)
    pytest.fail("the other one neither ended nor met anybody")


def watched(line: Line) -> int:
    return watch_deadlines(ledger=line.ledger, policy=WATCHING, clock=line.clock)


def thresholds(line: Line) -> set[Threshold]:
    with line.ledger.begin() as work:
        found = work.alert_sinks.untold(LOG, line.clock.now(), 99, at_once=True)
    return {one.open.alert.threshold for one in found}


def test_wait_for_a_person_that_begins_while_the_dates_are_looked_at_is_reminded_of(shared_ledger: SqlLedger) -> None:
    approved = replace(POLICY, approve={BIN: frozenset({Operation.CONCLUSION})})
    line = Line(ledger=shared_ledger, policy=approved)
    line.take("c1")
    line.clock.advance(SECOND)
    with before(shared_ledger, "FROM pair_halves", lambda: line.deliver(*line.claim(1))):
        watched(line)
    assert line.entry("c1").wait_reason is WaitReason.AWAITING_APPROVAL
    watched(line)
    assert Threshold.AWAITED in thresholds(line)


def test_watching_of_dates_and_a_group_of_answers_do_not_wait_for_each_other_in_a_circle(
    shared_ledger: SqlLedger, other: ThreadPoolExecutor
) -> None:
    with shared_ledger.begin() as work:
        late = [enqueued(work, name, received_at=NOW + place * HOUR) for place, name in enumerate(("s2", "s1"))]
        for one in late:
            work.alerts.watch(one.id, NOW)
        work.commit()

    def answer() -> None:
        with shared_ledger.begin() as work:
            for one in late:
                work.submissions.update(replace(one, reason="answered"), was=one.state)
            work.commit()

    answering: list[Future[None]] = []

    def begin() -> None:
        answering.append(other.submit(answer))
        has_met(shared_ledger, answering[0])

    with before(shared_ledger, "INSERT INTO alerts", begin, nth=2):
        clock = ManualClock(NOW + 60 * DAY)
        assert watch_deadlines(ledger=shared_ledger, policy=WATCHING, clock=clock) > 1
    answering[0].result(10)


def moved(line: Line, act: Callable[[], object]) -> None:
    """HR says that an event is about another contract; ``act`` happens when that is being taken."""
    line.enter("c1", revision=2, contract="K-2")
    with before(line.ledger, "INSERT INTO contracts", act, nth=2):
        line.ingest()


def test_event_that_a_person_takes_out_while_hr_moves_it_is_not_sent_under_its_other_contract(
    shared_ledger: SqlLedger,
) -> None:
    line = Line(ledger=shared_ledger)
    line.take("c1", contract="K-1")
    moved(line, lambda: line.check_out("c1"))
    assert line.entry("c1", 1).wait_reason is WaitReason.CHECKED_OUT
    assert line.of("c1", 2).reason == "entered_by_hand"
    assert line.claim() == []


def test_event_that_a_person_sends_again_while_hr_moves_it_is_sent_once(shared_ledger: SqlLedger) -> None:
    line = Line(ledger=shared_ledger)
    line.take("c1", contract="K-1")
    line.send(refused("SCSE007"))
    assert line.of("c1").state is State.REJECTED
    moved(line, lambda: line.retry("c1"))
    line.deliver_all()
    assert [one.contract_key for one in line.all_of("c1") if one.state is State.ACCEPTED] == ["K-2"]


def flooded(ledger: SqlLedger, number: int) -> Line:
    """So many terminations of one day, held as one."""
    line = Line(ledger=ledger, intake=IntakePolicy(masses=MassPolicy(terminations=2)))
    for one in range(number):
        line.enter(f"t{one}", "termination", contract=f"K-{one}", contract_id=f"R-{one}")
    line.ingest()
    return line


def decide(line: Line, decision: MassDecision) -> None:
    with line.work() as work:
        work.masses.decide(BATCH, decision, ASEL.name, ASEL.reason, line.clock.now())


def carried_out(line: Line, other: ThreadPoolExecutor, act: Callable[[], object]) -> None:
    """A decision on a mass waits for one contract; ``act`` happens meanwhile."""
    with line.ledger.begin() as work:
        work.contracts.lock(BIN, ContractKey("K-0"))
        carrying = other.submit(carry_out, BATCH, ledger=line.ledger, clock=line.clock)
        assert has_met(line.ledger, carrying)
        act()
    carrying.result(10)


def test_what_a_person_takes_back_while_its_mass_is_let_go_stays_taken_back(
    shared_ledger: SqlLedger, other: ThreadPoolExecutor
) -> None:
    line = flooded(shared_ledger, 5)
    decide(line, MassDecision.RELEASED)
    carried_out(line, other, lambda: line.cancel("t3"))
    taken_back = line.of("t3")
    assert [one.action for one in line.journal(taken_back.id)][-1] == "cancel"
    assert line.notes()[taken_back.row_ref].state == "cancelled"
    assert len(line.claim()) == 4


def test_what_a_person_lets_go_while_its_mass_is_taken_back_goes(
    shared_ledger: SqlLedger, other: ThreadPoolExecutor
) -> None:
    line = flooded(shared_ledger, 5)
    decide(line, MassDecision.CANCELLED)
    carried_out(line, other, lambda: line.release("t3"))
    assert line.of("t3").state is State.PENDING
    assert [one.submission.event_id for one in line.claim()] == ["t3"]
    assert sorted(line.states().values()) == ["cancelled"] * 4 + ["pending"]


def test_what_becomes_one_of_many_while_its_predecessor_is_registered_is_held_or_not_told_to_be(
    shared_ledger: SqlLedger,
) -> None:
    line = Line(ledger=shared_ledger, intake=IntakePolicy(masses=MassPolicy(terminations=2)))
    line.take("hire", contract="K-9")
    line.enter("t9", "termination", contract="K-9")
    line.ingest()

    def flood() -> None:
        for one in range(4):
            line.enter(f"t{one}", "termination", contract=f"K-{one}", contract_id=f"R-{one}")
        line.ingest()

    with before(shared_ledger, "INSERT INTO outbox", flood):
        line.send(line.registers)
    told = line.notes()[line.of("t9").row_ref].message
    held = line.entry("t9").wait_reason is WaitReason.MASS_HELD
    assert ("held with many" in told) is held
    watch_masses(ledger=shared_ledger, policy=WATCHING, clock=line.clock)
    assert line.entry("t9").wait_reason is WaitReason.MASS_HELD
    assert line.entry("t9").status is QueueStatus.HELD


def test_what_an_agent_that_nobody_stopped_ends_while_the_ledger_is_held_has_no_place_in_the_queue(
    shared_ledger: SqlLedger, other: ThreadPoolExecutor
) -> None:
    line = Line(ledger=shared_ledger)
    line.take("c1")
    line.send(TIMEOUT)
    line.clock.advance(line.policy.retry.cap)
    (claim,) = line.claim(1)
    sent, go_on = Event(), Event()

    def answer(envelope: Envelope) -> Registered:
        sent.set()
        go_on.wait(10)
        return line.registers(envelope)

    line.wire.then(answer)
    ended = other.submit(line.deliver, claim)
    assert sent.wait(10)

    def end() -> None:
        go_on.set()
        has_met(shared_ledger, ended)

    with before(shared_ledger, "max(submissions.employer)", end):
        hold_in_place(
            EMPLOYERS,
            lambda _: None,
            ledger=shared_ledger,
            entropy=SeededEntropy(3),
            actor="asel",
            now=line.clock.now(),
        )
    assert ended.result(10).result == "accepted"
    assert line.of("c1").state is State.ACCEPTED
    assert line.queued("c1") is None
