"""The agent against the usual way: events a second, on the same PostgreSQL and before the same gateway."""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.installation import DELIVERY, Installation, agent, installation
from support.postgresql import PostgresqlServer

WIDE = DELIVERY.replace("workers = 4", "workers = 64")
"""For a gateway that takes its time: as many submissions on the wire as the agent can have."""


@dataclass(frozen=True, slots=True)
class Load:
    """One comparison.

    Attributes:
        latency: Seconds of the gateway.
        threads: Of the usual way.
        delivery: Settings of the agent.
    """

    latency: float
    threads: int
    delivery: str = DELIVERY


LOADS: Mapping[str, Load] = {
    "vs_usual_0ms": Load(0.0, 1),
    "vs_usual_one_loop_100ms": Load(0.1, 1, WIDE),
    "vs_usual_16_threads_100ms": Load(0.1, 16, WIDE),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Events a second of both, turn by turn."""

    agent: list[float]
    usual: list[float]

    @property
    def times(self) -> float:
        """How often the agent is as fast, by the medians."""
        return statistics.median(self.agent) / statistics.median(self.usual)

    @property
    def spread(self) -> tuple[float, float]:
        """Lowest and highest of the turns."""
        pairs = [ours / theirs for ours, theirs in zip(self.agent, self.usual, strict=True)]
        return min(pairs), max(pairs)

    def json(self) -> Mapping[str, object]:
        """For programs."""
        return {"agent": [round(one, 1) for one in self.agent], "usual": [round(one, 1) for one in self.usual]}


def xmlsec_is_there() -> bool:
    """Whether zeep can sign."""
    return importlib.util.find_spec("xmlsec") is not None


def compare(server: PostgresqlServer, load: Load, *, turns: int, seconds: float) -> Comparison:
    """Both take turns; each turn is about so long."""
    found = Comparison([], [])
    with installation(server, delivery=load.delivery, latency=load.latency) as place, agent(place.place):
        place.hire(50)
        place.wait_for_notes()
        events = max(20, int(seconds * _rate_of_agent(place, 100)))
        rows = max(4 * load.threads, int(seconds * _rate_of_usual(server, place, load, 8 * load.threads)))
        for _ in range(turns):
            found.usual.append(_rate_of_usual(server, place, load, rows))
            found.agent.append(_rate_of_agent(place, events))
    return found


def _rate_of_agent(place: Installation, events: int) -> float:
    began = time.perf_counter()
    place.hire(events)
    place.wait_for_notes()
    return events / (time.perf_counter() - began)


def _rate_of_usual(server: PostgresqlServer, place: Installation, load: Load, rows: int) -> float:
    url = server.new_database()
    arguments = [url, place.gateway.url, str(place.place.pki), str(rows), str(load.threads)]
    command = [sys.executable, "-m", "benchmarks.usual_way", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    server.drop_database(url)
    if done.returncode:
        raise RuntimeError(f"the usual way failed: {done.stderr[-1000:]}")
    return rows / float(json.loads(done.stdout)["wall"])
