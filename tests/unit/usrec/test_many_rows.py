"""Very many rows at once: portions of one size and one cost each, the most urgent first. A million: `make soak`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from support.fresh_ledger import make_ledger
from support.line import DAY, HOUR, TODAY, Line
from support.line_agent import agent_of
from usrec.adapters.persistence import open_ledger
from usrec.adapters.persistence.turns import Turns
from usrec.application import ingest
from usrec.domain.errors import LedgerUnavailable
from usrec.interfaces.bench import Bench
from usrec.interfaces.daemon import Daemon
from usrec.interfaces.hr_rows import INGEST_BESIDE_DELIVERIES, INGEST_SIZE

PATIENCE = timedelta(seconds=10)
MOST_PER_ROW = 10
"""Statements; how many a batch needs besides is told apart by two batches."""


def test_whoever_waits_for_the_ledger_gets_it_before_whoever_has_just_had_it() -> None:
    """So the intake, transaction after transaction, keeps nobody from their turn."""
    turns, order, asked = Turns(), [], threading.Semaphore(0)

    def other(name: str) -> None:
        asked.release()
        with turns.taken(PATIENCE, AssertionError):
            order.append(name)

    threads = []
    with turns.taken(PATIENCE, AssertionError):
        for name in ("first", "second"):
            threads.append(threading.Thread(target=other, args=(name,)))
            threads[-1].start()
            asked.acquire()
            while len(turns._waiting) < len(threads):
                threads[-1].join(0.001)
    with turns.taken(PATIENCE, AssertionError):
        order.append("again")
    for thread in threads:
        thread.join()
    assert order == ["first", "second", "again"]


def test_whoever_has_waited_for_too_long_takes_nobodys_turn() -> None:
    turns = Turns()
    with turns.taken(PATIENCE, AssertionError):
        with pytest.raises(LedgerUnavailable), turns.taken(timedelta(0), lambda: LedgerUnavailable("busy")):
            pass
        assert not turns._waiting
    with turns.taken(timedelta(0), AssertionError):
        pass


@pytest.fixture
def statements(line: Line) -> Iterator[list[str]]:
    """Every statement that the ledger gets."""
    seen: list[str] = []

    def note(*told: object) -> None:
        seen.append(str(told[2]))

    event.listen(line.ledger._engine, "before_cursor_execute", note)
    yield seen
    event.remove(line.ledger._engine, "before_cursor_execute", note)


def test_portions_are_bounded_and_none_costs_more_than_the_one_before(line: Line, statements: list[str]) -> None:
    for number in range(2 * INGEST_SIZE + 50):
        line.enter(f"c{number}", contract=f"K-{number}")
    sizes, costs, begun = [], [], []
    while report := line.ingest(INGEST_SIZE).rows:
        sizes.append(report)
        costs.append(len(statements))
        begun.append(sum(one.startswith("BEGIN") for one in statements))
        statements.clear()
    assert sizes == [INGEST_SIZE, INGEST_SIZE, 50]
    assert begun == [1, 1, 1], "a portion is one transaction"
    assert costs[0] - 1 == costs[1], "the first portion has to read the ledger's key"
    per_row = (costs[1] - costs[2]) / (INGEST_SIZE - 50)
    assert per_row <= MOST_PER_ROW
    assert costs[2] - 50 * per_row < 30


def test_transactions_are_short_while_deliveries_wait_for_the_same_file_but_many_changes_stay_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    make_ledger(url)
    line = Line(ledger=open_ledger(url))
    agent = agent_of(line)
    daemon = Daemon(agent)
    daemon.dispatch.bench = Bench(alone=True)
    step = daemon.dispatch.once("deliver-0", HOUR)
    monkeypatch.setattr(line.wire, "submit", line.registers)
    sizes: list[int] = []

    def counted(taking: Any, some: Sequence[Any]) -> ingest.IngestReport:
        sizes.append(len(some))
        return receive_all(taking, some)

    receive_all = ingest._receive_all
    monkeypatch.setattr(ingest, "_receive_all", counted)

    def takes(first: int, *events: str) -> list[int]:
        sizes.clear()
        for number in range(first, first + INGEST_BESIDE_DELIVERIES + 5):
            line.enter(f"c{number}", contract=f"K-{number}")
        for event_type in events:
            line.enter(event_type, event_type, contract="K-0")
        assert daemon.hr_rows.take_from(agent, line.source) == INGEST_BESIDE_DELIVERIES + 5 + len(events)
        return sizes

    assert not step(agent), "there is nothing yet"
    assert takes(0) == [INGEST_BESIDE_DELIVERIES + 5]
    assert step(agent)
    assert takes(100) == [INGEST_BESIDE_DELIVERIES, 5]
    assert takes(200, "termination") == [INGEST_BESIDE_DELIVERIES + 6], "they are counted before any is sent"
    line.close()


def test_most_urgent_goes_first_however_many_came_before_it(line: Line) -> None:
    for number in range(INGEST_SIZE):
        line.enter(f"c{number}", contract=f"K-{number}")
    line.enter("urgent", contract="K-urgent", signed_on=str(TODAY - 4 * DAY), contract_date=str(TODAY - 4 * DAY))
    while line.ingest(INGEST_SIZE).rows:
        pass
    (claim,) = line.claim(1)
    assert claim.submission.event_id == "urgent"
