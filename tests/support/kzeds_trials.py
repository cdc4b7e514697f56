"""Trials of readers with damaged input, under limits of time and heap. `FUZZ` and `SEED` of the environment hold."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from kzeds.errors import KzedsError
from support.kzeds_verified import EFFORT

SEED = os.environ.get("SEED", "353")
LONGEST = 3.0
"""Seconds of one input."""

HEAP = 300_000
"""KiB that a run may add to what the process has had at most."""

Damage = Callable[[Random, bytes], bytes]


def try_all(name: str, samples: list[bytes], count: int, use: Callable[[bytes, int], None], *damage: Damage) -> None:
    """Damage samples in turn, `count` times, and use each with its number; errors of ours are what is expected.

    At least one of them must come, else nothing was damaged.
    """
    random, before, refused = Random(f"{SEED} {name}"), heap(), 0
    for number in range(count * EFFORT):
        data = random.choice(damage)(random, samples[number % len(samples)])
        started = time.thread_time()
        try:
            use(data, number % len(samples))
        except KzedsError:
            refused += 1
        except BaseException as error:
            error.add_note(f"{name}: input {number} of seed {SEED}: {data.hex()}")
            raise
        taken = time.thread_time() - started
        assert taken < LONGEST, f"{name}: input {number} of seed {SEED} took {taken:.1f} s: {data.hex()}"
    assert refused
    assert heap() - before < HEAP


@contextmanager
def only(*documented: type[KzedsError]) -> Iterator[None]:
    """Of our errors, no other than the reader's documented ones."""
    try:
        yield
    except KzedsError as error:
        if not isinstance(error, documented):
            raise AssertionError(f"{type(error).__name__} is not documented here") from error  # noqa: TRY004 - a failed test
        raise


def heap() -> int:
    """KiB that the process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
