"""The server that the tests start says in words why it cannot start."""

import os
from pathlib import Path

import pytest

from support import postgresql


def test_closed_null_device_is_named_before_the_server_fails_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "null"
    closed.touch(mode=0o644)
    monkeypatch.setattr(postgresql, "_SINK", closed)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(RuntimeError, match=rf"{closed} has mode 644, .*; run: chmod 666 {closed}"):
        postgresql.started(tmp_path / "server")
    assert not (tmp_path / "server").exists()
