"""What came out of many seeds: summed up, kept in a file, read again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from simulation.faults import Fault
from simulation.invariants import AT_THE_END, EACH_STEP
from simulation.run import Result

INVARIANTS = (*EACH_STEP, *AT_THE_END)


@dataclass
class Tally:
    """What came out of many seeds.

    Attributes:
        seconds: Of processor time.
        broken: (seed, what does not hold).
    """

    seeds: int = 0
    steps: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[int, str]] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count one more seed."""
        self.seeds += 1
        self.steps += result.steps
        self.faults.update({str(kind): number for kind, number in result.faults.items()})
        self.checks.update(result.checks)
        if result.violation:
            self.broken.append((result.seed, result.violation))

    def take(self, other: Tally) -> None:
        """Count the seeds of another one."""
        self.seeds += other.seeds
        self.steps += other.steps
        self.seconds += other.seconds
        self.faults.update(other.faults)
        self.checks.update(other.checks)
        self.broken += other.broken

    def to_text(self) -> str:
        """As JSON."""
        return json.dumps({name: getattr(self, name) for name in self.__dataclass_fields__}, indent=1)

    @classmethod
    def from_text(cls, text: str) -> Tally:
        """Read what ``to_text`` wrote."""
        kept = json.loads(text)
        counters = {name: Counter(kept[name]) for name in ("faults", "checks")}
        return cls(**{**kept, **counters, "broken": [(seed, what) for seed, what in kept["broken"]]})

    def never(self) -> Sequence[str]:
        """Kinds of fault that did not happen, and invariants that were not looked at."""
        return [str(kind) for kind in Fault if not self.faults[kind]] + [
            name for name in INVARIANTS if not self.checks[name]
        ]

    def of_faults(self) -> Sequence[tuple[str, int]]:
        """How often each kind of fault happened."""
        return [(str(kind), self.faults[kind]) for kind in Fault]

    def of_checks(self) -> Sequence[tuple[str, int]]:
        """How often each invariant was looked at."""
        return [(name, self.checks[name]) for name in INVARIANTS]

    def sum(self) -> str:
        """The line that everything ends with."""
        return f"{self.seeds} seeds, {self.steps} steps, {self.faults.total()} faults, {len(self.broken)} violations"

    def report(self) -> Iterator[str]:
        """The lines of the report; the last one sums up."""
        yield from _table("Faults", self.of_faults())
        yield from _table("Checks of each invariant", self.of_checks())
        for seed, violation in self.broken[:20]:
            yield f"seed {seed}: {violation}"
        if self.broken:
            again = f"make simulate SEED={self.broken[0][0]}"
            yield f"See one again, step by step: {again}; with no more faults than it needs: {again} SHRINK=1"
        yield self.sum()


def _table(title: str, rows: Iterable[tuple[str, int]]) -> Iterator[str]:
    yield title
    yield from (f"  {number:>12,}  {name}" for name, number in rows)
    yield ""
