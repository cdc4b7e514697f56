"""What was measured, held to the goals of the project: on screen, in ``build/bench.json``."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cryptography
from cryptography.hazmat.backends.openssl import backend

from benchmarks.kzeds_signatures import cpu_model
from benchmarks.processes import has_ifma

ROOT = Path(__file__).resolve().parents[2]
Figures = Mapping[str, float | None]
"""By the key in the JSON file; None where something could not be measured."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What the project promises: a figure at most, or at least, so high. None: shown only."""

    key: str
    text: str
    at_most: float | None = None
    at_least: float | None = None

    def is_met(self, measured: float | None) -> bool | None:
        """Whether it was reached; None where nothing was promised."""
        if self.at_most is None and self.at_least is None:
            return None
        if measured is None:
            return False
        return measured >= self.at_least if self.at_least is not None else measured <= (self.at_most or 0.0)

    @property
    def bound(self) -> str:
        """For people."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"


GOALS = (
    Goal("k_postgresql", "CPU of one event in raw RSA signatures, PostgreSQL", at_most=3.3),
    Goal("k_sqlite", "the same, SQLite", at_most=3.6),
    Goal("k_postgresql_without_ifma", "the same, PostgreSQL, both without AVX-512 IFMA"),
    Goal("k_sqlite_without_ifma", "the same, SQLite, both without AVX-512 IFMA"),
    Goal("rate_over_rsa", "events/s of one process by raw RSA signatures/s", at_least=0.28),
    Goal("gost_over_two_signatures", "GOST-2015: CPU of one event by two raw signatures", at_most=1.7),
    Goal("vs_usual_0ms", "times the usual way, 0 ms latency", at_least=4),
    Goal("vs_usual_one_loop_100ms", "times the usual way in one loop, 100 ms latency", at_least=25),
    Goal("vs_usual_16_threads_100ms", "times the usual way in 16 threads, 100 ms latency", at_least=3),
    Goal("cpu_1m_over_10k", "CPU per event, 1,000,000 waiting by 10,000", at_most=1.1),
    Goal("claim_1m_over_10k_postgresql", "claim time, 1,000,000 waiting by 10,000, PostgreSQL", at_most=1.15),
    Goal("claim_1m_over_10k_sqlite", "the same, SQLite", at_most=1.5),
    Goal("peak_rss_mb", "peak memory of the agent, MB", at_most=130),
    Goal("latency_p50_ms_postgresql", "HR's commit to recorded answer, ms, p50, PostgreSQL", at_most=50),
    Goal("latency_p99_ms_postgresql", "the same, p99, PostgreSQL", at_most=150),
    Goal("latency_p99_ms_sqlite", "the same, p99, SQLite", at_most=1000),
    Goal("relay_over_procrastinate", "relay alone, times procrastinate", at_least=3),
    Goal("relay_over_pgqueuer", "relay alone, times pgqueuer", at_least=0.5),
    Goal("start_seconds", "start to first submission, s", at_most=2),
    Goal("help_seconds", "usrec --help, s", at_most=0.25),
    Goal("lint_100k_seconds", "usrec lint of 100,000 rows, s", at_most=60),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What one part of the benchmark measured.

    Attributes:
        figures: By the keys of ``GOALS``.
        spread: Lower and upper quartile, or lowest and highest, of some of them.
        details: Whatever else it wants to tell, for programs.
        remarks: For people: what could not be measured, and why.
    """

    figures: Figures
    spread: Mapping[str, tuple[float, float]]
    details: Mapping[str, object]
    remarks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run."""

    environment: Mapping[str, object]
    found: Mapping[str, Found]

    @property
    def figures(self) -> Figures:
        """All keys of the goals, with None for what was not measured."""
        measured = {key: value for part in self.found.values() for key, value in part.figures.items()}
        return {goal.key: measured.get(goal.key) for goal in GOALS}

    @property
    def spread(self) -> Mapping[str, tuple[float, float]]:
        """Of those figures that have one."""
        return {key: value for part in self.found.values() for key, value in part.spread.items()}

    @property
    def concerned(self) -> Sequence[Goal]:
        """The goals of the parts that were run."""
        asked = {key for part in self.found.values() for key in part.figures}
        return [goal for goal in GOALS if goal.key in asked]

    @property
    def is_met(self) -> bool:
        """Whether every goal of the parts that were run is met."""
        return all(goal.is_met(self.figures[goal.key]) is not False for goal in self.concerned)

    def lines(self) -> list[str]:
        """The table on screen."""
        return [self._line(goal) for goal in self.concerned] + [
            f"note     {remark}" for part in self.found.values() for remark in part.remarks
        ]

    def json(self) -> dict[str, Any]:
        """For programs: the figures at the top, by their keys."""
        return {
            **{key: None if value is None else round(value, 4) for key, value in self.figures.items()},
            "spread": {key: [round(one, 4) for one in value] for key, value in self.spread.items()},
            "missed": [goal.key for goal in self.concerned if goal.is_met(self.figures[goal.key]) is False],
            "environment": self.environment,
            "details": {name: part.details for name, part in self.found.items()},
            "remarks": [remark for part in self.found.values() for remark in part.remarks],
        }

    def _line(self, goal: Goal) -> str:
        value, spread = self.figures[goal.key], self.spread.get(goal.key)
        word = {True: "met", False: "not met", None: "-"}[goal.is_met(value)]
        shown = "not measured" if value is None else f"{value:.3g}"
        between = "" if spread is None else f"{spread[0]:.3g} - {spread[1]:.3g}"
        return f"{word:<9}{goal.text:<58}{goal.bound:>9} {shown:>13}  {between}"


def environment() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": _commit(),
        "cpu": cpu_model(),
        "cpus": os.cpu_count(),
        "avx512ifma": has_ifma(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cryptography": f"{cryptography.__version__} with {backend.openssl_version_text()}",
        "load": round(os.getloadavg()[0], 2),
    }


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def write(report: Report, file: Path) -> None:
    """Write the JSON file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report.json(), ensure_ascii=False, indent=2) + "\n", "utf-8")
