"""The page that proves it: written by the command, held to the code by a test."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulation.mutants import MUTANTS, described
from simulation.tally import Tally

_BUSY: Final = 0.9
"""A run that had this share of the processor time, or more, on its own wall went on with nothing that was kept."""
FIRST_LINE: Final = "# Report of the deterministic simulation"


@dataclass(frozen=True)
class Played:
    """A run.

    Attributes:
        commit: What was played.
        caught: The first seed that finds each planted bug.
        minutes: On the wall, of this run; what was played before it is not in it.
    """

    tally: Tally
    seeds: range
    commit: str
    caught: Mapping[str, int]
    minutes: float
    processes: int


def page(played: Played, path: Path) -> Iterator[str]:
    """The lines of the page.

    Args:
        path: Where it will stand, for the command that repeats it.
    """
    tally = played.tally
    yield f"{FIRST_LINE}\n"
    yield "Written by the command below. What is played: [deterministic simulation](../explanation/simulation.md).\n"
    yield f"```console\n$ make simulate SEEDS={len(played.seeds)} REPORT={path.as_posix()}\n...\n{tally.sum()}\n```\n"
    yield from _table(("run", ""), _run(played))
    yield "## Faults\n"
    yield from _table(("fault", "times"), ((name, f"{number:,}") for name, number in tally.of_faults()))
    yield "## Invariants\n\nEach is looked at whenever something that it depends on has changed.\n"
    yield from _table(("invariant", "looked at"), ((name, f"{number:,}") for name, number in tally.of_checks()))
    yield "## Planted bugs\n\n`make simulate MUTANT=NAME` plants one. The first seed that finds it, counted from 0:\n"
    yield from _table(
        ("bug", "what it is", "first seed"),
        ((f"`{name}`", described(name), str(played.caught[name])) for name in MUTANTS),
    )


def _run(played: Played) -> Iterator[tuple[str, str]]:
    tally = played.tally
    yield "date", time.strftime("%Y-%m-%d", time.gmtime())
    yield "commit", played.commit
    yield "machine", f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    yield "seeds", f"{played.seeds.start:,} to {played.seeds.stop - 1:,}"
    yield (
        "processor time",
        f"{tally.seconds / 60:.0f} min, {1000 * tally.seconds / max(tally.seeds, 1):.0f} ms for each seed",
    )
    at_once = 60 * played.minutes * played.processes >= _BUSY * tally.seconds
    yield (
        "time on the wall",
        f"{f'{played.minutes:.0f} min' if at_once else 'several runs'}, {played.processes} processes",
    )
    yield "steps", f"{tally.steps:,}"
    yield "faults", f"{tally.faults.total():,}"
    yield "checks", f"{tally.checks.total():,}"
    yield "violations", f"{len(tally.broken):,}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield ""


def commit() -> str:
    """The commit that is checked out, and whether anything differs from it."""
    here = Path(__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=False).stdout.strip()

    found = git("rev-parse", "--short=12", "HEAD") or "unknown"
    return f"{found} and changes" if git("status", "--porcelain", "--", "../../src", "..") else found
