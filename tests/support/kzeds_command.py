"""The ``kzeds`` command, run in the test's own process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kzeds.cli import app as cli

Run = Callable[..., tuple[int, str, str]]
"""Takes the arguments; returns exit code, output and errors."""


def run_kzeds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str | Path
) -> tuple[int, str, str]:
    """Run the command and return exit code, output and errors."""
    monkeypatch.setattr(sys, "argv", ["kzeds", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err
