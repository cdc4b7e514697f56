"""The demonstration's tables fit a narrow screen in each language, and its last line can be copied and run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from usrec.domain.source_event import Operation
from usrec.interfaces.cli.demo_report import print_report, started_as
from usrec.interfaces.demo.run import DemoResult, OperationResult
from usrec.interfaces.demo.setup import Workdir
from usrec.interfaces.i18n import use_language

NOON = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    use_language("en")


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


@pytest.mark.parametrize("language", ["en", "kk", "ru"])
def test_no_heading_and_no_operation_is_cut_on_eighty_columns(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    use_language(language)
    each = {operation.value: OperationResult(1200, 1200, 1200, 0, 0) for operation in Operation}
    print_report(Workdir(tmp_path), [], DemoResult(*(0,) * 11, 1.0, each), NOON)
    told = capsys.readouterr().out
    assert told.count("1200") == 3 * len(Operation)
    assert "…" not in told
