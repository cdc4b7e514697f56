"""`python -m simulation`: many seeds at once, one seed with its trace, or a planted bug that has to be found."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from simulation.blocks import Shelf, play_blocks
from simulation.faults import Fault
from simulation.mutants import MUTANTS, described
from simulation.report import Played, commit, page
from simulation.run import Result, simulate
from simulation.shrink import shrink
from simulation.tally import Tally

MUTANT_SEEDS: Final = 2000
_TELL_EVERY: Final = 20.0
"""Seconds between two lines about how far a run is."""


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
            print(f"{one:30}{described(one)}")
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


def _one(seed: int, mutant: str, *, shrinking: bool) -> int:
    without: list[Fault] = []
    with MUTANTS[mutant]() if mutant else nullcontext():
        if shrinking:
            without, result = shrink(seed)
        else:
            result = simulate(seed, tracing=True)
    print("\n".join(result.trace))
    if without:
        print(f"The same rule is broken without: {', '.join(without)}")
    print(f"seed {seed}: {result.steps} steps, {result.faults.total()} faults, {result.violation or '0 violations'}")
    return 1 if result.violation else 0


class _Progress:
    """Tells on standard error now and then how far a run is and when it will be over."""

    def __init__(self, seeds: int) -> None:
        self._seeds = seeds
        self.began = self._told = time.monotonic()

    def __call__(self, tally: Tally, fresh: int) -> None:
        now = time.monotonic()
        if now - self._told < _TELL_EVERY:
            return
        self._told = now
        left = (self._seeds - tally.seeds) * (now - self.began) / max(fresh, 1)
        print(f"{tally.sum()}; about {left / 60:.0f} min to go", file=sys.stderr, flush=True)


def _many(seeds: range, *, processes: int, folder: Path | None, report: Path | None) -> int:
    played_from = commit()
    progress = _Progress(len(seeds))
    shelf = Shelf.under(folder) if folder else None
    tally = play_blocks(seeds, processes=processes, shelf=shelf, told=progress)
    took = time.monotonic() - progress.began
    print(f"Seeds {seeds.start} to {seeds.stop - 1}, {took:.0f} s\n")
    if tally.seeds == len(seeds) and report and not tally.broken:
        caught = {name: seeds_until_caught(name)[0] - 1 for name in MUTANTS}
        played = Played(tally, seeds, played_from, caught, took / 60, processes)
        report.write_text("\n".join(page(played, report)), encoding="utf-8")
    for line in tally.report():
        print(line)
    if tally.seeds < len(seeds):
        print("interrupted; the same command goes on from here" if shelf else "interrupted")
        return 130
    if len(seeds) >= MUTANT_SEEDS and tally.never():
        print(f"never: {', '.join(tally.never())}")
        return 1
    return 1 if tally.broken else 0


def _one_or_more(text: str) -> int:
    """No seed at all would violate nothing, too."""
    if int(text) < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when nothing was violated (for a planted bug: when it was found), 1 otherwise, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--seeds", type=_one_or_more, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="one seed, with its trace")
    parser.add_argument("--shrink", action="store_true", help="of one seed: leave out the faults that it does not need")
    parser.add_argument("--mutant", default="", help="a planted bug, or list")
    parser.add_argument("--processes", type=_one_or_more, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, help="a folder for what is done, so that the same command can go on")
    parser.add_argument("--report", type=Path, help="a page to write when all seeds were played")
    given = parser.parse_args(argv)
    if given.seed is not None:
        return _one(given.seed, given.mutant, shrinking=given.shrink)
    if given.mutant:
        return _mutant(given.mutant)
    seeds = range(given.first, given.first + given.seeds)
    return _many(seeds, processes=given.processes, folder=given.keep, report=given.report)


if __name__ == "__main__":
    sys.exit(main())
