"""What an agent asks its ledger when nothing happens: counted by simulated time, so that no loop begins to poll."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from support.line import Line
from support.line_agent import agent_of
from usrec.adapters.persistence import SqlLedger
from usrec.interfaces.daemon import Daemon

POLL = 2.0
"""The default of ``[delivery] poll``, in seconds."""
MOST_STATEMENTS = {"upkeep": 12, "deliver": 4, "heart": 4, "journal": 4, "look": 10}
"""Of one look of each loop, the beginning of a transaction among them."""
HANDS = "deliver-"
"""The delivering threads wait for the clerk's jobs and ask the ledger nothing."""
MOST_IN_A_MINUTE = 950
"""Statements of all loops together; each takes the ledger less than 0.1 ms."""


@contextmanager
def _statements(ledger: SqlLedger) -> Iterator[Counter[str]]:
    seen: Counter[str] = Counter()

    def note(*_: object) -> None:
        seen["all"] += 1

    event.listen(ledger._engine, "before_cursor_execute", note)
    yield seen
    event.remove(ledger._engine, "before_cursor_execute", note)


def test_idle_agent_asks_its_ledger_little(line: Line) -> None:
    agent = agent_of(line, poll=POLL, workers=4)
    loops = [one for one in Daemon(agent)._loops(drain=False) if not one.name.startswith(HANDS)]
    for loop in loops:
        loop.once(agent)
    in_a_minute = 0.0
    for loop in loops:
        with _statements(line.ledger) as seen:
            assert not loop.once(agent)
        most = next((most for name, most in MOST_STATEMENTS.items() if loop.name.startswith(name)), 4)
        assert seen["all"] <= most, loop.name
        in_a_minute += seen["all"] * 60 / loop.every
    assert 0 < in_a_minute <= MOST_IN_A_MINUTE


def test_every_loop_rests_at_least_as_long_as_the_settings_say(line: Line) -> None:
    agent = agent_of(line, poll=POLL, workers=4)
    assert min(loop.every for loop in Daemon(agent)._loops(drain=False)) >= POLL
