"""A storm of SIGKILLs over an installation: agents and simulator die at random moments and are started again.

Where each process died is read from the ledger before anybody starts again: what its transactions left there tells
which of them it was between. HR goes on entering careers all the while, so that there is always something to kill.
"""

from __future__ import annotations

import os
import random
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path

from support.personnel import Person
from support.simulator_process import SimulatorProcess
from support.two_books import require_exactly_once
from support.warm import Warm
from support.workplace import PATIENCE, Workplace, wait_until
from usrec.domain.state import State
from usrec.ports.ledger_view import SubmissionFilter

FAULTS = """
[[fault]]
kind = "reset_after_commit"
every = 8
[[fault]]
kind = "reset_before_commit"
every = 9
[[fault]]
kind = "half_answer"
every = 13
[[fault]]
kind = "wrong_signature"
every = 14
[[fault]]
kind = "unknown_success_shape"
every = 15
[[fault]]
kind = "replayed_answer"
every = 17
[[fault]]
kind = "unsigned_answer"
every = 19
[[fault]]
kind = "unknown_error"
every = 23
[[fault]]
kind = "bad_gateway_html"
every = 29
when = "after"
"""
SOON, LATE = 0.05, 1.0
"""Seconds until the next kill."""
NEWBORNS_SHARE = 0.15
"""So many may die before they have begun to work; the others have given a sign of life."""
SIMULATORS_SHARE = 0.2
BACKLOG = 15
"""Events that are open at each kill, at least."""
_ORDER = {"conclusion": 0, "amendment": 1, "termination": 2}


class Place(StrEnum):
    """Where a process was when it died, by what it left in the ledger."""

    STARTING = "starting, before its first transaction"
    SENT = "T3 done: on the wire, or answered and not recorded"
    CLAIMED = "T2 done: claimed, being made and signed"
    TAKEN = "T1 done: rows taken, not yet marked in HR's database"
    NOTED = "T4 done: recorded, HR not yet told"
    RESTING = "between two steps"
    GATEWAY_BUSY = "simulator: in an exchange"
    GATEWAY_IDLE = "simulator: between exchanges"


@dataclass
class Tally:
    """What the storm came to."""

    agents: int = 0
    simulators: int = 0
    events: int = 0
    places: Counter[Place] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    open_attempts: int = 0
    seconds: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        """Both storms together."""
        return Tally(
            self.agents + other.agents,
            self.simulators + other.simulators,
            self.events + other.events,
            self.places + other.places,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.out_of_order + other.out_of_order,
            self.open_attempts + other.open_attempts,
            self.seconds + other.seconds,
        )

    @property
    def sound(self) -> bool:
        return not (self.lost or self.doubled or self.out_of_order or self.open_attempts)

    def line(self) -> str:
        """The sum in one line."""
        return (
            f"{self.agents + self.simulators:,} kills ({self.agents:,} agent, {self.simulators:,} simulator), "
            f"{self.events:,} events, {self.lost} lost, {self.doubled} doubled, {self.out_of_order} out of order, "
            f"{self.open_attempts} open attempts"
        )


@dataclass
class Storm:
    """One installation in the storm.

    Attributes:
        agents: How many agents work side by side.
    """

    workplace: Workplace
    chance: random.Random
    agents: int = 1
    tally: Tally = field(default_factory=Tally)
    _people: Iterator[int] = field(default_factory=lambda: count(1))
    _running: list[Warm] = field(default_factory=list)

    def blow(self, kills: int) -> Tally:
        """Kill so many times, let the rest be done in peace, and count."""
        began = time.monotonic()
        with ExitStack() as after:
            simulator = self._start_simulator(0)
            self.workplace.connect(simulator.url)
            after.callback(self._end_all)
            for _ in range(self.agents):
                self._start_agent()
            for _ in range(kills):
                self._enter_work()
                time.sleep(self.chance.uniform(SOON, LATE))
                if self.chance.random() < SIMULATORS_SHARE:
                    simulator = self._kill_simulator(simulator)
                else:
                    self._kill_agent()
            self._in_peace()
            self._count(simulator)
            simulator.stop()
        self.tally.seconds = time.monotonic() - began
        return self.tally

    def _start_simulator(self, port: int) -> SimulatorProcess:
        place = self.workplace.folder
        return SimulatorProcess.start(place / "registry.db", self.workplace.pki, faults=FAULTS, port=port)

    def _start_agent(self) -> None:
        log = (self.workplace.folder / f"agent-{len(self._running)}.log").open("a", encoding="utf-8")
        with log:
            self._running.append(Warm(self.workplace.command("run"), stdout=log, stderr=log, stdin=-3))

    def _end_all(self) -> None:
        for agent in self._running:
            if agent.poll() is None:
                agent.kill()

    def _enter_work(self) -> None:
        """HR enters careers, as long as too little is open."""
        open_ones = self._one(
            "SELECT count(*) FROM submissions WHERE state NOT IN ('accepted', 'cancelled') AND replaced_by IS NULL"
        )
        taken = self._one("SELECT count(*) FROM submissions")
        while open_ones + self.tally.events - taken < BACKLOG:
            person = Person(next(self._people))
            self.workplace.hire(person)
            self.workplace.transfer(person)
            self.workplace.dismiss(person)
            self.tally.events += 3

    def _kill_agent(self) -> None:
        victim = self.chance.choice(self._running)
        assert victim.poll() is None, "an agent ended by itself"
        victim.kill()
        victim.wait(PATIENCE)
        self.tally.agents += 1
        self.tally.places[self._place_of(f"{socket.gethostname()}:{victim.pid}")] += 1
        self._running.remove(victim)
        self._start_agent()
        if self.chance.random() > NEWBORNS_SHARE:
            newest = f"{socket.gethostname()}:{self._running[-1].pid}"
            wait_until(lambda: newest in self._ids("SELECT owner FROM agents"), "its first sign of life")

    def _kill_simulator(self, simulator: SimulatorProcess) -> SimulatorProcess:
        simulator.kill()
        self.tally.simulators += 1
        under_way = self._one("SELECT count(*) FROM attempts WHERE closed_at IS NULL")
        self.tally.places[Place.GATEWAY_BUSY if under_way else Place.GATEWAY_IDLE] += 1
        return self._start_simulator(simulator.port)

    def _place_of(self, owner: str) -> Place:
        leases = self.workplace.query("SELECT submission_id, lease_owner FROM outbox WHERE status = 'claimed'")
        claimed = {claim for claim, holder in leases if holder == owner}
        if owner not in self._ids("SELECT owner FROM agents"):
            return Place.STARTING
        if claimed & self._ids("SELECT submission_id FROM attempts WHERE closed_at IS NULL"):
            return Place.SENT
        if claimed:
            return Place.CLAIMED
        if sum(row.taken_at is not None for row in self.workplace.hr_rows()) < self._one("SELECT count(*) FROM inbox"):
            return Place.TAKEN
        unwritten = self._one("SELECT count(*) FROM write_backs WHERE written_at IS NULL")
        return Place.NOTED if unwritten else Place.RESTING

    def _in_peace(self) -> None:
        """Nobody is killed any more, and everything comes to its end."""
        try:
            wait_until(lambda: set(self.workplace.states().values()) == {State.ACCEPTED}, "everything to be registered")
        except AssertionError as waited:
            raise AssertionError("\n".join([str(waited), *self._left()])) from None
        rows = self.workplace.hr_rows
        wait_until(lambda: all(row.state == State.ACCEPTED for row in rows()), "HR to be told of everything")
        for agent in self._running:
            agent.terminate()
        for agent in self._running:
            assert agent.wait(PATIENCE) == 0

    def _left(self) -> list[str]:
        """What is not registered, and how the agents are."""
        rows = [row for row in self.workplace.ledger.view.rows(SubmissionFilter()) if row.state is not State.ACCEPTED]
        told = [f"{one.event_id} {one.state} {one.code} {one.status} {one.wait_reason}" for one in rows[:20]]
        return [*told, *(f"agent {agent.pid}: {agent.poll()}" for agent in self._running)]

    def _count(self, simulator: SimulatorProcess) -> None:
        """Hold HR's book against the registry's own."""
        records, tally = simulator.registry(), self.tally
        facts = Counter((one["operation"], one["number"], one["date"]) for one in records)
        tally.lost = tally.events - len(facts)
        tally.doubled = sum(times - 1 for times in facts.values())
        tally.open_attempts = self._one("SELECT count(*) FROM attempts WHERE closed_at IS NULL")
        lines: dict[str, list[int]] = {}
        for one in records:
            lines.setdefault(one["contract_id"], []).append(_ORDER[one["operation"]])
        tally.out_of_order = sum(line != sorted(line) for line in lines.values())
        assert len(require_exactly_once(self.workplace.hr_rows(), records)) == tally.events

    def _ids(self, question: str) -> set[str]:
        return {row[0] for row in self.workplace.query(question)}

    def _one(self, question: str) -> int:
        return int(self.workplace.query(question)[0][0])


def report(tally: Tally, *, seed: int, halves: dict[str, Tally], at: str, commit: str) -> str:
    """A page for the documentation."""
    lines = [
        "# Soak report",
        "",
        "Processes are killed with SIGKILL at random moments while a simulator misbehaves in nine ways. HR's book is",
        "then held against the registry's own. This page is written by the command that it names.",
        "",
        f"    make soak KILLS={tally.agents + tally.simulators} SEED={seed} REPORT=docs/reference/soak-report.md",
        "",
        f"- {at}, commit `{commit}`, {os.cpu_count()} processors",
        f"- **{tally.line()}**",
        f"- {tally.seconds / 60:.0f} minutes",
        "",
        "| | kills | of agents | of the simulator | events | lost | doubled | out of order | open attempts |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in halves.items():
        kills = one.agents + one.simulators
        counts = (kills, one.agents, one.simulators, one.events, one.lost, one.doubled, one.out_of_order)
        lines.append(f"| {name} | {' | '.join(map(str, counts))} | {one.open_attempts} |")
    lines += ["", "Where they died, by what they left in the ledger:", "", "| place | times |", "|---|---|"]
    lines += [f"| {place.value} | {tally.places[place]} |" for place in Place]
    return "\n".join([*lines, ""])


def write_report(file: Path, text: str) -> None:
    """Put the page in its place."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
