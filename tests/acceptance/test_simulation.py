"""A thousand seeds of bad weather violate nothing, planted bugs are found, and a seed is the same run everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.__main__ import MUTANT_SEEDS, main, play, seeds_until_caught
from simulation.mutants import MUTANTS
from simulation.run import simulate

TESTS = Path(__file__).parents[1]
SEEDS, AT_ONCE = 1000, 125


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_no_seed_violates_anything_and_every_fault_happens(first: int) -> None:
    tally = play(range(first, first + AT_ONCE))
    assert [f"{one.seed}: {one.violation}" for one in tally.broken] == []
    assert tally.never() == []


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_planted_bug_is_found(mutant: str) -> None:
    number, result = seeds_until_caught(mutant, first=SEEDS)
    assert result is not None
    assert number <= MUTANT_SEEDS


def test_a_seed_is_the_same_run_in_every_process() -> None:
    code = "from simulation.run import simulate; print([simulate(seed).digest for seed in range(6)])"

    def digests(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONHASHSEED": hash_seed}
        return subprocess.run(
            [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
        ).stdout

    assert digests("1") == digests("2")


def test_a_seed_is_the_same_run_after_others() -> None:
    alone = simulate(7)
    simulate(8)
    again = simulate(7, tracing=True)
    assert (alone.digest, alone.steps, alone.faults) == (again.digest, again.steps, again.faults)
    assert again.trace


def test_the_command_lists_the_bugs_and_finds_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--mutant", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(MUTANTS)
    assert main(["--mutant", "send-before-t3"]) == 0
    assert "caught by seed" in capsys.readouterr().out
    assert main(["--mutant", "no-such-bug"]) == 2


def test_the_command_ends_with_the_sum_and_shows_one_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "5", "--processes", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("5 seeds, ")
    assert main(["--seed", "3"]) == 0
    assert "seed 3: " in capsys.readouterr().out.splitlines()[-1]
    assert main(["--seed", "3", "--mutant", "new-id-on-resend"]) == 1
