"""How long a row takes with an agent that has nothing else to do: from HR's commit to the recorded answer.

HR commits one row after another, each some time after the last one was registered, so that the agent has gone to rest.
The end is the moment at which another connection to the ledger sees the acknowledgement.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psycopg
from sqlalchemy import make_url

from benchmarks.installation import PATIENCE, Installation, agent, installation
from support.postgresql import PostgresqlServer

_RECORDED = "SELECT max(id) FROM acknowledgements"
_BETWEEN_LOOKS = 0.001


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds."""

    p50: float
    p99: float
    most: float
    rows: int

    def json(self) -> Mapping[str, object]:
        """For programs."""
        return {"p50": round(self.p50, 1), "p99": round(self.p99, 1), "most": round(self.most, 1), "rows": self.rows}


def measure_latency(server: PostgresqlServer | None, rows: int) -> Latency:
    """Let HR commit so many rows, one at a time."""
    with installation(server) as place, agent(place.place):
        place.hire(5)
        place.wait_for_notes()
        recorded = _looker(place)
        chance = random.Random(7)
        found = []
        for _ in range(rows):
            time.sleep(0.05 + 0.3 * chance.random())
            found.append(_one(place, recorded))
        return Latency(statistics.median(found), percentile(found, 99), max(found), rows)


def percentile(values: list[float], percent: int) -> float:
    """So many of a hundred values are not above it (nearest rank)."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def _one(place: Installation, recorded: Callable[[], int]) -> float:
    before, limit = recorded(), time.monotonic() + PATIENCE
    place.hire(1)
    began = time.perf_counter()
    while recorded() == before:
        if time.monotonic() > limit:
            raise RuntimeError("the agent answered nothing; its log: agent.log")
        time.sleep(_BETWEEN_LOOKS)
    return 1000 * (time.perf_counter() - began)


def _looker(place: Installation) -> Callable[[], int]:
    """What tells the number of the last acknowledgement in the ledger."""
    url = make_url(place.place.ledger_url)
    if url.get_backend_name() == "sqlite":
        file = sqlite3.connect(f"file:{url.database}?mode=ro", uri=True, isolation_level=None)
        return lambda: int(file.execute(_RECORDED).fetchone()[0] or 0)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    server = psycopg.connect(plain, autocommit=True)

    def look() -> int:
        found = server.execute(_RECORDED.encode()).fetchone()
        return int(found[0] or 0) if found else 0

    return look
