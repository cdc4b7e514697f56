"""What the watcher told outlives it: kept whole or not at all, and for its owner alone."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from usrec.adapters import watch_memory
from usrec.adapters.watch_memory import MemoryFile
from usrec.domain.errors import ConfigurationError
from usrec.domain.heartbeat import Heartbeat
from usrec.domain.oversight import Concern, Impression, Trouble
from usrec.domain.oversight_notice import Told
from usrec.ports.alert_sink import LOG, SinkName
from usrec.ports.oversight import Memory

NOON = datetime(2026, 11, 16, 7, 0, 0, 123456, tzinfo=UTC)
AGENT = Heartbeat("алфа:7", "алфа", "1.2", NOON, NOON, 4, draining=False, gone_at=NOON)
MEMORY = Memory(
    Impression(NOON, NOON, NOON - timedelta(hours=1), NOON, {Concern.OVERDUE: NOON}),
    {
        LOG: {
            Concern.OVERDUE: Told(Trouble(Concern.OVERDUE, NOON, 2, frozenset({"a", "b"})), NOON, 3),
            Concern.AGENT_SILENT: Told(Trouble(Concern.AGENT_SILENT, NOON, agent=AGENT), NOON),
        },
        SinkName("mail.personnel"): {},
    },
)


def test_memory_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    for memory in (MEMORY, Memory(Impression(NOON)), replace(MEMORY, told={})):
        MemoryFile(tmp_path / "watch.state").keep(memory)
        assert MemoryFile(tmp_path / "watch.state").load() == memory


def test_there_is_no_memory_before_the_first(tmp_path: Path) -> None:
    assert MemoryFile(tmp_path / "watch.state").load() is None


def test_file_is_its_owners_alone_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "watch.state"
    file.touch(mode=0o644)
    MemoryFile(file).keep(MEMORY)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["watch.state"]


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"format": 2}', b'{"format": 1, "impression": {}}', b'{"format": 1}'],
)
def test_memory_that_cannot_be_read_is_begun_anew_and_said(
    tmp_path: Path, text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "watch.state"
    file.write_bytes(text)
    with capture_logs() as log:
        monkeypatch.setattr(watch_memory, "_log", structlog.get_logger("fresh"))
        assert MemoryFile(file).load() is None
    assert [(line["log_level"], line["action"]) for line in log] == [("warning", "watch.forgot")]


def test_half_a_memory_is_none(tmp_path: Path) -> None:
    file = tmp_path / "watch.state"
    MemoryFile(file).keep(MEMORY)
    whole = file.read_bytes()
    for end in range(0, len(whole) - 1, 7):
        file.write_bytes(whole[:end])
        assert MemoryFile(file).load() is None


def test_memory_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "watch.state"
    MemoryFile(file).keep(MEMORY)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match=r"No space left.*\[watch\] state_file"):
        MemoryFile(file).keep(Memory(Impression(NOON)))
    assert MemoryFile(file).load() == MEMORY
    assert [one.name for one in tmp_path.iterdir()] == ["watch.state"]


def test_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing/watch\.state.*cannot be kept"):
        MemoryFile(tmp_path / "missing" / "watch.state").keep(MEMORY)
