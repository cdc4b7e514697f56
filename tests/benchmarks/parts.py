"""The parts of ``make bench``, by name; each takes the number of rounds and gives what it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks.line import Line, Size, measure_line
from benchmarks.processes import WITHOUT_IFMA, has_ifma
from benchmarks.report import Found
from benchmarks.server import plain_server
from kzeds import KeyKind


def k(rounds: int) -> Found:
    """The whole line on both databases, with RSA keys."""
    size = Size(rounds)
    with plain_server() as server:
        lines = {"k_postgresql": measure_line(server, size), "k_sqlite": measure_line(None, size)}
        if has_ifma():
            lines["k_postgresql_without_ifma"] = measure_line(server, size, env=WITHOUT_IFMA)
            lines["k_sqlite_without_ifma"] = measure_line(None, size, env=WITHOUT_IFMA)
    rate = lines["k_postgresql"].rate_over_raw
    return Found(
        {key: line.k[1] for key, line in lines.items()} | {"rate_over_rsa": rate[1]},
        {key: _around(line.k) for key, line in lines.items()} | {"rate_over_rsa": _around(rate)},
        _details(lines),
    )


def gost(rounds: int) -> Found:
    """The whole line on PostgreSQL with keys as the NCA issues them today."""
    with plain_server() as server:
        line = measure_line(server, Size(rounds), kind=KeyKind.GOST_2015)
    low, middle, high = (one / 2 for one in line.k)
    key = "gost_over_two_signatures"
    return Found({key: middle}, {key: (low, high)}, _details({key: line}))


def _around(quartiles: tuple[float, float, float]) -> tuple[float, float]:
    return quartiles[0], quartiles[2]


def _details(lines: Mapping[str, Line]) -> Mapping[str, object]:
    return {key: line.json() for key, line in lines.items()}


PARTS: Mapping[str, Callable[[int], Found]] = {"k": k, "gost": gost}
