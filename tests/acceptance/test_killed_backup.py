"""A backup or a restore that is killed at any place: nothing half made looks whole, and giving it again is enough."""

from __future__ import annotations

import os
import signal
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from support.markdown import only_code, read, section, table
from support.operator_desk import Desk, set_up_desk
from usrec.application import after_restore

NAMES = {
    "backup: before it has its name": ("to", "copy.usrec-backup"),
    "restore: before the former ledger is set aside": ("from", "ledger.db"),
    "restore: while the former ledger is set aside": ("from", "ledger.db-wal"),
    "restore: before it has its name": ("to", "ledger.db"),
}
"""Killed before a file of this name is renamed, or before one gets it."""
HALF, HOLDING = "backup: half written", "restore: while everything is held"
PLACES = [HALF, "backup: before it has its name", HOLDING, *list(NAMES)[1:]]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with set_up_desk(tmp_path, monkeypatch, capsys) as made:
        made.hire(1)
        made.take()
        yield made


def die(*_: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def arm(place: str) -> None:
    """Let this process kill itself there."""
    if place == HALF:
        tarfile.copyfileobj = _half  # type: ignore[attr-defined]
    elif place == HOLDING:
        after_restore._hold = die  # type: ignore[assignment]
    else:
        side, name = NAMES[place]
        sys.addaudithook(lambda event, told: _renames(event, told, side, name))


def _half(source: Any, target: Any, length: int, *_: object, **__: object) -> None:
    target.write(source.read(length // 2))
    target.flush()
    die()


def _renames(event: str, told: tuple[Any, ...], side: str, name: str) -> None:
    if event == "os.rename" and Path(told[0 if side == "from" else 1]).name == name:
        die()


def killed(place: str, command: Callable[[], object]) -> None:
    """Run a command in a process of its own, which has to get there."""
    child = os.fork()
    if child == 0:
        try:
            arm(place)
            command()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"it did not die {place}"
    assert os.WTERMSIG(status) == signal.SIGKILL


def test_page_names_each_place() -> None:
    rows = table(section(read("reference/crash-matrix.md"), "Backups"), "place")
    assert [only_code(row[0]) for row in rows] == PLACES
    tested = {only_code(row[-1]).partition("::")[2].partition("[")[0] for row in rows}
    assert tested == {name for name in globals() if name.startswith("test_a_")}


@pytest.mark.parametrize("place", PLACES[:2])
def test_a_backup_that_was_killed_never_looks_whole(desk: Desk, place: str) -> None:
    folder = desk.folder / "backups"
    folder.mkdir()
    file = folder / "copy.usrec-backup"
    killed(place, lambda: desk.usrec("backup", "--output", str(file)))
    left = [one for one in folder.iterdir() if not one.name.startswith(".usrec-")]
    assert len(left) == 1, "it died while it wrote"
    assert not list(folder.glob("*.usrec-backup"))
    if place == HALF:
        assert desk.usrec("backup", "--verify", str(left[0])).code == 5
    assert desk.usrec("backup", "--output", str(file)).code == 0
    assert desk.usrec("backup", "--verify", str(file)).code == 0


@pytest.mark.parametrize("place", PLACES[2:])
def test_a_restore_that_was_killed_leaves_one_whole_ledger_or_none(desk: Desk, place: str) -> None:
    file, ledger = desk.folder / "copy.usrec-backup", desk.folder / "ledger.db"
    assert desk.usrec("backup", "--output", str(file)).code == 0
    desk.hire(2)
    desk.take()
    assert ledger.with_name("ledger.db-wal").stat().st_size, "the newest stands in the log alone"
    killed(place, lambda: desk.usrec("restore", str(file), "--replace"))
    if ledger.exists():
        assert set(desk.states().elements()) == {"pending"}
        assert len(desk.ask("submission", "list")) == 2, "what stood there is whole"
    else:
        assert desk.usrec("status").code == 3, "no agent starts either"
    assert desk.usrec("restore", str(file), "--replace").code == 0
    assert len(desk.ask("submission", "list")) == 1
