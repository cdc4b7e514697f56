"""The parts of ``make bench``, by name; each takes how much is to be measured and gives what it found."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.growth import Scale, measure_growth
from benchmarks.latency import measure_latency
from benchmarks.line import Line, Size, measure_line
from benchmarks.processes import WITHOUT_IFMA, has_ifma
from benchmarks.profile import measure_profile
from benchmarks.relay import RelaySize, measure_relay
from benchmarks.report import Found
from benchmarks.server import plain_server
from benchmarks.start import help_seconds, lint_seconds, start_seconds
from benchmarks.usual import LOADS, compare, xmlsec_is_there
from kzeds import KeyKind


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: the whole, or little where only a look is wanted.

    Attributes:
        line: The rounds of K.
        turn_seconds: One turn of the agent and of the usual way.
        turns: Turns of things that are compared.
        growth: The ledgers that grow.
        latency_rows: Rows one at a time, on PostgreSQL; fewer on SQLite.
        relay: The relay and its rivals.
        starts: How often something is started.
        lint_rows: Rows of the file that is linted.
        profile_events: Contracts that the profile looks at.
    """

    line: Size = field(default_factory=Size)
    turn_seconds: float = 3.5
    turns: int = 3
    growth: Scale = field(default_factory=Scale)
    latency_rows: int = 150
    relay: RelaySize = field(default_factory=RelaySize)
    starts: int = 5
    lint_rows: int = 100_000
    profile_events: int = 1500

    @classmethod
    def of(cls, rounds: int | None) -> Extent:
        """The whole, or with fewer rounds a quick look in which everything is smaller."""
        if rounds is None:
            return cls()
        share = min(1.0, rounds / Size().rounds)
        return cls(
            line=Size(rounds, seconds=max(0.3, share), warm=50, long=max(2.0, 6 * share)),
            turn_seconds=max(1.0, 3.5 * share),
            turns=1 if rounds < 7 else 3,
            growth=Scale(
                few=2000,
                many=max(20_000, int(1_000_000 * share)),
                claims=10,
                warm=max(50, int(1500 * share)),
                events=max(100, int(600 * share)),
                turns=2,
            ),
            latency_rows=max(10, int(150 * share)),
            relay=RelaySize(max(2000, int(20_000 * share)), seconds=max(2.0, 6 * share), turns=1 if rounds < 7 else 3),
            starts=2 if rounds < 7 else 5,
            lint_rows=max(2000, int(100_000 * share)),
            profile_events=max(200, int(1500 * share)),
        )


def k(extent: Extent) -> Found:
    """The whole line on both databases, with RSA keys."""
    with plain_server() as server:
        lines = {"k_postgresql": measure_line(server, extent.line, rated=True)}
        lines["k_sqlite"] = measure_line(None, extent.line)
        if has_ifma():
            lines["k_postgresql_without_ifma"] = measure_line(server, extent.line, env=WITHOUT_IFMA)
            lines["k_sqlite_without_ifma"] = measure_line(None, extent.line, env=WITHOUT_IFMA)
    rate = lines["k_postgresql"].rate_over_raw
    return Found(
        {key: line.k[1] for key, line in lines.items()} | {"rate_over_rsa": rate[1]},
        {key: _around(line.k) for key, line in lines.items()} | {"rate_over_rsa": _around(rate)},
        _details(lines),
    )


def gost(extent: Extent) -> Found:
    """The whole line on PostgreSQL with keys as the NCA issues them today; the gateway's answers have one, too."""
    with plain_server() as server:
        line = measure_line(server, extent.line, kind=KeyKind.GOST_2015)
    low, middle, high = (one / 2 for one in line.k)
    key = "gost_over_two_signatures"
    return Found({key: middle}, {key: (low, high)}, _details({key: line}))


def usual(extent: Extent) -> Found:
    """The agent against the usual way."""
    if not xmlsec_is_there():
        return missing(KEYS["usual"], "the usual way needs xmlsec (the extra bench)")
    with plain_server() as server:
        found = {
            key: compare(server, load, turns=extent.turns, seconds=extent.turn_seconds) for key, load in LOADS.items()
        }
    return Found(
        {key: one.times for key, one in found.items()},
        {key: one.spread for key, one in found.items()},
        {key: one.json() for key, one in found.items()},
    )


def growth(extent: Extent) -> Found:
    """Few and many waiting, on both databases; of CPU and memory the worse one counts."""
    with plain_server() as server:
        found = {"postgresql": measure_growth(server, extent.growth), "sqlite": measure_growth(None, extent.growth)}
    figures = {f"claim_1m_over_10k_{name}": one.claim_ratio for name, one in found.items()}
    figures["cpu_1m_over_10k"] = max(one.cpu_ratio for one in found.values())
    figures["peak_rss_mb"] = max(peak for one in found.values() for peak in one.peak_mb)
    scale = {"few": extent.growth.few, "many": extent.growth.many}
    remarks = [] if extent.growth == Scale() else [f"growth: {scale['few']} and {scale['many']} waiting, a quick look"]
    return Found(figures, {}, {**{name: one.json() for name, one in found.items()}, **scale}, remarks)


def latency(extent: Extent) -> Found:
    """One row at a time."""
    with plain_server() as server:
        postgresql = measure_latency(server, extent.latency_rows)
    sqlite = measure_latency(None, max(5, extent.latency_rows * 2 // 5))
    return Found(
        {
            "latency_p50_ms_postgresql": postgresql.p50,
            "latency_p99_ms_postgresql": postgresql.p99,
            "latency_p99_ms_sqlite": sqlite.p99,
        },
        {},
        {"postgresql": postgresql.json(), "sqlite": sqlite.json()},
    )


def relay(extent: Extent) -> Found:
    """The relay alone, and its rivals."""
    with plain_server() as server:
        rates = measure_relay(server, extent.relay)
    figures = {f"relay_over_{rival}": rates.over(rival) for rival in ("procrastinate", "pgqueuer")}
    absent = [key.removeprefix("relay_over_") for key, value in figures.items() if value is None]
    return Found(figures, {}, rates.json(), [f"{name} is not installed (the extra bench)" for name in absent])


def start(extent: Extent) -> Found:
    """What a person waits for."""
    starts = start_seconds(extent.starts)
    helps = help_seconds(extent.starts + 1, [sys.executable, "-m", "usrec"])[1:]
    lint = lint_seconds(extent.lint_rows) * 100_000 / extent.lint_rows
    remarks = [] if extent.lint_rows == 100_000 else [f"lint: reckoned from {extent.lint_rows} rows"]
    return Found(
        {
            "start_seconds": statistics.median(starts),
            "help_seconds": statistics.median(helps),
            "lint_100k_seconds": lint,
        },
        {"start_seconds": (min(starts), max(starts)), "help_seconds": (min(helps), max(helps))},
        {},
        remarks,
    )


def profile(extent: Extent) -> Found:
    """Where the time goes; held to nothing."""
    with plain_server() as server:
        return Found({}, {}, measure_profile(server, extent.profile_events).json())


def _around(quartiles: tuple[float, float, float]) -> tuple[float, float]:
    return quartiles[0], quartiles[2]


def _details(lines: Mapping[str, Line]) -> Mapping[str, object]:
    return {key: line.json() for key, line in lines.items()}


def missing(keys: Sequence[str], why: str) -> Found:
    """Nothing was measured."""
    return Found(dict.fromkeys(keys), {}, {}, [why])


PARTS: Mapping[str, Callable[[Extent], Found]] = {
    "k": k,
    "gost": gost,
    "usual": usual,
    "growth": growth,
    "latency": latency,
    "relay": relay,
    "start": start,
    "profile": profile,
}
KEYS: Mapping[str, Sequence[str]] = {
    "k": ("k_postgresql", "k_sqlite", "k_postgresql_without_ifma", "k_sqlite_without_ifma", "rate_over_rsa"),
    "gost": ("gost_over_two_signatures",),
    "usual": tuple(LOADS),
    "growth": ("cpu_1m_over_10k", "claim_1m_over_10k_postgresql", "claim_1m_over_10k_sqlite", "peak_rss_mb"),
    "latency": ("latency_p50_ms_postgresql", "latency_p99_ms_postgresql", "latency_p99_ms_sqlite"),
    "relay": ("relay_over_procrastinate", "relay_over_pgqueuer"),
    "start": ("start_seconds", "help_seconds", "lint_100k_seconds"),
    "profile": (),
}
"""What each part measures."""


def attempt(name: str, part: Callable[[Extent], Found], extent: Extent) -> Found:
    """Run a part; when it fails, its figures are missing and the others are measured all the same."""
    try:
        return part(extent)
    except Exception as problem:  # noqa: BLE001 -- a quarter of an hour is not lost for whatever went wrong in one part
        return missing(KEYS[name], f"{name} failed ({type(problem).__name__}): {problem}")
