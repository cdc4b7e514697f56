"""The last line of the demonstration can be copied and run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from usrec.interfaces.cli.demo_report import started_as


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program `usrec` in a virtual environment that is not on the path."""
    file = tmp_path / "my venv" / "usrec"
    file.parent.mkdir()
    file.touch(mode=0o755)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return file


def test_a_program_off_the_path_is_named_as_it_was_called(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(program.parent)
    monkeypatch.setattr(sys, "argv", ["./usrec", "demo"])
    assert started_as() == "./usrec"
    monkeypatch.setattr(sys, "argv", [str(program), "demo"])
    assert started_as() == f"'{program}'", "a folder with a blank in its name is quoted for the shell"


def test_a_program_on_the_path_is_named_alone(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(sys, "argv", [str(program), "demo"])
    assert started_as() == "usrec"


def test_a_module_is_named_with_its_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/anywhere/usrec/__main__.py", "demo"])
    monkeypatch.setattr(sys, "executable", "/opt/python")
    assert started_as() == "/opt/python -m usrec"
