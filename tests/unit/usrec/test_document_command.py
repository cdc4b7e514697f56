"""``usrec document`` and ``usrec lint --documents``: what HR learns of a file before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from support.document_files import PDF, WORD, pdf_of
from support.sound_rows import BIN, payload_of
from usrec.domain.source_event import Operation
from usrec.interfaces.cli.app import app
from usrec.interfaces.i18n import use_language

HARMFUL = {"working_conditions_code": "2", "harmful_conditions_code": "L3.14.165"}


@pytest.fixture(autouse=True)
def _away_from_any_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    use_language("en")


def asked(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def a_file(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def test_a_good_file_is_said_to_fit(tmp_path: Path) -> None:
    done = asked("document", "check", a_file(tmp_path, "Иванов.pdf", PDF))
    assert done.exit_code == 0
    assert "pdf, 1 KB" in done.stdout
    assert "68 KB fit" in done.stdout
    assert "Иванов" not in done.stdout


def test_numbers_of_a_large_file_are_the_real_ones(tmp_path: Path) -> None:
    done = asked("document", "check", a_file(tmp_path, "a.pdf", pdf_of(92_000)), "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert (told["size"], told["base64_size"], told["sound"]) == (92_000, 122_668, False)
    assert told["message_size"] > told["base64_size"]
    (finding,) = told["findings"]
    assert finding["code"] == "SCSE999"
    assert "120 KB of them this file of 90 KB" in finding["message"]


def test_a_disguised_file_is_refused(tmp_path: Path) -> None:
    done = asked("document", "check", a_file(tmp_path, "order.pdf", WORD))
    assert done.exit_code == 1
    assert "SCSE173" in done.stdout


def test_a_file_that_is_not_there_is_a_mistake_of_the_command(tmp_path: Path) -> None:
    assert asked("document", "check", str(tmp_path / "nowhere.pdf")).exit_code == 2


def lint_codes(tmp_path: Path, document: str, *options: str) -> list[tuple[str, str]]:
    row = {
        "event_id": "e1",
        "event_type": "conclusion",
        "contract_key": "K-1",
        "employer_bin": BIN,
        "revision": "1",
        **payload_of(Operation.CONCLUSION, {**HARMFUL, "supporting_document": document}),
    }
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
    told = json.loads(asked("lint", str(file), "--format", "json", *options).stdout)
    return [(one["severity"], one["code"]) for one in told if one["field"] == "supporting_document"]


def test_lint_looks_at_the_file_where_it_is_told_to(tmp_path: Path) -> None:
    a_file(tmp_path, "good.pdf", PDF)
    a_file(tmp_path, "bad.pdf", WORD)
    assert lint_codes(tmp_path, "good.pdf") == [("undetermined", "SCSE171")]
    assert lint_codes(tmp_path, "good.pdf", "--documents", str(tmp_path)) == []
    assert lint_codes(tmp_path, "bad.pdf", "--documents", str(tmp_path)) == [("error", "SCSE173")]
    assert lint_codes(tmp_path, "none.pdf", "--documents", str(tmp_path)) == [("error", "SCSE171")]
