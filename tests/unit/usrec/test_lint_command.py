"""``usrec lint`` and ``usrec template``: formats, languages, exit codes, a source, and what is never said."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from typer.testing import CliRunner, Result

from support.event_files import csv_file, event, linted, workbook
from support.languages import CYRILLIC, TRANSLATED, english_words
from support.sample_events import sample_row
from usrec.adapters.explanations.book import explain_all
from usrec.adapters.sources.mapping.review_file import write_review
from usrec.adapters.sources.outbox_ddl import outbox_ddl
from usrec.domain.errors import UnsafeRequest
from usrec.domain.identifiers import check_digit
from usrec.domain.mapping.review import Review, ReviewRow, Seen
from usrec.domain.response_code import Handling
from usrec.domain.rules.finding import Finding, Severity, error
from usrec.domain.source_event import Operation
from usrec.interfaces.cli.app import app
from usrec.interfaces.cli.lint_words import LINT_TEMPLATES, lint_words
from usrec.interfaces.i18n import use_language


@pytest.fixture(autouse=True)
def _english_afterwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """In a folder without settings, whatever the machine has."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("USREC_CONFIG", raising=False)
    yield
    use_language("en")


def asked(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def answer(*arguments: object) -> Any:
    return json.loads(asked("lint", *arguments).stdout)


def bad_file(folder: Path) -> Path:
    """One error with a code, one without, one warning."""
    return csv_file(folder, event(contract_number="", colour="red", employee_iin="10101500006"))


def test_json_is_a_list_by_row_in_english(tmp_path: Path) -> None:
    done = asked("lint", bad_file(tmp_path), "--format", "json", "--language", "ru")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert set(found[0]) == {"row", "field", "code", "severity", "message", "rule", "point"}
    told = {(one["row"], one["field"], one["code"], one["severity"]) for one in found if one["row"] is not None}
    assert told == {
        (1, "colour", "", "warning"),
        (2, "contract_number", "SCSE003", "error"),
        (2, "employee_iin", "SCSE045", "error"),
    }
    assert not CYRILLIC.search(done.stdout)


def test_what_only_usrec_knows_is_told_once_and_is_no_error(tmp_path: Path) -> None:
    done = asked("lint", csv_file(tmp_path, *(event(event_id=f"e{one}") for one in range(3))), "--format", "json")
    general = [one for one in json.loads(done.stdout) if one["row"] is None]
    assert {one["severity"] for one in general} == {"undetermined"}
    codes = [one["code"] for one in general if one["code"]]
    assert len(codes) == len(set(codes))
    of_conclusions = {one.code for one in explain_all() if {"any", "conclusion"} & set(one.operations)}
    server = {one.code for one in explain_all() if one.handling is Handling.SERVER and one.active}
    assert set(codes) == server & of_conclusions


@pytest.mark.parametrize("form", ["table", "json", "sarif", "html"])
def test_no_format_claims_compliance_and_none_shows_a_person(form: str, tmp_path: Path) -> None:
    clean = asked("lint", csv_file(tmp_path, event()), "--format", form)
    assert clean.exit_code == 0
    assert "no statement of compliance" in clean.stdout
    wrong = asked("lint", bad_file(tmp_path), "--format", form)
    assert wrong.exit_code == 1
    assert "no statement of compliance" in wrong.stdout
    assert not re.search(r"900101300007|10101500006|Аналитик", clean.stdout + wrong.stdout)


def test_the_table_groups_rows_by_code_with_what_to_do(tmp_path: Path) -> None:
    rows = [event(event_id=f"e{one}", contract_key=f"K{one}", contract_number="") for one in range(25)]
    page = asked("lint", csv_file(tmp_path, *rows)).stdout
    assert page.count("error: SCSE003: ") == 1
    assert "(25)" in page
    assert page.count("  row ") == 20
    assert "and more" in page
    assert "what to do: " in page


@pytest.mark.parametrize("language", TRANSLATED)
def test_table_and_page_speak_the_readers_language(language: str, tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(contract_number="", begin_date="1/2/26"))
    for form in ("table", "html"):
        page = asked("lint", file, "--format", form, "--language", language).stdout
        text = re.sub(r"<[^>]+>", "\n", page.partition("<main>")[2]) if form == "html" else page
        lines = [line for line in text.splitlines() if "CSV, utf-8" not in line and str(file) not in line]
        assert not [word for line in lines for word in english_words(line) if word not in {"YYYY", "MM", "DD"}]
    assert f'<html lang="{language}">' in page


def test_the_page_is_one_file_and_escapes_what_came_from_outside(tmp_path: Path) -> None:
    name = tmp_path / "<img src=x>&.csv"
    csv_file(tmp_path, event(**{"<script>": "x", "contract_number": ""})).rename(name)
    page = asked("lint", name, "--format", "html").stdout
    assert "<script" not in page
    assert "<img" not in page
    tree = html.fromstring(page)
    assert not tree.xpath("//@src | //@href | //script")
    assert "default-src 'none'" in page
    assert all(one.get("scope") == "col" for one in tree.iter("th"))
    assert len(list(tree.iter("table"))) == len(list(tree.iter("caption"))) > 0


def test_sarif_is_what_its_standard_says(tmp_path: Path) -> None:
    """The parts of SARIF 2.1.0 that readers of it rely on: 3.13, 3.14, 3.19, 3.27, 3.29, 3.30."""
    log = answer(bad_file(tmp_path), "--format", "sarif")
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    ids = [one["id"] for one in driver["rules"]]
    assert driver["name"] == "usrec lint"
    assert len(ids) == len(set(ids))
    assert run["invocations"][0]["executionSuccessful"] is True
    for one in run["results"]:
        assert ids[one["ruleIndex"]] == one["ruleId"]
        assert one["message"]["text"]
        assert (one["kind"], one["level"]) in {("fail", "error"), ("fail", "warning"), ("open", "none")}
        (place,) = one["locations"]
        assert re.fullmatch(r"[A-Za-z0-9/._%~-]+", place["physicalLocation"]["artifactLocation"]["uri"])
        region = place["physicalLocation"].get("region", {"startLine": 1})
        assert region["startLine"] >= 1
    places = [(one["ruleId"], one["locations"][0]["physicalLocation"]) for one in run["results"][:3]]
    assert {rule: place["region"]["startLine"] for rule, place in places} == {
        "column_unknown": 1,
        "SCSE003": 2,
        "SCSE045": 2,
    }


@pytest.mark.parametrize(
    "arguments",
    [["missing.csv"], ["events.csv", "--sentinel", "x"], ["events.csv", "--config", "none.toml"], ["--source", "hr"]],
)
def test_what_cannot_be_read_ends_with_2_and_one_line(arguments: list[str], tmp_path: Path) -> None:
    csv_file(tmp_path, event())
    done = asked("lint", *arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("usrec: ")
    assert done.stderr.count("\n") == 1


def test_a_file_or_a_source_has_to_be_named() -> None:
    assert asked("lint").exit_code == 2


def test_a_file_is_read_as_the_named_source_would_read_it(tmp_path: Path) -> None:
    """By the declarations of its folder; what the command declares goes before, and an unknown source is refused."""
    row = event(begin_date=46349, end_date="99991231", contract_number="Ә-1", employer_bin=200940000013)
    file = csv_file(tmp_path, row, encoding="kz1048")
    declared = 'encoding = "kz1048"\nexcel_dates = true\nsentinels = ["99991231=none"]\npad_iin = true\n'
    _settings(tmp_path, "sqlite:///hr.db", more=f'[source.drop]\nkind = "files"\nfolder = "drop"\n{declared}')
    assert asked("lint", file, "--source", "drop").exit_code == 0
    assert asked("lint", file, "--source", "drop", "--encoding", "utf-8").exit_code == 2
    assert asked("lint", file, "--source", "other").exit_code == 2
    assert asked("lint", file).exit_code == 1, "nothing of it is declared"


def test_without_a_source_no_sources_codes_count_whatever_that_source_is_called(tmp_path: Path) -> None:
    own = '[source.file]\nkind = "files"\nfolder = "drop"\napproved = { position_code = "posts.csv" }\n'
    write_review(tmp_path / "posts.csv", Review("position", [ReviewRow(Seen("x"))]), None)
    _settings(tmp_path, "sqlite:///hr.db", more=own)
    file = csv_file(tmp_path, event())
    assert "code_approved" in asked("lint", file, "--source", "file", "--format", "json").stdout
    assert "code_approved" not in asked("lint", file, "--format", "json").stdout


def test_declarations_of_the_command_line_reach_the_reader(tmp_path: Path) -> None:
    row = event(begin_date=46349, contract_date="99991231", contract_number="Ә-1", employer_bin=200940000013)
    file = csv_file(tmp_path, row, encoding="kz1048")
    given = ["--encoding", "kz1048", "--excel-dates", "--sentinel", "99991231=none", "--pad-iin"]
    assert [one["field"] for one in answer(file, *given, "--format", "json") if one["severity"] == "error"] == [
        "contract_date"
    ]
    assert answer(workbook(tmp_path, row), "--format", "json")[0]["rule"] == "date_sentinel"


def test_employers_are_those_of_the_command_or_of_the_settings(tmp_path: Path) -> None:
    file = csv_file(tmp_path, event())
    assert asked("lint", file, "--employer", "200940000013").exit_code == 0
    assert asked("lint", file, "--employer", f"15034000002{check_digit('15034000002')}").exit_code == 1
    assert asked("lint", file, "--employer", "15034").exit_code == 2
    _settings(tmp_path, "sqlite:///hr.db", number="900101300007")
    found = answer(file, "--format", "json")
    assert [one["rule"] for one in found if one["severity"] == "error"] == ["employer_configured"]


def test_a_source_is_linted_and_nothing_of_it_changes(tmp_path: Path) -> None:
    """Rows that were taken already are looked at too; no ledger is opened or made."""
    database = tmp_path / "hr.db"
    with sqlite3.connect(database) as connection:
        connection.executescript(outbox_ddl("sqlite"))
        connection.executescript("".join(sample_row(one) for one in Operation if one in _SAMPLED))
        connection.execute("UPDATE usrec_outbox SET payload = replace(payload, 'ТД-45', 'ТД-?әб') WHERE row_id = 1")
    connection.close()
    _settings(tmp_path, f"sqlite:///{database}")
    before = database.read_bytes()
    done = asked("lint", "--source", "hr", "--format", "json")
    assert done.exit_code == 1
    told = [(one["row"], one["rule"]) for one in json.loads(done.stdout) if one["severity"] == "error"]
    assert (1, "letters_lost") in told
    assert database.read_bytes() == before
    assert not (tmp_path / "ledger.db").exists()
    assert asked("lint", "--source", "other").exit_code == 2


def test_imported_dictionaries_count_and_a_missing_one_is_told_once(tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(), event(event_id="second", contract_number="ТД-2", contract_key="c-2"))
    _settings(tmp_path, "sqlite:///hr.db")
    found = [one for one in answer(file, "--format", "json") if one["rule"] == "code_in_dictionary"]
    assert [(one["row"], one["severity"], one["field"]) for one in found] == [
        (None, "undetermined", field) for field in ("position_code", "term_code", "conscript_code")
    ]
    (tmp_path / "position.csv").write_text(
        "id,code,name_ru,name_kz,is_actual,parent_id\n1,9999-9-999,а,а,1,\n", "utf-8"
    )
    assert asked("dictionaries", "import", tmp_path / "position.csv", "--valid-from", "2020-01-01").exit_code == 0
    found = [one for one in answer(file, "--format", "json") if one["rule"] == "code_in_dictionary" and one["row"]]
    assert [(one["row"], one["code"], one["severity"]) for one in found] == [
        (2, "SCSE007", "error"),
        (3, "SCSE007", "error"),
    ]


def test_the_table_counts_rows_alone_and_tells_a_missing_dictionary_apart_from_what_only_usrec_knows(
    tmp_path: Path,
) -> None:
    file = csv_file(tmp_path, event(), event(event_id="again"), event(Operation.AMENDMENT, contract_key="unknown"))
    _settings(tmp_path, "sqlite:///hr.db")
    told, _, beyond = asked("lint", file).stdout.partition("What only USREC can know\n")
    assert "error: no code of USREC, rule conclusion_not_repeated (1)\n" in told
    assert "undetermined: No official dictionary for position_code is imported" in told
    assert "No official dictionary" not in beyond
    assert "SCSE007" not in beyond
    assert "; rows: 3; error: 1; " in beyond
    assert "; undetermined: 1\n" in beyond


_SAMPLED = {Operation.CONCLUSION, Operation.AMENDMENT, Operation.TERMINATION}


def _settings(folder: Path, source_url: str, number: str = "200940000013", more: str = "") -> None:
    (folder / "usrec.toml").write_text(
        f"""
[gateway]
url = "https://shep.example"
sender_id = "a"
password = {{ file = "p" }}
response_certificate = "c.pem"
[employer.main]
bin = "{number}"
key_file = "k.p12"
key_password = {{ file = "p" }}
[ledger]
url = "sqlite:///{folder / "ledger.db"}"
[source.hr]
kind = "outbox"
url = "{source_url}"
{more}""",
        "utf-8",
    )


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_the_template_of_each_language_is_clean(form: str, language: str, tmp_path: Path) -> None:
    file = tmp_path / f"events.{form}"
    done = asked("template", "events", "--format", form, "--output", file, "--language", language)
    assert done.exit_code == 0, done.output
    checked = asked("lint", file)
    assert checked.exit_code == 0, checked.output
    assert {one.severity for _, one in linted(file)} == {Severity.UNDETERMINED}
    if form == "csv":
        comments = file.read_text("utf-8-sig").partition("event_id;")[0]
        assert bool(CYRILLIC.search(comments)) == (language != "en")
        assert "contract_number" in comments


def test_the_template_goes_to_standard_output_and_never_over_a_file(tmp_path: Path) -> None:
    assert asked("template", "events", "--format", "jsonl").stdout.count("\n") > 10
    file = tmp_path / "events.csv"
    file.write_text("mine", "utf-8")
    done = asked("template", "events", "--format", "csv", "-o", file)
    assert isinstance(done.exception, UnsafeRequest)
    assert file.read_text("utf-8") == "mine"


def every_lint_finding(folder: Path) -> Iterator[Finding]:
    """Each rule of lint broken, except the two that are about all rows."""
    wrong = f"1010150000{((check_digit('01010150000') or 0) + 1) % 10}"
    rows = [
        event(event_id="a", contract_key="A"),
        event(event_id="a", contract_key="A"),
        event(event_id="b", contract_key="A", contract_number="ТД-45", withdrawn="да", entered_at="вчера"),
        event(event_id="c", contract_key="C", begin_date="1.2.26", signed_on="00000000", contract_date="46349"),
        event(event_id="d", contract_key="D", established_post="?аб Глaва", employee_iin="1E+11"),
        event(event_id="e", contract_key="E", employee_iin=wrong, contract_numbr="x", colour="y"),
        *(
            event(Operation.AMENDMENT, event_id=f"of {given}", contract_key="H", contract_id=given)
            for given in (None, "abc")
        ),
    ]
    for one in (csv_file(folder, *rows), csv_file(folder, *rows, encoding="cp1251")):
        yield from (finding for _, finding in linted(one))
    yield from (finding for _, finding in linted(csv_file(folder, rows[5]), pad_numbers=True))
    for value in ("=1", "#REF!", 4.5):
        yield from (finding for _, finding in linted(workbook(folder, event(contract_number=value))))
    at_nine = datetime.combine(date(2026, 11, 18), time(9))
    for field in ("begin_date", "contract_number"):
        yield from (finding for _, finding in linted(workbook(folder, event(**{field: at_nine}))))
    crowded = csv_file(folder, event())
    crowded.write_text(crowded.read_text("utf-8").partition("\n")[0], "utf-8")
    yield from (finding for _, finding in linted(crowded))
    crowded = csv_file(folder, event())
    crowded.write_text(crowded.read_text("utf-8").rstrip() + ";more\n", "utf-8")
    yield from (finding for _, finding in linted(crowded))


def test_every_finding_of_lint_is_told_in_the_readers_language(tmp_path: Path) -> None:
    found = [one for one in every_lint_finding(tmp_path) if one.rule in LINT_TEMPLATES]
    found.append(error("file_readable", "", "The file cannot be taken: it is none. Save it as CSV."))
    assert {one.rule for one in found} | {"no_compliance", "only_usrec_knows"} == set(LINT_TEMPLATES)
    assert all(lint_words(one) == one.message for one in found)
    for language in TRANSLATED:
        use_language(language)
        for one in found:
            told = lint_words(one)
            assert CYRILLIC.search(told), one
            assert told != one.message
