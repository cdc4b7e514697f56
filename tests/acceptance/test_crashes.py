"""The agent dies by SIGKILL at every step, the registry dies too, and a restart loses nothing and doubles nothing.

The steps are the transactions T1-T7 of the design (docs/explanation), each once just before its commit and once just
after, and the moments between them at which something outside has happened and the ledger does not know it yet.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from conftest import MakeWorkplace

from support.crashing_agent import CALLS, TRANSACTIONS
from support.personnel import Person, a_day
from support.simulator_process import SimulatorProcess
from support.two_books import facts_in, require_exactly_once
from support.workplace import Workplace, run, running, wait_until
from usrec.domain.state import TRANSITIONS

TESTS = Path(__file__).parents[1]
ONE_BY_ONE = "workers = 1\npoll = 0.1\nretry_base = 1\nretry_cap = 2\nlease = 30"
NORMAL = [step for step in (*TRANSACTIONS, *CALLS) if step not in {"late", "settle"}]
PLACES = [(f"{moment}:{step}", 1) for step in NORMAL for moment in ("before", "after")]
LATER = [("before:intent", 3), ("after:submit", 3), ("before:record", 3), ("after:record", 3)]
ON_POSTGRESQL = [("before:receive", 1), ("after:claim", 1), ("after:intent", 2), ("before:record", 2), ("after:noted", 1)]


def dying(workplace: Workplace, place: str, occurrence: int, *arguments: str) -> None:
    """Run a command that kills itself at a place; it has to get there."""
    command = [sys.executable, "-m", "support.crashing_agent", place, str(occurrence), "--"]
    done = run([*command, *arguments, "--config", str(workplace.settings)], env=dict(os.environ) | {"PYTHONPATH": str(TESTS)})
    assert done.returncode == -signal.SIGKILL, f"it never died {place}: {done.stderr[-2000:]}"


def enter_events(workplace: Workplace) -> Mapping[str, str]:
    """A career, an overdue contract and a row that nobody can register; gives what should become of each event."""
    career, late, slip = Person(1), Person(2), Person(3)
    registered = [
        workplace.hire(career),
        workplace.transfer(career),
        workplace.dismiss(career),
        workplace.hire(late, signed=a_day(40)),
        workplace.transfer(late),
    ]
    return dict.fromkeys(registered, "accepted") | {workplace.hire(slip, employee_iin="123"): "invalid"}


def require_sound(workplace: Workplace, simulator: SimulatorProcess, expected: Mapping[str, str]) -> None:
    """Nothing lost, nothing doubled, no attempt left open, and every story told without a gap."""
    assert workplace.states() == expected
    assert {row.event_id: row.state for row in workplace.hr_rows()} == expected
    require_exactly_once(workplace.hr_rows(), simulator.registry())
    stories = workplace.stories()
    assert len(stories) == len(expected), "a row was taken twice"
    for story in stories:
        assert all(attempt.closed_at for attempt in story.attempts)
        assert sum(line.action == "sign" for line in story.journal) <= 1
        moves = [line for line in story.journal if line.from_state != line.to_state]
        assert all(earlier.to_state == later.from_state for earlier, later in pairwise(moves))
        allowed = {(before.value, after.value) for (before, _), after in TRANSITIONS.items()}
        assert {(line.from_state, line.to_state) for line in moves if line.from_state} <= allowed
        assert moves[-1].to_state == story.row.state


@pytest.mark.parametrize(("place", "occurrence"), [*PLACES, *LATER])
def test_a_restart_after_sigkill_loses_and_doubles_nothing(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path, place: str, occurrence: int
) -> None:
    workplace = make_workplace(delivery=ONE_BY_ONE)
    expected = enter_events(workplace)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        dying(workplace, place, occurrence, "run", "--drain")
        workplace.drain()
        require_sound(workplace, simulator, expected)


@pytest.mark.postgresql
@pytest.mark.parametrize(("place", "occurrence"), ON_POSTGRESQL)
def test_a_restart_after_sigkill_is_as_safe_on_postgresql(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path, place: str, occurrence: int
) -> None:
    workplace = make_workplace("postgresql", delivery=ONE_BY_ONE)
    expected = enter_events(workplace)
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        workplace.connect(simulator.url)
        dying(workplace, place, occurrence, "run", "--drain")
        workplace.drain()
        require_sound(workplace, simulator, expected)
