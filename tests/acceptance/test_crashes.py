"""The agent dies by SIGKILL at every place, the registry dies too, and a restart loses nothing and doubles nothing.

The places are those of docs/reference/crash-matrix.md: within each transaction between two of its writes, before its
commit and after it, and around each call to the key or to another machine, after which something has happened that the
ledger does not know yet. Deaths follow one another in one installation, as they would in a bad night.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from support.asking_profile import asking_profile
from support.crashing_simulator import PLACES as PLACES_OF_THE_REGISTRY
from support.personnel import Person, a_day
from support.simulator_process import SimulatorProcess
from support.two_books import Record, require_exactly_once
from support.workplace import PATIENCE, MakeWorkplace, Workplace, run, running
from usrec.domain.state import TRANSITIONS, State

TESTS = Path(__file__).parents[1]
ONE_BY_ONE = "workers = 1\npoll = 0.1\nretry_base = 1\nretry_cap = 2\nlease = 30"
STAGES = {
    "taking": ("within:receive", "before:receive", "after:receive", "before:mark_taken", "after:mark_taken"),
    "sending": (
        *("within:claim", "before:claim", "after:claim", "before:sign", "after:sign"),
        *("within:intent", "before:intent", "after:intent", "before:submit", "after:submit"),
        *("within:record", "before:record", "after:record"),
    ),
    "watching": (
        *("within:watch", "before:watch", "after:watch", "within:tell", "before:tell", "after:tell"),
        *("within:told", "before:told", "after:told", "within:alive", "before:alive", "after:alive"),
        *("within:linked", "before:linked", "after:linked", "within:headed", "before:headed", "after:headed"),
    ),
    "writing back": ("before:write_back", "after:write_back", "within:noted", "before:noted", "after:noted"),
}
"""The places that a running agent comes by, in the order in which it does."""
ON_POSTGRESQL = (
    *("within:receive", "before:receive", "within:intent", "before:intent", "after:intent"),
    *("within:record", "before:record", "after:record"),
)

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


@pytest.mark.parametrize("stage", STAGES)
def test_sigkill_at_every_place_of_a_stage_loses_and_doubles_nothing(
    make_workplace: MakeWorkplace, simulator: SimulatorProcess, stage: str
) -> None:
    workplace = make_workplace(delivery=ONE_BY_ONE)
    expected = dict(enter_events(workplace))
    workplace.connect(simulator.url)
    for place in STAGES[stage]:
        if place.endswith(("linked", "headed")):
            expected[workplace.hire(a_person())] = "accepted"
        die(workplace, place, 1, "run", "--drain")
    workplace.drain()
    require_sound(workplace, simulator, expected)
    require_each_alert_once(workplace)
    verified = workplace.usrec("journal", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.postgresql
def test_sigkill_again_and_again_is_as_harmless_on_postgresql(
    make_workplace: MakeWorkplace, simulator: SimulatorProcess
) -> None:
    workplace = make_workplace("postgresql", delivery=ONE_BY_ONE)
    expected = enter_events(workplace)
    workplace.connect(simulator.url)
    for place in ON_POSTGRESQL:
        die(workplace, place, 1, "run", "--drain")
    workplace.drain()
    require_sound(workplace, simulator, expected)


def test_sigkill_in_the_middle_of_the_line(make_workplace: MakeWorkplace, simulator: SimulatorProcess) -> None:
    """Some events are registered already, others have not begun, when it dies between the answer and T4."""
    workplace = make_workplace(delivery=ONE_BY_ONE)
    expected = enter_events(workplace)
    workplace.connect(simulator.url)
    die(workplace, "after:submit", 3, "run", "--drain")
    recorded = list(workplace.states().values()).count("accepted")
    assert recorded in {1, 2}, "the second answer may have waited for the third"
    workplace.drain()
    require_sound(workplace, simulator, expected)
    doubted = [story for story in workplace.stories() if any(line.action == "doubt" for line in story.journal)]
    assert {story.row.attempts for story in doubted} == {2}
    assert sum(record["times_received"] - 1 for record in records_of(workplace, simulator)) == 3 - recorded


def test_sigkill_around_a_late_answer(make_workplace: MakeWorkplace, simulator: SimulatorProcess) -> None:
    """The answer comes after the lease was lost, and T5 dies after its commit, within it and before its commit."""
    workplace = make_workplace(delivery=ONE_BY_ONE)
    expected = enter_events(workplace)
    workplace.connect(simulator.url)
    for place in ("after:late", "within:late", "before:late"):
        die(workplace, place, 1, "run", "--drain")
        decided = [story.row.reason for story in workplace.stories() if story.row.state is State.ACCEPTED]
        assert decided == ["late_answer"], "only the first T5 was committed"
    workplace.drain()
    require_sound(workplace, simulator, expected)


def test_sigkill_around_a_question_to_the_registry(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    """Nothing is written before the answer is, so that the question is simply asked again."""
    workplace = make_workplace(profile=str(asking_profile(tmp_path)), delivery=ONE_BY_ONE)
    expected = {workplace.hire(a_person()): "accepted"}
    doubt = '[[fault]]\nkind = "reset_after_commit"\nlimit = 1\n'
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=doubt, options=["--query"]) as simulator:
        workplace.connect(simulator.url)
        for place in ("before:inquire", "after:inquire", "within:answered", "before:answered"):
            die(workplace, place, 1, "run", "--drain")
            assert set(workplace.states().values()) == {"indeterminate"}
            assert workplace.query("SELECT 1 FROM questions") == []
        die(workplace, "after:answered", 1, "run", "--drain")
        assert workplace.states() == expected
        workplace.drain()
        require_sound(workplace, simulator, expected)
        assert [record["times_received"] for record in simulator.registry()] == [1]


def test_sigkill_of_the_registry_at_every_place_of_its_own(
    make_workplace: MakeWorkplace, tmp_path: Path, pki: Path
) -> None:
    """Each time it comes back with its books and on its port, while one agent goes on and on."""
    workplace = make_workplace(delivery=ONE_BY_ONE)
    expected = enter_events(workplace)
    database, port = tmp_path / "registry.db", 0
    agent = None
    with ExitStack() as stack:
        for place in PLACES_OF_THE_REGISTRY:
            doomed = SimulatorProcess.start(database, pki, port=port, dies=place)
            if agent is None:
                port = doomed.port
                workplace.connect(doomed.url)
                agent = stack.enter_context(running(workplace.command("run", "--drain"), tmp_path / "agent.log"))
            assert doomed.wait(PATIENCE) == -signal.SIGKILL, place
        simulator = stack.enter_context(SimulatorProcess.start(database, pki, port=port))
        assert agent is not None
        assert agent.wait(PATIENCE) == 0
        require_sound(workplace, simulator, expected)
        received = [record["times_received"] for record in simulator.registry()]
    assert sum(received) - len(received) == 2, "committed and not answered, and half answered: these came again"


def test_sigkill_of_a_settlement(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    """T5 by a person dies within it, before its commit, then after it: it is on record once, its follower goes on."""
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
        settle += ["--reason", "seen in the portal"]
        for place in ("within:settle", "before:settle"):
            die(workplace, place, 1, *settle)
            assert workplace.row(held.event_id).state is State.INDETERMINATE
        die(workplace, "after:settle", 1, *settle)
        assert workplace.row(held.event_id).state is State.ACCEPTED
        again = workplace.usrec(*settle)
        assert again.returncode == 5, again.stderr
        workplace.drain()
        require_sound(workplace, simulator, expected)
    assert len(workplace.query("SELECT 1 FROM acknowledgements WHERE kind = 'settlement'")) == 1


def test_sigkill_of_a_replay(make_workplace: MakeWorkplace, tmp_path: Path, pki: Path) -> None:
    """Each submission of a replay is a transaction of its own: the same command takes up those that are left."""
    workplace = make_workplace(delivery=ONE_BY_ONE)
    events = [workplace.hire(a_person()) for _ in range(4)]
    refusals = '[[fault]]\nkind = "refuse"\ncode = "SCSE012"\nlimit = 4\n'
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=refusals) as simulator:
        workplace.connect(simulator.url)
        workplace.drain()
        assert set(workplace.states().values()) == {"rejected"}
        replay = ["replay", "--state", "rejected", "--rate", "20/s", "--yes", "--reason", "the register is mended"]
        for place in ("within:replayed", "before:replayed", "after:replayed"):
            die(workplace, place, 1, *replay)
        workplace.drain()
        done = workplace.usrec(*replay)
        assert done.returncode == 0, done.stderr
        workplace.drain()
        assert workplace.states() == dict.fromkeys(events, "accepted")
        require_exactly_once(workplace.hr_rows(), simulator.registry())
