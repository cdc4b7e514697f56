"""HR writes posts where USREC wants codes: collected from what was taken, approved by a person, then registered."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from support.code_lists import POSITIONS
from support.event_files import csv_text
from support.personnel import Person, conclusion_of
from support.simulator_process import SimulatorProcess
from support.workplace import BIN, MakeWorkplace, Workplace
from usrec.adapters.sources.mapping.review_file import content_of, read_review, write_review
from usrec.domain.mapping.review import Review
from usrec.domain.rules.finding import load_findings

OWN = 'approved = { position_code = "posts.csv" }\n'
DROP = '[source.drop]\nkind = "files"\nfolder = "drop"\nlanguage = "ru"\nsettle = 0.01\n'
CHIEF = "Гл. программист"


@pytest.fixture
def simulator(tmp_path: Path, pki: Path) -> Iterator[SimulatorProcess]:
    with SimulatorProcess.start(tmp_path / "registry.db", pki) as process:
        yield process


def test_a_post_gets_its_approved_code_by_every_way_in_and_one_without_is_never_guessed(
    make_workplace: MakeWorkplace, simulator: SimulatorProcess
) -> None:
    workplace = make_workplace()
    _set_up(workplace, simulator.url)
    workplace.hire(Person(1), position_code=CHIEF)
    dropped = _drop(workplace, "monday.csv", {2: "гл.  Программист", 3: "Звездочёт", 4: "2512-0-002"})
    workplace.drain()
    assert set(workplace.states().values()) == {"invalid", "accepted"}
    assert workplace.usrec("mapping", "collect", "--source", "drop").returncode == 3, "no field of it is named yet"
    assert workplace.usrec("mapping", "collect", "--source", "other").returncode == 3
    _declare(workplace)
    missing = workplace.usrec("config", "check")
    assert (missing.returncode, "posts.csv: the file cannot be read" in missing.stdout + missing.stderr) == (3, True)
    _review(workplace)
    assert workplace.usrec("config", "check").returncode == 0
    found = workplace.usrec("lint", str(dropped), "--source", "drop", "--format", "json").stdout
    assert found.count('"code_approved"') == 2, "an official code needs an approved line, too"
    workplace.usrec("submission", "retry", "--state", "invalid", "--reason", "posts were approved", "--yes")
    workplace.hire(Person(5), position_code=CHIEF)
    _drop(workplace, "tuesday.csv", {2: "гл.  Программист", 6: "2512-0-002"})
    workplace.drain()
    assert workplace.states() == {
        **dict.fromkeys(["hire-1", "hire-2", "hire-4", "hire-5"], "accepted"),
        **dict.fromkeys(["hire-3", "hire-6"], "invalid"),
    }
    assert _codes(workplace, 1, 2, 5) == {"2512-0-001"}
    findings = load_findings(workplace.row("hire-6").findings)
    assert [(one.rule, one.field) for one in findings if one.severity == "error"] == [
        ("code_approved", "position_code")
    ]
    told = _results(workplace, "tuesday")
    assert {row: line["usrec_state"] for row, line in told.items()} == {2: "repeated", 3: "invalid"}
    assert "не утверждён код" in told[3]["usrec_findings"]
    assert "исправьте" not in told[3]["usrec_message"], "nothing is wrong with the row"


def test_a_broken_review_file_holds_its_own_source_alone(
    make_workplace: MakeWorkplace, simulator: SimulatorProcess
) -> None:
    workplace = make_workplace()
    _set_up(workplace, simulator.url)
    (workplace.folder / "posts.csv").write_text("no review\n", "utf-8")
    with workplace.settings.open("a", encoding="utf-8") as settings:
        settings.write(OWN)
    _drop(workplace, "monday.csv", {2: CHIEF})
    workplace.hire(Person(1))
    done = workplace.usrec("run", "--drain")
    assert workplace.states() == {"hire-1": "accepted"}
    assert "[source.drop] approved.position_code" in done.stderr
    assert (workplace.folder / "drop" / "monday.csv").exists(), "it waits"
    assert "posts.csv" in workplace.usrec("doctor").stdout


def _set_up(workplace: Workplace, url: str) -> None:
    workplace.connect(url)
    (workplace.folder / "drop").mkdir()
    (workplace.folder / "position.csv").write_text(POSITIONS, "utf-8")
    with workplace.settings.open("a", encoding="utf-8") as settings:
        settings.write(DROP)


def _declare(workplace: Workplace) -> None:
    text = workplace.settings.read_text("utf-8")
    with_both = text.replace("[source.hr]\n", f"[source.hr]\n{OWN}").replace("[source.drop]\n", f"[source.drop]\n{OWN}")
    workplace.settings.write_text(with_both, "utf-8")


def _review(workplace: Workplace) -> None:
    """Collect what both sources have, and approve the post of the chief."""
    file = workplace.folder / "posts.csv"
    assert workplace.ask("mapping", "collect", "--source", "hr")[0]["new"] == 1
    (collected,) = workplace.ask("mapping", "collect", "--source", "drop")
    assert (collected["file"], collected["new"], collected["lines"]) == (str(file), 2, 3)
    review = read_review(file)
    assert {row.seen.value: row.seen.employees for row in review.rows} == {CHIEF: 1, "Звездочёт": 1, "2512-0-002": 1}
    assert Person(1).iin not in file.read_text("utf-8-sig")
    workplace.ask("dictionaries", "import", str(workplace.folder / "position.csv"), "--valid-from", "2026-01-01")
    rows = [replace(row, code="2512-0-001") if row.seen.value == CHIEF else row for row in review.rows]
    write_review(file, Review(review.dictionary, rows), content_of(file))
    assert workplace.ask("mapping", "approve", str(file))["approved"] == 1


def _drop(workplace: Workplace, name: str, posts: Mapping[int, str]) -> Path:
    rows = []
    for number, post in posts.items():
        person = Person(number)
        keys = {"event_id": f"hire-{number}", "event_type": "conclusion", "contract_key": person.key}
        rows.append({**keys, "employer_bin": BIN, **conclusion_of(person, position_code=post, employee_name=None)})
    half = workplace.folder / "drop" / f".{name}"
    half.write_text(csv_text(rows), "utf-8")
    whole = half.with_name(name)
    half.rename(whole)
    copy = workplace.folder / name
    copy.write_bytes(whole.read_bytes())
    return copy


def _codes(workplace: Workplace, *numbers: int) -> set[str]:
    ids = {workplace.row(f"hire-{number}").id for number in numbers}
    return {one.codes["position_code"] for one in workplace.ledger.view.codes_in_use() if one.submission_id in ids}


def _results(workplace: Workplace, name: str) -> Mapping[int, Mapping[str, str]]:
    (file,) = (workplace.folder / "drop" / "taken").glob(f"{name}.*.result.csv")
    lines = csv.DictReader(file.read_text("utf-8-sig").splitlines(), delimiter=";")
    return {int(line["row"]): line for line in lines}
