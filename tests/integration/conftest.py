"""An operator's desk, for the tests that begin at an empty one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.operator_desk import Desk, set_up_desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """Give an installation with an empty ledger; its clock stands still at the moment of the test."""
    with set_up_desk(tmp_path, monkeypatch, capsys) as made:
        yield made
