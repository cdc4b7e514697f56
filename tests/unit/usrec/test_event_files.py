"""Files of HR: read strictly, told helpfully, nothing guessed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from support.event_files import csv_file, csv_text, event, linted, read, rules, workbook
from usrec.adapters.sources.files import options as limits
from usrec.adapters.sources.files import reading
from usrec.adapters.sources.files import template as templates
from usrec.adapters.sources.files import workbook as workbooks
from usrec.adapters.sources.files.options import ENCODINGS, parse_sentinel
from usrec.adapters.sources.files.raw import FileUnreadable
from usrec.adapters.sources.files.text_file import decode
from usrec.domain.errors import ValidationProblem
from usrec.domain.identifiers import check_digit
from usrec.domain.rules.field_table import FIELDS
from usrec.domain.rules.finding import has_errors
from usrec.domain.source_event import Operation

KAZAKH = "Бас әдіскер, құжат бөлімі"
RUSSIAN = "Главный бухгалтер"
MIDNIGHT = datetime.combine(date(2026, 11, 18), time())


def payload(file: Path, **options: Any) -> dict[str, Any]:
    """The payload of the first row."""
    found: dict[str, Any] = json.loads(read(file, **options).rows[0].row.payload)
    return found


def refusal(file: Path, **options: Any) -> str:
    """Why the whole file is refused."""
    with pytest.raises(FileUnreadable) as caught:
        read(file, **options)
    return str(caught.value)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_the_delimiter_is_that_of_the_header(delimiter: str, tmp_path: Path) -> None:
    post = "Аналитик, старший; ведущий"
    file = csv_file(tmp_path, event(established_post=post), delimiter=delimiter)
    assert payload(file)["established_post"] == post
    assert repr(delimiter) in read(file).how
    assert not linted(file)


@pytest.mark.parametrize("encoding", [*ENCODINGS, "utf-8-sig"])
def test_every_encoding_can_be_declared(encoding: str, tmp_path: Path) -> None:
    post = RUSSIAN if encoding == "cp1251" else KAZAKH
    file = csv_file(tmp_path, event(established_post=post), encoding=encoding)
    assert payload(file, encoding=encoding.removesuffix("-sig"))["established_post"] == post


@pytest.mark.parametrize("encoding", ["kz1048", "ptcp154"])
def test_a_kazakh_code_page_is_recognised_by_its_letters_and_told(encoding: str, tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(established_post=KAZAKH), encoding=encoding)
    assert payload(file)["established_post"] == KAZAKH
    ((row, finding),) = linted(file)
    assert (row, finding.rule, finding.severity) == (1, "encoding_recognised", "warning")
    assert encoding in finding.message
    assert not linted(file, encoding=encoding)


def test_russian_letters_read_alike_in_every_code_page_and_are_told(tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(established_post=RUSSIAN), encoding="cp1251")
    assert payload(file)["established_post"] == RUSSIAN
    assert rules(file) == [(1, "encoding_recognised", "")]


def test_an_encoding_that_leaves_doubt_has_to_be_declared(tmp_path: Path) -> None:
    """Byte 0xA5 is one letter here and another there, or none in any alphabet of Kazakhstan."""
    file = tmp_path / "events.csv"
    file.write_bytes(csv_text([event(established_post="@")]).encode("cp1251").replace(b"@", b"\xac\xa5\xa6"))
    assert "leaves doubt" in refusal(file)
    assert "--encoding" in refusal(file)


def test_bytes_that_are_not_of_the_declared_encoding_are_refused_with_their_line(tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(established_post=KAZAKH), encoding="kz1048")
    assert "line 2 is not utf-8" in refusal(file, encoding="utf-8")
    file.write_bytes(csv_text([event()]).encode("utf-16"))
    assert "UTF-16" in refusal(file)
    file.write_bytes(b"\xef\xbb\xbf" + csv_text([event(established_post=KAZAKH)]).encode("kz1048"))
    assert "says that it is UTF-8" in refusal(file)


@given(st.text("АБВабвӘәҒғҚқҢңӨөҰұҮүІі №-", min_size=1, max_size=40), st.sampled_from(["kz1048", "ptcp154"]))
def test_a_recognised_encoding_is_the_right_one_or_none(text: str, encoding: str) -> None:
    """Refused or right: whatever the words are, they never come back as others."""
    try:
        read_as, _ = decode(text.encode(encoding), "", "file")
    except FileUnreadable:
        return
    assert read_as == text


def test_composed_and_decomposed_letters_are_the_same(tmp_path: Path) -> None:
    assert payload(csv_file(tmp_path, event(established_post="Кипи\u0306")))["established_post"] == "Кипй"


@pytest.mark.parametrize(
    ("post", "rule"),
    [
        ("Бас ?діскер", "letters_lost"),
        ("Б?лім бастығы", "letters_lost"),
        ("Бөлім басты\ufffdы", "letters_lost"),
        ("Глaвный инженер", "letters_mixed"),
        ("Бас әдicкер", "letters_mixed"),
    ],
)
def test_lost_and_mixed_letters_inside_a_word_are_errors(post: str, rule: str, tmp_path: Path) -> None:
    assert rules(csv_file(tmp_path, event(established_post=post))) == [(2, rule, "established_post")]


@pytest.mark.parametrize("post", ["Инженер IT-отдела", "Водитель BMW", "C++ әзірлеуші", "Аналитик 1С", "IT"])
def test_whole_words_of_another_alphabet_are_right(post: str, tmp_path: Path) -> None:
    assert not linted(csv_file(tmp_path, event(established_post=post)))


@pytest.mark.parametrize("text", ["2026-11-23", "23.11.2026", "3.11.2026", "2026-11-23T00:00:00", "23.11.2026 0:00:00"])
def test_two_spellings_of_a_date_are_read(text: str, tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(begin_date=text))
    assert payload(file)["begin_date"] == ("2026-11-03" if text[0] == "3" else "2026-11-23")
    assert not linted(file)


@pytest.mark.parametrize(
    "text", ["01/02/2026", "23.11.26", "20261123", "2026.11.23", "23 ноября 2026", "2026-11-23 09:30"]
)
def test_every_other_spelling_of_a_date_is_refused_once(text: str, tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(begin_date=text))
    ((row, finding),) = linted(file)
    assert (row, finding.rule, finding.field, finding.code) == (2, "date_form", "begin_date", "SCSE005")


def test_a_day_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert rules(csv_file(tmp_path, event(begin_date="31.02.2026"))) == [(2, "field_is_date", "begin_date")]


@pytest.mark.parametrize("text", ["00000000", "99991231", "31.12.9999", "0001-01-01", "01.01.0001", "2001-01-01"])
def test_special_dates_are_declared_and_never_guessed(text: str, tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(begin_date=text))
    assert rules(file) == [(2, "date_sentinel", "begin_date")]
    day = json.loads(read(file).rows[0].row.payload)["begin_date"]
    assert rules(file, sentinels={day: "none"}) == [(2, "field_present", "begin_date")]
    assert "date_sentinel" not in {rule for _, rule, _ in rules(file, sentinels={day: "date"})}


def test_a_declaration_of_a_special_date_has_one_form() -> None:
    assert parse_sentinel("99991231=none") == ("9999-12-31", "none")
    assert parse_sentinel("2001-01-01=date") == ("2001-01-01", "date")
    for text in ("99991231", "9999-12-31=never", "31.12.9999=none"):
        with pytest.raises(ValidationProblem, match="special date"):
            parse_sentinel(text)


def test_an_iin_without_its_leading_zero_is_refused_and_padded_on_request(tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(employee_iin="10101500006"))
    ((row, finding),) = linted(file)
    assert (row, finding.rule, finding.code) == (2, "number_zeros_lost", "SCSE045")
    assert "10101500006" not in finding.message
    good = _with_check_digit("01010150000")
    right = csv_file(tmp_path, event(employee_iin=good.lstrip("0")))
    assert payload(right, pad_numbers=True)["employee_iin"] == good
    assert not linted(right, pad_numbers=True)


def _with_check_digit(prefix: str) -> str:
    return f"{prefix}{check_digit(prefix)}"


def test_padding_that_the_check_digit_does_not_prove_is_refused(tmp_path: Path) -> None:
    good = _with_check_digit("01010150000")
    wrong = f"{good[1:-1]}{(int(good[-1]) + 1) % 10}"
    assert rules(csv_file(tmp_path, event(employee_iin=wrong)), pad_numbers=True) == [
        (2, "number_not_padded", "employee_iin")
    ]
    assert rules(csv_file(tmp_path, event(employer_bin="20094000001")))[0] == (2, "number_zeros_lost", "employer_bin")


def test_a_number_that_became_a_power_of_ten_is_lost(tmp_path: Path) -> None:
    for text in ("9.00101E+11", "9,00101E+11"):
        file = csv_file(tmp_path, event(employee_iin=text))
        assert rules(file, pad_numbers=True) == [(2, "number_digits_lost", "employee_iin")]


def test_excel_counts_days_only_where_it_is_declared(tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(begin_date="46349"))
    assert rules(file) == [(2, "date_serial", "begin_date")]
    assert payload(file, excel_dates=True)["begin_date"] == "2026-11-23"


def test_a_workbook_gives_dates_numbers_and_texts(tmp_path: Path) -> None:
    row = event(begin_date=date(2026, 11, 23), signed_on=MIDNIGHT, contract_number=45, revision=2)
    file = workbook(tmp_path, row | {"employee_iin": 900101300007, "withdrawn": True})
    found = read(file).rows[0]
    assert (found.number, found.row.row_ref, found.row.revision, found.row.withdrawn) == (2, "2", 2, True)
    values = json.loads(found.row.payload)
    assert (values["begin_date"], values["signed_on"]) == ("2026-11-23", "2026-11-18")
    assert (values["contract_number"], values["employee_iin"]) == ("45", "900101300007")
    assert not found.findings


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("begin_date", 46349, "date_serial"),
        ("begin_date", MIDNIGHT.replace(hour=9), "date_has_no_time"),
        ("contract_number", date(2026, 11, 1), "cell_became_date"),
        ("contract_number", 4.5, "number_is_whole"),
        ("contract_number", "=1+44", "cell_is_value"),
        ("contract_number", "#REF!", "cell_is_value"),
        ("employee_iin", "9.00101E+11", "number_digits_lost"),
        ("employee_iin", 10101500006, "number_zeros_lost"),
    ],
)
def test_what_a_spreadsheet_does_to_values_is_told(field: str, value: Any, rule: str, tmp_path: Path) -> None:
    """The value of a formula is never taken, so that nothing is registered that nobody wrote."""
    assert rules(workbook(tmp_path, event(**{field: value}))) == [(2, rule, field)]


def test_only_the_sheet_of_events_is_read(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0].append(["notes"])
    file = tmp_path / "events.xlsx"
    book.create_sheet("other").append(["x"])
    book.save(file)
    assert 'Hide or delete those that are not meant, or call the one that is meant "events"' in refusal(file)
    sheet = book.create_sheet("Events")
    row = event()
    sheet.append(list(row))
    sheet.append(list(row.values()))
    book.save(file)
    assert [one.number for one in read(file).rows] == [2]


def test_a_broken_or_hostile_workbook_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "events.xlsx"
    for content in (b"", b"PK\x03\x04 nothing", bytes.fromhex("d0cf11e0a1b11ae1") * 64):
        file.write_bytes(content)
        assert "no workbook that can be read" in refusal(file)
    with ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>")
    assert "document type" in refusal(file)
    workbook(tmp_path, event())
    monkeypatch.setattr(workbooks, "LARGEST_UNPACKED", 10)
    assert "too large" in refusal(file)


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("xl/worksheets/sheet1.xml", b"<!--" + b" " * 3000 + b"--><!DOCTYPE x [<!ENTITY a 'b'>]><x/>"),
        ("xl/worksheets/sheet1.xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>".encode("utf-16")),
        ("xl/worksheets/sheet1.data", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"),
    ],
)
def test_no_part_of_a_workbook_may_have_a_dtd(part: str, content: bytes, tmp_path: Path) -> None:
    """Entities multiply: of a file of some hundred kilobytes openpyxl would make gigabytes of one cell."""
    file = tmp_path / "events.xlsx"
    with ZipFile(file, "w") as archive:
        archive.writestr(part, content)
    assert "document type" in refusal(file)


def test_a_workbook_of_many_parts_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "events.xlsx"
    with ZipFile(file, "w") as archive:
        for number in range(workbooks.MOST_PARTS + 1):
            archive.writestr(f"{number}", b"")
    assert "too large" in refusal(file)


def test_files_have_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = csv_file(tmp_path, event(), event(event_id="e2"))
    monkeypatch.setattr(reading, "MOST_ROWS", 1)
    assert "more than 1 rows" in refusal(file)
    wide = csv_file(tmp_path, event(**{f"c{one}": "x" for one in range(limits.MOST_COLUMNS)}))
    assert f"more than {limits.MOST_COLUMNS} columns" in refusal(wide)
    monkeypatch.setattr("usrec.adapters.sources.files.text_file.LARGEST_FILE", 10)
    assert "larger than" in refusal(file)
    assert limits.MOST_ROWS >= 100_000


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("events.xls", b"", "must end in"),
        ("events.csv", b"", "no column event_id"),
        ("events.csv", b"event_id;event_type;contract_key;employer_bin;event_id\n", "stands there twice"),
        ("events.csv", b"event_id;event_type;contract_ke;employer_bin\n", "close to it: contract_ke"),
        ("events.csv", b'event_id;event_type;contract_key;employer_bin\n"a;b\n', "quotation mark"),
        ("events.jsonl", b'{"event_id": 1\n', "line 1 cannot be read"),
        ("events.jsonl", b'\n{"event_id": "a", "event_id": "b"}\n', "a name stands in it twice"),
        ("events.jsonl", b"[]\n", "not an object"),
        ("events.jsonl", b'{"event_id": "a", "payload": {"event_id": "b"}}\n', "payload in line 1"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(name: str, content: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert why in refusal(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for name in ("events.csv", "events.xlsx"):
        assert "No such file" in refusal(tmp_path / name)


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("employee_name", ""),
        ("employee_surname", ""),
        ("employee_comment", ""),
        ("employee_phon", "employee_phone"),
        ("employe_iin", "employee_iin"),
        ("employee_inn", "employee_iin"),
        ("employeeiin", "employee_iin"),
        ("Contract_Numbr", "contract_number"),
    ],
)
def test_a_column_of_its_own_is_not_taken_for_a_misspelt_one(tmp_path: Path, column: str, meant: str) -> None:
    file = csv_file(tmp_path, event(**{column: "x"}))
    found = {one.rule: one.message for _, one in linted(file) if one.field == column}
    assert list(found) == ["column_misspelt" if meant else "column_unknown"]
    assert not meant or found["column_misspelt"].endswith(f"close to it: {meant}.")


def test_a_misspelt_column_is_told_with_the_field_that_was_meant(tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(contract_numbr="x", colour="red"))
    found = {one.rule: (row, one.severity, one.message) for row, one in linted(file)}
    assert found["column_misspelt"][:2] == (1, "error")
    assert found["column_misspelt"][2].endswith("close to it: contract_number.")
    assert found["column_unknown"][:2] == (1, "warning")


def test_rows_are_numbered_as_an_editor_shows_them(tmp_path: Path) -> None:
    """Comments, empty rows and values of several lines count, though no row of events stands there."""
    text = csv_text([event(established_post="два\nряда"), event(event_id="e2", established_post="?а")])
    head, _, rest = text.partition("\r\n")
    file = tmp_path / "events.csv"
    file.write_text(f"# a comment\n{head}\n;;;\n\n{rest}", "utf-8", newline="")
    assert [one.number for one in read(file).rows] == [5, 7]


@pytest.mark.parametrize("make", [csv_file, workbook])
def test_a_row_is_left_out_only_as_a_comment(make: Callable[..., Path], tmp_path: Path) -> None:
    """A key may begin with the sign of a comment, and rows may stand far apart."""
    empty: list[dict[str, str]] = [{}] * 1500
    rows = [event(event_id="#45"), event(event_id="# no row"), event(event_id="#"), *empty, event(event_id="e2")]
    assert [one.row.event_id for one in read(make(tmp_path, *rows)).rows] == ["#45", "e2"]


def test_a_column_without_a_name_must_be_empty(tmp_path: Path) -> None:
    file = csv_file(tmp_path, event())
    head, _, row = file.read_text("utf-8").partition("\n")
    for text, expected in ((f"{row.strip()};;", []), (f"{row.strip()};x;", [(2, "cells_within_columns", "")])):
        file.write_text(f"{head.strip()};;\n{text}\n", "utf-8")
        assert rules(file) == expected


def test_what_stands_outside_the_columns_and_unclear_marks_are_told(tmp_path: Path) -> None:
    file = csv_file(tmp_path, event(withdrawn="да", entered_at="вчера"))
    file.write_text(file.read_text("utf-8").rstrip() + ";more\n", "utf-8")
    assert {(rule, field) for _, rule, field in rules(file)} == {
        ("cells_within_columns", ""),
        ("withdrawn_form", "withdrawn"),
        ("entered_at_form", "entered_at"),
    }


def test_json_lines_take_fields_beside_the_keys_or_in_a_payload(tmp_path: Path) -> None:
    row = event()
    inner = {name: row.pop(name) for name in list(row) if name in {rule.name for rule in FIELDS[Operation.CONCLUSION]}}
    file = tmp_path / "events.jsonl"
    lines = [json.dumps({"_comment": "x"}), json.dumps(row | inner), json.dumps(row | {"payload": inner})]
    file.write_text("\n".join(lines), "utf-8")
    first, second = read(file).rows
    assert first.row.payload == second.row.payload
    assert (first.number, second.number) == (2, 3)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
def test_the_template_is_accepted_as_it_is(kind: str, tmp_path: Path) -> None:
    """Every operation has its example and every field its column; an example gives what must be there."""
    comments = ["one; two", 'a "quoted" word']
    made = {
        "csv": lambda: templates.csv_template(comments),
        "jsonl": lambda: templates.json_lines_template(comments),
        "xlsx": lambda: templates.workbook_template(comments, {"a": "b"}, "Columns"),
    }
    file = tmp_path / f"events.{kind}"
    file.write_bytes(made[kind]())
    assert not has_errors(one for _, one in linted(file))
    found = read(file)
    assert [one.row.event_type for one in found.rows] == list(FIELDS)
    for one in found.rows:
        rules, given = FIELDS[Operation(one.row.event_type)], set(json.loads(one.row.payload))
        assert {rule.name for rule in rules if rule.required} <= given <= {rule.name for rule in rules}
        assert ("contract_id" in given) is any(rule.name == "contract_id" for rule in rules)
    assert {rule.name for rules in FIELDS.values() for rule in rules} <= set(templates.TEMPLATE_COLUMNS)


_WORDS = st.text("АБВГабвгӘәҚқ -", min_size=1, max_size=30).map(str.strip).filter(bool)
_DAYS = st.dates(date(2021, 1, 4), date(2026, 12, 31))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(post=_WORDS, number=_WORDS, day=_DAYS, kind=st.sampled_from(["csv", "xlsx", "jsonl"]), dotted=st.booleans())
def test_a_filled_in_template_comes_back_as_it_was_written(
    post: str, number: str, day: date, kind: str, dotted: bool, tmp_path: Path
) -> None:
    """In each format, by either spelling of a date, and lint has nothing to say."""
    written = f"{day:%d.%m.%Y}" if dotted else day.isoformat()
    dates = dict.fromkeys(("contract_date", "signed_on", "begin_date"), written)
    row = event(established_post=post, contract_number=number, **dates)
    if kind == "jsonl":
        file = tmp_path / "events.jsonl"
        file.write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
    else:
        file = (csv_file if kind == "csv" else workbook)(tmp_path, row)
    assert not has_errors(one for _, one in linted(file, sentinels={"2001-01-01": "date"}))
    values = payload(file)
    assert (values["established_post"], values["contract_number"]) == (post, number)
    assert values["begin_date"] == day.isoformat()


def test_a_workbook_that_is_read_half_way_leaves_no_file_open(tmp_path: Path) -> None:
    (tmp_path / "events.xlsx").write_bytes(templates.workbook_template([], {}, "Columns"))
    begun = workbooks.read_workbook(tmp_path / "events.xlsx")
    next(iter(begun.rows))
    assert not [one for one in Path("/proc/self/fd").iterdir() if one.resolve().name == "events.xlsx"]
