"""Batches of many changes on each ledger: the same outcome everywhere, and work that grows by portions, not by rows."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from support.line import ASEL, TODAY, Line
from usrec.adapters.persistence import SqlLedger
from usrec.application.masses import carry_out, carry_out_some, decide_mass
from usrec.domain.intake import IntakePolicy
from usrec.domain.mass import MassDecision, MassPolicy
from usrec.domain.submission import QueueStatus

NAME = f"alatau-termination-{TODAY.isoformat()}"
PORTION = 10


def flooded(ledger: SqlLedger, number: int) -> Line:
    """A line to which so many terminations of one day came."""
    line = Line(ledger=ledger, intake=IntakePolicy(masses=MassPolicy(terminations=2)))
    for one in range(number):
        line.enter(f"t{one}", "termination", contract=f"K-{one:03}", contract_id=f"R-{one}")
    while line.ingest(limit=20).rows:
        pass
    return line


@contextmanager
def counted(ledger: SqlLedger) -> Iterator[list[str]]:
    """Every statement that goes to the database."""
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    event.listen(ledger._engine, "before_cursor_execute", note)
    yield seen
    event.remove(ledger._engine, "before_cursor_execute", note)


def held(ledger: SqlLedger) -> int:
    (batch,) = ledger.view.masses()
    return batch.held


@pytest.mark.parametrize("decision", MassDecision)
def test_decision_reaches_every_event_in_portions(ledger: SqlLedger, decision: MassDecision) -> None:
    line = flooded(ledger, 25)
    assert held(ledger) == 25
    with line.work() as work:
        work.masses.decide(NAME, decision, ASEL.name, ASEL.reason, line.clock.now())
    assert carry_out(NAME, ledger=ledger, clock=line.clock, portion=PORTION) == 25
    assert held(ledger) == 0
    left = 25 if decision is MassDecision.RELEASED else 0
    assert ledger.view.progress().ready == left
    assert {note.state for note in line.notes().values()} == {"pending" if left else "cancelled"}


@pytest.mark.parametrize("decision", MassDecision)
def test_portion_takes_as_many_statements_for_few_as_for_many(ledger: SqlLedger, decision: MassDecision) -> None:
    line = flooded(ledger, 40)
    with line.work() as work:
        work.masses.decide(NAME, decision, ASEL.name, ASEL.reason, line.clock.now())
    counts = []
    for portion in (2, 30):
        with counted(ledger) as seen, line.work() as work:
            carry_out_some(work, NAME, line.clock.now(), portion)
        counts.append(len(seen))
    assert counts[1] == counts[0]


def test_preview_takes_as_many_statements_for_few_as_for_many(ledger: SqlLedger) -> None:
    flooded(ledger, 40)
    with counted(ledger) as seen:
        (batch,) = ledger.view.masses()
        assert ledger.view.mass_changes(NAME) == {"05": 40}
        assert len(ledger.view.mass_sample(NAME, 5)) == 5
    assert (batch.events, batch.first_legal is not None) == (40, True)
    assert len([one for one in seen if one.lstrip().startswith("SELECT")]) == 3


def test_what_an_agent_has_in_hand_is_left_to_it(ledger: SqlLedger) -> None:
    line = flooded(ledger, 2)
    (claim,) = line.claim(1)
    for one in range(2, 12):
        line.enter(f"t{one}", "termination", contract=f"K-{one:03}", contract_id=f"R-{one}")
    line.ingest()
    assert held(ledger) == 11
    line.wire.then(line.registers)
    assert line.deliver(claim).result == "accepted"


def test_mark_of_one_that_left_alone_is_gone(ledger: SqlLedger) -> None:
    line = flooded(ledger, 3)
    line.release("t1")
    with line.work() as work:
        assert work.masses.hold(NAME) == []
    assert line.entry("t1").status is QueueStatus.READY
    assert decide_mass(NAME, MassDecision.RELEASED, (ASEL.name, ASEL.reason), ledger=ledger, clock=line.clock) == 2
