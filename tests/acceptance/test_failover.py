"""The ledger's server is lost while agents work, and its replica takes over (docs/how-to/many-agents.md)."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from support.hr_sides import PostgresqlHr
from support.many_agents import (
    ON_THE_WIRE,
    Crowd,
    require_closed_attempts,
    require_order,
)
from support.personnel import Person
from support.postgresql import PostgresqlServer
from support.replication import Pair, replicated
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.workplace import Workplace, wait_until
from usrec.ports.ledger_view import SubmissionRow

AGENTS = 4
PEOPLE = 10
SEED = 353
TERMINATIONS = "SELECT id FROM submissions WHERE operation = 'termination'"
WEATHER = (
    '[[fault]]\nkind = "reset_after_commit"\nevery = 6\nlimit = 3\n'
    '[[fault]]\nkind = "delay"\nseconds = 0.5\nwhen = "after"\n'
)

RANKS = {"hire": "conclusion", "transfer": "amendment", "dismiss": "termination"}
"""Events of a contract in their order, and their operations."""


@pytest.fixture
def pair() -> Iterator[Pair]:
    with replicated() as made:
        yield made


@pytest.fixture
def workplace(pair: Pair, postgresql_server: PostgresqlServer, tmp_path: Path, pki: Path) -> Iterator[Workplace]:
    """The ledger is on the pair; HR's database is elsewhere and stays."""
    ledger = pair.address_of(pair.first.new_database())
    made = Workplace(tmp_path, PostgresqlHr(postgresql_server.new_database()), ledger, pki)
    made.make_ledger()
    yield made
    made.close()


@pytest.mark.postgresql
def test_server_that_is_lost_under_its_agents_loses_no_commit_when_each_waits_for_the_replica(
    workplace: Workplace, pair: Pair, tmp_path: Path, pki: Path
) -> None:
    """No agent is started again, and no person does anything."""
    pair.wait_for_each_commit()
    people = [Person(number) for number in range(1, PEOPLE + 1)]
    everything = {workplace.hire(person) for person in people}
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=WEATHER) as simulator:
        workplace.connect(simulator.url)
        with Crowd(workplace, AGENTS, random.Random(SEED)) as crowd:
            crowd.wait_for_all()
            crowd.wait_for(PEOPLE // 2)
            everything |= {workplace.transfer(person) for person in people}
            wait_until(lambda: len(crowd.ask(ON_THE_WIRE)) > 1, "several submissions on their way")
            pair.lose_first()
            pair.promote()
            everything |= {workplace.dismiss(person) for person in people[: PEOPLE // 2]}
            crowd.wait_for(len(everything))
            wait_until(lambda: {row.state for row in workplace.hr_rows()} == {"accepted"}, "the last note to HR")
            crowd.stop()
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == everything
    stories = workplace.stories()
    assert len(stories) == len(everything), "a row was taken twice"
    require_order(stories)
    require_closed_attempts(stories)
    checked = workplace.usrec("journal", "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.postgresql
def test_failover_that_lost_commits_registers_nothing_twice_by_the_way_that_is_written(
    workplace: Workplace, pair: Pair, tmp_path: Path, pki: Path
) -> None:
    """The agents die with the server, so that nobody but HR's table and the registry knows what was done last."""
    people = [Person(number) for number in range(1, 2 * AGENTS * AGENTS + 1)]
    everything = {workplace.hire(person) for person in people}
    with SimulatorProcess.start(tmp_path / "registry.db", pki, faults=WEATHER) as simulator:
        workplace.connect(simulator.url)
        with Crowd(workplace, AGENTS, random.Random(SEED)) as crowd:
            wait_until(lambda: len(crowd.ask("SELECT 1 FROM submissions")) == len(people), "all rows taken")
            pair.stop_following()
            everything |= {workplace.transfer(person) for person in people[:AGENTS]}
            crowd.wait_for(len(people))
            wait_until(lambda: _told_accepted(workplace) >= {"conclusion", "amendment"}, "notes to HR")
            everything |= {workplace.dismiss(person) for person in people[-AGENTS:]}
            wait_until(lambda: crowd.ask(f"{ON_THE_WIRE} AND submission_id IN ({TERMINATIONS})"), "one on its way")
            crowd.kill_all()
        pair.lose_first()
        pair.promote()
        lost = _go_on_after_the_failover(workplace, simulator)
        assert require_exactly_once(workplace.hr_rows(), simulator.registry()) == everything
        journal = workplace.ask("journal", "verify")
    assert {"registered_unknown", "registered_open", "taken_unknown"} <= lost, "commits of every kind were lost"
    assert journal["whole"]
    stories = workplace.stories()
    assert len(stories) == len(everything), "a row was taken twice"
    assert {story.row.state for story in stories} == {"accepted"}
    assert all(attempt.closed_at for story in stories for attempt in story.attempts)


def _told_accepted(workplace: Workplace) -> set[str]:
    """Kinds of events of which HR has been told that one is registered."""
    return {row.event_type for row in workplace.hr_rows() if row.state == "accepted"}


def _go_on_after_the_failover(workplace: Workplace, simulator: SimulatorProcess) -> set[str]:
    """What docs/how-to/many-agents.md says, by a person who looks each line up in the portal; gives the differences."""
    held = workplace.ask("restore", "--in-place")
    assert (held["backup_made_at"], held["kept_aside"], held["stopped"]) == (None, "", 1)
    found = _compared(workplace)
    for event in (event for event, line in found.items() if line["difference"].endswith("_unknown")):
        workplace.hr.execute("UPDATE usrec_outbox SET taken_at = NULL WHERE event_id = ?", event)
    records = simulator.registry()
    workplace.drain()
    assert simulator.registry() == records, "nothing goes before somebody has looked"
    portal = {(record["operation"], record["number"]): record for record in records}
    kinds = list(RANKS)
    for event in sorted(found, key=lambda event: kinds.index(event.partition("-")[0])):
        _decide(workplace, event, portal.get(_shown_as(event)))
    _done(workplace, "employer", "release", "main", "--reason", "compared with HR and the portal")
    workplace.drain()
    assert not _compared(workplace)
    return {str(line["difference"]) for line in found.values()}


def _compared(workplace: Workplace) -> Mapping[str, Any]:
    done = workplace.usrec("restore", "--compare", "--json")
    assert done.returncode in {0, 5}, done.stderr
    return {line["event"]: line for line in json.loads(done.stdout)}


def _decide(workplace: Workplace, event: str, record: Mapping[str, Any] | None) -> None:
    """What the portal shows is settled, what it does not show goes on; of one contract in its order."""
    which = workplace.row(event)
    if record is not None:
        _settle(workplace, which, str(record["contract_id"]))
    elif which.wait_reason == "held_by_person":
        _done(workplace, "submission", "release", which.id, "--reason", "not in the portal")


def _settle(workplace: Workplace, which: SubmissionRow, contract: str) -> None:
    """What is in doubt needs no check-out."""
    extract = workplace.folder / "extract.pdf"
    extract.write_bytes(b"what the portal showed")
    if which.state == "pending":
        _done(workplace, "submission", "checkout", which.id, "--for", "A. Colleague", "--reason", "failover")
    given = ["--contract-id", contract, "--evidence", str(extract), "--reason", "registered before the failover"]
    _done(workplace, "submission", "settle", which.id, "--as", "accepted", *given)


def _shown_as(event: str) -> tuple[str, str]:
    """Operation and number of an event in the portal."""
    kind, _, number = event.partition("-")
    contract = Person(int(number)).contract_number
    return RANKS[kind], f"ДС-{number}" if kind == "transfer" else contract


def _done(workplace: Workplace, *arguments: str) -> None:
    result = workplace.usrec(*arguments)
    assert result.returncode == 0, result.stdout + result.stderr
