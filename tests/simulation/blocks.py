"""Many seeds in blocks, by several processes; a block that is done is kept, so that an interrupted run goes on."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from simulation.run import simulate
from simulation.tally import Tally

BLOCK: Final = 250
"""Seeds."""
_BLOCKS_OF_A_PROCESS: Final = 20
"""Then another one takes its place, so that a long run needs no more memory than a short one."""
_TESTS: Final = Path(__file__).parents[1]
_PLAYED: Final = (_TESTS.parent / "src" / "usrec", _TESTS / "simulation", _TESTS / "support")


def play(seeds: Iterable[int]) -> Tally:
    """Play seeds in this process."""
    began = time.process_time()
    tally = Tally()
    _spare_the_collector()
    for seed in seeds:
        tally.add(simulate(seed))
    tally.seconds = time.process_time() - began
    return tally


def _spare_the_collector() -> None:
    """What is loaded stays loaded: looked through at each collection, it costs a seventh of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


@dataclass(frozen=True)
class Shelf:
    """Where finished blocks are kept, each under the program that it was played with."""

    folder: Path
    program: str

    @classmethod
    def under(cls, folder: Path) -> Shelf:
        """The shelf of the program as it is now."""
        digest = hashlib.sha256()
        for path in sorted(chain.from_iterable(root.rglob("*.py") for root in _PLAYED)):
            digest.update(path.relative_to(_TESTS.parent).as_posix().encode() + path.read_bytes())
        return cls(folder, digest.hexdigest()[:12])

    def _path(self, block: range) -> Path:
        return self.folder / self.program / f"{block.start}-{block.stop}.json"

    def find(self, block: range) -> Tally | None:
        """A block that was played before."""
        path = self._path(block)
        return Tally.from_text(path.read_text(encoding="utf-8")) if path.is_file() else None

    def keep(self, block: range, tally: Tally) -> None:
        """Keep a block; half a file never stands under its name."""
        path = self._path(block)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        half.write_text(tally.to_text(), encoding="utf-8")
        half.replace(path)


def play_blocks(seeds: range, *, processes: int, shelf: Shelf | None, told: Callable[[Tally, int], None]) -> Tally:
    """Play seeds; interrupted, it returns what was played so far.

    Args:
        shelf: Where finished blocks are looked for and kept; None keeps none.
        told: Called with the sum so far and the seeds that this run has played, after each block.
    """
    blocks = [range(first, min(first + BLOCK, seeds.stop)) for first in range(seeds.start, seeds.stop, BLOCK)]
    sum_so_far, left, fresh = Tally(), [], 0
    for block in blocks:
        found = shelf.find(block) if shelf else None
        if found is None:
            left.append(block)
        else:
            sum_so_far.take(found)
    try:
        for block, tally in _played(left, processes):
            fresh += tally.seeds
            sum_so_far.take(tally)
            if shelf:
                shelf.keep(block, tally)
            told(sum_so_far, fresh)
    except KeyboardInterrupt:
        pass
    return sum_so_far


def _played(blocks: list[range], processes: int) -> Iterator[tuple[range, Tally]]:
    if processes == 1 or len(blocks) < 2:
        for block in blocks:
            yield _play(block)
        return
    with multiprocessing.get_context("spawn").Pool(processes, _leave_interrupts, (), _BLOCKS_OF_A_PROCESS) as pool:
        yield from pool.imap_unordered(_play, blocks)


def _play(block: range) -> tuple[range, Tally]:
    return block, play(block)


def _leave_interrupts() -> None:
    """Ctrl-C is the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
