"""A warm process is to its test what a cold one is. How it is killed and stopped, the tests of the processes show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.warm import Warm, put_programs, run


def test_it_runs_in_its_folder_with_its_environment_and_tells_its_status(tmp_path: Path) -> None:
    named = dict(os.environ) | {"USREC_CONFIG": str(tmp_path / "named.toml")}
    for environment, file in ((None, "usrec.toml"), (named, "named.toml")):
        done = run([sys.executable, "-m", "usrec", "status"], env=environment, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith(f"usrec: {tmp_path / file}: the settings file does not exist.")


@pytest.mark.parametrize(
    "words", [["usrec", "--version"], ["usrec", "nonsense"], ["kzeds", "--help"], ["kzeds.nothing"]]
)
def test_it_says_and_ends_as_a_cold_one_does(words: list[str]) -> None:
    command = [sys.executable, "-m", *words]
    cold = subprocess.run(command, capture_output=True, text=True, check=False)
    warm = run(command)
    assert (warm.returncode, warm.stdout) == (cold.returncode, cold.stdout)
    assert words == ["kzeds.nothing"] or warm.stderr == cold.stderr


def test_what_an_interpreter_reads_only_at_its_start_makes_it_start_cold() -> None:
    command = [sys.executable, "-m", "usrec", "--version"]
    for variables, is_warm in (({}, True), ({"PYTHONUTF8": "1"}, False)):
        process = Warm(command, stdout=subprocess.PIPE, env={**os.environ, **variables})
        assert "usrec-agent" in process.communicate(timeout=60)[0]
        assert (process._story is not None) == is_warm


def test_a_command_of_a_shell_is_to_it_what_the_program_is(tmp_path: Path) -> None:
    """Words and status; with a descriptor of its own the program starts cold."""
    programs = put_programs(tmp_path / "programs")
    for typed in ("usrec nonsense", "usrec --version", "usrec --version 3</dev/null", "kzeds --help"):
        own, cold = (
            subprocess.run(["bash", "-c", f"{folder}/{typed}"], capture_output=True, text=True, check=False)
            for folder in (programs, Path(sys.executable).parent)
        )
        assert (own.returncode, own.stdout, own.stderr) == (cold.returncode, cold.stdout, cold.stderr)
