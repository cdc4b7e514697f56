"""``usrec mapping``: from HR's posts to approved codes, and what a staff that is looked at makes of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.code_lists import POSITIONS
from support.operator_desk import Desk, set_up_desk
from usrec.adapters.sources.mapping.review_file import content_of, read_review, write_review
from usrec.application.take_snapshot import take_snapshot
from usrec.domain.mapping.review import Review
from usrec.domain.source_event import SourceName
from usrec.interfaces.i18n import use_language
from usrec.settings import load_settings
from usrec.staffs import build_mapping, build_roster, build_snapshot_policy, named_staff

MAPPING = """
version = 1
[approved.posts]
file = "posts.xlsx"
[contract]
query = "SELECT * FROM staff"
key = "id"
employer_bin = { constant = "200940000013" }
[contract.conclusion]
employee_iin = "iin"
contract_number = "number"
contract_date = "signed"
signed_on = "signed"
begin_date = "signed"
position_code = { column = "post", approved = "posts" }
established_post = "post"
conscript_code = { constant = "01" }
term_code = { constant = "1" }
work_place_address = { constant = "Астана" }
"""
STAFF = """
[source.staff]
kind = "snapshot"
url = "sqlite:///staff.db"
mapping = "staff.toml"
new_from = 2026-11-01
"""
POSTS = ["Программист", "программист", "Инж. по тестам", "Звездочёт"]
IINS = ["900101300007", "850515400012", "900101300007", "850515400012"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with set_up_desk(tmp_path, monkeypatch, capsys) as made:
        (tmp_path / "staff.toml").write_text(MAPPING, "utf-8")
        (tmp_path / "position.csv").write_text(POSITIONS, "utf-8")
        with made.settings.open("a", encoding="utf-8") as settings:
            settings.write(STAFF)
        with closing(sqlite3.connect(tmp_path / "staff.db")) as hr, hr:
            hr.execute("CREATE TABLE staff (id text, iin text, number text, signed date, post text)")
            rows = [(f"K-{at}", IINS[at], f"ТД {at}", "2026-11-16", post) for at, post in enumerate(POSTS)]
            hr.executemany("INSERT INTO staff VALUES (?, ?, ?, ?, ?)", rows)
        yield made
    use_language("en")


def _covered(desk: Desk, *options: str, code: int) -> Any:
    said = desk.usrec("mapping", "coverage", str(desk.folder / "posts.xlsx"), *options, "--json")
    assert said.code == code, said.err
    return said.json[0]


def test_posts_are_collected_suggested_approved_and_used(desk: Desk) -> None:
    file = desk.folder / "posts.xlsx"
    refused = desk.usrec("source", "check", "staff")
    assert refused.code == 3
    assert "posts.xlsx" in refused.err
    assert desk.ask("mapping", "collect", "--source", "staff") == [
        {"file": str(file), "dictionary": "position", "lines": 3, "new": 3, "left_out": 0}
    ]
    without = desk.usrec("mapping", "suggest", str(file))
    assert without.code == 3
    assert "usrec dictionaries import" in without.err
    desk.ask("dictionaries", "import", str(desk.folder / "position.csv"), "--valid-from", "2026-01-01")
    assert _covered(desk, code=1)["employees"] == {"covered": 0, "all": 4, "percent": 0}
    (told,) = desk.ask("mapping", "suggest", str(file), "--approve-exact")
    assert (told["approved"], told["with_suggestions"], told["without"]) == (1, 1, 1)
    assert b"900101300007" not in file.read_bytes()
    review = read_review(file)
    tester = next(row for row in review.rows if row.seen.value == "Инж. по тестам")
    assert tester.suggestions[0].startswith("2512-0-002 | ")
    _edit(file, "Инж. по тестам", choice="1")
    _edit(file, "Звездочёт", code="251200")
    wrong = desk.usrec("mapping", "approve", str(file))
    assert (wrong.code, "the code is out of use" in wrong.out) == (5, True)
    assert not next(row for row in read_review(file).rows if row.seen.value == "Инж. по тестам").code
    _edit(file, "Звездочёт", code="")
    assert desk.ask("mapping", "approve", str(file), "--plan")["written"] is False
    assert desk.ask("mapping", "approve", str(file))["approved"] == 1
    found = _covered(desk, code=1)
    assert (found["employees"]["percent"], [one["why"] for one in found["missing"]]) == (75, ["no_code"])
    assert _covered(desk, "--least", "70", code=0)["is_enough"] is True
    _used(desk)
    assert "employees 3 / 4 (75 %)" in desk.usrec("mapping", "coverage", str(file)).out
    again = desk.ask("mapping", "collect", str(file), "--source", "staff")[0]
    assert (again["new"], read_review(file).rows[0].approved_by) == (0, review.rows[0].approved_by)


def _used(desk: Desk) -> None:
    """The staff's check and preview show what is covered; an event with an unapproved post is incomplete."""
    checked = desk.usrec("source", "check", "staff", "--json")
    assert checked.code == 5, "a value without a code is a fault of the mapping"
    (field,) = [one for one in checked.json["contracts"]["fields"] if one["field"] == "position_code"]
    assert (field["given"], field["unmapped"]) == (3, {"Звездочёт": 1})
    codes = [one["fields"]["position_code"] for one in checked.json["sample"]]
    assert codes == ["2512-0-001", "2512-0-001", "2512-0-002", "unmapped: Звездочёт"]
    events = desk.ask("source", "preview", "staff")["events"]
    assert [one["operation"] for one in events] == ["conclusion"] * 4


def _edit(file: Path, value: str, **cells: str) -> None:
    """As a person does in Excel."""
    review = read_review(file)
    rows = [replace(row, **cells) if row.seen.value == value else row for row in review.rows]  # type: ignore[arg-type]
    write_review(file, Review(review.dictionary, rows), content_of(file))


def test_posts_of_a_list_of_hrs_own_go_the_same_way(desk: Desk) -> None:
    """A CSV in the encoding of an old program, and one post with a person's number, which is left out."""
    listed = desk.folder / "hr.csv"
    listed.write_bytes("Табель;Должность\n01;Программист\n01;Программист\n02;Завхоз 900101300007\n".encode("cp1251"))
    options = ["--from", str(listed), "--dictionary", "position", "--employee", "Табель", "--encoding", "cp1251"]
    posts = str(desk.folder / "posts.csv")
    (made,) = desk.ask("mapping", "collect", posts, *options, "--column", "Должность")
    assert (made["lines"], made["left_out"]) == (1, 1)
    row = read_review(Path(posts)).rows[0]
    assert (row.seen.value, row.seen.rows, row.seen.employees) == ("Программист", 2, 1)
    assert "it has: Табель, Должность" in desk.usrec("mapping", "collect", posts, *options, "--column", "Пост").err
    assert desk.usrec("mapping", "collect", posts).code == 2
    other = desk.usrec("mapping", "collect", str(desk.folder / "posts.txt"), *options, "--column", "Должность")
    assert (other.code, "ends in .csv or .xlsx" in other.err) == (5, True)


def test_a_code_that_is_approved_after_the_first_look_makes_no_event(desk: Desk) -> None:
    file = desk.folder / "posts.xlsx"
    desk.ask("dictionaries", "import", str(desk.folder / "position.csv"), "--valid-from", "2026-01-01")
    desk.ask("mapping", "collect", "--source", "staff")
    settings = desk.settings.read_text("utf-8")
    desk.settings.write_text(settings.replace("new_from = 2026-11-01\n", ""), "utf-8")
    assert _look(desk) == []
    desk.ask("mapping", "suggest", str(file), "--approve-exact")
    assert _look(desk) == []
    with closing(sqlite3.connect(desk.folder / "staff.db")) as hr, hr:
        hr.execute("UPDATE staff SET post = 'Программист' WHERE id = 'K-3'")
    assert _look(desk) == [("K-3", "amendment", ("established_post", "position_code"))]


def test_a_new_contract_is_completed_when_its_post_gets_a_code(desk: Desk) -> None:
    file = desk.folder / "posts.xlsx"
    desk.ask("dictionaries", "import", str(desk.folder / "position.csv"), "--valid-from", "2026-01-01")
    desk.ask("mapping", "collect", "--source", "staff")
    assert [one[:2] for one in _look(desk)] == [(f"K-{at}", "conclusion") for at in range(4)]
    desk.ask("mapping", "suggest", str(file), "--approve-exact")
    assert _look(desk) == [(f"K-{at}", "conclusion", ("position_code",)) for at in range(2)]


def test_a_corrected_code_makes_no_agreement_and_the_next_one_carries_it(desk: Desk) -> None:
    """HR changed nothing: one line is told for the code, however many contracts have it, and all else goes on."""
    file = desk.folder / "posts.xlsx"
    desk.ask("dictionaries", "import", str(desk.folder / "position.csv"), "--valid-from", "2026-01-01")
    desk.ask("mapping", "collect", "--source", "staff")
    desk.ask("mapping", "suggest", str(file), "--approve-exact")
    settings = desk.settings.read_text("utf-8")
    desk.settings.write_text(settings.replace("new_from = 2026-11-01\n", ""), "utf-8")
    with (desk.folder / "staff.toml").open("a", encoding="utf-8") as mapping:
        mapping.write('[contract.amendment]\nagreement_number = "ds"\nagreement_date = "dated"\nsigned_on = "dated"\n')
        mapping.write('[contract.termination]\ntermination_date = "ended"\n')
    with closing(sqlite3.connect(desk.folder / "staff.db")) as hr, hr:
        for column in ("ds", "dated", "ended"):
            hr.execute(f"ALTER TABLE staff ADD COLUMN {column} text")
    assert _look(desk) == []
    _edit(file, "Программист", code="2512-0-002")
    assert _look(desk) == [], "nobody has approved it"
    refused = desk.usrec("mapping", "approve", str(file))
    assert (refused.code, "--correct" in refused.out) == (5, True)
    assert desk.ask("mapping", "approve", str(file), "--correct")["approved"] == 1
    shown = desk.ask("source", "preview", "staff")
    recoded = {"field": "position_code", "was": "2512-0-001", "now": "2512-0-002", "number": 2}
    assert (shown["events"], shown["puzzles"], shown["recoded"]) == ([], [], [recoded])
    assert "registered with the wrong code: 2" in desk.usrec("source", "preview", "staff").out
    assert _look(desk) == []
    with closing(sqlite3.connect(desk.folder / "staff.db")) as hr, hr:
        hr.execute("UPDATE staff SET ended = '2026-11-20' WHERE id = 'K-0'")
        hr.execute("UPDATE staff SET ds = '7', dated = '2026-11-20' WHERE id = 'K-1'")
        hr.execute("UPDATE staff SET post = 'программист' WHERE id = 'K-3'")
    (ended, agreed, moved) = _look(desk)
    assert ended == ("K-0", "termination", ())
    assert agreed[:2] == ("K-1", "amendment")
    assert "position_code" in agreed[2], "the right code goes with HR's own agreement"
    assert moved == ("K-3", "amendment", ("established_post", "position_code")), "HR itself changed the post"
    assert desk.ask("source", "preview", "staff")["recoded"] == [recoded | {"number": 1}]


def _look(desk: Desk) -> list[tuple[str, str, Sequence[str]]]:
    """One look that is remembered, by the mapping as a starting agent reads it."""
    settings = load_settings(desk.settings)
    source = named_staff(settings, "staff")
    mapping = build_mapping(settings, source)
    roster = build_roster(settings, "staff", source, mapping)
    made = take_snapshot(
        SourceName("staff"),
        roster=roster,
        ledger=desk.ledger,
        clock=desk.clock,
        policy=build_snapshot_policy(source, mapping),
    )
    roster.close()
    assert made is not None
    return [(one.contract_key, one.operation.value, tuple(one.fields)) for one in made.events]
