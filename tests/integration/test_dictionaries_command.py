"""``usrec dictionaries``: import with a preview, what it means for codes in use, list, show, check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.code_lists import POSITIONS, REASONS
from support.operator_desk import Desk, registered, set_up_desk
from usrec.adapters.explanations.book import explain_all
from usrec.domain.state import State
from usrec.interfaces.i18n import use_language

USED = "2512-0-001"
"""The position of the people at the desk."""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with set_up_desk(tmp_path, monkeypatch, capsys) as made:
        yield made
    use_language("en")


def a_file(desk: Desk, name: str, text: str) -> str:
    file = desk.folder / name
    file.write_text(text, "utf-8")
    return str(file)


def imported(desk: Desk, name: str, text: str, *options: str, code: int = 0) -> Any:
    """What an import answers with --json."""
    said = desk.usrec("dictionaries", "import", a_file(desk, name, text), *options, "--json")
    assert said.code == code, said.err
    return said.json


def test_a_dry_run_shows_and_writes_nothing_and_the_import_keeps_it(desk: Desk) -> None:
    shown = desk.usrec("dictionaries", "import", a_file(desk, "D_POSITION.csv", POSITIONS), "--dry-run")
    assert shown.code == 0
    assert "position: 5 codes, read as utf-8" in shown.out
    assert "stand there twice, once out of use: 1" in shown.out
    assert "this was a dry run" in shown.out
    assert desk.ask("dictionaries", "list") == []
    assert "No official dictionary" in desk.usrec("dictionaries", "list").out
    assert imported(desk, "position.csv", POSITIONS)["written"] is True
    (before,) = desk.ask("dictionaries", "list")[0]["editions"]
    again = desk.usrec("dictionaries", "import", str(desk.folder / "position.csv"), "--valid-from", "2099-01-01")
    assert "imported already; only the time" in again.out
    (found,) = desk.ask("dictionaries", "list")
    (edition,) = found["editions"]
    assert edition["valid_from"] == before["valid_from"]
    assert edition["imported_at"] >= before["imported_at"]
    assert (found["dictionary"], edition["codes"], edition["active"]) == ("position", 5, 4)
    assert "position.csv" in desk.usrec("dictionaries", "list").out


def test_rows_are_held_against_what_is_imported(desk: Desk) -> None:
    imported(desk, "position.csv", POSITIONS)
    desk.hire(1)
    desk.hire(2, position_code="2512-0-009")
    desk.take()
    assert desk.row("hire-1").state is State.PENDING
    assert desk.row("hire-2").state is State.INVALID
    assert "SCSE007" in desk.row("hire-2").findings
    imported(desk, "position.csv", POSITIONS + "15,11,2512-0-009,Новый,Жаңа,1\n")
    said = desk.usrec("submission", "retry", desk.row("hire-2").id, "--reason", "the list was imported", "--yes")
    assert said.code == 0, said.err
    assert desk.row("hire-2").state is State.PENDING


def test_the_setting_lets_a_wrong_code_go_on_with_a_warning(desk: Desk) -> None:
    with desk.settings.open("a", encoding="utf-8") as settings:
        settings.write('[dictionaries]\nunknown_code = "warning"\nfolder = "lists"\n')
    imported(desk, "position.csv", POSITIONS)
    desk.hire(2, position_code="2512-0-009")
    desk.take()
    assert desk.row("hire-2").state is State.PENDING
    assert '"warning"' in desk.row("hire-2").findings
    assert (desk.folder / "lists" / "position.json").is_file()


def test_an_import_tells_changes_and_codes_in_use_that_are_lost_and_refuses_nothing(desk: Desk) -> None:
    imported(desk, "position.csv", POSITIONS, "--valid-from", "2026-01-01")
    for number in (1, 2):
        desk.hire(number)
    desk.take()
    desk.send_one("hire-1", registered())
    retired = POSITIONS.replace("Бағдарламашы,1", "Бағдарламашы,0").replace("Инженер по", "Инженер-по")
    renewed = retired + "15,11,2512-0-009,Новый,Жаңа,1\n"
    told = imported(desk, "position.csv", renewed, "--force", code=1)
    changes = told["dictionaries"][0]["changes"]
    assert (changes["added"], changes["deactivated"], changes["renamed"]) == (["2512-0-009"], [USED], ["2512-0-002"])
    (lost,) = told["lost_in_use"]
    assert (lost["dictionary"], lost["code"], lost["inactive"]) == ("position", USED, True)
    assert set(lost["submissions"]) == {desk.row("hire-1").id, desk.row("hire-2").id}
    assert len(desk.ask("dictionaries", "list")[0]["editions"]) == 2
    said = desk.usrec("dictionaries", "check")
    assert said.code == 1
    assert f"In use here: position {USED} is out of use (2 submissions" in said.out
    checked = desk.usrec("dictionaries", "check", "--json").json
    assert checked["imported"] == ["position"]
    assert checked["lost_in_use"] == told["lost_in_use"]


def test_codes_of_a_contract_that_was_terminated_are_not_in_use(desk: Desk) -> None:
    desk.hire(1)
    desk.take()
    desk.send_one("hire-1", registered())
    desk.dismiss(1)
    desk.take()
    assert imported(desk, "position.csv", POSITIONS.replace(f"12,11,{USED}", "12,11,2512-0-003"), code=1)
    desk.send_one("dismiss-1", registered())
    assert desk.usrec("dictionaries", "check").code == 0


def test_a_list_that_loses_many_codes_is_refused_unless_forced(desk: Desk) -> None:
    imported(desk, "termination_reason.csv", REASONS)
    half = "".join(REASONS.splitlines(keepends=True)[:3])
    file = a_file(desk, "termination_reason.csv", half)
    for options in ([], ["--dry-run"]):
        refused = desk.usrec("dictionaries", "import", file, *options)
        assert refused.code == 5
        assert "50 % of the codes in use of termination_reason would be lost" in refused.err
    assert len(desk.ask("dictionaries", "list")[0]["editions"]) == 1
    assert desk.usrec("dictionaries", "import", file, "--force").code == 0


def test_one_bad_file_lets_none_be_imported(desk: Desk) -> None:
    good, bad = a_file(desk, "position.csv", POSITIONS), a_file(desk, "termination_reason.csv", "code\n")
    said = desk.usrec("dictionaries", "import", good, bad)
    assert said.code == 5
    assert "Nothing was imported" in said.err
    assert desk.ask("dictionaries", "list") == []


def test_a_ledger_that_is_away_keeps_no_list_from_being_imported(desk: Desk) -> None:
    desk.settings.write_text(desk.settings.read_text("utf-8").replace("ledger.db", "absent/ledger.db"), "utf-8")
    said = desk.usrec("dictionaries", "import", a_file(desk, "position.csv", POSITIONS))
    assert said.code == 0
    assert "The ledger cannot be asked" in said.out


@pytest.mark.parametrize(
    ("file", "options", "said"),
    [
        ("list.csv", [], "does not say which dictionary"),
        ("list.csv", ["--name", "../x"], "does not say which dictionary"),
        ("position.csv", ["--column", "code"], "write one of id, code"),
        ("position.csv", ["--encoding", "koi8-r"], "one of utf-8"),
    ],
)
def test_what_is_asked_for_wrongly_is_told(desk: Desk, file: str, options: list[str], said: str) -> None:
    answer = desk.usrec("dictionaries", "import", a_file(desk, file, POSITIONS), *options)
    assert answer.code == 2
    assert said in " ".join(answer.err.replace("│", " ").split())


def test_a_list_of_any_name_can_be_imported_with_its_columns_named(desk: Desk) -> None:
    text = "Шифр;Атауы;Примечание\nA-1;бір;x\n"
    options = ["--name", "post", "--column", "code=Шифр", "--column", "name_kk=Атауы", "--ignore-column", "Примечание"]
    imported(desk, "list.csv", text, *options)
    assert desk.ask("dictionaries", "show", "post", "A-1")["name_kk"] == "бір"


def test_a_code_is_shown_with_its_names_and_an_unknown_one_with_those_close_to_it(desk: Desk) -> None:
    imported(desk, "termination_reason.csv", REASONS)
    shown = desk.usrec("dictionaries", "show", "termination_reason", "03").out
    assert "Решил работодатель" in shown
    assert "heading: yes" in shown
    found = desk.ask("dictionaries", "show", "termination_reason", "03-001")
    assert (found["parent"], found["active"], found["heading"]) == ("03", True, False)
    assert [one["code"] for one in desk.ask("dictionaries", "show", "termination_reason")] == [
        "01",
        "03",
        "03-001",
        "03-002",
    ]
    assert "Жабылу" in desk.usrec("dictionaries", "show", "termination_reason").out
    unknown = desk.usrec("dictionaries", "show", "termination_reason", "03-01")
    assert unknown.code == 2
    assert "03-001" in unknown.err
    for arguments in (["court"], ["termination_reason", "--on", "2020-01-01"], ["../x"]):
        absent = desk.usrec("dictionaries", "show", *arguments)
        assert (absent.code, "is not imported for" in " ".join(absent.err.replace("│", " ").split())) == (2, True)


def test_response_codes_that_we_do_not_explain_are_told(desk: Desk) -> None:
    rows = [f"{one.code},a,{int(one.active)}\n" for one in explain_all()]
    told = imported(desk, "response_code.csv", "code,name_ru,is_actual\n" + "".join(rows))
    assert not any(told["dictionaries"][0]["response_codes"].values())
    assert desk.usrec("dictionaries", "check").code == 0
    rows = ["SCSE003,a,0\n", "SCSE016,a,1\n", "SCSE998,a,1\n", *rows[5:]]
    rows = list({row[:7]: row for row in reversed(rows)}.values())
    said = desk.usrec(
        "dictionaries", "import", a_file(desk, "response_code.csv", "code,name_ru,is_actual\n" + "".join(rows))
    )
    assert said.code == 0
    assert "does not explain: SCSE998" in said.out
    assert "takes for retired: SCSE016" in said.out
    assert "takes for active: SCSE003" in said.out
    assert "does not have any more: SCSE001" in said.out
    assert desk.usrec("dictionaries", "check").code == 1
