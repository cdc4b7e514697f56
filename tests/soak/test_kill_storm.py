"""Agents and simulator are killed with SIGKILL at random moments, again and again, under faults; nothing is lost.

``make soak KILLS=1000 SEED=7`` says how often and with which chance, ``REPORT=FILE`` writes the page of it. The counts
come from the simulator's own registry. Three agents share a ledger on PostgreSQL, one has a ledger on SQLite.
"""

from __future__ import annotations

import os
import random
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.hr_sides import PostgresqlHr, SqlHr, SqliteHr
from support.kill_storm import Place, Storm, Tally, report, write_report
from support.postgresql import PostgresqlServer
from support.workplace import Workplace

pytestmark = pytest.mark.soak

KILLS, SEED = int(os.environ.get("KILLS", "100")), int(os.environ.get("SEED", "353"))
ROOT = Path(__file__).parents[2]
AGENTS = {"SQLite, one agent": 1, "PostgreSQL, three agents": 3}
DELIVERY = "workers = 2\npoll = 0.05\nretry_base = 0.2\nretry_cap = 1\nlease = 30\nbreaker_pause = 0.2"
LOG = 'level = "error"\nformat = "json"\n[mass]\namendments = 0\nterminations = 0'
"""Nobody is there to look at a batch of dismissals."""


def workplace(kind: str, folder: Path, pki: Path, server: PostgresqlServer) -> Workplace:
    folder.mkdir()
    sqlite = kind.startswith("SQLite")
    hr: SqlHr = SqliteHr(folder / "hr.db") if sqlite else PostgresqlHr(server.new_database())
    url = f"sqlite:///{folder / 'ledger.db'}" if sqlite else server.new_database()
    made = Workplace(folder, hr, url, pki, delivery=DELIVERY, log=LOG)
    made.make_ledger()
    return made


def commit() -> str:
    """What is measured, by git."""
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def test_storm_of_sigkills_loses_nothing_and_registers_nothing_twice(
    tmp_path: Path, pki: Path, postgresql_server: PostgresqlServer
) -> None:
    chance, halves = random.Random(SEED), {}
    for number, (kind, agents) in enumerate(AGENTS.items()):
        place = workplace(kind, tmp_path / str(number), pki, postgresql_server)
        storm = Storm(place, chance, agents)
        halves[kind] = storm.blow((KILLS + number) // 2)
        place.close()
        print(f"\n{kind}: {halves[kind].line()}; {halves[kind].seconds:.0f} s")
    tally = sum(halves.values(), start=Tally())
    for where in Place:
        print(f"{tally.places[where]:6} {where}")
    print(f"seed {SEED}: {tally.line()}")
    if os.environ.get("REPORT"):
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        write_report(ROOT / os.environ["REPORT"], report(tally, seed=SEED, halves=halves, at=day, commit=commit()))
    assert tally.sound, tally.line()
