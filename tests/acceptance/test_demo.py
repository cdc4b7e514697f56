"""`usrec demo`: what it promises to a person, and to the script that kills it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kzeds.algorithms import GOST_2015_SIGNATURE, RSA_SHA256
from support.demonstration import GROUPS, RESULT_KEYS, Demonstration, fates, today
from support.warm import Warm
from support.workplace import run, wait_until
from usrec.domain.source_event import Operation

PARTS = {"hr.db", "ledger.db", "simulator.db", "usrec.toml", "pki"}
WORKERS = 2
"""Messages of a demonstration that are under way at the same time."""
SLOWLY = '[[fault]]\nkind = "delay"\nseconds = 0.25\nwhen = "after"\n'


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()]


def is_alive(pid: int) -> bool:
    """Whether a process still runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def kill_when(demonstration: Demonstration, reached: Callable[[], object]) -> None:
    """Start the demonstration and kill it with SIGKILL at a moment; what it has started must end with it."""
    process = Warm(demonstration.command("--json"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: reached() or process.poll() is not None, "the moment to kill")
        assert process.poll() is None, "it ended before it could be killed"
        started = children_of(process.pid)
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: not any(map(is_alive, started)), "the end of its children")


def count_of(demonstration: Demonstration, state: str) -> int:
    return demonstration.states()[state] if (demonstration.folder / "usrec.toml").exists() else 0


def require_undisturbed(
    demonstration: Demonstration, result: Mapping[str, Any], events: int | None, begun_on: date, *, in_flight: int = 0
) -> None:
    """The numbers and both books are those of a demonstration that nobody has disturbed.

    Args:
        begun_on: The day before it began; midnight may have passed before its company was made.
        in_flight: How many messages may have been under way when it was killed. One of them that the registry then
            refuses is left to a person, because the refusal does not tell what became of the first attempt.
    """
    assert set(result) == RESULT_KEYS
    assert result["indeterminate"] <= in_flight
    groups = {group: result[group] for group in GROUPS}
    groups |= {"rejected": result["rejected"] + result["indeterminate"], "indeterminate": 0}
    assert groups in [undisturbed(day, events) for day in (begun_on, today())]
    assert result["events"] == sum(undisturbed(begun_on, events).values())
    assert result["registered_once"] == result["accepted"] == len(demonstration.registered())
    assert (result["registered_twice"], result["lost"]) == (0, 0)


def undisturbed(day: date, events: int | None) -> Mapping[str, int]:
    """The groups of a demonstration of that day."""
    found = Counter("open" if fate == "waiting" else fate for fate in fates(day, events).values())
    return {group: found[group] for group in GROUPS}


def test_ten_events_show_every_group_and_calling_again_changes_nothing(tmp_path: Path) -> None:
    demonstration, day = Demonstration(tmp_path / "demo", 10), today()
    done = run(demonstration.command())
    assert done.returncode == 0, done.stderr
    titles = {line.strip() for line in done.stdout.splitlines()}
    assert titles >= {
        "Refused by the registry",
        "Not sent: the row is wrong",
        "Waiting behind another event",
        "Waiting",
    }
    assert "Traceback" not in done.stderr
    look = run(["sh", "-c", done.stdout.splitlines()[-1]])
    assert (look.returncode, look.stderr) == (0, ""), "the last line can be copied and run"
    books = demonstration.registry(), demonstration.hr_rows()
    result = demonstration.run()
    require_undisturbed(demonstration, result, 10, day)
    assert all(result[group] > 0 for group in GROUPS if group != "indeterminate")
    assert (demonstration.registry(), demonstration.hr_rows()) == books
    documents = demonstration.documents()
    assert documents
    assert all(GOST_2015_SIGNATURE.uri.encode() in document for document in documents)
    assert "trust" in demonstration.actions()


def test_kind_of_keys_can_be_chosen(tmp_path: Path) -> None:
    demonstration = Demonstration(tmp_path / "demo", 4)
    refused = run(demonstration.command("--keys", "gost1994"))
    assert refused.returncode == 2
    assert "gost2015, gost2004, rsa" in refused.stderr
    done = run(demonstration.command("--keys", "rsa", "--json"))
    assert done.returncode == 0, done.stderr
    assert all(RSA_SHA256.uri.encode() in document for document in demonstration.documents())


def test_default_demonstration_has_120_events(tmp_path: Path) -> None:
    """Without options it makes its own folder under the system's temporary one."""
    day = today()
    command = [word for word in Demonstration(tmp_path).command("--json") if word not in {"--workdir", str(tmp_path)}]
    done = run(command, env=dict(os.environ) | {"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    (folder,) = [entry for entry in tmp_path.iterdir() if entry.is_dir()]
    demonstration = Demonstration(folder)
    result = json.loads(done.stdout)
    assert result["events"] == 120
    require_undisturbed(demonstration, result, None, day)
    assert {entry.name for entry in folder.iterdir()} >= PARTS
    assert result["late"] >= 3, "some events are late from the start"
    operations = {name: one["registered_once"] for name, one in result["operations"].items()}
    assert operations.keys() == set(Operation)
    assert min(operations.values()) >= 1, "an operation was not registered"
    told = {row.message for row in demonstration.hr_rows() if row.state == "accepted"}
    assert told == {"Зарегистрировано в ЕСУТД."}, "HR reads Russian, whoever watches"


def test_sigkill_in_the_middle_goes_on_to_the_same_result(tmp_path: Path) -> None:
    script = tmp_path / "faults.toml"
    script.write_text(SLOWLY, "utf-8")
    day, demonstration = today(), Demonstration(tmp_path / "demo", 24, script)
    kill_when(demonstration, lambda: count_of(demonstration, "accepted") >= 3)
    before = demonstration.states()["accepted"]
    assert before < undisturbed(day, 24)["accepted"], "it was killed too late to prove anything"
    kill_when(demonstration, lambda: count_of(demonstration, "accepted") >= before + 2)
    require_undisturbed(demonstration, demonstration.run(), 24, day, in_flight=2 * WORKERS)


@pytest.mark.parametrize("part", ["pki", "simulator.db"])
def test_sigkill_during_the_setup_sets_up_again(tmp_path: Path, part: str) -> None:
    day, demonstration = today(), interrupted_setup(tmp_path, part)
    require_undisturbed(demonstration, demonstration.run(), 10, day)
    assert not (demonstration.folder / ".setup").exists()


def interrupted_setup(folder: Path, part: str) -> Demonstration:
    """A demonstration that was killed when its setup had made a part; the moment is short, so it may be missed."""
    for number in range(5):
        demonstration = Demonstration(folder / f"demo-{number}", 10)
        kill_when(demonstration, (demonstration.folder / ".setup" / part).exists)
        if not (demonstration.folder / "usrec.toml").exists():
            return demonstration
    raise AssertionError("the setup was always faster")


def test_sigkill_between_the_moves_of_the_setup_sets_up_again(tmp_path: Path) -> None:
    """The finished parts are moved one by one and the settings last; here half of them were moved."""
    day, demonstration = today(), Demonstration(tmp_path / "demo", 10)
    demonstration.run()
    left_behind = demonstration.folder / ".setup"
    left_behind.mkdir()
    for part in ("simulator.db", "pki", "faults.toml", "company.json", "usrec.toml"):
        (demonstration.folder / part).rename(left_behind / part)
    for leftover in demonstration.folder.glob("*.lock"):
        leftover.unlink()
    require_undisturbed(demonstration, demonstration.run(), 10, day)


def test_a_foreign_folder_is_refused_untouched(tmp_path: Path) -> None:
    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "chapter.txt").write_text("years of work", "utf-8")
    done = run(Demonstration(foreign, 10).command("--json"))
    assert done.returncode == 3
    assert done.stdout == ""
    assert str(foreign) in done.stderr
    assert "chapter.txt" in done.stderr
    assert [(entry.name, entry.read_text("utf-8")) for entry in foreign.iterdir()] == [("chapter.txt", "years of work")]


def test_sigterm_finishes_the_step_in_hand(tmp_path: Path) -> None:
    """Asked to stop, it says how far it came; called again, it goes on."""
    script = tmp_path / "faults.toml"
    script.write_text(SLOWLY, "utf-8")
    day, demonstration = today(), Demonstration(tmp_path / "demo", 24, script)
    process = Warm(demonstration.command("--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: count_of(demonstration, "accepted") >= 3 or process.poll() is not None, "three registrations")
    process.send_signal(signal.SIGTERM)
    said, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    partly = json.loads(said)
    assert partly["open"] > 0
    assert partly["accepted"] == partly["registered_once"]
    assert all(ending for ending, _ in demonstration.attempts()), "an attempt was left open"
    require_undisturbed(demonstration, demonstration.run(), 24, day)
