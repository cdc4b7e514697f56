"""`python -m simulation`: many seeds at once, one seed with its trace, or a planted bug that has to be found."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from simulation.faults import Fault
from simulation.invariants import AT_THE_END, EACH_STEP
from simulation.mutants import MUTANTS, described
from simulation.run import Result, simulate

MUTANT_SEEDS = 2000


@dataclass
class Tally:
    """What came out of many seeds."""

    seeds: int = 0
    steps: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    broken: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count one more."""
        self.seeds += 1
        self.steps += result.steps
        self.faults += result.faults
        self.checks += result.checks
        if result.violation:
            self.broken.append(result)

    def never(self) -> Sequence[str]:
        """Kinds of fault that did not happen, and invariants that were not looked at."""
        return [str(kind) for kind in Fault if not self.faults[kind]] + [
            name for name in (*EACH_STEP, *AT_THE_END) if not self.checks[name]
        ]

    def report(self) -> Iterator[str]:
        """The lines of the report; the last one sums up."""
        yield from _table("Faults", ((str(kind), self.faults[kind]) for kind in Fault))
        yield from _table("Checks of each invariant", ((name, self.checks[name]) for name in (*EACH_STEP, *AT_THE_END)))
        for result in self.broken[:20]:
            yield f"seed {result.seed}: {result.violation}"
        if self.broken:
            yield f"See one again, step by step: make simulate SEED={self.broken[0].seed}"
        yield f"{self.seeds} seeds, {self.steps} steps, {self.faults.total()} faults, {len(self.broken)} violations"


def _table(title: str, rows: Iterable[tuple[str, int]]) -> Iterator[str]:
    yield title
    yield from (f"  {number:>12,}  {name}" for name, number in rows)
    yield ""


def play(seeds: Iterable[int], *, processes: int = 1) -> Tally:
    """Play seeds, in one process or several."""
    tally = Tally()
    if processes == 1:
        for seed in seeds:
            tally.add(simulate(seed))
        return tally
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for result in pool.imap_unordered(simulate, seeds, chunksize=20):
            tally.add(result)
    return tally


def seeds_until_caught(mutant: str, *, first: int = 0, most: int = MUTANT_SEEDS) -> tuple[int, Result | None]:
    """How many seeds it takes to find a planted bug; None for the result when none of them does."""
    with MUTANTS[mutant]():
        for number in range(most):
            result = simulate(first + number)
            if result.violation:
                return number + 1, result
    return most, None


def _mutant(name: str) -> int:
    if name == "list":
        for one in MUTANTS:
            print(f"{one:28}{described(one)}")
        return 0
    if name not in MUTANTS:
        print(f"There is no bug called {name}. See: make simulate MUTANT=list", file=sys.stderr)
        return 2
    number, result = seeds_until_caught(name)
    print(f"{name}: {described(name)}")
    if result is None:
        print(f"not caught within {number} seeds")
        return 1
    print(f"caught by seed {result.seed}, the {number}. that was played: {result.violation}")
    return 0


def _one(seed: int, mutant: str) -> int:
    with MUTANTS[mutant]() if mutant else nullcontext():
        result = simulate(seed, tracing=True)
    print("\n".join(result.trace))
    print(f"seed {seed}: {result.steps} steps, {result.faults.total()} faults, {result.violation or '0 violations'}")
    return 1 if result.violation else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when nothing was violated (for a planted bug: when it was found), 1 otherwise."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, help="one seed, with its trace")
    parser.add_argument("--mutant", default="", help="a planted bug, or list")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(argv)
    if given.seed is not None:
        return _one(given.seed, given.mutant)
    if given.mutant:
        return _mutant(given.mutant)
    began = time.monotonic()
    tally = play(range(given.first, given.first + given.seeds), processes=given.processes)
    print(f"Seeds {given.first} to {given.first + given.seeds - 1}, {time.monotonic() - began:.0f} s\n")
    for line in tally.report():
        print(line)
    if given.seeds >= MUTANT_SEEDS and tally.never():
        print(f"never: {', '.join(tally.never())}")
        return 1
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
