"""Codes that persons approve for HR's values: found by names, kept through spreadsheets, held to their time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from support.code_lists import IMPORTED, an_edition
from usrec.adapters.dictionaries.official import Layout, read_official
from usrec.adapters.dictionaries.tables import read_file, read_rows
from usrec.adapters.sources.mapping.hr_list import ListColumns, seen_in_list
from usrec.adapters.sources.mapping.read import read_mapping
from usrec.adapters.sources.mapping.review_file import content_of, read_review, write_review
from usrec.adapters.sources.outbox_kit.triggers import triggers
from usrec.application.map_values import approve, approve_exact, seen_in_staff, subjects, suggest
from usrec.domain.dictionary import Dictionary, Edition, Entry
from usrec.domain.errors import ConfigurationError, ValidationProblem
from usrec.domain.mapping import likeness
from usrec.domain.mapping.likeness import NameIndex
from usrec.domain.mapping.names import plain, stems
from usrec.domain.mapping.review import ApprovedCodes, Review, ReviewRow, Seen, counted, is_fit, merged
from usrec.domain.mapping.review_coverage import COVERED, cover_review, months_after, percent
from usrec.domain.mapping.staff_mapping import Row
from usrec.domain.mapping.values import as_key
from usrec.domain.snapshot.recoded import Recoded, leave_as_registered
from usrec.domain.snapshot.staff import LeaveRow
from usrec.domain.snapshot.story import Facts, Story, Told
from usrec.domain.source_event import EventId, Operation

TODAY = date(2026, 11, 22)
OFFICIAL = Path(__file__).parents[4] / "shared" / "reference" / "dictionaries" / "position.csv"
NAMES = [
    *("Главный бухгалтер|Бас есепші", "Бухгалтер|Есепші", "Заместитель директора|Директордың орынбасары"),
    *("Начальник отдела кадров (управление персоналом)|Кадрлар бөлімінің басшысы", "Водитель автомобиля|Жүргізуші"),
    *("Инженер-программист|Инженер-бағдарламашы", "Специалист по кадрам|Кадр маманы", "Қоймашы|Қоймашы"),
    *("Руководитель отдела, категория С-1|Бөлім басшысы, С-1 санаты", "Уборщик помещений|Тазалаушы"),
    *("Заведующий хозяйством|Шаруашылық меңгерушісі", "Начальник цеха (обработка)|Цех бастығы (өңдеу)"),
    "Заместитель начальника цеха|Цех бастығының орынбасары",
]
POSTS = an_edition(
    Entry("2411", "Есепшілер", "Бухгалтеры"),
    Entry("9999-0-001", "Бұрынғы", "Бывший", active=False),
    *(
        Entry(f"2411-0-{number:03}", kazakh, russian, parent="2411")
        for number, (russian, _, kazakh) in enumerate((name.partition("|") for name in NAMES), 1)
    ),
)
INDEX = NameIndex(POSTS)

words = st.text("абвгдеёжзийклмнопрстуфхцчшщыьэюяәғқңөұүһі", min_size=1, max_size=12)
names = st.lists(words, min_size=1, max_size=5).map(" ".join)
cells = st.text(st.characters(codec="utf-8"), max_size=40).map(lambda text: " ".join(text.split()))
values = st.one_of(cells, st.sampled_from(["01", "007", "03-001", "1e5", "=1+1", "'x", "-5", "@a", "1/2", "# a", ";"]))


@example("ғл")
@given(names)
def test_a_name_is_compared_without_case_signs_and_lost_kazakh_letters(name: str) -> None:
    lost = name.translate(str.maketrans("әғқңөұүһіё", "агкноуухие"))
    assert stems(f'  «{name.upper()}», "') == stems(name) == stems(lost)
    assert plain(plain(name).upper()) == plain(name)


@pytest.mark.parametrize(
    ("hr", "code"),
    [
        ("Гл. бухгалтер", "2411-0-001"),
        ("бас есепши", "2411-0-001"),
        ("Зам директора", "2411-0-003"),
        ("и.о. зам. директора", "2411-0-003"),
        ("ДИРЕКТОР ОРЫНБАСАРЫ", "2411-0-003"),
        ("Нач. отд. кадров", "2411-0-004"),
        ("кадрлар бөлім басшысының", "2411-0-004"),
        ("Водитель автомобилей", "2411-0-005"),
        ("Инженер программист", "2411-0-006"),
        ("Спец. по кадрам", "2411-0-007"),
        ("Бyхгaлтеp", "2411-0-002"),
        ("Бухалтер", "2411-0-002"),
        ("коймашы", "2411-0-008"),
        ("Бухгалтер 1 категории", "2411-0-002"),
        ("есепші, 2 санатты", "2411-0-002"),
        ("Водитель автомоб. 4 р.", "2411-0-005"),
        ("Водитель (вахта, 0,5 ст.)", "2411-0-005"),
        ("Инженер-бағдарламашы / инженер-программист (бюро №3)", "2411-0-006"),
        ("уборщица помещений", "2411-0-010"),
        ("Завхоз", "2411-0-011"),
        ("главбух", "2411-0-001"),
        ("и.о. начальника цеха", "2411-0-012"),
        ("Руководитель отдела, категория С-1", "2411-0-009"),
    ],
)
def test_the_code_that_is_meant_is_suggested_first(hr: str, code: str) -> None:
    assert INDEX.suggest([hr])[0].entry.code == code


parts_of_posts = st.sampled_from(sorted({word for name in NAMES for word in name.replace("|", " ").split()}))


@given(st.lists(st.one_of(parts_of_posts, words), min_size=1, max_size=6).map(" ".join))
def test_what_is_left_uncompared_would_not_have_been_suggested(name: str) -> None:
    assert INDEX.suggest([name], 2) == INDEX.suggest([name], 1000)[:2]


def test_letters_are_compared_only_of_names_that_may_be_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty more share a word with the asked one."""
    compared = []

    class Counting(SequenceMatcher[str]):
        def ratio(self) -> float:
            compared.append(self)
            return super().ratio()

    monkeypatch.setattr(likeness, "SequenceMatcher", Counting)
    names = [f"Оператор печи обжига {kind}" for kind in ("труб", "извести", "кирпича")]
    names += [f"Оператор {letter * length}" for letter in "бвгджзклмн" for length in range(5, 11)]
    index = NameIndex(an_edition(*(Entry(str(number), name, name) for number, name in enumerate(names))))
    assert [one.entry.code for one in index.suggest(["Оператор печи обжига"])] == ["0", "1", "2"]
    assert len(compared) == 3


@pytest.mark.parametrize("hr", ["Астана", "город Астана", "Астана қ.", "АСТАНА қаласы", "в г. Астане"])
def test_places_are_found_by_either_name(hr: str) -> None:
    places = [
        ("710000000", "Астана қ.", "г.Астана"),
        ("750000000", "Алматы қ.", "г.Алматы"),
        ("1", "Астана а.", "с.Астана"),
    ]
    index = NameIndex(an_edition(*(Entry(*one) for one in places)))
    assert "710000000" in [one.entry.code for one in index.suggest([hr])]
    assert "750000000" not in [one.entry.code for one in index.suggest([hr])[:1]]


def test_nothing_is_suggested_for_what_is_like_nothing_and_never_a_heading_or_a_code_out_of_use() -> None:
    assert INDEX.suggest(["Астроном"]) == []
    assert all(
        one.entry.code not in {"2411", "9999-0-001"}
        for name in ("Бухгалтеры", "Бывший")
        for one in INDEX.suggest([name])
    )


@pytest.mark.skipif(not OFFICIAL.exists(), reason="the official list of positions is not here")
def test_suggestions_from_the_official_list() -> None:
    rows = read_rows(OFFICIAL, read_file(OFFICIAL))
    found = read_official(OFFICIAL, "position", rows, Layout({}))
    index = NameIndex(Edition(TODAY, IMPORTED, OFFICIAL.name, "", found.entries))
    wanted = {
        "Гл. бухгалтер": "1221-1-014",
        "Начальник отдела кадров": "1222-0-007",
        "Спец. по кадрам": "2422-1-015",
        "Системный админстратор": "2522-0-006",
        "Врач терапевт": "2211-1-002",
        "Заңгер": "2611-1-003",
    }
    assert {name: index.suggest([name])[0].entry.code for name in wanted} == wanted
    assert index.exact(["инженер-программист"]) == "2512-1-002"


lines = st.lists(st.tuples(values, cells, values), min_size=1, max_size=6)


@given(lines, st.sampled_from([".csv", ".xlsx"]))
def test_a_review_comes_back_from_its_file_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[str, str, str]], suffix: str
) -> None:
    rows = [
        ReviewRow(
            Seen(value, (name, ""), 3, 2), code, ("ru", "kk"), "А", TODAY, None, TODAY, suggestions=(f"01 | x{name}",)
        )
        for value, name, code in {as_key(one[0]): one for one in written}.values()
        if value and all(map(is_fit, (value, name, code)))
    ]
    if not rows:
        return
    file = tmp_path_factory.mktemp("review") / f"review{suffix}"
    write_review(file, Review("position", rows), None)
    assert read_review(file) == Review("position", rows)


def _row(value: str, code: str = "", **changes: object) -> ReviewRow:
    row = ReviewRow(Seen(value, rows=2, employees=2), code)
    approved = {"approved_by": "А", "approved_on": TODAY, "approved_code": code} if code else {}
    return replace(row, **{**approved, **changes})  # type: ignore[arg-type]


def _written(file: Path, *rows: ReviewRow) -> Path:
    write_review(file, Review("position", rows), content_of(file))
    return file


def test_excel_keeps_zeros_and_what_it_took_is_refused(tmp_path: Path) -> None:
    """A spreadsheet saves our CSV with its marks; a person who writes 01 without one loses the zero and is told."""
    file = _written(tmp_path / "r.csv", _row("007", "01"))
    text = file.read_bytes().decode("utf-8-sig")
    assert "'007" in text
    assert "'01" in text
    (tmp_path / "r.csv").write_text(text.replace("'01", "1").replace("2026-11-22", "22.11.2026"), "cp1251")
    again = read_review(file)
    assert (again.rows[0].seen.value, again.rows[0].approved_on) == ("007", TODAY)
    assert approve(again, POSTS, "Б", TODAY).faults[0].what == "unknown"
    book = _written(tmp_path / "r.xlsx", _row("007", "01"))
    opened = load_workbook(book)
    sheet = opened.worksheets[0]
    assert {cell.number_format for line in sheet.iter_rows() for cell in line if cell.value} == {"@"}
    assert {shape.number_format for shape in sheet.column_dimensions.values()} == {"@"}, "what a person fills is text"
    assert len(sheet.column_dimensions) == sheet.max_column
    sheet["H2"] = 1
    opened.save(book)
    with pytest.raises(ValidationProblem, match="line 2, code: the spreadsheet has made a number"):
        read_review(book)


def test_what_a_spreadsheet_would_lose_silently_is_refused(tmp_path: Path) -> None:
    """A formula is no code and no name, a second sheet is not written again, an old encoding has no Kazakh letters."""
    for column, value in (("H2", "=VLOOKUP(B2,A:B,2)"), ("B2", "=A1"), ("Q2", "=1+1")):
        book = _written(tmp_path / f"{column}.xlsx", _row("Қоймашы", "2411-0-008"))
        opened = load_workbook(book)
        opened.worksheets[0][column] = value
        opened.save(book)
        with pytest.raises(ValidationProblem, match="formula"):
            read_review(book)
        with pytest.raises(ValidationProblem, match="paste it as values"):
            seen_in_list(book, ListColumns({"H2": "code", "B2": "value", "Q2": "note"}[column]))
    book = _written(tmp_path / "r.xlsx", _row("Қоймашы"))
    opened = load_workbook(book)
    opened.create_sheet("Мои заметки").sheet_state = "hidden"
    opened.save(book)
    with pytest.raises(ValidationProblem, match="would be lost"):
        read_review(book)
    saved = _written(tmp_path / "r.csv", _row("Қоймашы"))
    saved.write_bytes(saved.read_bytes().decode("utf-8-sig").encode("cp1251", "replace"))
    with pytest.raises(ValidationProblem, match="line 2, value: letters were lost"):
        read_review(saved)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("position;", "court;", "more than one dictionary"),
        ("2026-11-22", "11/22/2026", "it is no date"),
        ("note;", "remark;", "columns that would be lost: remark"),
        ("approved_by;", "", "lacks the columns approved_by"),
    ],
)
def test_a_file_that_cannot_be_read_in_one_way_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    file = _written(tmp_path / "r.csv", _row("a", "2411-0-001"), _row("b", "2411-0-001"))
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(ValidationProblem, match=told):
        read_review(file)


def test_lines_of_one_value_that_hold_on_one_day_are_refused(tmp_path: Path) -> None:
    until = _row("a", "2411-0-001", valid_to=date(2026, 6, 30))
    _written(tmp_path / "r.csv", until, _row("a", "2411-0-002", valid_from=date(2026, 7, 1)))
    assert len(read_review(tmp_path / "r.csv").rows) == 2
    _written(tmp_path / "r.csv", until, _row("A", "2411-0-002", valid_from=date(2026, 6, 30)))
    with pytest.raises(ValidationProblem, match="line 3 is approved for a day"):
        read_review(tmp_path / "r.csv")


def test_a_file_that_somebody_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = _written(tmp_path / "r.csv", _row("a"))
    before = content_of(file)
    _written(file, _row("b"))
    with pytest.raises(ValidationProblem, match="in the meantime"):
        write_review(file, Review("position", [_row("c")]), before)
    assert read_review(file).rows[0].seen.value == "b"


def test_collecting_again_keeps_what_was_decided_and_counts_anew() -> None:
    decided = _row("Бухгалтер", "2411-0-002")
    seen = counted([("бухгалтер", ("", ""), "1"), ("Бухгалтер ", ("", ""), "1"), ("Завхоз", ("", ""), "2")])
    made = merged(Review("position", [decided, _row("Прежний", "2411-0-001")]), seen)
    assert [(row.seen.value, row.code, row.seen.rows, row.seen.employees) for row in made.rows] == [
        ("Бухгалтер", "2411-0-002", 2, 1),
        ("Прежний", "2411-0-001", 0, 0),
        ("Завхоз", "", 1, 1),
    ]


@pytest.mark.parametrize(
    "value", ["Бухгалтер 900101300007", "Ли 900101 300-007", "900101\u2013300007", "a\x07b", "x" * 501, "_x0041_"]
)
def test_what_may_be_a_person_or_no_cell_is_never_collected(value: str) -> None:
    assert not is_fit(value)
    assert is_fit("2511-2-001 123"), "eleven digits are a code and a number"


def test_only_what_a_person_chose_is_approved_and_only_codes_in_use() -> None:
    review = suggest(Review("position", [_row("Гл. бухгалтер"), _row("Астроном")]), POSTS, INDEX)
    assert review.rows[0].suggestions[0].startswith("2411-0-001 | ")
    assert approve(review, POSTS, "Б", TODAY).approved == 0
    chosen = replace(review, rows=[replace(review.rows[0], choice="1"), review.rows[1]])
    made = approve(chosen, POSTS, "Б", TODAY)
    (first, second) = made.review.rows
    assert (made.approved, first.code, first.choice, first.approved_by, first.approved_on) == (
        1,
        "2411-0-001",
        "",
        "Б",
        TODAY,
    )
    assert first.official == ("Главный бухгалтер", "Бас есепші")
    assert not second.is_approved
    for code, why in {"2411": "heading", "9999-0-001": "inactive", "0000-0-000": "unknown"}.items():
        wrong = approve(Review("position", [replace(_row("x"), code=code)]), POSTS, "Б", TODAY)
        assert [one.what for one in wrong.faults] == [why]
    assert approve(replace(review, rows=[replace(review.rows[0], choice="9")]), POSTS, "Б", TODAY).faults


def test_the_very_name_is_approved_only_where_it_is_one_single_code_and_was_asked_for() -> None:
    twice = an_edition(*POSTS.entries.values(), Entry("2411-0-099", "Басқа", "Водитель автомобиля"))
    review = Review("position", [_row("БУХГАЛТЕР"), _row("Водитель автомобиля"), _row("Гл. бухгалтер")])
    made = approve_exact(review, twice, NameIndex(twice), "Б", TODAY)
    assert [(row.code, row.note) for row in made.review.rows] == [("2411-0-002", "exact name"), ("", ""), ("", "")]


def test_coverage_counts_persons_names_what_is_missing_and_what_ends() -> None:
    ends = _row("c", "2411-0-003", valid_to=date(2027, 1, 31))
    gone = _row("d", "2411-0-004")
    rows = [_row("a", "2411-0-001"), replace(_row("b"), code="2411-0-002"), ends, gone, _row("e", "9999-0-001")]
    later = replace(
        an_edition(*(one for one in POSTS.entries.values() if one.code != "2411-0-004")), valid_from=date(2027, 1, 1)
    )
    lists = Dictionary("position", (POSTS, later))
    found = cover_review(Review("position", rows), lists.on, TODAY, months_after(TODAY, 3))
    assert (found.employees, percent(found.employees), percent((999, 1000))) == ((6, 10), 60, 99)
    assert [(one.seen.value, one.why) for one in found.missing] == [("b", "not_approved"), ("e", "inactive")]
    assert [(one.seen.value, one.until) for one in found.ending] == [
        ("d", date(2026, 12, 31)),
        ("c", date(2027, 1, 31)),
    ]
    renewed = [*rows, _row("c", "2411-0-002", valid_from=date(2027, 2, 1))]
    assert [
        one.seen.value
        for one in cover_review(Review("position", renewed), lists.on, TODAY, months_after(TODAY, 3)).ending
    ] == ["d"]
    assert cover_review(Review("position", rows), lambda _: None, TODAY, TODAY).standings[-1].why == COVERED
    assert months_after(date(2026, 11, 30), 3) == date(2027, 2, 28)


MAPPING = """
version = 1
[approved.posts]
file = "posts.csv"
name_ru = "title"
[contract]
query = "SELECT * FROM staff"
key = "id"
employer_bin = { constant = "200940000013" }
[contract.conclusion]
employee_iin = "iin"
begin_date = "begins"
position_code = { column = "post", approved = "posts" }
[contract.amendment]
begin_date = "changed"
"""
STAFF = {"id": "1", "iin": "900101300007", "begins": "2026-05-01", "changed": "", "post": "P-1", "title": "Бухгалтер"}


def _code(folder: Path, **changes: str) -> str:
    mapping = read_mapping(MAPPING, str(folder / "staff.toml"))
    return mapping.contract_rows([{**STAFF, **changes}], TODAY, "here")[0].contract["position_code"]


def test_the_code_of_the_events_own_day_counts_and_nothing_is_guessed(tmp_path: Path) -> None:
    old = _row("p-1", "2411-0-001", valid_to=date(2026, 6, 30))
    new = _row("P-1", "2411-0-002", valid_from=date(2026, 7, 1), valid_to=date(2026, 12, 31))
    _written(tmp_path / "posts.csv", old, new, replace(_row("P-2"), code="2411-0-003"), _row("P-3", "2411-0-003"))
    assert _code(tmp_path) == "2411-0-001"
    assert _code(tmp_path, changed="2026-07-01") == "2411-0-002"
    assert _code(tmp_path, changed="2027-01-01") == "unmapped: P-1"
    assert _code(tmp_path, begins="") == "unmapped: P-1", "no day, and the codes have their time"
    assert _code(tmp_path, begins="", post="P-3") == "2411-0-003", "no day, and the code always holds"
    assert _code(tmp_path, post="P-2") == "unmapped: P-2", "chosen, and not approved"


def test_a_mapping_whose_review_is_missing_or_of_another_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"posts\.csv"):
        _code(tmp_path)
    write_review(tmp_path / "posts.csv", Review("court", [_row("P-1", "12")]), None)
    with pytest.raises(ConfigurationError, match="those of position"):
        _code(tmp_path)
    with pytest.raises(ConfigurationError, match="no code of an official list"):
        read_mapping(MAPPING.replace('"iin"', '{ column = "iin", approved = "posts" }'), str(tmp_path / "staff.toml"))
    with pytest.raises(ConfigurationError, match="name one file"):
        read_mapping(MAPPING + '[approved.others]\nfile = "posts.csv"\n', str(tmp_path / "staff.toml"))


def test_a_trigger_that_could_not_read_the_review_is_not_written(tmp_path: Path) -> None:
    _written(tmp_path / "posts.csv", _row("P-1", "2411-0-001"))
    (tmp_path / "staff.toml").write_text(MAPPING + '[triggers.contract]\nstaff = "id"\n', "utf-8")
    with pytest.raises(ConfigurationError, match="does not read files of approved codes"):
        triggers("sqlite", tmp_path / "staff.toml")


def test_values_are_collected_with_names_and_persons_are_only_counted(tmp_path: Path) -> None:
    mapping = read_mapping(MAPPING, str(tmp_path / "staff.toml"), collecting=True)
    (subject,) = subjects(mapping)
    rows: list[Row] = [
        STAFF,
        STAFF | {"id": "2"},
        STAFF | {"id": "3", "iin": "850515400012"},
        STAFF | {"id": "4", "post": None},
    ]
    assert subject.dictionary == "position"
    assert "title" in mapping.contracts.columns
    assert seen_in_staff(subject, mapping, rows, ()) == [Seen("P-1", ("Бухгалтер", ""), 3, 2)]


def test_an_approval_after_the_first_look_is_no_change_of_the_contract(tmp_path: Path) -> None:
    """What was remembered as unmapped is said again by the map of today, so that the look sees no difference."""
    _written(tmp_path / "posts.csv", _row("P-1", "2411-0-001"))
    mapping = read_mapping(MAPPING, str(tmp_path / "staff.toml"))
    known = Facts(contract={"begin_date": "2026-05-01", "position_code": "unmapped: P-1", "established_post": "x"})
    assert mapping.learned(known).contract == {**(known.contract or {}), "position_code": "2411-0-001"}
    other = Facts(contract={"begin_date": "2026-05-01", "position_code": "unmapped: P-9"})
    assert mapping.learned(other) == other


def test_a_code_over_an_approved_one_does_not_count_until_somebody_says_that_it_corrects_it(tmp_path: Path) -> None:
    file = _written(tmp_path / "posts.csv", replace(_row("P-1", "2411-0-001"), code="2411-0-002"))
    assert _code(tmp_path) == "2411-0-001", "nobody has approved the other"
    review = read_review(file)
    assert cover_review(review, lambda _: POSTS, TODAY, TODAY).standings[0].code == "2411-0-001"
    refused = approve(review, POSTS, "Б", TODAY)
    assert ([one.what for one in refused.faults], refused.approved) == (["changed"], 1)
    made = approve(review, POSTS, "Б", TODAY, correcting=True)
    (row,) = made.review.rows
    assert (made.faults, made.approved, row.approved_code) == ([], 1, "2411-0-002")
    assert (row.approved_by, row.corrects) == ("Б", ("2411-0-001",))
    _written(file, row)
    assert _code(tmp_path) == "2411-0-002"
    assert read_review(file) == made.review
    back = approve(Review("position", [replace(row, code="2411-0-001")]), POSTS, "Б", TODAY, correcting=True)
    assert back.review.rows[0].corrects == ("2411-0-002",)


def test_of_each_value_the_approved_codes_are_found_however_it_is_spelt() -> None:
    codes = ApprovedCodes.of(Review("position", [_row("Гл.  Бухгалтер", "2411-0-001")]))
    assert codes.code("гл. БУХГАЛТЕР", "") == "2411-0-001"


def test_a_corrected_code_of_a_registered_leave_makes_no_edit_of_it() -> None:
    """And a leave that is not registered yet takes the right code itself."""
    contract = {"employee_iin": "900101300007"}
    wrong, right = ({"not_worked_from": "2026-11-02", "leave_type_code": code} for code in ("1", "2"))
    story = Story("L", "200940000013", Facts(contract=contract, leave=wrong))
    row = LeaveRow("L", "K", right, formerly={"leave_type_code": frozenset({"1"})})
    kept, recoded = leave_as_registered(story, row)
    assert (kept.leave, recoded) == (wrong, [Recoded("leave_type_code", "1", "2")])
    told = Told(EventId("e"), Operation.SOCIAL_LEAVE, (story.settled,))
    assert leave_as_registered(replace(story, told=(told,)), row) == (row, ())
