"""Four agents on one PostgreSQL ledger, struck as often as you like: SIGKILL, SIGSTOP past the lease, server crashes.

``make soak KILLS=1000 SEED=7`` says how often and with which chance; the short version is part of every test run.
"""

from __future__ import annotations

import itertools
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from support.hr_sides import PostgresqlHr
from support.many_agents import Crowd, require_closed_attempts, require_order, restart_server
from support.personnel import Person
from support.postgresql import OwnServer, own_server
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import Workplace, wait_until

AGENTS = 4
WEATHER = (
    '[[fault]]\nkind = "reset_after_commit"\nevery = 7\n'
    '[[fault]]\nkind = "reset_before_commit"\nevery = 11\n'
    '[[fault]]\nkind = "delay"\nseconds = 0.4\nwhen = "after"\n'
)


@pytest.mark.soak
def test_many_agents_struck_for_a_long_time_lose_nothing_and_register_nothing_twice(tmp_path: Path, pki: Path) -> None:
    strikes, seed = int(os.environ.get("KILLS", "100")) // 4, int(os.environ.get("SEED", "353"))
    chance = random.Random(seed)
    with own_server() as server:
        workplace = Workplace(tmp_path, PostgresqlHr(server.new_database()), server.new_database(), pki)
        workplace.make_ledger()
        with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=WEATHER) as simulator:
            workplace.connect(simulator.url)
            entered, struck = _storm(workplace, server, chance, strikes)
            assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == entered
        stories = workplace.stories()
        print(f"seed {seed}, {AGENTS} agents: {dict(struck)}; {len(entered)} events, 0 lost, 0 doubled")
        require_order(stories)
        require_closed_attempts(stories)
        workplace.close()


def _storm(
    workplace: Workplace, server: OwnServer, chance: random.Random, strikes: int
) -> tuple[set[str], Counter[str]]:
    entered: set[str] = set()
    struck: Counter[str] = Counter()
    with Crowd(workplace, AGENTS, chance) as crowd:
        more = (Person(number) for number in itertools.count(strikes + 1))

        def one_more() -> None:
            entered.add(workplace.hire(next(more)))

        for number in range(1, strikes + 1):
            person = Person(number)
            entered |= {workplace.hire(person), workplace.transfer(person), workplace.dismiss(person)}
            crowd.wait_for(max(0, len(entered) - 6))
            kind = chance.choices(("kill", "freeze", "restart"), (8, 1, 1))[0]
            struck[kind] += 1
            if kind == "kill":
                crowd.kill_one()
            elif kind == "restart":
                crowd.wait_for_all()
                restart_server(server, workplace)
            else:
                frozen = crowd.freeze_one(one_more)
                crowd.let_lease_run_out(frozen)
                crowd.wait_for_another(frozen)
                crowd.wake(frozen)
        crowd.wait_for(len(entered))
        wait_until(lambda: {row.state for row in workplace.hr_rows()} == {"accepted"}, "the last note to HR")
        crowd.stop()
    return entered, struck
