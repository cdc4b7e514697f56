"""Official code lists: reading files strictly, editions and their days, what an import changes, the rules on codes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import openpyxl
import pytest

from support.code_lists import BOOK, IMPORTED, POSITIONS, REASONS, SINCE, HeldBook, an_edition, an_entry
from support.line import EMPLOYERS, MONDAY, PAYLOADS, WeekdayCalendar
from usrec.adapters.dictionaries import tables
from usrec.adapters.dictionaries.book import FileCodeBook
from usrec.adapters.dictionaries.files import DictionaryFiles
from usrec.adapters.dictionaries.known import KNOWN, recognised
from usrec.adapters.dictionaries.official import Layout, Official, read_official
from usrec.adapters.dictionaries.tables import read_file, read_rows
from usrec.adapters.explanations.book import explain_all
from usrec.application.import_dictionary import codes_explained
from usrec.domain.dictionary import Dictionary, changes
from usrec.domain.errors import ConfigurationError, ValidationProblem
from usrec.domain.rules.codes import CODE_FIELDS, CodeCheck
from usrec.domain.rules.examine import Examined, examine
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.rules.finding import Severity, dump_findings
from usrec.domain.rules.preflight import Preflight
from usrec.domain.source_event import SourceName, SourceRow

OFFICIAL = Path(__file__).parents[3].parent / "shared" / "reference" / "dictionaries"
FILE = Path("list.csv")
REASON, POSITION = "termination_reason", "position"


def read(content: bytes | str, name: str = REASON, encoding: str | None = None, **layout: Any) -> Official:
    found = read_rows(FILE, content.encode() if isinstance(content, str) else content, encoding)
    return read_official(FILE, name, found, Layout(layout.get("columns", {}), layout.get("ignored", ())))


def workbook(text: str = REASONS, change: Mapping[str, Any] | None = None) -> bytes:
    """The list as XLSX; `change` puts other values into cells."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for line in text.splitlines():
        sheet.append(line.split(","))
    for cell, value in (change or {}).items():
        sheet[cell] = value
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(content: bytes, part: str, begin: bytes) -> bytes:
    """The workbook with a part that begins otherwise."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for one in old.namelist():
            new.writestr(one, (begin if one == part else b"") + old.read(one))
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "kz1048"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encoding_and_delimiter_of_a_list_are_found_out(encoding: str, delimiter: str) -> None:
    content = REASONS.replace(",", delimiter).encode(encoding)
    assert read_rows(FILE, content).encoding == encoding
    assert read(content).entries["03"].name_kk == "Жұмыс беруші шешті"


def test_a_list_without_kazakh_letters_is_read_as_cp1251() -> None:
    content = "code,name_ru\n01,По договорённости\n".encode("cp1251")
    assert read_rows(FILE, content).encoding == "cp1251"
    assert read(content).entries["01"].name_ru == "По договорённости"


def test_a_declared_encoding_that_does_not_fit_is_refused_with_the_line() -> None:
    with pytest.raises(ValidationProblem, match="line 2 is not utf-8"):
        read(REASONS.encode("kz1048"), encoding="utf-8")


def test_a_workbook_gives_the_same_entries_as_the_text() -> None:
    assert read(workbook()) == read(REASONS)


def test_entries_know_names_use_and_the_code_above() -> None:
    entries = read(REASONS).entries
    assert entries["03-026"].active is False
    assert (entries["03-001"].parent, entries["03-001"].name_ru) == ("03", "Закрытие")


def test_a_code_given_out_again_counts_once_as_the_one_in_use() -> None:
    found = read(POSITIONS, POSITION)
    assert found.reused == ["2512"]
    assert found.entries["2512"].active
    assert found.entries["2512-0"].parent == "2512"


def test_without_a_mark_every_code_counts_as_in_use() -> None:
    found = read("code,name_ru\n01,да\n")
    assert found.unmarked
    assert found.entries["01"].active


def test_columns_can_be_named_and_left_out() -> None:
    layout: dict[str, Any] = {"columns": {"code": "Шифр", "name_ru": "Имя"}, "ignored": ["Примечание"]}
    assert set(read("Шифр;Имя;Примечание\n01;да;x\n", **layout).entries) == {"01"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("4,03-001", "4,01"), "line 4: code 01 stands in line 2 already"),
        (("4,03-001", "4,"), "line 4 has no code"),
        (("4,03-001", "4,3-001"), "line 4: '3-001' has not the form of a code of termination_reason"),
        (("Закрытие,Жабылу", ","), "line 4 has no name"),
        (("Закрытие", "Закр\ufffdтие"), "line 4 has a name with lost letters"),
        (("Жабылу,3,1", "Жабылу,3,2"), "line 4: '2' is neither 1 nor 0"),
        (("Жабылу,3,1", "Жабылу,9,1"), "line 4: parent_id 9 is the id of no line"),
        (("Жабылу,3,1", "Жабылу,3"), "line 4 has 5 cells, the heading 6"),
        (("4,03-001", "3,03-001"), "line 4: id 3 stands there twice"),
        (("name_kz", "заметка"), "column 'заметка' is not known"),
        (("name_kz", "name_ru"), "two columns are name_ru"),
        (("code,", "name_kk,"), "two columns are name_kk"),
        (("4,03-001,Закрытие", '4,03-001,"За"крытие'), "line 4 is no CSV"),
    ],
)
def test_what_is_unclear_in_a_list_is_told_with_its_line(change: tuple[str, str], said: str) -> None:
    with pytest.raises(ValidationProblem, match=said):
        read(REASONS.replace(*change, 1))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("code,name_ru\n", "no codes"),
        ("name_ru,name_kz\nа,б\n", "no column code"),
        ("code,id\n01,1\n", "no column name_ru or name_kz"),
        (b"\xff\xfec\x00o\x00d\x00e\x00", "no text"),
        (b"PK\x03\x04" + b"x" * 99, "no whole XLSX"),
        (workbook()[:900], "no whole XLSX"),
        (repacked(workbook(), "xl/workbook.xml", b"<!DOCTYPE a []>"), "XML with a DTD"),
        (repacked(workbook(), "xl/workbook.xml", b"<!--" + b" " * (1024 * 1024 - 9) + b"--><!DOCTYPE a []>"), "a DTD"),
        (repacked(workbook(), "xl/workbook.xml", "<!DOCTYPE a []>".encode("utf-16")), "XML with a DTD"),
        (workbook(change={"C3": date(2026, 1, 2)}), "line 3 has a date"),
        (workbook(change={"B2": 1}), "line 2: '1' has not the form"),
    ],
)
def test_a_file_that_is_no_list_is_refused(content: bytes | str, said: str) -> None:
    with pytest.raises(ValidationProblem, match=said):
        read(content)


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGEST_UNPACKED", 1000)
    with pytest.raises(ValidationProblem, match="far more"):
        read(workbook())


def test_a_list_beyond_its_bounds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    for content in (REASONS.encode(), workbook()):
        with pytest.raises(ValidationProblem, match="more than 3 lines"):
            read(content)
    monkeypatch.setattr(tables, "LARGEST_FILE", 10)
    (tmp_path / "large.csv").write_text(REASONS, "utf-8")
    with pytest.raises(ValidationProblem, match="larger than"):
        read_file(tmp_path / "large.csv")
    with pytest.raises(ValidationProblem, match="cannot be read"):
        read_file(tmp_path / "absent.csv")


def test_numbers_in_a_workbook_are_noticed() -> None:
    assert read(workbook("code,name_ru\n1,a\n", {"A2": 1}), "court").numbers
    assert not read(workbook("code,name_ru\n1,a\n"), "court").numbers


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("position", "position"),
        ("D_TERM_REASON", "termination_reason"),
        ("position-2026-01", "position"),
        ("Country (2)", "country"),
        ("НКЗ 2026", "position"),
        ("positions", None),
        ("list", None),
    ],
)
def test_a_dictionary_is_recognised_by_the_files_name(stem: str, name: str | None) -> None:
    assert recognised(stem) == name


def test_the_edition_of_a_day_is_the_newest_that_holds_by_then() -> None:
    first, later = an_edition(an_entry("01")), an_edition(an_entry("02"), valid_from=date(2026, 6, 1))
    dictionary = Dictionary(REASON, ()).with_edition(later).with_edition(first)
    assert dictionary.on(date(2025, 12, 31)) is None
    assert dictionary.on(date(2026, 5, 31)) is first
    assert dictionary.on(date(2026, 6, 1)) is later


def test_headings_are_codes_with_something_in_use_below_them() -> None:
    edition = an_edition(
        an_entry("1"), an_entry("11", parent="1"), an_entry("2"), an_entry("21", active=False, parent="2")
    )
    assert edition.headings == {"1"}


def test_changes_between_editions_are_told_by_kind() -> None:
    old = an_edition(an_entry("1"), an_entry("2"), an_entry("3", active=False), an_entry("4"), an_entry("5"))
    entries = an_entry("1", name="басқа"), an_entry("2", active=False), an_entry("3"), an_entry("4", parent="1")
    found = changes(old, an_edition(*entries, an_entry("6")))
    assert (found.added, found.renamed, found.deactivated) == (["6"], ["1"], ["2"])
    assert (found.reactivated, found.moved, found.vanished) == (["3"], ["4"], ["5"])
    assert found.lost_share == 0.5
    assert changes(old, old).none
    assert changes(None, old).added == ["1", "2", "3", "4", "5"]


def test_what_was_kept_is_read_as_it_was(tmp_path: Path) -> None:
    store = DictionaryFiles(tmp_path / "lists")
    assert (store.names(), store.load(REASON)) == ([], None)
    edition = an_edition(an_entry("01", name='"қос" \\ тырнақша'), an_entry("02", active=False, parent="01"))
    dictionary = Dictionary(REASON, ()).with_edition(edition).with_edition(an_edition(valid_from=date(2026, 6, 1)))
    store.save(dictionary)
    assert (store.names(), store.load(REASON)) == ([REASON], dictionary)
    assert store.file(REASON).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("text", ["", "{}", '{"dictionary": "court", "editions": []}', '{"dictionary": 7', "[]"])
def test_a_damaged_file_is_an_error_for_commands_and_decides_nothing_for_rules(tmp_path: Path, text: str) -> None:
    store = DictionaryFiles(tmp_path)
    store.file(REASON).write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        store.load(REASON)
    assert FileCodeBook(store).edition(REASON, SINCE) is None


@pytest.mark.parametrize("name", ["../x", "Position", "a b", ""])
def test_a_name_that_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name of a dictionary"):
        DictionaryFiles(tmp_path).file(name)


def test_a_running_agent_sees_what_was_imported_since(tmp_path: Path) -> None:
    store = DictionaryFiles(tmp_path)
    book = FileCodeBook(store)
    assert book.edition(REASON, SINCE) is None
    for entries in ([an_entry("01")], [an_entry("01"), an_entry("02")]):
        store.save(Dictionary(REASON, (an_edition(*entries),)))
        found = book.edition(REASON, SINCE)
        assert found is not None
        assert list(found.entries) == [one.code for one in entries]
        assert book.edition(REASON, SINCE) is found
    assert book.edition(REASON, SINCE - timedelta(days=1)) is None


def examined(event_type: str, codes: CodeCheck | None, **fields: str) -> Examined:
    payload = json.dumps({**PAYLOADS[event_type](), **fields})
    row = SourceRow(SourceName("hr"), "7", "e1", 1, event_type, "K-1", next(iter(EMPLOYERS)), payload)
    return examine(row, employers=EMPLOYERS, calendar=WeekdayCalendar(), now=MONDAY, preflight=Preflight(codes))


@pytest.mark.parametrize(
    ("event_type", "fields", "rule", "severity", "code"),
    [
        ("conclusion", {"position_code": "2512-0-009"}, "code_in_dictionary", Severity.ERROR, "SCSE007"),
        ("amendment", {"position_code": "251200"}, "code_in_dictionary", Severity.ERROR, "SCSE007"),
        ("termination", {"reason_code": "99"}, "code_in_dictionary", Severity.ERROR, "SCSE022"),
        ("termination", {"reason_code": "03"}, "code_is_lowest_level", Severity.ERROR, "SCSE084"),
    ],
)
def test_a_wrong_code_is_found_before_it_is_sent(
    event_type: str, fields: dict[str, str], rule: str, severity: Severity, code: str
) -> None:
    found = examined(event_type, CodeCheck(BOOK), **fields)
    (finding,) = [one for one in found.findings if one.rule == rule and one.severity is not Severity.UNDETERMINED]
    assert (finding.severity, finding.code, finding.field) == (severity, code, *fields)
    assert (found.event is None) == (severity is Severity.ERROR)


def test_a_code_that_is_in_use_passes() -> None:
    assert not examined("amendment", CodeCheck(BOOK), position_code="2512-0-001").findings
    assert not examined("termination", CodeCheck(BOOK), reason_code="03-002").findings


def test_the_setting_makes_a_wrong_code_a_warning() -> None:
    found = examined("termination", CodeCheck(BOOK, Severity.WARNING), reason_code="99")
    assert found.event is not None
    assert [one.severity for one in found.findings] == [Severity.WARNING]


def test_a_dictionary_that_is_not_imported_for_the_day_decides_nothing() -> None:
    later = HeldBook({REASON: an_edition(an_entry("05"), valid_from=MONDAY.date() + timedelta(days=1))})
    for book in (HeldBook(), later):
        found = examined("termination", CodeCheck(book), reason_code="99")
        assert found.event is not None
        assert {one.severity for one in found.findings} == {Severity.UNDETERMINED}
        assert dump_findings(found.findings) == "[]"
    assert not examined("termination", None, reason_code="99").findings


def test_response_codes_are_held_against_our_explanations() -> None:
    edition = an_edition(
        an_entry("SCSE001"), an_entry("SCSE002", active=False), an_entry("SCSE003"), an_entry("SCSE999")
    )
    ours = {"SCSE001": True, "SCSE002": True, "SCSE003": False, "SCSE004": True}
    found = codes_explained(edition, ours)
    assert (found.unexplained, found.came_into_use) == (["SCSE999"], ["SCSE003"])
    assert (found.went_out_of_use, found.gone) == (["SCSE002"], ["SCSE004"])
    assert not found.agree


@pytest.mark.parametrize("name", KNOWN)
def test_the_official_lists_of_2024_are_read(name: str, tmp_path: Path) -> None:
    file = OFFICIAL / f"{name}.csv"
    if not file.is_file():
        pytest.skip("the official lists are not beside this checkout")
    found = read_official(file, name, read_rows(file, read_file(file)), Layout({}))
    edition = an_edition(*found.entries.values())
    store = DictionaryFiles(tmp_path)
    store.save(Dictionary(name, (edition,)))
    began = perf_counter()
    assert FileCodeBook(store).edition(name, SINCE) == edition
    assert perf_counter() - began < 2
    if name == "response_code":
        assert codes_explained(edition, {one.code: one.active for one in explain_all()}).agree
    if name == POSITION:
        assert len(found.reused) > 100
        assert {"2411-1-001"} <= edition.active - edition.headings
    assert edition.imported_at == IMPORTED


@pytest.mark.parametrize("field", CODE_FIELDS)
def test_every_single_entry_of_the_official_lists_has_a_form_that_a_row_may_have(field: str) -> None:
    """Else a row with an official code would be refused before its dictionary is asked."""
    name = CODE_FIELDS[field].dictionary
    file = OFFICIAL / f"{name}.csv"
    if not file.is_file():
        pytest.skip("the official lists are not beside this checkout")
    edition = an_edition(*read_official(file, name, read_rows(file, read_file(file)), Layout({})).entries.values())
    rule = next(one for rules in FIELDS.values() for one in rules if one.name == field)
    single = [code for code in edition.active - edition.headings if " " not in code]
    assert sorted(code for code in single if not rule.pattern.fullmatch(code)) == []
