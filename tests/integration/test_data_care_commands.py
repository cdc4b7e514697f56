"""Data care at the operator's desk: keys, retention and backups, each told, each written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.operator_desk import Desk, set_up_desk
from usrec.adapters import system_clock
from usrec.domain.heartbeat import Heartbeat

OLD, NEW = "1" * 64, "2" * 64
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with set_up_desk(tmp_path, monkeypatch, capsys) as made:
        yield made


def give_keys(folder: Path, settings: Path, *keys: str) -> None:
    """The first one is in use, the others were."""
    written = settings.read_text("utf-8").partition("[ledger.encryption]")[0]
    places = []
    for number, key in enumerate(keys):
        file = folder / f"{number}.key"
        file.touch(mode=0o600)
        file.write_text(key, "utf-8")
        places.append(f'{{ file = "{file}" }}')
    table = f"[ledger.encryption]\nkey = {places[0]}\nold_keys = [{', '.join(places[1:])}]\n"
    settings.write_text(f"{written}{table}", "utf-8")


def lines_of(desk: Desk, action: str) -> list[dict[str, object]]:
    found = desk.ledger.view.standing(action)
    return [] if found is None else [json.loads(found.detail)]


def test_a_ledger_is_encrypted_rotated_and_opened_again_by_commands(desk: Desk) -> None:
    desk.hire(1)
    desk.take()
    assert desk.usrec("ledger", "encrypt").code == 3, "no key is named"
    give_keys(desk.folder, desk.settings, OLD)
    assert "not encrypted" in desk.usrec("ledger", "keys").out
    assert desk.ask("ledger", "encrypt") == {"stored_anew": 3, "old_keys_forgotten": True, "old_keys_needed": []}
    give_keys(desk.folder, desk.settings, NEW)
    refused = desk.usrec("status")
    assert refused.code == 3
    assert "not at hand" in refused.err
    assert OLD not in refused.err
    give_keys(desk.folder, desk.settings, NEW, OLD)
    assert "3 values" in desk.usrec("ledger", "encrypt", "--batch", "1").out
    told = desk.ask("ledger", "keys")
    assert told["at_hand"][0] != told["at_hand"][1]
    present = [one["column"] for one in told["columns"] if one["by_key"] == {told["at_hand"][0]: 1}]
    assert present == ["inbox.payload", "submissions.details", "ledger_meta.fingerprint_key"]
    give_keys(desk.folder, desk.settings, NEW)
    assert desk.usrec("status").code == 0
    assert desk.ask("ledger", "encrypt", "--off")["stored_anew"] == 3
    desk.settings.write_text(desk.settings.read_text("utf-8").partition("[ledger.encryption]")[0], "utf-8")
    assert desk.usrec("status").code == 0


def test_while_an_agent_runs_nothing_is_stored_plain_again(desk: Desk) -> None:
    give_keys(desk.folder, desk.settings, OLD)
    desk.ask("ledger", "encrypt")
    with desk.ledger.begin() as work:
        work.agents.beat(Heartbeat("host:1", "host", "1", desk.clock.now(), desk.clock.now(), 4, draining=False))
        work.commit()
    refused = desk.usrec("ledger", "encrypt", "--off")
    assert (refused.code, "an agent runs" in refused.err) == (5, True)
    assert desk.ask("ledger", "encrypt")["old_keys_forgotten"] is False


def test_backups_are_named_by_time_counted_and_written_down(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.hire(1)
    desk.take()
    folder = desk.folder / "backups"
    folder.mkdir()
    for day in range(3):
        monkeypatch.setattr(system_clock.SystemClock, "now", lambda _, day=day: NOW + timedelta(days=day))
        made = desk.ask("backup", "--output", str(folder), "--keep", "2", "--label", "nightly")
    kept = sorted(one.name for one in folder.iterdir())
    assert kept == ["ledger-20261123-090000.usrec-backup", "ledger-20261124-090000.usrec-backup"]
    assert made["label"] == "nightly"
    assert lines_of(desk, "exported") == [{"command": "backup", "records": 1}]
    verified = desk.usrec("backup", "--verify", made["file"])
    assert "personal data" in verified.out
    assert desk.usrec("backup", "--output", made["file"]).code == 3, "nothing is written over"
    assert desk.usrec("backup").code == desk.usrec("backup", "--output", made["file"], "--keep", "1").code == 2
    assert desk.usrec("backup", "--output", f"{desk.folder}/unmounted/").code == 3, "a folder's name is no file's"
    assert not (desk.folder / "unmounted").exists()
    assert desk.usrec("restore").code == 2


def test_retention_is_planned_asked_for_and_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.hire(1)
    desk.take()
    assert desk.usrec("submission", "cancel", desk.row("hire-1").id, "--reason", "a mistake").code == 0
    assert "everything is kept" in desk.usrec("retention", "plan").out
    desk.settings.write_text(desk.settings.read_text("utf-8") + "[retention]\ntaken_back_years = 1\n", "utf-8")
    with desk.ledger._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE write_backs SET written_at = noted_at")
    assert desk.ask("retention", "plan") == {"contracts": {}, "submissions": 0, "oldest": None, "alerts": 0}
    later = desk.clock.now() + timedelta(days=400)
    monkeypatch.setattr(system_clock.SystemClock, "now", lambda _: later)
    assert desk.ask("retention", "plan")["contracts"] == {"taken_back": 1}
    assert desk.usrec("retention", "apply", "--reason", "by rule").code == 5, "there is nobody to ask"
    said = desk.usrec("retention", "apply", "--reason", "by rule", typed="1")
    assert said.code == 0, said.err
    assert lines_of(desk, "pruned")[0]["submissions"] == 1
    shown = desk.usrec("submission", "show", desk.row("hire-1").id)
    assert "pruned on" in shown.out
    assert desk.ask("submission", "show", desk.row("hire-1").id)["pruned_at"].startswith(f"{later:%Y-%m-%d}")
    assert desk.ask("retention", "apply", "--reason", "by rule", "--yes") == {"pruned": 0, "alerts": 0}
