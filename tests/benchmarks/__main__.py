"""``make bench``: measure the product as it is installed, show it against the goals, write ``build/bench.json``.

``make bench BENCH=k`` runs one part, ``ROUNDS=3`` makes everything smaller for a quick look. A whole run also writes
the page ``docs/reference/performance.md``. ``BENCH=kzeds`` is the benchmark of the EDS library by itself. Exit code 1
says that a goal of what was run was not met, or could not be measured.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import kzeds_signatures
from benchmarks.page import PAGE, write_page
from benchmarks.parts import PARTS, Extent, attempt
from benchmarks.report import ROOT, Found, Report, environment, write


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Speed of the agent on this machine.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)}; all when absent")
    parser.add_argument("--rounds", type=int, help="a quick look with so many pairs of rounds, everything smaller")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json", metavar="FILE", help="write there")
    parser.add_argument("--page", type=Path, metavar="FILE", help=f"write the page there; a whole run: {PAGE.name}")
    parser.add_argument("--no-goals", action="store_true", help="exit code 0 whether the goals are met or not")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are kzeds and {', '.join(PARTS)}")
    return asked


def run(parts: Mapping[str, Callable[[Extent], Found]], extent: Extent) -> Report:
    """Run them one after another, saying how long each took."""
    surroundings, found = environment(), dict[str, Found]()
    for name, part in parts.items():
        began = time.monotonic()
        found[name] = attempt(name, part, extent)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    surroundings["load at the end"] = round(os.getloadavg()[0], 2)
    return Report({**surroundings, "rounds": extent.line.rounds}, found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, show, and say whether the goals are met."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["kzeds"]:
        return kzeds_signatures.main(given[1:])
    asked = _arguments(given)
    parts = {name: part for name, part in PARTS.items() if name in (asked.parts or PARTS)}
    report = run(parts, Extent.of(asked.rounds))
    for name, value in report.environment.items():
        print(f"{name:<17}{value}")
    print("\n".join(["", *report.lines()]))
    write(report, asked.json)
    whole = asked.rounds is None and len(parts) == len(PARTS)
    if page := asked.page or (PAGE if whole else None):
        write_page(report, page)
    return 0 if asked.no_goals or report.is_met else 1


if __name__ == "__main__":
    sys.exit(main())
