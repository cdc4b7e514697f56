"""Groups of the line on each ledger that several agents share: counted work, which depends on no machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from support.ledger_values import NOW, SOURCE, a_note
from support.line import HOUR, Line
from usrec.adapters.persistence import SqlLedger
from usrec.adapters.persistence.outgoing import SqlWriteBacks
from usrec.domain.state import State
from usrec.ports.event_source import StatusNote

GROUP = 32


@pytest.fixture
def line(shared_ledger: SqlLedger) -> Line:
    return Line(ledger=shared_ledger)


@contextmanager
def counted(ledger: SqlLedger) -> Iterator[dict[str, int]]:
    """Statements and commits meanwhile."""
    seen = {"before_cursor_execute": 0, "commit": 0}

    def listener(name: str) -> Any:
        def note(*_: Any) -> None:
            seen[name] += 1

        return note

    listeners = {name: listener(name) for name in seen}
    for name, note in listeners.items():
        event.listen(ledger._engine, name, note)
    yield seen
    for name, note in listeners.items():
        event.remove(ledger._engine, name, note)


def test_group_costs_hardly_more_statements_than_one_and_as_many_commits(line: Line) -> None:
    events = [f"c{number}" for number in range(1 + GROUP)]
    for one in events:
        line.enter(one, contract=f"K-{one}")
    line.ingest()
    costs = []
    for size in (1, GROUP):
        line.wire.then(*[line.registers] * size)
        with counted(line.ledger) as seen:
            line.deliver_together(line.claim(size))
        costs.append(seen)
    assert [one["commit"] for one in costs] == [3, 3]
    assert costs[1]["before_cursor_execute"] <= costs[0]["before_cursor_execute"] + 8
    assert costs[1]["before_cursor_execute"] <= 2 * GROUP
    assert {line.of(one).state for one in events} == {State.ACCEPTED}


@pytest.mark.parametrize("shared_ledger", ["postgresql"], indirect=True)
def test_note_is_not_lost_when_another_agent_notes_something_about_one_of_many_rows_meanwhile(
    shared_ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revisions of a row may name different contracts, and then no lock orders their notes."""
    reads = SqlWriteBacks._standing

    def put(*notes: StatusNote) -> None:
        with shared_ledger.begin() as work:
            work.write_backs.put(*notes)
            work.commit()

    def meanwhile(self: SqlWriteBacks, of_row: Any) -> Any:
        found = reads(self, of_row)
        put(a_note("17", state="signed"))
        return found

    put(a_note("17", state="pending"), a_note("18", state="pending"))
    with monkeypatch.context() as patch:
        patch.setattr(SqlWriteBacks, "_standing", meanwhile)
        put(a_note("17"), a_note("18"))
    with shared_ledger.begin() as work:
        noted = {note.row_ref: note.state for _, note in work.write_backs.due(SOURCE, NOW + HOUR, 10)}
    assert noted == {"17": "accepted", "18": "accepted"}
