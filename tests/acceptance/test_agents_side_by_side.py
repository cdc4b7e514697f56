"""Four agents on one PostgreSQL ledger: some are killed, one sleeps past its lease, and the server restarts."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.hr_sides import PostgresqlHr
from support.many_agents import (
    WOKEN_LATE,
    Crowd,
    Frozen,
    require_closed_attempts,
    require_order,
    restart_server,
)
from support.personnel import Person
from support.postgresql import OwnServer, own_server
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import Workplace, wait_until

AGENTS = 4
PEOPLE = 12
SEED = 353
WEATHER = (
    '[[fault]]\nkind = "reset_after_commit"\nevery = 6\nlimit = 3\n'
    '[[fault]]\nkind = "delay"\nseconds = 0.5\nwhen = "after"\n'
)


@pytest.fixture
def server() -> Iterator[OwnServer]:
    with own_server() as made:
        yield made


@pytest.fixture
def workplace(server: OwnServer, tmp_path: Path, pki: Path) -> Iterator[Workplace]:
    made = Workplace(tmp_path, PostgresqlHr(server.new_database()), server.new_database(), pki)
    made.make_ledger()
    yield made
    made.close()


@pytest.mark.postgresql
def test_agents_that_are_killed_stopped_and_cut_off_register_every_event_once_and_in_order(
    workplace: Workplace, server: OwnServer, tmp_path: Path, pki: Path
) -> None:
    people = [Person(number) for number in range(1, PEOPLE + 1)]
    hired = [workplace.hire(person) for person in people]
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=WEATHER) as simulator:
        workplace.connect(simulator.url)
        with Crowd(workplace, AGENTS, random.Random(SEED)) as crowd:
            crowd.wait_for(2)
            crowd.kill_one()
            transferred = [workplace.transfer(person) for person in people]
            crowd.wait_for(5)
            crowd.wait_for_all()
            restart_server(server, workplace)
            crowd.wait_for(7)
            crowd.kill_one()
            dismissed = [workplace.dismiss(person) for person in people[: PEOPLE // 2]]
            more = (Person(number) for number in itertools.count(PEOPLE + 1))
            frozen = crowd.freeze_one(lambda: hired.append(workplace.hire(next(more))))
            crowd.let_lease_run_out(frozen)
            wait_until(lambda: is_registered(crowd, frozen), "the registration by another agent")
            crowd.wake(frozen)
            wait_until(lambda: woke_too_late(crowd, frozen), "the word of the woken agent")
            crowd.wait_for(len(everything := {*hired, *transferred, *dismissed}))
            wait_until(lambda: {row.state for row in workplace.hr_rows()} == {"accepted"}, "the last note to HR")
            crowd.stop()
            logs = crowd.logs()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == everything
    stories = workplace.stories()
    assert len(stories) == len(everything), "a row was taken twice"
    require_order(stories)
    require_closed_attempts(stories)
    (overslept,) = [story for story in stories if story.row.id == frozen.submission]
    endings = [attempt.ending for attempt in overslept.attempts]
    assert endings[-2:] == ["unknown", "registered"], "the woken agent's own attempt stays as the other one closed it"
    sent = [sum(record["action"] == "deliver" for record in log) for log in logs.values()]
    assert sorted(sent)[-AGENTS] > 0, f"an agent did nothing: {sent}"


def is_registered(crowd: Crowd, frozen: Frozen) -> bool:
    found = crowd.ask("SELECT id FROM submissions WHERE state = 'accepted'")
    return (frozen.submission,) in found


def woke_too_late(crowd: Crowd, frozen: Frozen) -> bool:
    """Its write was refused, and it says so."""
    return any(
        (record.get("submission"), record.get("result"), record["event"])
        == (frozen.submission, "lease_lost", WOKEN_LATE)
        for record in crowd.log(frozen.pid)
    )
