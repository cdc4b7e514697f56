"""`usrec db`: an administrator sees the version, the SQL and the rights before anything is changed."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from usrec.adapters.persistence.schema import HEAD
from usrec.domain.errors import LedgerSchemaError, LedgerUnavailable
from usrec.interfaces.cli.app import app


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings that hold the ledger alone: more is not needed to look after it."""
    for name in [name for name in os.environ if name.startswith("USREC_")]:
        monkeypatch.delenv(name)
    file = tmp_path / "usrec.toml"
    file.write_text('[ledger]\nurl = "sqlite:///ledger.db"\n', "utf-8")
    return file


def db(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["db", *arguments, "--config", str(file)])


def test_a_ledger_is_made_once_and_then_left_alone(file: Path) -> None:
    missing = db(file, "check").exception
    assert isinstance(missing, LedgerSchemaError)
    assert "at version none" in str(missing)
    assert not (file.parent / "ledger.db").exists()
    assert db(file, "upgrade").stdout == f"The ledger is at revision {HEAD}.\n"
    assert db(file, "upgrade").stdout == f"The ledger is at revision {HEAD} already; nothing was changed.\n"
    assert db(file, "check").stdout == f"The ledger is at revision {HEAD}, and the agent has all rights in it.\n"


def test_sql_begins_at_the_version_that_the_ledger_has(file: Path) -> None:
    whole = db(file, "upgrade", "--sql").stdout
    assert whole == db(file, "upgrade", "--sql", "--from", "empty").stdout
    ledger = file.parent / "ledger.db"
    with sqlite3.connect(ledger) as connection:
        connection.executescript(whole)
    connection.close()
    assert db(file, "check").exit_code == 0
    assert (
        db(file, "upgrade", "--sql").stdout
        == f"-- The ledger is at revision {HEAD} already: there is nothing to run.\n"
    )
    since = db(file, "upgrade", "--sql", "--from", "0003").stdout
    assert "CREATE TABLE submissions (" not in since
    assert f"version_num='{HEAD}'" in since


def test_a_ledger_that_cannot_be_asked_needs_its_version_told(file: Path) -> None:
    file.write_text('[ledger]\nurl = "postgresql://usrec@127.0.0.1:1/usrec"\n', "utf-8")
    problem = db(file, "upgrade", "--sql").exception
    assert isinstance(problem, LedgerUnavailable)
    assert "--from 0003, or --from empty" in str(problem)
    assert "CREATE TABLE submissions (" in db(file, "upgrade", "--sql", "--from", "empty").stdout


def test_a_version_is_told_with_the_sql_only(file: Path) -> None:
    assert db(file, "upgrade", "--from", "0003").exit_code == 2
    assert not (file.parent / "ledger.db").exists()


def test_a_missing_right_ends_with_code_3_and_the_remedy(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db(file, "upgrade")
    monkeypatch.setattr("os.access", lambda place, _: Path(place) != file.parent)
    problem = db(file, "check").exception
    assert isinstance(problem, LedgerSchemaError)
    assert problem.exit_code == 3
    assert f"lacks the right to write the folder {file.parent}" in str(problem)
    assert f"chown the folder: {file.parent}" in str(problem)
