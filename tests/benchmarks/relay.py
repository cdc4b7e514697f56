"""The agent's relay alone against well-known job queues, on the same PostgreSQL, turn by turn."""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import make_url

from benchmarks.filling import fill
from benchmarks.installation import DELIVERY, Installation, installation
from benchmarks.rivals import RIVALS
from support.postgresql import PostgresqlServer


@dataclass(frozen=True, slots=True)
class RelaySize:
    """How much is measured.

    Attributes:
        waiting: Submissions in the ledger at the beginning.
        seconds: How long the relay runs in a turn.
        jobs: Of each rival in a turn.
        turns: Of each.
    """

    waiting: int = 20_000
    seconds: float = 6.0
    jobs: Mapping[str, int] | None = None
    turns: int = 3

    def jobs_of(self, rival: str) -> int:
        """How many, by what it does in some seconds."""
        usual = {"procrastinate": 1000, "pgqueuer": 8000, "pgqueuer_in_large_batches": 20_000}
        return (self.jobs or usual)[rival]


@dataclass(frozen=True, slots=True)
class Rates:
    """Jobs a second, turn by turn."""

    agent: Sequence[float]
    rivals: Mapping[str, Sequence[float]]

    def over(self, rival: str) -> float | None:
        """How often the relay is as fast; None where the rival is not installed."""
        rates = self.rivals.get(rival)
        return statistics.median(self.agent) / statistics.median(rates) if rates else None

    def json(self) -> Mapping[str, object]:
        """For programs."""
        return {name: [round(one, 1) for one in rates] for name, rates in {"agent": self.agent, **self.rivals}.items()}


def installed() -> list[str]:
    """The rivals that are there."""
    return [name for name in RIVALS if importlib.util.find_spec(name.partition("_")[0]) is not None]


def measure_relay(server: PostgresqlServer, size: RelaySize) -> Rates:
    """All take turns."""
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in installed()}
    with installation(server, delivery=DELIVERY) as place:
        fill(place, size.waiting, 0)
        _keep_from_hr(place)
        for _ in range(size.turns):
            ours.append(_rate("benchmarks.relay_agent", str(place.place.settings), str(size.seconds)))
            for name, rates in theirs.items():
                rates.append(_rival(server, name, size.jobs_of(name)))
    return Rates(ours, theirs)


def _keep_from_hr(place: Installation) -> None:
    """Notes to HR are no part of the relay; an account that may only read gets none."""
    settings = place.place.settings
    settings.write_text(settings.read_text().replace("[source.hr]\n", "[source.hr]\nread_only = true\n"))


def _rival(server: PostgresqlServer, name: str, jobs: int) -> float:
    url = server.new_database()
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return _rate("benchmarks.rivals", name, plain, str(jobs))
    finally:
        server.drop_database(url)


def _rate(module: str, *arguments: str) -> float:
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{module} {arguments[0]} failed: {done.stderr[-1500:]}")
    return float(json.loads(done.stdout.splitlines()[-1])["rate"])
