"""What a mapping file declares is what events get; what it does not allow for is refused or marked, never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from usrec.adapters.sources.mapping.read import read_mapping
from usrec.domain.errors import ConfigurationError, SnapshotRefused
from usrec.domain.mapping.dates import DateRules
from usrec.domain.mapping.expression import compile_expression
from usrec.domain.mapping.values import instant_of, is_broken, text_of
from usrec.domain.source_event import Operation

HEAD = """
version = 1
empty = ["-"]
[dates]
formats = ["DD.MM.YYYY", "YYYYMMDD"]
[codes.term]
"Бессрочный" = "1"
"Срочный" = "2"
[contract]
query = "SELECT * FROM staff"
key = "id"
employer_bin = { constant = "200940000013" }
entered_at = "changed"
[contract.conclusion]
contract_date = "signed"
end_date = "till"
established_post = { column = "post", codes = "term" }
term_code = { column = "term", codes = "term" }
"""
ROW = {"id": "A-1 ", "changed": None, "signed": "18.11.2026", "till": "99991231", "post": "x", "term": "Срочный"}


def _contract(**changes: object) -> dict[str, str]:
    mapping = read_mapping(HEAD, "mapping.toml")
    return dict(mapping.contract_rows([{**ROW, **changes}], date(2026, 11, 20), "here")[0].contract)


def test_a_value_is_mapped_by_its_words_whatever_their_case_and_blanks() -> None:
    assert _contract(term="  бЕССРОЧНЫЙ ")["term_code"] == "1"


def test_a_value_that_the_map_does_not_know_is_marked_and_never_passed_on_as_a_code() -> None:
    assert _contract(term="2")["term_code"] == "unmapped: 2"


def test_a_free_text_that_the_map_does_not_know_is_left_out() -> None:
    assert "established_post" not in _contract(post="Инженер")


@pytest.mark.parametrize(
    "nothing",
    [
        *("00000000", "99991231", "9999-12-31", "-", "", None, date(9999, 12, 31)),
        *("9999-12-31T00:00:00+05:00", "9999-12-31T23:59:59Z", "9999-12-30T19:00:00Z", "0001-01-01T00:00:00Z"),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_declared_days_and_texts_mean_no_date(nothing: object) -> None:
    assert "end_date" not in _contract(till=nothing)


def test_a_text_that_is_no_date_is_marked() -> None:
    assert _contract(till="32.13.2026")["end_date"] == "unread: 32.13.2026"


def test_a_calendar_date_never_passes_through_utc() -> None:
    midnight_in_astana = datetime(2026, 11, 18, tzinfo=timezone(timedelta(hours=5)))
    assert _contract(till=datetime(2026, 11, 18))["end_date"] == "2026-11-18"  # noqa: DTZ001 -- as a driver gives it
    assert _contract(till=midnight_in_astana.astimezone(UTC))["end_date"] == "2026-11-18"
    assert _contract(till="2026-11-17T19:00:00Z")["end_date"] == "2026-11-18"
    assert _contract(till="2026-11-18 00:00:00.0")["end_date"] == "2026-11-18"


def test_a_database_that_adds_two_thousand_years_is_read_right() -> None:
    rules = DateRules(no_date=frozenset({"0001-01-01"}), year_offset=2000)
    assert rules.day(rules.text_of(datetime(4026, 2, 28))) == "2026-02-28"  # noqa: DTZ001 -- as a driver gives it
    assert rules.day(rules.text_of(date(2001, 1, 1))) == ""


def test_texts_of_a_database_that_adds_two_thousand_years_are_moved_once() -> None:
    rules = DateRules(("DD.MM.YYYY", "YYYYMMDD"), frozenset({"0001-01-01", "9999-12-31"}), year_offset=2000)
    spelt = ["4024-02-29T00:00:00", b"4024-02-29", "29.02.4024", "40240229"]
    assert [rules.day(text_of(one, rules)) for one in spelt] == ["2024-02-29"] * 4
    assert [rules.day(text_of(one, rules)) for one in ("2001-01-01T00:00:00", "01.01.2001", "9999-12-31")] == [""] * 3
    assert text_of("ТД-4024-02-29", rules) == "ТД-4024-02-29", "what is no date stays as it is"
    entered = datetime(4026, 11, 18, 9, 30)  # noqa: DTZ001 -- as a driver gives it
    assert instant_of(entered, rules.text_of(entered), rules) == datetime(2026, 11, 18, 4, 30, tzinfo=UTC)


def test_cells_read_the_same_whatever_type_a_driver_gives() -> None:
    rules = DateRules()
    assert [text_of(cell, rules) for cell in (Decimal("0.50"), 0.5, "0.5 ", b"0.5")] == ["0.5"] * 4
    assert [text_of(cell, rules) for cell in (7, Decimal("7.00"), True, None)] == ["7", "7", "true", ""]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('trim(name) + " " + first(patronymic, "-")', "Аян -"),
        ('"05" if ground == "own" else ""', "05"),
        ('"y" if ground in ("own", "other") and not patronymic else "n"', "y"),
        ('cut(code, 1, 4) + "-" + part("a/b", "/", 2)', "2511-b"),
        ('column("name")', " Аян "),
        ('days_after("2026-11-30", -1)', "2026-11-29"),
        ('pad(digits("№ 77"), 4)', "0077"),
    ],
)
def test_small_expressions_join_and_cut(text: str, value: str) -> None:
    reads, _ = compile_expression(text, "here")
    assert reads({"name": " Аян ", "patronymic": "", "ground": "own", "code": "2511-2"}) == value


@pytest.mark.parametrize(
    "text",
    [
        "name.upper()",
        "__import__('os')",
        "name[0]",
        "name * 9",
        "[one for one in name]",
        "(lambda: name)()",
        "f'{name}'",
        "replace(name)",
        "open(name)",
        "1.5",
        "True",
        "name +",
        "upper(name, key=name)",
        "(" * 400 + "name" + ")" * 400,
    ],
)
def test_an_expression_that_could_do_harm_is_refused_when_the_file_is_read(text: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be used"):
        compile_expression(text, "here")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("SELECT * FROM staff", "DELETE FROM staff", "write one SELECT"),
        ("SELECT * FROM staff", "SELECT 1; DROP TABLE staff", "write one SELECT"),
        ('contract_date = "signed"', 'contract_day = "signed"', "there is no such field"),
        ('codes = "term" }\n', 'codes = "terms" }\n', r"there is no \[codes.terms\]"),
        ("DD.MM.YYYY", "DD.MM.YY", "spells no date"),
        ('"Срочный" = "2"', '"бессрочный" = "2"', "differ only in case"),
        ("version = 1", "version = 2", "version"),
        ('entered_at = "changed"', 'entered = "changed"', "Extra inputs"),
    ],
)
def test_a_fault_of_the_file_is_named(old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_mapping(HEAD.replace(old, new), "mapping.toml")


SLICED = HEAD.replace('entered_at = "changed"', 'slices = { begins = "begda", ends = "endda" }')


def _sliced(*slices: tuple[str, str, str]) -> str:
    rows = [{**ROW, "begda": begins, "endda": ends, "term": term} for begins, ends, term in slices]
    return read_mapping(SLICED, "mapping.toml").contract_rows(rows, date(2026, 11, 20), "here")[0].contract["term_code"]


def test_of_time_slices_the_one_that_holds_today_counts() -> None:
    first, second = ("20200101", "20261119", "Бессрочный"), ("20261120", "99991231", "Срочный")
    assert _sliced(second, first) == "2"
    assert _sliced(first) == "1", "none holds: the last one that ended"
    assert _sliced(("20270101", "99991231", "Срочный")) == "2", "none holds yet: the first one to come"


def test_two_slices_of_one_day_are_refused() -> None:
    with pytest.raises(SnapshotRefused, match="more than one slice"):
        _sliced(("20200101", "99991231", "Бессрочный"), ("20261120", "99991231", "Срочный"))


@pytest.mark.parametrize("text", ["Ж?мабек", "????", "Айг\ufffdль"])
def test_lost_kazakh_letters_are_seen(text: str) -> None:
    assert is_broken(text)


@pytest.mark.parametrize("text", ["Жұмабек", "Вопрос?", "", "? "])
def test_a_question_mark_of_its_own_is_no_lost_letter(text: str) -> None:
    assert not is_broken(text)


def test_an_agreement_has_its_own_fields_only() -> None:
    text = HEAD + '[contract.amendment]\nagreement_number = "no"\n'
    assert "agreement_number" in read_mapping(text, "m").contracts.fields[Operation.AMENDMENT]
    with pytest.raises(ConfigurationError, match="there is no such field"):
        read_mapping(text + 'position_code = "post"\n', "m")
