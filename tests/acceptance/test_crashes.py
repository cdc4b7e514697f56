"""The agent dies by SIGKILL at every step, the registry dies too, and a restart loses nothing and doubles nothing.

The steps are the transactions T1-T7 of the design, each just before its commit and just after it, and the calls to
other machines, after which something has happened that the ledger does not know yet.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from support.crashing_agent import CALLS, TRANSACTIONS
from support.personnel import Person, a_day
from support.simulator_process import SimulatorProcess
from support.two_books import Record, require_exactly_once
from support.workplace import PATIENCE, MakeWorkplace, Workplace, run, running, wait_until
from usrec.domain.state import TRANSITIONS, State

TESTS = Path(__file__).parents[1]
ONE_BY_ONE = "workers = 1\npoll = 0.1\nretry_base = 1\nretry_cap = 2\nlease = 30"
STEPS = [step for step in (*TRANSACTIONS, *CALLS) if step not in {"late", "settle", "ask", "take"}]

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory, pki: Path) -> Iterator[SimulatorProcess]:
    """Start one registry for the module; each test has people of its own."""
    with SimulatorProcess.start(tmp_path_factory.mktemp("simulator") / "registry.db", pki) as process:
        yield process


def a_person() -> Person:
    return Person(next(_numbers))


def die(workplace: Workplace, place: str, occurrence: int, *arguments: str) -> None:
    """Run a command that kills itself at a place; it has to get there."""
    command = [sys.executable, "-m", "support.crashing_agent", place, str(occurrence), "--"]
    environment = dict(os.environ) | {"PYTHONPATH": str(TESTS)}
    done = run([*command, *arguments, "--config", str(workplace.settings)], env=environment)
    assert done.returncode == -signal.SIGKILL, f"it did not die {place}: {done.stderr[-2000:]}"


def enter_events(workplace: Workplace) -> Mapping[str, str]:
    """A career, a contract, and an overdue row that nobody can register; gives what should become of each event."""
    career, another, slip = a_person(), a_person(), a_person()
    registered = [
        workplace.hire(career),
        workplace.transfer(career),
        workplace.dismiss(career),
        workplace.hire(another, signed=a_day(40)),
        workplace.transfer(another),
    ]
    refused = workplace.hire(slip, signed=a_day(40), employee_iin="123")
    return dict.fromkeys(registered, "accepted") | {refused: "invalid"}


def records_of(workplace: Workplace, simulator: SimulatorProcess) -> list[Record]:
    """What the registry holds about the people of one installation."""
    keys = {row.contract_key.removeprefix("K-") for row in workplace.hr_rows()}
    return [record for record in simulator.registry() if record["number"].partition("-")[2] in keys]


def await_records(simulator: SimulatorProcess, count: int) -> None:
    """Wait until the registry holds so many records."""
    wait_until(lambda: len(simulator.registry()) >= count, f"{count} records in the registry")


def require_sound(workplace: Workplace, simulator: SimulatorProcess, expected: Mapping[str, str]) -> None:
    """Nothing lost, nothing doubled, no attempt left open, and every story told without a gap."""
    assert workplace.states() == expected
    assert {row.event_id: row.state for row in workplace.hr_rows()} == expected
    require_exactly_once(workplace.hr_rows(), records_of(workplace, simulator))
    stories = workplace.stories()
    assert len(stories) == len(expected), "a row was taken twice"
    allowed = {(before.value, after.value) for (before, _), after in TRANSITIONS.items()}
    for story in stories:
        assert all(attempt.closed_at for attempt in story.attempts)
        assert sum(line.action == "sign" for line in story.journal) <= 1
        moves = [line for line in story.journal if line.from_state != line.to_state]
        assert all(earlier.to_state == later.from_state for earlier, later in pairwise(moves))
        assert {(line.from_state, line.to_state) for line in moves if line.from_state} <= allowed
        assert moves[-1].to_state == story.row.state


def require_each_alert_once(workplace: Workplace) -> None:
    """The overdue row raised one alert for each of its dates, and the log has taken every alert that is still open."""
    alerts = workplace.query(
        "SELECT submission_id, watched, threshold, closed_at IS NOT NULL OR d.taken_at IS NOT NULL FROM alerts"
        " LEFT JOIN alert_deliveries d ON d.alert_id = alerts.id AND d.sink = 'log'"
    )
    assert len({alert[:3] for alert in alerts}) == len(alerts)
    assert all(told for *_, told in alerts)
    (overdue,) = [story.row for story in workplace.stories() if story.row.state is State.INVALID]
    missed = {watched for of, watched, threshold, _ in alerts if (of, threshold) == (overdue.id, "missed")}
    assert missed == ({"legal_date"} if overdue.safe_date == overdue.legal_date else {"legal_date", "safe_date"})


@pytest.mark.parametrize("step", STEPS)
def test_sigkill_before_and_after_a_step_loses_and_doubles_nothing(
    make_workplace: MakeWorkplace, simulator: SimulatorProcess, step: str
) -> None:
    workplace = make_workplace(delivery=ONE_BY_ONE)
    expected = enter_events(workplace)
    workplace.connect(simulator.url)
    die(workplace, f"before:{step}", 1, "run", "--drain")
    die(workplace, f"after:{step}", 1, "run", "--drain")
    workplace.drain()
    require_sound(workplace, simulator, expected)
    require_each_alert_once(workplace)


@pytest.mark.postgresql
def test_sigkill_again_and_again_is_as_harmless_on_postgresql(
    make_workplace: MakeWorkplace, simulator: SimulatorProcess
) -> None:
    workplace = make_workplace("postgresql", delivery=ONE_BY_ONE)
    expected = enter_events(workplace)
    workplace.connect(simulator.url)
    for step in ("receive", "intent", "record"):
        die(workplace, f"before:{step}", 1, "run", "--drain")
        die(workplace, f"after:{step}", 1, "run", "--drain")
    workplace.drain()
    require_sound(workplace, simulator, expected)


def test_sigkill_in_the_middle_of_the_line(make_workplace: MakeWorkplace, simulator: SimulatorProcess) -> None:
    """Some events are registered already, others have not begun, when it dies between the answer and T4."""
    workplace = make_workplace(delivery=ONE_BY_ONE)
    expected = enter_events(workplace)
    workplace.connect(simulator.url)
    die(workplace, "after:submit", 3, "run", "--drain")
    assert list(workplace.states().values()).count("accepted") == 2
    workplace.drain()
    require_sound(workplace, simulator, expected)
    doubted = [story for story in workplace.stories() if any(line.action == "doubt" for line in story.journal)]
    assert [story.row.attempts for story in doubted] == [2]
    assert sum(record["times_received"] - 1 for record in records_of(workplace, simulator)) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_sigkill_around_a_late_answer(make_workplace: MakeWorkplace, simulator: SimulatorProcess, moment: str) -> None:
    """The answer comes after the lease was lost, and T5 dies before its commit or after it."""
    workplace = make_workplace(delivery=ONE_BY_ONE)
    expected = enter_events(workplace)
    workplace.connect(simulator.url)
    die(workplace, f"{moment}:late", 1, "run", "--drain")
    decided = [story.row.reason for story in workplace.stories() if story.row.state is State.ACCEPTED]
    assert decided == ([] if moment == "before" else ["late_answer"])
    workplace.drain()
    require_sound(workplace, simulator, expected)


def test_sigkill_of_the_registry_between_its_commit_and_its_answer(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    """The registry dies with the record in its books, comes back, and is sent the same bytes again."""
    workplace = make_workplace(delivery=ONE_BY_ONE)
    expected = enter_events(workplace)
    pause = '[[fault]]\nkind = "reset_after_commit"\nseconds = 60\nlimit = 1\n'
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=pause) as doomed:
        workplace.connect(doomed.url)
        with running(workplace.command("run", "--drain"), tmp_path / "agent.log") as agent:
            await_records(doomed, 1)
            assert doomed.kill() == -signal.SIGKILL
            with SimulatorProcess.start(doomed.database, pki, port=doomed.port) as simulator:
                assert agent.wait(PATIENCE) == 0
                require_sound(workplace, simulator, expected)
                assert max(record["times_received"] for record in simulator.registry()) == 2


def test_sigkill_of_the_registry_again_and_again(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    workplace = make_workplace()
    expected = {**enter_events(workplace), **enter_events(workplace)}
    slowly = '[[fault]]\nkind = "delay"\nseconds = 0.2\nwhen = "after"\n'
    simulator = SimulatorProcess.start(tmp_path / "registry.db", pki, faults=slowly)
    workplace.connect(simulator.url)
    with running(workplace.command("run", "--drain"), tmp_path / "agent.log") as agent:
        for records in (1, 4):
            await_records(simulator, records)
            simulator.kill()
            simulator = SimulatorProcess.start(simulator.database, pki, faults=slowly, port=simulator.port)
        with simulator:
            assert agent.wait(PATIENCE) == 0
            require_sound(workplace, simulator, expected)


def test_sigkill_of_a_settlement(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    """T5 by a person dies before its commit, then after it: it is on record once, and its follower goes on."""
    workplace = make_workplace(profile="seen", delivery=ONE_BY_ONE)
    person = a_person()
    expected = dict.fromkeys([workplace.hire(person), workplace.transfer(person)], "accepted")
    doubt = '[[fault]]\nkind = "reset_after_commit"\nlimit = 1\n'
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=doubt, profile="seen") as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        held = workplace.row(next(iter(expected)))
        (tmp_path / "extract.txt").write_text("as the portal shows it", "utf-8")
        answer = ["--as", "accepted", "--contract-id", simulator.registry()[0]["contract_id"]]
        settle = ["submission", "settle", held.id, *answer, "--evidence", str(tmp_path / "extract.txt")]
        die(workplace, "before:settle", 1, *settle, "--reason", "seen in the portal")
        assert workplace.row(held.event_id).state is State.INDETERMINATE
        die(workplace, "after:settle", 1, *settle, "--reason", "seen in the portal")
        assert workplace.row(held.event_id).state is State.ACCEPTED
        again = workplace.usrec(*settle, "--reason", "seen in the portal")
        assert again.returncode == 5, again.stderr
        workplace.drain()
        require_sound(workplace, simulator, expected)
    assert len(workplace.query("SELECT 1 FROM acknowledgements WHERE kind = 'settlement'")) == 1
