"""K: what one event costs the agent from HR's row to HR's note, in raw signatures. Two of them are the floor.

An agent that has been running for a while gets rounds of rows. Its CPU in a round is that of the whole process, from
the commit in HR's outbox to the next one: the pause in which the raw signatures are made belongs to it, so that what
the agent does afterwards (linking the journal, looking whether there is more) is counted, too. Gateway, database
server and HR are other processes and are left out.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.installation import Installation, Running, agent, installation
from benchmarks.measuring import quartiles
from benchmarks.processes import RawSigner
from benchmarks.server import PlainServer
from kzeds import KeyKind


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        rounds: Pairs of rounds.
        seconds: What a round should take; there are as many contracts in it as were done in such a time before.
        warm: Contracts before the first round.
        long: How many times as long the rounds are in which the rate is measured.
    """

    rounds: int = 20
    seconds: float = 1.0
    warm: int = 200
    long: float = 6.0


@dataclass(frozen=True, slots=True)
class Round:
    """One pair: seconds for one event, and for one raw signature beside it."""

    event_cpu: float
    event_wall: float
    raw_cpu: float
    raw_wall: float

    @property
    def k(self) -> float:
        """The CPU of an event in raw signatures."""
        return self.event_cpu / self.raw_cpu

    @property
    def rate_over_raw(self) -> float:
        """Events a second of this process by raw signatures a second of one thread."""
        return self.raw_wall / self.event_wall


LONG_ROUNDS = 4
SIGNATURES = 400
"""Raw signatures in a round, at least: a tenth of a second or more."""
_FEWEST, _MOST = 20, 500


@dataclass(frozen=True, slots=True)
class Line:
    """All pairs of rounds of one installation.

    Attributes:
        long: The longer ones, in which the rate is measured; none where nobody asked for it.
        server: What the database server spent on one event of the long rounds, HR's own tables included.
    """

    rounds: Sequence[Round]
    long: Sequence[Round] = ()
    server: Mapping[str, float] = field(default_factory=dict)

    @property
    def k(self) -> tuple[float, float, float]:
        """Lower quartile, median and upper quartile."""
        return quartiles([one.k for one in self.rounds])

    @property
    def rate_over_raw(self) -> tuple[float, float, float]:
        """Lower quartile, median and upper quartile."""
        return quartiles([one.rate_over_raw for one in self.long])

    def json(self) -> Mapping[str, object]:
        """For programs."""
        return {
            "rounds": len(self.rounds),
            "k_quartiles": [round(one, 3) for one in self.k],
            **({"rate_over_raw_quartiles": [round(one, 3) for one in self.rate_over_raw]} if self.long else {}),
            "event_cpu_ms": round(1000 * statistics.median(one.event_cpu for one in self.rounds), 4),
            "raw_cpu_ms": round(1000 * statistics.median(one.raw_cpu for one in self.rounds), 4),
            "events_per_second": round(1 / statistics.median(one.event_wall for one in self.long or self.rounds), 1),
            "server": {name: round(value, 4) for name, value in self.server.items()},
        }


def measure_line(
    server: PlainServer | None,
    size: Size,
    *,
    kind: KeyKind = KeyKind.RSA,
    env: Mapping[str, str] | None = None,
    rated: bool = False,
) -> Line:
    """Run an agent and give it rounds of rows.

    Args:
        server: Where HR and ledger are; SQLite files when None.
        env: Of the agent and of the raw signatures alike.
        rated: Whether the rate is measured, too, and what the server spends.
    """
    with (
        installation(server, kind) as place,
        RawSigner(place.place.pki, kind, env or {}) as signer,
        agent(place.place, env) as running,
    ):
        rate = 1 / _round(place, running, signer, size.warm).event_wall
        events = max(_FEWEST, min(_MOST, int(rate * size.seconds)))
        pairs = [_round(place, running, signer, events) for _ in range(size.rounds)]
        if not rated:
            return Line(pairs)
        meter, longer = Meter(server, place), int(events * size.long)
        long = [_round(place, running, signer, longer) for _ in range(LONG_ROUNDS)]
        return Line(pairs, long, meter.each(LONG_ROUNDS * longer))


class Meter:
    """What the database server spends from now on; nothing is known of SQLite, which is part of the agent."""

    def __init__(self, server: PlainServer | None, place: Installation) -> None:
        self._server = server
        self._place = place
        self._before = self._now()

    def _now(self) -> Mapping[str, float]:
        if self._server is None:
            return {}
        size = float(self._place.place.query("SELECT pg_database_size(current_database())")[0][0])
        return {"cpu_ms": 1000 * self._server.cpu, "wal_bytes": self._server.written, "ledger_bytes": size}

    def each(self, events: int) -> Mapping[str, float]:
        """For one event."""
        return {name: (value - self._before[name]) / events for name, value in self._now().items()}


def _round(place: Installation, running: Running, signer: RawSigner, events: int) -> Round:
    cpu, began = running.cpu, time.perf_counter()
    place.hire(events)
    place.wait_for_notes()
    wall = time.perf_counter() - began
    raw = signer.each(max(events, SIGNATURES))
    return Round((running.cpu - cpu) / events, wall / events, raw.cpu, raw.wall)
