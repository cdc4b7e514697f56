"""A million rows arrive at once in HR's outbox: memory, rate and everybody else's turn, measured by `make soak`.

The agent is a process as the service manager starts it, with a real simulator before it. ``ROWS`` says how many.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from support.hr_sides import SqliteHr
from support.personnel import Person, conclusion_of
from support.simulator_process import SimulatorProcess
from support.workplace import BIN, Workplace, running

pytestmark = pytest.mark.soak

ROWS = int(os.environ.get("ROWS", "1000000"))
MOST_MEMORY = 300
"""MiB of the agent, whatever arrives."""
LONGEST_SILENCE = 60.0
"""Seconds between two signs of life; alerts and notes to HR have a thread of their own, too."""
SLOWER = 3.0
"""How much slower the last tenth may come in than the first: latency must not grow with the table."""
INSERT = (
    "INSERT INTO usrec_outbox (event_id, revision, event_type, contract_key, employer_bin, payload)"
    " VALUES (?, 1, 'conclusion', ?, ?, ?)"
)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """One contract each, of a thousand people."""
    payloads = [conclusion_of(Person(number)) for number in range(1, 1001)]
    for number in range(ROWS):
        payload = {**payloads[number % 1000], "contract_number": f"N-{number}"}
        yield f"e{number}", f"K-{number}", BIN, json.dumps(payload, ensure_ascii=False)


def fill(file: Path) -> None:
    """HR commits them in one transaction."""
    with sqlite3.connect(file) as connection:
        made = rows()
        while portion := list(islice(made, 10_000)):
            connection.executemany(INSERT, portion)


def memory(pid: int) -> float:
    """The most that a process has held so far, MiB."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


class Look:
    """What is seen of the agent from outside, in its ledger."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)

    def one(self, question: str) -> int:
        return int(self._connection.execute(question).fetchone()[0] or 0)

    @property
    def taken(self) -> int:
        return self.one("SELECT max(rowid) FROM inbox")

    @property
    def beat(self) -> str:
        return str(self._connection.execute("SELECT max(beat_at) FROM agents").fetchone()[0])


def test_million_rows_at_once_are_taken_in_portions_while_everybody_else_has_their_turn(
    tmp_path: Path, pki: Path
) -> None:
    hr = SqliteHr(tmp_path / "hr.db")
    place = Workplace(tmp_path, hr, f"sqlite:///{tmp_path / 'ledger.db'}", pki)
    place.make_ledger()
    fill(tmp_path / "hr.db")
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as simulator:
        place.connect(simulator.url)
        with running(place.command("run"), tmp_path / "agent.log") as agent:
            look, began = Look(tmp_path / "ledger.db"), time.monotonic()
            marks, beat, beat_seen, silence = [(0, began)], "", began, 0.0
            while marks[-1][0] < ROWS:
                time.sleep(0.2)
                assert agent.poll() is None, (tmp_path / "agent.log").read_text("utf-8")[-2000:]
                now, newest = time.monotonic(), look.beat
                if newest != beat:
                    silence, beat, beat_seen = max(silence, now - beat_seen), newest, now
                marks.append((look.taken, now))
            most = memory(agent.pid)
            seconds = marks[-1][1] - began
            sent = look.one("SELECT count(*) FROM submissions WHERE state = 'accepted'")
            told = look.one("SELECT count(*) FROM write_backs WHERE written_at IS NOT NULL")
    hr.close()
    place.close()
    first, last = tenth(marks, 0), tenth(marks, 9)
    print(
        f"\n{ROWS} rows taken in {seconds:.0f} s, {ROWS / seconds:.0f} a second (first tenth {first:.0f}, last"
        f" {last:.0f}); meanwhile {sent} registered, {told} notes to HR written; at most {most:.0f} MiB,"
        f" longest silence {silence:.0f} s"
    )
    assert most < MOST_MEMORY
    assert silence < LONGEST_SILENCE
    assert first / last < SLOWER
    assert sent
    assert told


def tenth(marks: list[tuple[int, float]], number: int) -> float:
    """Rows a second in one tenth of them."""
    since, until = ROWS * number // 10, ROWS * (number + 1) // 10
    start = max((one for one in marks if one[0] <= since), key=lambda one: one[1])
    end = next(one for one in marks if one[0] >= until)
    return (end[0] - start[0]) / max(end[1] - start[1], 0.001)
