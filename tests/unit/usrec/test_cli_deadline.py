"""`usrec deadline` takes the options that every command takes, and counts in the employer's own calendar."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from support.plain_settings import PLAIN
from usrec.interfaces.cli.app import app

SETTINGS = f"""{PLAIN}
[calendar]
days_off = [2026-11-04]
"""


def last_day(*more: str) -> str:
    done = CliRunner().invoke(app, ["deadline", "conclusion", "2026-11-02", "--json", *more])
    assert done.exit_code == 0, done.output
    found: str = json.loads(done.output)["legal_date"]
    return found


def test_settings_calendar_counts(tmp_path: Path) -> None:
    file = tmp_path / "usrec.toml"
    file.write_text(SETTINGS, "utf-8")
    assert last_day() == "2026-11-09"
    assert last_day("--config", str(file)) == "2026-11-10"
