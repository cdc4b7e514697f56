"""Rates of things done again and again, in rounds that take turns, so that a busy minute of the machine hits them all.

Each round runs a batch of each subject and gives one rate for it; what is told is the median of the rounds, and the
quartiles as the spread. Rates are by CPU time of this process, which other programs do not lengthen; those by wall time
stand beside them and show what the others took.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import perf_counter, process_time

Conditions = Callable[[], AbstractContextManager[object]]
"""What has to be around something while it runs."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to measure.

    Attributes:
        what: What is done.
        kind: With which keys or hash.
        path: By which arithmetic: "native", "python", or "openssl" (RSA).
        work: Does it once.
        conditions: Such as libraries put out of sight; entered once for each batch.
        unit: What the rate counts.
        size: How many of the unit one call makes.
    """

    what: str
    kind: str
    path: str
    work: Callable[[], object]
    conditions: Conditions
    unit: str = "1/s"
    size: float = 1


@dataclass(frozen=True, slots=True)
class Rates:
    """What the rounds gave for one subject: units for each second of CPU and of wall time, round by round."""

    subject: Subject
    calls: int
    cpu: Sequence[float]
    wall: Sequence[float]

    @property
    def median(self) -> float:
        """Units for each second of CPU time."""
        return statistics.median(self.cpu)

    def json(self) -> Mapping[str, object]:
        """For programs."""
        subject, (low, _, high) = self.subject, quartiles(self.cpu)
        return {
            "what": subject.what,
            "kind": subject.kind,
            "path": subject.path,
            "unit": subject.unit,
            "per_cpu_second": round(self.median, 3),
            "cpu_quartiles": [round(low, 3), round(high, 3)],
            "per_wall_second": round(statistics.median(self.wall), 3),
            "cpu_milliseconds_each": round(1000 * subject.size / self.median, 4),
            "calls": self.calls,
        }

    def line(self) -> str:
        """For people; under `HEADING`."""
        subject, (low, _, high) = self.subject, quartiles(self.cpu)
        return (
            f"{subject.what:<22}{subject.kind:<13}{subject.path:<9}{_rate(self.median):>10} {subject.unit:<5}"
            f"{f'{_rate(low)} - {_rate(high)}':>21}{_rate(statistics.median(self.wall)):>12}"
            f"{1000 * subject.size / self.median:>12.3f}"
        )


HEADING = (
    f"{'what':<22}{'kind':<13}{'path':<9}{'by CPU':>10} {'':<5}{'quartiles':>21}{'by wall':>12}{'CPU ms each':>12}"
)


def measure(subjects: Sequence[Subject], *, rounds: int, batch: float) -> list[Rates]:
    """Run all subjects in turns.

    Args:
        subjects: In the order of their turns; neighbours can be compared most fairly.
        rounds: How often each has its turn.
        batch: CPU seconds that a turn should take; slow work takes its time for one call.
    """
    counts = [_calls_in(subject, batch) for subject in subjects]
    cpu: list[list[float]] = [[] for _ in subjects]
    wall: list[list[float]] = [[] for _ in subjects]
    for _ in range(rounds):
        for place, (subject, count) in enumerate(zip(subjects, counts, strict=True)):
            used, passed = _timed(subject, count)
            cpu[place].append(count * subject.size / used)
            wall[place].append(count * subject.size / passed)
    return [
        Rates(subject, count * rounds, cpu[place], wall[place])
        for place, (subject, count) in enumerate(zip(subjects, counts, strict=True))
    ]


def ratios(above: Rates, below: Rates) -> list[float]:
    """The rate of one by that of the other, pair by pair as their turns came."""
    return [first / second for first, second in zip(above.cpu, below.cpu, strict=True)]


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """A quarter, half and three quarters of the values are below these."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def _calls_in(subject: Subject, batch: float) -> int:
    """How many calls fill a batch; the first call, which builds tables and fills caches, does not count."""
    _timed(subject, 1)
    used, _ = _timed(subject, 1)
    return max(1, round(batch / used))


def _timed(subject: Subject, count: int) -> tuple[float, float]:
    """CPU and wall seconds of so many calls."""
    work = subject.work
    with subject.conditions():
        cpu, wall = process_time(), perf_counter()
        for _ in range(count):
            work()
        return max(process_time() - cpu, 1e-9), max(perf_counter() - wall, 1e-9)


def _rate(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}"
